export { bundleEntries, countEntries, encodeBundle, leafHashes } from './bundle.ts';
export { CompactRange, type Node, rootFromNodes } from './compact-range.ts';
export { emptyRoot, HASH, leafHash, nodeHash, TileNodes, tileRoot } from './hash.ts';
export {
  consistencyPath,
  inclusionPath,
  isIncluded,
  makeConsistency,
  makeInclusion,
  rootFromTiles,
  type Subtree,
  subtreeRoot,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './proof.ts';
export {
  makeSharedInclusion,
  sharedInclusionLength,
  sharedInclusionNodes,
  splitSharedInclusion,
} from './shared.ts';
export {
  hashesAtLevel,
  parseTilePath,
  partialWidth,
  TILE_WIDTH,
  type TileId,
  type TileReader,
  tileCount,
  tilePath,
  tilesOf,
  tileWidth,
} from './tiles.ts';
export { type ChangedTile, Tree } from './tree.ts';
