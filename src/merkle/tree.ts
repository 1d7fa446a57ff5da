import { sha256Into } from '#sha256';
import { ProofError } from '../errors.ts';
import { emptyRoot, HASH, tileRoot } from './hash.ts';
import { partialWidth, TILE_WIDTH, type TileReader, tileCount, tileWidth } from './tiles.ts';

/** A hash tile of level 1 or above as it is now: 32 bytes × width, width 1 to 256. */
export interface ChangedTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

/** The right edge of one tile level. */
interface Edge {
  /** Index of the partial tile, = number of full tiles. */
  index: number;
  width: number;
  /** Room for a full tile. */
  readonly hashes: Uint8Array;
  /** Hashes were added since the changed tiles were last taken. */
  changed: boolean;
}

// Work area: the node hash's input (0x01 ‖ left ‖ right), then the frontier. In one buffer, so that copying
// between them needs no view per hash.
const LEFT = 1;
const RIGHT = LEFT + HASH;
const PAIR = RIGHT + HASH;
/** Binary levels of a tree whose size is a safe integer. */
const LEVELS = 53;
/** A tile level is eight binary ones. */
const TILE_HEIGHT = 8;

/**
 * Merkle tree (RFC 6962) that grows at the right and keeps only what growing needs: the frontier, i.e. the roots of
 * the complete subtrees, one for each bit set in the size; and the right edge of tile levels 1 and above. Adding a
 * leaf costs one node hash on average and O(log n) at most; so does the root.
 */
export class Tree {
  #size = 0;
  readonly #work = new Uint8Array(PAIR + LEVELS * HASH);
  readonly #pair = this.#work.subarray(0, PAIR);
  /** By tile level; level 0, whose tiles are the leaves, stays unused. */
  readonly #edges: Edge[] = [];
  #full: ChangedTile[] = [];

