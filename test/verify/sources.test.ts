import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '../../src/errors.ts';
import { encodeBundle } from '../../src/merkle/mod.ts';
import { type SourceBundle, verifyLog } from '../../src/verify/mod.ts';
import { runs } from '../runs.ts';
import { BuiltLog, entryOf, forged, makeRecord, VKEY } from './built-log.ts';
import { assertFound, assertIntact } from './expect.ts';

const KEYS = { keys: [VKEY] };
let log: BuiltLog;

before(async () => {
  log = await BuiltLog.build(600);
});

test('what is appended while verifying is no alarm', async () => {
  const growing = log.copy();
  const next = growing.copy();
  await next.append(Array.from({ length: 200 }, (_, i) => entryOf(makeRecord(600 + i))));
  let isFirst = true;
  growing.head = async () => {
    const head = await (isFirst ? log : next).head();
    isFirst = false;
    return head;
  };
  growing.tiles = (...args) => next.tiles(...args);
  growing.checkpoints = () => next.checkpoints();
  growing.bundles = (from, to) => cutBundles(next, from, to);
  const report = await verifyLog(growing, { ...KEYS, pin: log.pin(), deep: true });
  assertIntact(report);
  assert.equal(report.size, 600);
  assert.equal(report.checked.checkpoints, 6);
});

/** Exactly entries [from, to), as a store gives them that holds more. */
async function* cutBundles(from: BuiltLog, start: number, end: number): AsyncGenerator<SourceBundle> {
  for await (const part of from.bundles(start, end)) {
    const entries = from.bundle(part.from).slice(part.from % 256, (part.from % 256) + part.to - part.from);
    yield { from: part.from, to: part.to, entries: encodeBundle(entries) };
  }
}

test('thinned checkpoints are no alarm', async () => {
  const thinned = log.copy();
  thinned.kept = thinned.kept.filter((_, i) => i === 2 || i === 5);
  assertIntact(await verifyLog(thinned, KEYS));
  thinned.kept = [];
  const report = await verifyLog(thinned, KEYS);
  assertIntact(report);
  assert.equal(report.checked.checkpoints, 0);
});

test('checkpoints out of order are not compared, and it is said so', async () => {
  const mixed = log.copy();
  mixed.kept.reverse();
  const report = await verifyLog(mixed, KEYS);
  assertIntact(report);
  assert.equal(report.checked.checkpoints, 1);
  assert.ok(report.notChecked.some((n) => n.what === 'the root of 5 kept checkpoints'));
});

test('a source that ends early misses the rest', async () => {
  for (const end of [0, 1, 255, 256, 300, 599]) {
    const short = log.copy();
    short.bundles = (from, to) => cutBundles(log, Math.min(from, end), Math.min(to, end));
    if (end === 0) short.bundles = async function* () {};
    assertFound(await verifyLog(short, KEYS), [['missing', end, 600]], `ends at ${end}`);
    short.tiles = async function* () {};
    const report = await verifyLog(short, KEYS);
    assert.ok(
      report.findings.some((f) => f.code === 'missing' && f.from === end && f.to === 600),
      `ends at ${end}, without hashes`,
    );
  }
});

test('an endless log that holds nothing ends the verification', async () => {
  const endless = log.copy();
  endless.size = 2 ** 50;
  endless.bundles = async function* () {};
  const report = await verifyLog(endless, KEYS);
  assert.equal(report.verdict, 'not-intact');
});

test('whatever a source says, the verifier ends with a report and never calls it intact', async () => {
  const number = fc.oneof(
    fc.nat(700),
    fc.constantFrom(-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY),
  );
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(encodeBundle([forged(1)])));
  const bundle = fc.record({ from: number, to: number, entries: fc.option(bytes) });
  const tile = fc.record({ index: number, hashes: fc.option(bytes) });
  const checkpoint = fc.record({ size: number, root: bytes, signatures: fc.string() });
  const payload = fc.record({ seq: number, digest: fc.string(), salt: bytes, bytes: fc.option(bytes) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(bundle),
      fc.array(tile),
      fc.array(checkpoint),
      fc.array(payload),
      async (bundles, tiles, checkpoints, payloads) => {
        const hostile = log.copy();
        hostile.bundles = async function* () {
          yield* bundles;
        };
        const honest = log.tiles.bind(log);
        hostile.tiles = async function* (level, from, to) {
          if (level === 0) yield* tiles;
          else yield* honest(level, from, to);
        };
        hostile.checkpoints = async function* () {
          yield* checkpoints;
        };
        hostile.payloads = async function* () {
          yield* payloads;
        };
        const report = await verifyLog(hostile, { ...KEYS, deep: true });
        assert.equal(report.verdict, 'not-intact');
        assert.ok(report.findings.length <= 101);
      },
    ),
    { numRuns: runs(300) },
  );
});

test('a bundle with too many entries is not compared one by one', async () => {
  const stuffed = log.copy();
  stuffed.stored.set(
    0,
    Array.from({ length: 600 }, (_, i) => forged(i)),
  );
  assertFound(await verifyLog(stuffed, KEYS), [['unreadable', 0, 256]]);
});

test('a head that the store can not read is a finding; a medium that fails is an error', async () => {
  const damaged = log.copy();
  damaged.head = () => Promise.reject(new StoreError('STORE_DAMAGED', 'no number where the size should be'));
  assertFound(await verifyLog(damaged, { pin: log.pin() }), [['bad-checkpoint', 0, 0]]);
  for (const read of ['head', 'bundles', 'tiles', 'checkpoints', 'payloads'] as const) {
    const failing = log.copy();
    const failure = new StoreError('STORE_UNAVAILABLE', 'the disk is gone');
    if (read === 'head') failing.head = () => Promise.reject(failure);
    else {
      // biome-ignore lint/correctness/useYield: it fails before it gives anything
      failing[read] = async function* () {
        throw failure;
      };
    }
    await assert.rejects(verifyLog(failing, KEYS), { code: 'STORE_UNAVAILABLE' }, read);
  }
});

test('the sources it reads from are closed, also when it is stopped', async () => {
  const open = new Set<string>();
  const watched = log.copy();
  const watch = <A extends unknown[], T>(name: string, read: (...args: A) => AsyncIterable<T>) =>
    async function* (...args: A): AsyncGenerator<T> {
      const id = `${name} ${args.join()}`;
      open.add(id);
      try {
        yield* read.apply(log, args);
      } finally {
        open.delete(id);
      }
    };
  watched.bundles = watch('bundles', log.bundles);
  watched.tiles = watch('tiles', log.tiles);
  watched.checkpoints = watch('checkpoints', log.checkpoints);
  watched.payloads = watch('payloads', log.payloads);
  await verifyLog(watched, KEYS);
  assert.deepEqual([...open], []);

  const controller = new AbortController();
  watched.bundles = watch('bundles', async function* (from: number, to: number) {
    yield* log.bundles(from, to);
    controller.abort(new Error('stopped'));
  });
  await assert.rejects(verifyLog(watched, { ...KEYS, signal: controller.signal }), /stopped/);
  assert.deepEqual([...open], []);
});

test('progress is told, up to the end', async () => {
  const large = await BuiltLog.build(256 * 130, 10_000);
  const told: number[] = [];
  await verifyLog(large, {
    ...KEYS,
    onProgress: (done, total) => {
      assert.equal(total, 256 * 130);
      told.push(done);
    },
  });
  assert.deepEqual(told, [256 * 64, 256 * 128, 256 * 130]);
});
