import { equalBytes } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { emptyRoot, HASH, nodeHash, tileRoot } from './hash.ts';
import { TILE_WIDTH, type TileReader, tileWidth } from './tiles.ts';

/**
 * Inclusion and consistency proofs (RFC 9162 sections 2.1.3 and 2.1.4; hashes leaf side first). Sizes and indices
 * are safe integers: anything above 2^53-1 is refused, not rounded. Verifying returns nothing when the proof holds
 * and throws `ProofError` PROOF_INVALID when it does not, for whatever reason.
 */

/**
 * Proof that leaf `index` is in the tree of `size` leaves. Throws `ProofError` PROOF_INVALID for an index outside the
 * tree, TILE_INVALID for a tile of the wrong length.
 */
export async function makeInclusion(
  index: number,
  size: number,
  readTile: TileReader,
): Promise<Uint8Array[]> {
  return new Tiles(size, readTile).roots(inclusionPath(index, size));
}

/** Whose roots an inclusion proof consists of, in its order. Throws `ProofError` PROOF_INVALID like `makeInclusion`. */
export function inclusionPath(index: number, size: number): Subtree[] {
  checkIndex(index, size);
  const siblings: Subtree[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + split(to - from);
    if (index < middle) {
      siblings.push({ from: middle, to });
      to = middle;
    } else {
      siblings.push({ from, to: middle });
      from = middle;
    }
  }
  return siblings.reverse();
}

/**
 * Proof that the tree of `size1` leaves is the beginning of that of `size2`. Throws like `makeInclusion`; `size1` is
 * 1 to `size2`.
 */
export async function makeConsistency(
  size1: number,
  size2: number,
  readTile: TileReader,
): Promise<Uint8Array[]> {
  return new Tiles(size2, readTile).roots(consistencyPath(size1, size2));
}

/**
 * Whose roots a consistency proof consists of, in its order: subtrees of the larger tree. Throws `ProofError` PROOF_INVALID
 * like `makeConsistency`.
 */
export function consistencyPath(size1: number, size2: number): Subtree[] {
  checkSizes(size1, size2);
  const subtrees: Subtree[] = [];
  let from = 0;
  let to = size2;
  while (to !== size1) {
    const middle = from + split(to - from);
    if (size1 <= middle) {
      subtrees.push({ from: middle, to });
      to = middle;
    } else {
      subtrees.push({ from, to: middle });
      from = middle;
    }
  }
  // The subtree where the old tree ends; when it is the old tree itself, the verifier has its root.
  if (from > 0) subtrees.push({ from, to });
  return subtrees.reverse();
}

/** Root of the tree of `size` leaves, computed from as few tiles as hold it. Throws like `makeInclusion`. */
export async function rootFromTiles(size: number, readTile: TileReader): Promise<Uint8Array> {
  if (!Number.isSafeInteger(size) || size < 0) fail(`a tree has 0 to 2^53-1 leaves, not ${size}`);
  return size === 0 ? emptyRoot() : new Tiles(size, readTile).root(0, size);
}

/** Checks that `leaf` is leaf `index` of the tree of `size` leaves with that root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  checkIndex(index, size);
  checkHashes(leaf, root, ...proof);
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0) fail('the inclusion proof is too long');
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  if (sn !== 0) fail('the inclusion proof is too short');
  if (!equalBytes(hash, root)) fail(`leaf ${index} is not in the tree of size ${size} with that root`);
}

/** Whether `verifyInclusion` finds it so. */
export function isIncluded(...args: Parameters<typeof verifyInclusion>): boolean {
  try {
    verifyInclusion(...args);
    return true;
  } catch (error) {
    if (error instanceof ProofError) return false;
    throw error;
  }
}

/**
 * Checks that the tree (`size1`, `root1`) is the beginning of (`size2`, `root2`) (RFC 9162 section 2.1.4.2). Equal
 * sizes need an empty proof and equal roots. `size1` 0 is refused: nothing would be proven.
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  proof: readonly Uint8Array[],
  root1: Uint8Array,
  root2: Uint8Array,
): void {
  checkSizes(size1, size2);
  verifySubtreeConsistency(0, size1, size2, proof, root1, root2);
}

/**
 * Checks that leaf `index` is in the subtree [start, end) with that root (draft-ietf-plants-merkle-tree-certs
 * section 4). The range must be a valid subtree: `start` a multiple of the least power of two ≥ its length.
 */
export function verifySubtreeInclusion(
  index: number,
  start: number,
  end: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  checkSubtree(start, end);
  if (!Number.isSafeInteger(index)) fail(`leaf ${index} is not a number up to 2^53-1`);
  verifyInclusion(index - start, end - start, leaf, proof, root);
}

/**
 * Checks that `subroot` is the hash of the subtree [start, end) of the tree (`size`, `root`)
 * (draft-ietf-plants-merkle-tree-certs section 4). With `start` 0 it is the consistency of two trees.
 */
