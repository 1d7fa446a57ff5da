import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../src/crypto/bytes.ts';
import { HASH, rootFromTiles, Tree, tileRoot, tilesOf } from '../../src/merkle/mod.ts';
import { leavesOf, naiveRoot } from './naive.ts';
import { StoredTiles } from './stored-tiles.ts';

const LEAVES = leavesOf(66_000);
const LEAF_BYTES = concatBytes(...LEAVES);

function leaves(from: number, to: number): Uint8Array {
  return LEAF_BYTES.subarray(from * HASH, to * HASH);
}

/** A tree grown in steps that end at the given sizes, with its tiles stored after each. */
function grow(...sizes: readonly number[]): { tree: Tree; stored: StoredTiles } {
  const tree = new Tree();
  const stored = new StoredTiles();
  for (const size of sizes) {
    stored.addLeaves(leaves(tree.size, size));
    tree.appendAll(leaves(tree.size, size));
    stored.addTiles(tree.changedTiles());
  }
  return { tree, stored };
}

test('the root is that of RFC 6962 at every size from 0 to 600', () => {
  const tree = new Tree();
  for (let size = 0; size <= 600; size++) {
    assert.equal(tree.size, size);
    assert.deepEqual(tree.root(), naiveRoot(LEAVES.slice(0, size)));
    tree.append(LEAVES[size] as Uint8Array);
  }
});

test('the root with a few leaves more is that of the tree with them, which stays as it was', () => {
  for (const [size, most] of [
    [0, 256],
    [256, 256],
    [768, 256],
    [1_000, 8],
    [1_001, 1],
    [1_024, 256],
  ] as const) {
    const tree = new Tree();
    tree.appendAll(leaves(0, size));
    for (const more of [1, 2, 3, 5, 8, 127, 128, 255, 256].filter((n) => n <= most)) {
      const expected = naiveRoot(LEAVES.slice(0, size + more));
      assert.deepEqual(tree.rootWith(tileRoot(leaves(size, size + more))), expected, `${size} + ${more}`);
    }
    assert.deepEqual(tree.root(), naiveRoot(LEAVES.slice(0, size)));
  }
  assert.throws(() => new Tree().rootWith(new Uint8Array(31)), { code: 'PROOF_INVALID' });
});

test('stored tiles hold what C2SP says, however the leaves arrived', () => {
  for (const size of [0, 1, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 65_792]) {
    const steps = [1, 200, 255, 256, 300, 65_536].filter((s) => s < size);
    const { tree, stored } = grow(...steps, size);
    const expected = [...tilesOf(size)].filter((t) => t.level > 0);
    assert.deepEqual(
      [...stored.tiles.keys()].sort(),
      expected.map((t) => `${t.level}/${t.index}`).sort(),
      `size ${size}`,
    );
    for (const { level, index, width } of expected) {
      const tile = stored.tiles.get(`${level}/${index}`) as Uint8Array;
      assert.equal(tile.length, width * HASH);
      const span = 256 ** level;
      const last = index * 256 + width - 1;
      assert.deepEqual(
        tile.subarray(-HASH),
        naiveRoot(LEAVES.slice(last * span, (last + 1) * span)),
        `size ${size}, last hash of tile ${level}/${index}`,
      );
    }
    assert.deepEqual(tree.root(), naiveRoot(LEAVES.slice(0, size)));
  }
});

test('a tile is reported once, with its newest content', () => {
  const { tree } = grow(300);
  assert.deepEqual(tree.changedTiles(), []);
  tree.appendAll(leaves(300, 511));
  assert.deepEqual(tree.changedTiles(), []);
  tree.appendAll(leaves(511, 512));
  assert.deepEqual(
    tree.changedTiles().map((t) => [t.level, t.index, t.hashes.length / HASH]),
    [[1, 0, 2]],
  );
});

test('a full tile and the level above are reported together', () => {
  const { tree } = grow(65_535);
  tree.appendAll(leaves(65_535, 65_536 + 256));
  assert.deepEqual(
    tree.changedTiles().map((t) => [t.level, t.index, t.hashes.length / HASH]),
    [
      [1, 0, 256],
      [1, 1, 1],
      [2, 0, 1],
    ],
  );
});

test('a tree read from its stored right edge grows on as the original does', async () => {
  for (const size of [0, 1, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537]) {
    const { tree, stored } = grow(size);
    const read = await Tree.read(size, stored.read);
    assert.deepEqual(read.root(), tree.root());
    assert.deepEqual(await rootFromTiles(size, stored.read), tree.root());
    for (const t of [read, tree]) t.appendAll(leaves(size, size + 300));
    assert.deepEqual(read.root(), tree.root());
    assert.deepEqual(read.changedTiles(), tree.changedTiles());
  }
});

