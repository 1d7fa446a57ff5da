import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../src/crypto/bytes.ts';
import {
  CompactRange,
  HASH,
  inclusionPath,
  makeConsistency,
  makeInclusion,
  TileNodes,
  Tree,
  tileRoot,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
} from '../../src/merkle/mod.ts';
import { runs } from '../runs.ts';
import { leavesOf, naivePath, naiveRoot, naiveSubproof } from './naive.ts';
import { StoredTiles } from './stored-tiles.ts';

const LEAVES = leavesOf(70_000);
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

const roots = new Map<number, Uint8Array>();

function root(size: number): Uint8Array {
  const known = roots.get(size) ?? naiveRoot(LEAVES.slice(0, size));
  roots.set(size, known);
  return known;
}

test('every inclusion proof of small trees is RFC 9162 path and verifies', async () => {
  for (let size = 1; size <= 40; size++) {
    const { read } = stored(size);
    for (let index = 0; index < size; index++) {
      const proof = await makeInclusion(index, size, read);
      assert.deepEqual(proof, naivePath(index, LEAVES.slice(0, size)));
      verifyInclusion(index, size, LEAVES[index] as Uint8Array, proof, root(size));
    }
  }
});

test('every consistency proof of small trees is RFC 9162 subproof and verifies', async () => {
  for (let size2 = 1; size2 <= 40; size2++) {
    const { read } = stored(size2);
    for (let size1 = 1; size1 <= size2; size1++) {
      const proof = await makeConsistency(size1, size2, read);
      assert.deepEqual(proof, naiveSubproof(size1, LEAVES.slice(0, size2)));
      verifyConsistency(size1, size2, proof, root(size1), root(size2));
    }
  }
});

test('proofs across tiles verify', async () => {
  const sizes = [255, 256, 257, 600, 65_535, 65_536, 65_537, 70_000];
  for (const size of sizes) {
    const { read } = stored(size);
    const top = root(size);
    for (const index of [0, 1, 254, 255, 256, 257, 511, 65_535, 65_536, size - 1].filter((i) => i < size)) {
      const proof = await makeInclusion(index, size, read);
      verifyInclusion(index, size, LEAVES[index] as Uint8Array, proof, top);
    }
    for (const size1 of [1, ...sizes].filter((s) => s <= size)) {
      verifyConsistency(size1, size, await makeConsistency(size1, size, read), root(size1), top);
    }
  }
});

test('a proof reads each tile once and nothing outside the tree', async () => {
  const { read } = stored(70_000);
  const asked: string[] = [];
  await makeInclusion(300, 70_000, (level, index, width) => {
    asked.push(`${level}/${index} ${width}`);
    return read(level, index, width);
  });
  assert.deepEqual(asked.sort(), ['0/1 256', '0/273 112', '1/0 256', '1/1 17']);
});

test('no single changed bit, dropped, doubled or moved hash is accepted', async () => {
  const { read } = stored(700);
  const top = root(700);
  const any = fc.record({
    index: fc.nat(699),
    size1: fc.integer({ min: 1, max: 699 }),
    at: fc.nat(),
    bit: fc.nat(255),
    how: fc.constantFrom('bit', 'drop', 'double', 'swap', 'append'),
  });
  await fc.assert(
    fc.asyncProperty(any, async ({ index, size1, at, bit, how }) => {
      const leaf = LEAVES[index] as Uint8Array;
      const inclusion = await makeInclusion(index, 700, read);
      assert.throws(() => verifyInclusion(index, 700, leaf, damaged(inclusion, how, at, bit), top), REFUSED);
      const consistency = await makeConsistency(size1, 700, read);
      assert.throws(
        () => verifyConsistency(size1, 700, damaged(consistency, how, at, bit), root(size1), top),
        REFUSED,
      );
    }),
    { numRuns: runs(300) },
  );
});