  constructor() {
    this.#work[0] = 0x01;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Adds one leaf hash (32 bytes). */
  append(leaf: Uint8Array): void {
    if (leaf.length !== HASH) throw new ProofError('PROOF_INVALID', 'a leaf hash has 32 bytes');
    this.appendAll(leaf);
  }

  /** Adds leaf hashes, 32 bytes each. */
  appendAll(leaves: Uint8Array): void {
    if (leaves.length % HASH !== 0) throw new ProofError('PROOF_INVALID', 'a leaf hash has 32 bytes');
    const work = this.#work;
    for (let at = 0; at < leaves.length; at += HASH) {
      for (let i = 0; i < HASH; i++) work[RIGHT + i] = leaves[at + i] as number;
      this.#add(0);
    }
  }

  /**
   * Adds 256^level leaves of which only the hash over them is known (level 1: a full bundle). The size must be a
   * multiple of that many. Tiles below `level` stay unknown and are not reported.
   */
  appendSubtree(level: number, hash: Uint8Array): void {
    if (hash.length !== HASH || this.#size % TILE_WIDTH ** level !== 0) {
      throw new ProofError('PROOF_INVALID', `no subtree of level ${level} begins at leaf ${this.#size}`);
    }
    for (let below = 1; below < level; below++) this.#edge(below).index += TILE_WIDTH ** (level - 1 - below);
    this.#work.set(hash, RIGHT);
    this.#add(level);
  }

  /** Hashes of the partial tile at the right edge of a level, 1 or above: 32 bytes × width, width 0 to 255. */
  edge(level: number): Uint8Array {
    const { hashes, width } = this.#edge(level);
    return hashes.slice(0, width * HASH);
  }

  /** Root hash over all leaves, 32 bytes. */
  root(): Uint8Array {
    if (this.#size === 0) return emptyRoot();
    const work = this.#work;
    let level = 0;
    let rest = this.#size;
    for (; rest % 2 === 0; rest /= 2) level++;
    work.copyWithin(RIGHT, frontierAt(level), frontierAt(level + 1));
    return this.#fold(level + 1, (rest - 1) / 2);
  }

  /**
   * What the root would be with some leaves more, of which only the hash over them is given (32 bytes, see
   * `tileRoot`): at most as many as the largest power of two that divides the size.
   */
  rootWith(hash: Uint8Array): Uint8Array {
    if (hash.length !== HASH) throw new ProofError('PROOF_INVALID', 'a hash over leaves has 32 bytes');
    this.#work.set(hash, RIGHT);
    return this.#fold(0, this.#size);
  }

  /**
   * Tiles of level 1 and above that have changed since the last call (or since the tree was made), each as it is
   * now. Tiles of level 0 are the leaves themselves and are not reported.
   */
  changedTiles(): ChangedTile[] {
    const tiles = this.#full;
    this.#full = [];
    for (const [level, edge] of this.#edges.entries()) {
      if (!edge.changed) continue;
      edge.changed = false;
      if (edge.width > 0)
        tiles.push({ level, index: edge.index, hashes: edge.hashes.slice(0, edge.width * HASH) });
    }
    return tiles;
  }

  /** An independent copy, changed tiles included. Going back to it undoes what was added since; it costs a few µs. */
  clone(): Tree {
    const copy = new Tree();
    copy.#size = this.#size;
    copy.#work.set(this.#work);
    for (const edge of this.#edges) copy.#edges.push({ ...edge, hashes: edge.hashes.slice() });
    copy.#full = this.#full.slice();
    return copy;
  }

  /**
   * The tree of `size` leaves, from its stored right edge: reads the partial tile of each level, level 0 included,
   * where it is the leaves of the last incomplete bundle. Nothing is checked but lengths: compare `root()` with the
   * signed one. Throws `ProofError` TILE_INVALID for a tile of another length, and what `readTile` throws.
   */
  static async read(size: number, readTile: TileReader): Promise<Tree> {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new ProofError('PROOF_INVALID', `a tree has 0 to 2^53-1 leaves, not ${size}`);
    }
    const tree = new Tree();
    tree.#size = size;
    for (let level = 0; tileCount(level, size) > 0; level++) {
      const width = partialWidth(level, size);
      const index = tileCount(level, size) - (width > 0 ? 1 : 0);
      const hashes = width > 0 ? await readTile(level, index, width) : new Uint8Array(0);
      if (hashes.length !== tileWidth(level, index, size) * HASH) {
        throw new ProofError(
          'TILE_INVALID',
          `tile ${index} of level ${level} has ${hashes.length} bytes, not ${width * HASH}`,
        );
      }
      tree.#setEdge(level, index, hashes);
    }
    return tree;
  }

  /** Adds the hash at RIGHT, of 256^level leaves: joins it with every complete subtree of its height, as a counter carries. */
  #add(level: number): void {
    const work = this.#work;
    const leaves = TILE_WIDTH ** level;
    let height = level * TILE_HEIGHT;
    if (level > 0) this.#addToTile(level);
    for (let rest = this.#size / leaves; rest % 2 === 1; rest = (rest - 1) / 2) {
      this.#joinLeft(height);
      height++;
      if (height % TILE_HEIGHT === 0) this.#addToTile(height / TILE_HEIGHT);
    }
    work.copyWithin(frontierAt(height), RIGHT, PAIR);
    this.#size += leaves;
  }

  /** RIGHT joined with the frontier from a height upwards, where `rest` has a bit set for each subtree. */
  #fold(height: number, rest: number): Uint8Array {
    for (let left = rest, at = height; left > 0; left = Math.floor(left / 2), at++) {
      if (left % 2 === 1) this.#joinLeft(at);
    }
    return this.#work.slice(RIGHT, PAIR);
  }

  /** RIGHT becomes the node over the frontier's subtree of that height and RIGHT. */
  #joinLeft(height: number): void {
    this.#work.copyWithin(LEFT, frontierAt(height), frontierAt(height + 1));
    sha256Into(this.#pair, this.#work, RIGHT);
  }

  #addToTile(level: number): void {
    const edge = this.#edge(level);
    edge.hashes.set(this.#work.subarray(RIGHT, PAIR), edge.width * HASH);
    edge.width++;
    edge.changed = true;
    if (edge.width < TILE_WIDTH) return;
    this.#full.push({ level, index: edge.index, hashes: edge.hashes.slice() });
    edge.index++;
    edge.width = 0;
  }

  #setEdge(level: number, index: number, hashes: Uint8Array): void {
    const width = hashes.length / HASH;
    let at = 0;
    for (let height = TILE_HEIGHT - 1; height >= 0; height--) {
      const span = 2 ** height;
      if ((width & span) === 0) continue;
      this.#work.set(
        tileRoot(hashes.subarray(at * HASH, (at + span) * HASH)),
        frontierAt(level * TILE_HEIGHT + height),
      );
      at += span;
    }
    const edge = this.#edge(level);
    edge.index = index;
    edge.width = width;
    edge.hashes.set(hashes);
  }

  #edge(level: number): Edge {
    while (this.#edges.length <= level) {
      this.#edges.push({ index: 0, width: 0, hashes: new Uint8Array(TILE_WIDTH * HASH), changed: false });
    }
    return this.#edges[level] as Edge;
  }
}

function frontierAt(level: number): number {
  return PAIR + level * HASH;
}
