import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { toHex } from '../../src/crypto/bytes.ts';
import { leafHash, tileRoot } from '../../src/merkle/mod.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { BuiltLog, forged, setHash, VKEY } from './built-log.ts';
import { assertFound, only } from './expect.ts';

const KEYS = { keys: [VKEY] };
const BOGUS = new Uint8Array(32).fill(0xbb);
/** One more than two levels of full tiles: 256² + 300. */
const LARGE = 65_836;
let log: BuiltLog;
let large: BuiltLog;

before(async () => {
  log = await BuiltLog.build(600);
  large = await BuiltLog.build(LARGE, 5000);
});

test('an edited leaf hash is named while its record stands, inside the log and at its edge', async () => {
  for (const seq of [0, 127, 255, 256, 511, 512, 599]) {
    const changed = log.copy();
    setHash(changed.tile(0, Math.floor(seq / 256)), seq % 256, BOGUS);
    const report = await verifyLog(changed, KEYS);
    assertFound(report, [['tile-altered', seq, seq + 1]], `record ${seq}`);
    const finding = only(report, 'tile-altered');
    assert.deepEqual([finding.level, finding.index], [0, Math.floor(seq / 256)]);
    assert.equal(finding.actual, toHex(BOGUS));
    assert.equal(finding.expected, toHex(leafHash(log.bundle(seq)[seq % 256] as Uint8Array)));
    assert.equal(report.checked.records, 600);
  }
});

test('a hash tile that is gone, cut short or of an odd length is named while its records stand', async () => {
  for (const [index, to] of [
    [0, 256],
    [1, 512],
    [2, 600],
  ] as const) {
    for (const hashes of [null, new Uint8Array(0), new Uint8Array(32), log.tile(0, index).slice(1)]) {
      const changed = log.copy();
      if (hashes === null) changed.hashes.delete(`0/${index}`);
      else changed.hashes.set(`0/${index}`, hashes);
      assertFound(await verifyLog(changed, KEYS), [['tile-missing', index * 256, to]]);
    }
  }
});

test('an edited hash above the leaves is named with the records below it', async () => {
  const changed = log.copy();
  setHash(changed.tile(1, 0), 1, BOGUS);
  const report = await verifyLog(changed, KEYS);
  assertFound(report, [['tile-altered', 256, 512]]);
  assert.equal(only(report, 'tile-altered').level, 1);
  assert.equal(report.checked.records, 600);
  changed.hashes.delete('1/0');
  assertFound(await verifyLog(changed, KEYS), [['tile-missing', 0, 512]]);
});

test('an edited hash and an edited record are told apart', async () => {
  const changed = log.copy();
  setHash(changed.tile(1, 0), 0, BOGUS);
  changed.bundle(300)[44] = forged(300);
  assertFound(await verifyLog(changed, KEYS), [
    ['tile-altered', 0, 256],
    ['altered', 300, 301],
  ]);
});

test('a leaf hash edited in one bundle and a record in another are told apart', async () => {
  const changed = log.copy();
  setHash(changed.tile(0, 2), 5, BOGUS);
  changed.bundle(300)[44] = forged(300);
  assertFound(await verifyLog(changed, KEYS), [
    ['altered', 300, 301],
    ['tile-altered', 517, 518],
  ]);
});

test('a large log: a wrong tile in the middle is made again from below, and the record under it found', async () => {
  const changed = large.copy();
  setHash(changed.tile(1, 0), 7, BOGUS);
  changed.bundle(40_000)[40_000 % 256] = forged(40_000);
  assertFound(await verifyLog(changed, KEYS), [
    ['tile-altered', 7 * 256, 8 * 256],
    ['altered', 40_000, 40_001],
  ]);
  changed.hashes.delete('1/0');
  setHash(changed.tile(0, 3), 1, BOGUS);
  changed.bundle(40_000)[40_000 % 256] = large.bundle(40_000)[40_000 % 256] as Uint8Array;
  const report = await verifyLog(changed, KEYS);
  assertFound(report, [
    ['tile-missing', 0, 65_536],
    ['tile-altered', 769, 770],
  ]);
  assert.equal(report.checked.records, LARGE);
});

test('a large log: a record rewritten with all full tiles above it is bounded, and the rest goes on', async () => {
  const changed = large.copy();
  changed.bundle(40_000)[40_000 % 256] = forged(40_000);
  setHash(changed.tile(0, 156), 40_000 % 256, leafHash(forged(40_000)));
  setHash(changed.tile(1, 0), 156, tileRoot(changed.tile(0, 156)));
  changed.bundle(65_800)[65_800 % 256] = forged(65_800);
  const report = await verifyLog(changed, KEYS);
  assertFound(report, [
    ['altered', 0, 65_536],
    ['altered', 65_800, 65_801],
  ]);
  assert.equal(report.checked.records, LARGE - 65_536 - 1);
  // The checkpoints that end within the lost region can't be compared, those behind it can.
  assert.equal(report.checked.checkpoints, 1);
  assert.ok(report.notChecked.some((n) => n.what === 'the root of 13 kept checkpoints'));
});

test('a large log is intact, and every tile of it is counted', async () => {
  const report = await verifyLog(large, KEYS);
  assertFound(report, []);
  // 258 tiles of leaves, the full one of level 1; partial ones above level 0 are the right edge.
  assert.equal(report.checked.tiles, 259);
  assert.equal(report.checked.checkpoints, 14);
});
