import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  parseTilePath,
  partialWidth,
  type TileId,
  tileCount,
  tilePath,
  tilesOf,
  tileWidth,
} from '../../src/merkle/mod.ts';

test('the example of C2SP tlog-tiles: 70,000 leaves', () => {
  const shape = (level: number) => [tileCount(level, 70_000), partialWidth(level, 70_000)];
  assert.deepEqual([0, 1, 2, 3].map(shape), [
    [274, 112],
    [2, 17],
    [1, 1],
    [0, 0],
  ]);
  assert.deepEqual(
    [...tilesOf(256)],
    [
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ],
  );
  assert.deepEqual([...tilesOf(0)], []);
});

test('widths are 256 inside, less at the edge, 0 outside', () => {
  assert.deepEqual(
    [0, 1, 2].map((i) => tileWidth(0, i, 300)),
    [256, 44, 0],
  );
  assert.deepEqual(
    [0, 1].map((i) => tileWidth(0, i, 256)),
    [256, 0],
  );
  assert.equal(tileWidth(6, 0, Number.MAX_SAFE_INTEGER), 31);
  assert.equal(tileWidth(7, 0, Number.MAX_SAFE_INTEGER), 0);
});

test('paths', () => {
  const cases: [TileId, string][] = [
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 63, index: 999, width: 1 }, 'tile/63/999.p/1'],
    [{ level: 1, index: 1000, width: 255 }, 'tile/1/x001/000.p/255'],
    [{ level: 'entries', index: 7, width: 12 }, 'tile/entries/007.p/12'],
  ];
  for (const [tile, path] of cases) {
    assert.equal(tilePath(tile), path);
    assert.deepEqual(parseTilePath(path), tile);
  }
});

test('a path is read back exactly', () => {
  const level = fc.oneof(fc.constant('entries' as const), fc.nat(63));
  const index = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  const width = fc.integer({ min: 1, max: 256 });
  fc.assert(
    fc.property(level, index, width, (...[level, index, width]) => {
      const tile = { level, index, width };
      assert.deepEqual(parseTilePath(tilePath(tile)), tile);
    }),
  );
});

test('anything but the one form of a path is refused', () => {
  const bad = [
    '',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/x001',
    'tile/0/001/002',
    'tile/00/001',
    'tile/64/001',
    'tile/-1/001',
    'tile/0/001.p/0',
    'tile/0/001.p/01',
    'tile/0/001.p/256',
    'tile/0/001.p/999',
    'tile/0/001.p/',
    'tile/0/001/',
    '/tile/0/001',
    'tile/0/001\n',
    'tile/entries/../001',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x999/x999/x999/x999/x999/999',
  ];
  for (const path of bad) {
    assert.throws(() => parseTilePath(path), { name: 'ProofError', code: 'TILE_INVALID' }, path);
  }
});
