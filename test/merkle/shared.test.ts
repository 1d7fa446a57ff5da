import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../src/crypto/bytes.ts';
import {
  makeSharedInclusion,
  sharedInclusionLength,
  splitSharedInclusion,
  Tree,
  verifyInclusion,
} from '../../src/merkle/mod.ts';
import { leavesOf, naivePath, naiveRoot } from './naive.ts';
import { StoredTiles } from './stored-tiles.ts';

const LEAVES = leavesOf(2_000);
const REFUSED = { name: 'ProofError', code: 'PROOF_INVALID' };

function stored(size: number): StoredTiles {
  const tree = new Tree();
  const tiles = new StoredTiles();
  const bytes = concatBytes(...LEAVES.slice(0, size));
  tree.appendAll(bytes);
  tiles.addLeaves(bytes);
  tiles.addTiles(tree.changedTiles());
  return tiles;
}

/** A size, and some of the leaves of a tree of that size, ascending. */
const chosen = fc.integer({ min: 1, max: 600 }).chain((size) =>
  fc.tuple(
    fc.constant(size),
    fc.uniqueArray(fc.nat(size - 1), { maxLength: 40 }).map((list) => list.sort((a, b) => a - b)),
  ),
);

test('a shared proof holds the RFC 9162 path of each leaf', async () => {
  await fc.assert(
    fc.asyncProperty(chosen, async ([size, leaves]) => {
      const hashes = await makeSharedInclusion(leaves, size, stored(size).read);
      assert.equal(hashes.length, sharedInclusionLength(leaves, size));
      const proofs = splitSharedInclusion(leaves, size, hashes);
      const root = naiveRoot(LEAVES.slice(0, size));
      for (const [i, leaf] of leaves.entries()) {
        const proof = proofs[i] as Uint8Array[];
        assert.deepEqual(proof, naivePath(leaf, LEAVES.slice(0, size)));
        verifyInclusion(leaf, size, LEAVES[leaf] as Uint8Array, proof, root);
      }
    }),
    { numRuns: 60 },
  );
});

test('around bundle edges, and for all leaves of a tree', async () => {
  for (const size of [1, 2, 255, 256, 257, 513]) {
    const all = Array.from({ length: size }, (_, i) => i);
    for (const leaves of [[], [0], [size - 1], all]) {
      const hashes = await makeSharedInclusion(leaves, size, stored(size).read);
      const root = naiveRoot(LEAVES.slice(0, size));
      for (const [i, proof] of splitSharedInclusion(leaves, size, hashes).entries()) {
        const leaf = leaves[i] as number;
        verifyInclusion(leaf, size, LEAVES[leaf] as Uint8Array, proof, root);
      }
    }
    // All leaves of a range need less than two hashes each and a few at its ends.
    assert.ok(sharedInclusionLength(all, size) <= 2 * size);
  }
});

test('another number of hashes, and leaves out of order or outside of the tree, are refused', async () => {
  const hashes = await makeSharedInclusion([3, 9], 20, stored(20).read);
  assert.throws(() => splitSharedInclusion([3, 9], 20, hashes.slice(1)), REFUSED);
  assert.throws(() => splitSharedInclusion([3, 9], 20, [...hashes, LEAVES[0] as Uint8Array]), REFUSED);
  for (const leaves of [[9, 3], [3, 3], [20], [-1], [0.5], [Number.NaN]]) {
    assert.throws(() => sharedInclusionLength(leaves, 20), REFUSED, String(leaves));
    await assert.rejects(makeSharedInclusion(leaves, 20, stored(20).read), REFUSED);
  }
});
