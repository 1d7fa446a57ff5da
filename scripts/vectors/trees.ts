import { toHex, utf8 } from '../../src/crypto/bytes.ts';
import {
  encodeBundle,
  makeConsistency,
  makeInclusion,
  makeSharedInclusion,
  tilePath,
  tilesOf,
} from '../../src/merkle/mod.ts';
import { VectorTree } from './log.ts';

/** Of trees whose entry n is `entry n` in UTF-8. */
export async function treeVectors(): Promise<unknown> {
  const tree = new VectorTree();
  const entries = Array.from({ length: 513 }, (_, i) => utf8(`entry ${i}`));
  for (const entry of entries) tree.append(entry);
  const sizes = [0, 1, 2, 3, 4, 7, 8, 255, 256, 257, 300, 512, 513];
  const hex = (all: readonly Uint8Array[]): string[] => all.map(toHex);
  const inclusion: unknown[] = [];
  for (const [index, size] of [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
    [6, 7],
    [255, 256],
    [255, 257],
    [256, 257],
    [0, 300],
    [299, 300],
    [512, 513],
  ] as const) {
    inclusion.push({ index, size, proof: hex(await makeInclusion(index, size, tree.tile)) });
  }
  const consistency: unknown[] = [];
  for (const [from, to] of [
    [1, 2],
    [1, 3],
    [3, 4],
    [4, 7],
    [7, 8],
    [255, 256],
    [256, 257],
    [256, 512],
    [257, 513],
    [300, 300],
  ] as const) {
    consistency.push({ from, to, proof: hex(await makeConsistency(from, to, tree.tile)) });
  }
  const shared: unknown[] = [];
  for (const [leaves, size] of [
    [[0], 1],
    [[0, 2], 3],
    [[1, 5, 6], 7],
    [[0, 1, 2, 3], 4],
    [[0, 254, 255, 256], 300],
    [[3, 299], 300],
  ] as const) {
    shared.push({ leaves, size, hashes: hex(await makeSharedInclusion(leaves, size, tree.tile)) });
  }
  const tiles: unknown[] = [];
  for (const id of tilesOf(513)) {
    const hashes = await tree.tile(id.level, id.index, id.width);
    tiles.push({
      path: tilePath(id),
      bytes: hashes.length,
      first: toHex(hashes.subarray(0, 32)),
      last: toHex(hashes.subarray(-32)),
    });
  }
  const bundle = encodeBundle([utf8('b'), utf8('a'), utf8('é')]);
  return {
    roots: sizes.map((size) => ({ size, root: toHex(tree.root(size)) })),
    ...{ inclusion, consistency, shared, tiles },
    bundle: { entries: ['b', 'a', 'é'], hex: toHex(bundle) },
  };
}
