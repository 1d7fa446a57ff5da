import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { toBase64, toHex } from '../../src/crypto/bytes.ts';
import { leafHash } from '../../src/merkle/mod.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { BuiltLog, forged, setHash, VKEY } from './built-log.ts';
import { assertFound, assertIntact, only } from './expect.ts';

/** Every place that is first, last, or next to an edge, in logs whose size is one. */
const PLACES: readonly (readonly [size: number, seqs: readonly number[]])[] = [
  [1, [0]],
  [2, [0, 1]],
  [255, [0, 127, 254]],
  [256, [0, 127, 255]],
  [257, [0, 255, 256]],
  [600, [0, 1, 254, 255, 256, 257, 300, 511, 512, 598, 599]],
];
const LOGS = new Map<number, BuiltLog>();
const KEYS = { keys: [VKEY] };

before(async () => {
  for (const [size] of PLACES) LOGS.set(size, await BuiltLog.build(size));
});

function* cells(): Generator<{ log: BuiltLog; seq: number; what: string }> {
  for (const [size, seqs] of PLACES) {
    for (const seq of seqs) {
      yield { log: (LOGS.get(size) as BuiltLog).copy(), seq, what: `record ${seq} of ${size}` };
    }
  }
}

test('logs of every size are intact, and everything in them is counted', async () => {
  for (const [size, log] of LOGS) {
    const report = await verifyLog(log, { ...KEYS, pin: log.pin(), deep: true });
    assertIntact(report, `size ${size}`);
    assert.deepEqual(report.range, { from: 0, to: size });
    assert.equal(report.size, size);
    assert.equal(report.root, toHex(log.root));
    assert.equal(report.trust, 'pinned-key');
    assert.deepEqual(report.keys, [VKEY]);
    assert.equal(report.checked.records, size);
    assert.equal(report.checked.bundles, Math.ceil(size / 256));
    assert.equal(report.checked.checkpoints, Math.ceil(size / 100));
  }
});

test('an edited record is named, with both hashes and the bytes found', async () => {
  for (const { log, seq, what } of cells()) {
    const sealed = leafHash(log.bundle(seq)[seq % 256] as Uint8Array);
    log.bundle(seq)[seq % 256] = forged(seq);
    const report = await verifyLog(log, KEYS);
    assertFound(report, [['altered', seq, seq + 1]], what);
    const finding = only(report, 'altered');
    assert.equal(finding.expected, toHex(sealed));
    assert.equal(finding.actual, toHex(leafHash(forged(seq))));
    assert.equal(finding.found, toBase64(forged(seq)));
    assert.equal(report.checked.records, log.size - 1);
  }
});

test('a single changed bit is named, wherever it is in the entry', async () => {
  const log = LOGS.get(600) as BuiltLog;
  const entry = log.bundle(300)[44] as Uint8Array;
  for (let at = 0; at < entry.length; at += 17) {
    const changed = log.copy();
    const bytes = entry.slice();
    bytes[at] = (bytes[at] as number) ^ 0x10;
    changed.bundle(300)[44] = bytes;
    assertFound(await verifyLog(changed, KEYS), [['altered', 300, 301]]);
  }
});

test('several edited records are all named', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  for (const seq of [3, 4, 255, 256, 599]) log.bundle(seq)[seq % 256] = forged(seq);
  assertFound(await verifyLog(log, KEYS), [
    ['altered', 3, 4],
    ['altered', 4, 5],
    ['altered', 255, 256],
    ['altered', 256, 257],
    ['altered', 599, 600],
  ]);
});

test('a deleted record is named as missing', async () => {
  for (const { log, seq, what } of cells()) {
    log.bundle(seq).splice(seq % 256, 1);
    if (log.bundle(seq).length === 0) log.stored.delete(Math.floor(seq / 256));
    assertFound(await verifyLog(log, KEYS), [['missing', seq, seq + 1]], what);
  }
});

test('deleted neighbours are one finding', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  log.bundle(300).splice(10, 30);
  assertFound(await verifyLog(log, KEYS), [['missing', 266, 296]]);
});

test('a bundle that is gone is missing, with its hash tile too', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  log.stored.delete(1);
  assertFound(await verifyLog(log, KEYS), [['missing', 256, 512]]);
  log.hashes.delete('0/1');
  assertFound(await verifyLog(log, KEYS), [['missing', 256, 512]]);
  log.stored.delete(0);
  assertFound(await verifyLog(log, KEYS), [['missing', 0, 512]]);
});

test('a bundle that does not decode is named by its range, and the others are checked', async () => {
  for (const [index, to] of [
    [0, 256],
    [1, 512],
    [2, 600],
  ] as const) {
    const log = (LOGS.get(600) as BuiltLog).copy();
    log.stored.set(index, 'checksum is wrong');
    const report = await verifyLog(log, KEYS);
    assertFound(report, [['unreadable', index * 256, to]]);
    assert.equal(report.checked.records, 600 - (to - index * 256));
  }
});