export function verifySubtreeConsistency(
  start: number,
  end: number,
  size: number,
  proof: readonly Uint8Array[],
  subroot: Uint8Array,
  root: Uint8Array,
): void {
  checkSubtree(start, end);
  checkSizes(end, size);
  checkHashes(subroot, root, ...proof);
  let fn = start;
  let sn = end - 1;
  let tn = size - 1;
  // Up to the largest complete subtree at the range's end, which the proof starts from.
  while (fn !== sn && (sn === tn || isOdd(sn))) [fn, sn, tn] = [half(fn), half(sn), half(tn)];
  const path = fn === sn ? [subroot, ...proof] : proof;
  let sub = path[0] ?? fail('the consistency proof is too short');
  let whole = sub;
  for (const sibling of path.slice(1)) {
    if (tn === 0) fail('the consistency proof is too long');
    if (isOdd(sn) || sn === tn) {
      if (fn < sn) sub = nodeHash(sibling, sub);
      whole = nodeHash(sibling, whole);
      while (!isOdd(sn)) [fn, sn, tn] = [half(fn), half(sn), half(tn)];
    } else {
      whole = nodeHash(whole, sibling);
    }
    [fn, sn, tn] = [half(fn), half(sn), half(tn)];
  }
  if (tn !== 0) fail('the consistency proof is too short');
  if (!equalBytes(sub, subroot) || !equalBytes(whole, root)) {
    const isSame = start === 0 && end === size;
    fail(
      isSame
        ? `two trees of size ${size} have different roots`
        : `the tree of size ${size} does not hold the one of size ${end}`,
    );
  }
}

/** Leaves [from, to). */
export interface Subtree {
  readonly from: number;
  readonly to: number;
}

/**
 * Root of a subtree of any tree, which begins at a multiple of a power of two that is not less than its length.
 *
 * @param complete the hash of the complete subtree of 2^height leaves that begins at leaf `from`.
 */
export async function subtreeRoot(
  { from, to }: Subtree,
  complete: (height: number, from: number) => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let at = from; at < to; ) {
    let height = 0;
    while (2 ** (height + 1) <= to - at) height++;
    parts.push(await complete(height, at));
    at += 2 ** height;
  }
  return parts.reduceRight((right, left) => nodeHash(left, right));
}

/** Subtree roots of one tree out of its tiles, each tile read once. */
export class Tiles {
  readonly #size: number;
  readonly #read: TileReader;
  readonly #seen = new Map<string, Promise<Uint8Array>>();

  constructor(size: number, read: TileReader) {
    this.#size = size;
    this.#read = read;
  }

  /** Roots of the few subtrees that make up a proof. Their tiles are asked for at the same time: each may be a way off. */
  roots(subtrees: readonly Subtree[]): Promise<Uint8Array[]> {
    return Promise.all(subtrees.map(({ from, to }) => this.root(from, to)));
  }

  root(from: number, to: number): Promise<Uint8Array> {
    return subtreeRoot({ from, to }, (height, at) => this.#complete(height, at));
  }

  /** Hash of the complete subtree of 2^height leaves that begins at leaf `from`. */
  async #complete(height: number, from: number): Promise<Uint8Array> {
    const level = Math.floor(height / 8);
    const first = from / TILE_WIDTH ** level;
    const index = Math.floor(first / TILE_WIDTH);
    const tile = await this.#tile(level, index);
    const offset = (first % TILE_WIDTH) * HASH;
    return tileRoot(tile.subarray(offset, offset + 2 ** (height % 8) * HASH));
  }

  #tile(level: number, index: number): Promise<Uint8Array> {
    const key = `${level}/${index}`;
    const seen = this.#seen.get(key);
    if (seen !== undefined) return seen;
    const tile = this.#readTile(level, index);
    this.#seen.set(key, tile);
    return tile;
  }

  async #readTile(level: number, index: number): Promise<Uint8Array> {
    const width = tileWidth(level, index, this.#size);
    const tile = await this.#read(level, index, width);
    if (tile.length === width * HASH) return tile;
    const message = `tile ${level}/${index} has ${tile.length} bytes, not ${width * HASH}`;
    throw new ProofError('TILE_INVALID', message);
  }
}

/** The largest power of two below `n`, which is 2 or more. */
export function split(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function isOdd(n: number): boolean {
  return n % 2 === 1;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

export function checkIndex(index: number, size: number): void {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    fail(`leaf ${index} is not in a tree of size ${size}`);
  }
}

function checkSizes(size1: number, size2: number): void {
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2) || size1 < 1 || size1 > size2) {
    fail(`no consistency can be shown from size ${size1} to size ${size2}`);
  }
}

function checkSubtree(start: number, end: number): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!whole || start < 0 || end <= start) fail(`[${start}, ${end}) is not a subtree`);
  let span = 1;
  while (span < end - start) span *= 2;
  if (start % span !== 0) fail(`[${start}, ${end}) is not a subtree`);
}

function checkHashes(...hashes: readonly Uint8Array[]): void {
  if (hashes.some((h) => h.length !== HASH)) fail('every hash of a proof has 32 bytes');
}

function fail(message: string): never {
  throw new ProofError('PROOF_INVALID', message);
}
