import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { leafHash } from '../../src/merkle/mod.ts';
import { type SourceBundle, verifyRange, verifyRecord } from '../../src/verify/mod.ts';
import { BuiltLog, forged, KEY, makeRecord, setHash, VKEY } from './built-log.ts';
import { assertFound, assertIntact } from './expect.ts';

const KEYS = { keys: [VKEY] };
const RANGES: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 600],
  [10, 20],
  [250, 260],
  [256, 512],
  [511, 513],
  [598, 600],
];
let log: BuiltLog;

before(async () => {
  log = await BuiltLog.build(600);
});

test('any part of a log verifies as that part', async () => {
  for (const [from, to] of RANGES) {
    const report = await verifyRange(log, from, to, { pin: log.pin(), deep: true });
    assertIntact(report, `${from} to ${to}`);
    assert.deepEqual(report.range, { from, to });
    assert.equal(report.checked.records, to - from);
    assert.ok(report.notChecked.some((n) => n.what === 'the rest of the log'));
  }
  assert.equal((await verifyRecord(log, 300, KEYS)).checked.records, 1);
});

test('a slice without the entries around it is not accused of lacking them', async () => {
  for (const [from, to] of RANGES) {
    const slice = log.copy();
    slice.bundles = (a, b) => {
      if (a >= from && b <= to) return log.bundles(a, b);
      assert.deepEqual([a, b], [0, 1], 'nothing else outside the slice is asked for');
      return nothing();
    };
    assertIntact(await verifyRange(slice, from, to, KEYS));
  }
});

test('what is wrong inside is found, what is wrong outside is not looked at', async () => {
  const changed = log.copy();
  for (const seq of [0, 255, 256, 599]) changed.bundle(seq)[seq % 256] = forged(seq);
  for (const [from, to] of RANGES) {
    const inside = [0, 255, 256, 599].filter((seq) => seq >= from && seq < to);
    assertFound(
      await verifyRange(changed, from, to, KEYS),
      inside.map((seq) => ['altered', seq, seq + 1]),
      `${from} to ${to}`,
    );
  }
  for (const seq of [0, 255, 256, 599]) {
    assertFound(await verifyRecord(changed, seq, KEYS), [['altered', seq, seq + 1]]);
  }
});

test('missing and damaged parts of a slice', async () => {
  const changed = log.copy();
  changed.stored.delete(0);
  changed.stored.set(1, 'checksum is wrong');
  assertFound(await verifyRange(changed, 250, 260, KEYS), [
    ['missing', 250, 256],
    ['unreadable', 256, 260],
  ]);
});

test('where the tiles over a slice are wrong it is not proven, and no record is accused', async () => {
  const changed = log.copy();
  setHash(changed.tile(0, 0), 7, leafHash(forged(7)));
  assertFound(await verifyRange(changed, 10, 20, KEYS), [['coverage-ends', 10, 20]]);
  assertIntact(await verifyRange(changed, 300, 310, KEYS));
  setHash(changed.tile(1, 0), 0, leafHash(forged(7)));
  assertFound(await verifyRange(changed, 300, 310, KEYS), [['coverage-ends', 300, 310]]);
  const large = await BuiltLog.build(65_836, 10_000);
  setHash(large.tile(1, 0), 0, leafHash(forged(7)));
  assertFound(await verifyRange(large, 300, 310, KEYS), [['coverage-ends', 300, 310]]);
  assertIntact(await verifyRange(large, 65_536, 65_546, KEYS));
});

test('head and pin count for a slice too', async () => {
  const forgery = await BuiltLog.build(600, 100, KEY, (s) =>
    makeRecord(s, s === 300 ? { event: 'FORGED' } : {}),
  );
  assertFound(await verifyRange(forgery, 10, 20, { pin: log.pin() }), [['split-view', 0, 600]]);
  assertIntact(await verifyRange(forgery, 10, 20, { pin: (await BuiltLog.build(256)).pin() }));
  const older = await BuiltLog.build(300);
  assertFound(await verifyRange(older, 10, 20, { pin: log.pin() }), [['rolled-back', 300, 600]]);
  assertFound(await verifyRecord(older, 500, { pin: log.pin() }), [['rolled-back', 300, 600]]);
  assertFound(await verifyRecord(new BuiltLog(), 500, { pin: log.pin() }), [['truncated', 0, 600]]);
});

test('a range that is none, or not of this log, is refused', async () => {
  for (const [from, to] of [
    [0, 0],
    [5, 4],
    [-1, 4],
    [0.5, 4],
    [0, Number.NaN],
    [0, 601],
    [600, 601],
  ] as const) {
    await assert.rejects(verifyRange(log, from, to, KEYS), { name: 'UsageError', code: 'USAGE' });
  }
});

test('a source that gives parts of bundles is followed', async () => {
  const parts = log.copy();
  parts.bundles = async function* (from: number, to: number): AsyncGenerator<SourceBundle> {
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + 100, (Math.floor(at / 256) + 1) * 256);
      yield* log.bundles(at, end);
      at = end;
    }
  };
  for (const [from, to] of RANGES) assertIntact(await verifyRange(parts, from, to, { ...KEYS, deep: true }));
});

async function* nothing(): AsyncGenerator<never> {}