test('two records that changed places are both named', async () => {
  for (const [a, b] of [
    [0, 1],
    [3, 200],
    [254, 255],
    [598, 599],
  ] as const) {
    const log = (LOGS.get(600) as BuiltLog).copy();
    swap(log, a, b);
    const report = await verifyLog(log, KEYS);
    assertFound(report, [
      ['reordered', a, a + 1],
      ['reordered', b, b + 1],
    ]);
    assert.deepEqual(
      report.findings.map((f) => f.code === 'reordered' && f.belongsAt),
      [b, a],
    );
  }
});

test('records that changed places across bundles are altered at both', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  swap(log, 10, 300);
  assertFound(await verifyLog(log, KEYS), [
    ['altered', 10, 11],
    ['altered', 300, 301],
  ]);
});

test('a record moved within its bundle is one finding; a bundle turned round is one too', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  const [moved] = log.bundle(0).splice(5, 1);
  log.bundle(0).splice(9, 0, moved as Uint8Array);
  log.bundle(256).reverse();
  const codes = (await verifyLog(log, KEYS)).findings.map((f) => [f.code, f.from, f.to]);
  assert.deepEqual(codes, [
    ['reordered', 5, 6],
    ['reordered', 6, 7],
    ['reordered', 7, 8],
    ['reordered', 8, 9],
    ['reordered', 9, 10],
    ['reordered', 256, 512],
  ]);
});

test('an inserted entry is named, and the records behind it are not accused', async () => {
  for (const { log, seq, what } of cells()) {
    log.bundle(seq).splice(seq % 256, 0, forged(seq));
    assertFound(await verifyLog(log, KEYS), [['inserted', seq, seq + 1]], what);
  }
});

test('a record taken out or slipped in, and all that follow moved up or down, do not drown the place', async () => {
  const log = await BuiltLog.build(1500, 500);
  const entries = Array.from({ length: 1500 }, (_, seq) => log.bundle(seq)[seq % 256] as Uint8Array);
  const stored = (list: readonly Uint8Array[]) => {
    const copy = log.copy();
    for (let i = 0; i < 6; i++) copy.stored.set(i, list.slice(i * 256, (i + 1) * 256));
    return copy;
  };
  assertFound(await verifyLog(stored(entries.toSpliced(300, 1)), KEYS), [
    ['missing', 300, 301],
    ['inserted', 511, 512],
    ['reordered', 512, 1280],
    ['missing', 1280, 1281],
  ]);
  assertFound(await verifyLog(stored(entries.toSpliced(300, 0, forged(300))), KEYS), [
    ['inserted', 300, 301],
    ['missing', 511, 512],
    ['reordered', 512, 1280],
    ['inserted', 1280, 1281],
  ]);
});

test('a record overwritten with a copy of another is altered', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  log.bundle(300)[20] = log.bundle(300)[10] as Uint8Array;
  assertFound(await verifyLog(log, KEYS), [['altered', 276, 277]]);
});

test('an edited record whose hash was changed with it is narrowed to what is provable', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  log.bundle(300)[44] = forged(300);
  setHash(log.tile(0, 1), 44, leafHash(forged(300)));
  assertFound(await verifyLog(log, KEYS), [['altered', 256, 512]]);
  // At the right edge nothing is above the tile but the root: the checkpoints before and behind bound it.
  const edge = (LOGS.get(600) as BuiltLog).copy();
  edge.bundle(550)[38] = forged(550);
  setHash(edge.tile(0, 2), 38, leafHash(forged(550)));
  assertFound(await verifyLog(edge, KEYS), [['altered', 500, 600]]);
});

test('thousands of changed records are listed up to a bound, the rest counted', async () => {
  const log = (LOGS.get(600) as BuiltLog).copy();
  for (let seq = 100; seq < 600; seq++) log.bundle(seq)[seq % 256] = forged(seq);
  const report = await verifyLog(log, KEYS);
  assert.equal(report.findings.length, 101);
  assert.deepEqual(
    report.findings.map((f) => f.from),
    [...Array.from({ length: 100 }, (_, i) => 100 + i), 200],
  );
  const rest = only(report, 'not-listed');
  assert.deepEqual([rest.from, rest.to], [200, 600]);
  assert.equal(report.checked.records, 100);
});

function swap(log: BuiltLog, a: number, b: number): void {
  const [one, other] = [log.bundle(a)[a % 256] as Uint8Array, log.bundle(b)[b % 256] as Uint8Array];
  log.bundle(a)[a % 256] = other;
  log.bundle(b)[b % 256] = one;
}