function damaged(proof: readonly Uint8Array[], how: string, at: number, bit: number): Uint8Array[] {
  const out: Uint8Array[] = proof.map((h) => h.slice());
  const i = at % out.length;
  const hash = out[i] as Uint8Array;
  if (how === 'drop') out.splice(i, 1);
  else if (how === 'double') out.splice(i, 0, hash.slice());
  else if (how === 'append') out.push(hash.slice());
  else if (how === 'swap' && i > 0) [out[i], out[i - 1]] = [out[i - 1] as Uint8Array, hash];
  else hash[bit >> 3] = (hash[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

test('a leaf is not accepted at another position or in another size', async () => {
  const { read } = stored(13);
  const proof = await makeInclusion(5, 13, read);
  const leaf = LEAVES[5] as Uint8Array;
  for (let index = 0; index < 13; index++) {
    if (index !== 5) assert.throws(() => verifyInclusion(index, 13, leaf, proof, root(13)), REFUSED);
  }
  // From 9 to 16 the path of leaf 5 has the same shape; which of them it is, only the signed size tells.
  for (const size of [0, 1, 5, 6, 8, 17, 26]) {
    assert.throws(() => verifyInclusion(5, size, leaf, proof, root(13)), REFUSED);
  }
});

test('an inner node is not accepted as a leaf of a smaller tree', () => {
  const [a, b, c, d] = LEAVES.slice(0, 4) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  verifyInclusion(0, 4, a, [b, naiveRoot([c, d])], root(4));
  assert.throws(() => verifyInclusion(0, 4, naiveRoot([a, b]), [naiveRoot([c, d])], root(4)), REFUSED);
});

test('corner cases of consistency are decided, not fallen through', () => {
  const one = root(1);
  verifyConsistency(1, 1, [], one, one);
  assert.throws(() => verifyConsistency(1, 1, [one], one, one), REFUSED);
  assert.throws(() => verifyConsistency(1, 1, [], one, root(2)), REFUSED);
  assert.throws(() => verifyConsistency(0, 0, [], root(0), root(0)), REFUSED);
  assert.throws(() => verifyConsistency(0, 1, [], root(0), one), REFUSED);
  assert.throws(() => verifyConsistency(2, 1, [], root(2), one), REFUSED);
  assert.throws(() => verifyConsistency(1, 1, [], Uint8Array.of(1), Uint8Array.of(1)), REFUSED);
});

test('numbers that are not safe integers are refused', async () => {
  const read = stored(4).read;
  const leaf = LEAVES[0] as Uint8Array;
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53, 2 ** 64, Number.POSITIVE_INFINITY]) {
    assert.throws(() => verifyInclusion(bad, 4, leaf, [], leaf), REFUSED);
    assert.throws(() => verifyInclusion(0, bad, leaf, [], leaf), REFUSED);
    assert.throws(() => verifyConsistency(bad, 4, [], leaf, leaf), REFUSED);
    assert.throws(() => verifyConsistency(1, bad, [], leaf, leaf), REFUSED);
    assert.throws(() => verifySubtreeConsistency(0, bad, 4, [], leaf, leaf), REFUSED);
    await assert.rejects(makeInclusion(bad, 4, read), REFUSED);
    await assert.rejects(makeConsistency(1, bad, read), REFUSED);
  }
});

test('a tile of the wrong length is named', async () => {
  const short = async () => new Uint8Array(HASH);
  await assert.rejects(makeInclusion(0, 4, short), { name: 'ProofError', code: 'TILE_INVALID' });
});

test('nodes over a full tile are the roots of its parts', () => {
  const hashes = concatBytes(...LEAVES.slice(0, 256));
  const nodes = new TileNodes(hashes);
  assert.deepEqual([nodes.hashes, nodes.root], [hashes, tileRoot(hashes)]);
  for (let height = 0; height <= 8; height++) {
    for (let from = 0; from < 256; from += 2 ** height) {
      const part = hashes.subarray(from * HASH, (from + 2 ** height) * HASH);
      assert.deepEqual(nodes.node(height, from), tileRoot(part), `${height}/${from}`);
    }
  }
  assert.throws(() => new TileNodes(hashes.subarray(HASH)), { name: 'ProofError', code: 'TILE_INVALID' });
});

test('a compact range has the root at any size, whatever it is grown from, and with what follows', async () => {
  const size = 700;
  const { read } = stored(size);
  for (const from of [0, 1, 5, 255, 256, 300, 699]) {
    const path = inclusionPath(from, size);
    const proof = await makeInclusion(from, size, read);
    const before = path.map((each, i) => ({ ...each, hash: proof[i] as Uint8Array }));
    const range = new CompactRange(before.filter(({ to }) => to <= from).reverse());
    for (let at = from; at < size; at++) {
      assert.equal(range.size, at);
      range.add(LEAVES[at] as Uint8Array, 1);
      if (at % 97 === 0) assert.deepEqual(range.root(), root(at + 1));
      const rest = inclusionPath(at, size);
      const last = at % 53 === 0 ? await makeInclusion(at, size, read) : null;
      const behind = rest.flatMap((each, i) =>
        last !== null && each.from > at ? [{ ...each, hash: last[i] as Uint8Array }] : [],
      );
      if (last !== null) assert.deepEqual(range.root(behind), root(size));
      if (behind.length > 1) assert.throws(() => range.root(behind.slice(1)), REFUSED);
    }
    assert.deepEqual(range.root(), root(size));
  }
});