test('a stored edge of the wrong length is refused', async () => {
  const { stored } = grow(300);
  for (const size of [300, 65_536 * 3]) {
    await assert.rejects(
      Tree.read(size, async (l, i, w) => (await stored.read(l, i, w)).slice(HASH)),
      { name: 'ProofError', code: 'TILE_INVALID' },
    );
  }
});

test('sizes that are not safe integers are refused', async () => {
  for (const size of [-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
    await assert.rejects(
      Tree.read(size, async () => new Uint8Array(0)),
      { code: 'PROOF_INVALID' },
    );
    await assert.rejects(
      rootFromTiles(size, async () => new Uint8Array(0)),
      { code: 'PROOF_INVALID' },
    );
  }
});

test('leaf hashes of another length are refused and change nothing', () => {
  const { tree } = grow(3);
  const root = tree.root();
  for (const length of [0, 31, 33, 64]) {
    assert.throws(() => tree.append(new Uint8Array(length)), { name: 'ProofError', code: 'PROOF_INVALID' });
  }
  assert.throws(() => tree.appendAll(new Uint8Array(33)), { name: 'ProofError', code: 'PROOF_INVALID' });
  assert.equal(tree.size, 3);
  assert.deepEqual(tree.root(), root);
});

test('going back to a clone undoes what was added, reported tiles included', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1500 }),
      fc.integer({ min: 0, max: 1500 }),
      fc.integer({ min: 0, max: 1500 }),
      (before, abandoned, after) => {
        const { tree } = grow(before);
        const kept = tree.clone();
        tree.appendAll(leaves(5000, 5000 + abandoned));
        tree.changedTiles();
        assert.equal(kept.size, before);
        kept.appendAll(leaves(before, before + after));
        const straight = grow(before).tree;
        straight.appendAll(leaves(before, before + after));
        assert.deepEqual(kept.root(), straight.root());
        assert.deepEqual(kept.changedTiles(), straight.changedTiles());
      },
    ),
    { numRuns: 60 },
  );
});

test('a clone taken before the changed tiles were taken still reports them', () => {
  const tree = new Tree();
  tree.appendAll(leaves(0, 256));
  const kept = tree.clone();
  assert.deepEqual(kept.changedTiles(), tree.changedTiles());
  assert.deepEqual(kept.changedTiles(), []);
});

test('tileRoot is the Merkle tree hash of its hashes, for every width', () => {
  for (let width = 1; width <= 256; width++) {
    assert.deepEqual(tileRoot(leaves(0, width)), naiveRoot(LEAVES.slice(0, width)));
  }
  for (const bytes of [0, 31, 33, 257 * HASH]) {
    assert.throws(() => tileRoot(new Uint8Array(bytes)), { name: 'ProofError', code: 'TILE_INVALID' });
  }
});

test('subtrees known by their hash alone count as their leaves', () => {
  for (const [level, size] of [
    [1, 0],
    [1, 256],
    [1, 256 * 255],
    [2, 0],
  ] as const) {
    const span = 256 ** level;
    const { tree } = grow(size);
    const straight = grow(size).tree;
    tree.appendSubtree(level, naiveRoot(LEAVES.slice(size, size + span)));
    straight.appendAll(leaves(size, size + span));
    for (const t of [tree, straight]) t.appendAll(leaves(size + span, 66_000));
    assert.equal(tree.size, straight.size);
    assert.deepEqual(tree.root(), straight.root());
    const known = (t: Tree) => t.changedTiles().filter((tile) => tile.level >= level);
    assert.deepEqual(known(tree), known(straight));
    assert.deepEqual(tree.edge(level), straight.edge(level));
  }
  assert.throws(() => grow(255).tree.appendSubtree(1, new Uint8Array(32)), { code: 'PROOF_INVALID' });
  assert.throws(() => grow(256).tree.appendSubtree(2, new Uint8Array(32)), { code: 'PROOF_INVALID' });
  assert.throws(() => grow(0).tree.appendSubtree(1, new Uint8Array(31)), { code: 'PROOF_INVALID' });
});

test('the edge is the partial tile as it is now', () => {
  assert.deepEqual(grow(255).tree.edge(1), new Uint8Array(0));
  assert.deepEqual(
    grow(600).tree.edge(1),
    concatBytes(naiveRoot(LEAVES.slice(0, 256)), naiveRoot(LEAVES.slice(256, 512))),
  );
  assert.deepEqual(grow(65_536).tree.edge(1), new Uint8Array(0));
});
