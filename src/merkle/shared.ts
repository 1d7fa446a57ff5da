import { ProofError } from '../errors.ts';
import type { Node } from './compact-range.ts';
import { checkIndex, split, Tiles } from './proof.ts';
import type { TileReader } from './tiles.ts';

/**
 * Inclusion proofs of many leaves of one tree, with each hash given once. Walk the tree from its root, left before
 * right, through the subtrees that hold a listed leaf. At each with more than one leaf, split as RFC 6962 splits it:
 * the left half's hash is in the list when the right half holds a listed leaf, then the right half's when the left one
 * does. So the list is exactly as long as leaves and size demand, and each leaf has its own complete proof in it.
 */

/**
 * The hashes. Throws `ProofError` PROOF_INVALID for leaves that are not ascending or not in the tree, TILE_INVALID for
 * a tile of the wrong length.
 */
export async function makeSharedInclusion(
  leaves: readonly number[],
  size: number,
  readTile: TileReader,
): Promise<Uint8Array[]> {
  checkLeaves(leaves, size);
  const tiles = new Tiles(size, readTile);
  const hashes: Uint8Array[] = [];
  for (const { from, to } of siblings(leaves, size)) hashes.push(await tiles.root(from, to));
  return hashes;
}

/** How many hashes the list has. Throws like `makeSharedInclusion`. */
export function sharedInclusionLength(leaves: readonly number[], size: number): number {
  checkLeaves(leaves, size);
  let length = 0;
  for (const _ of siblings(leaves, size)) length++;
  return length;
}

/**
 * The leaves' own inclusion proofs, as RFC 9162 has them, in the order of the leaves: `verifyInclusion` checks each.
 * Throws `ProofError` PROOF_INVALID like `makeSharedInclusion`, and for a list of another length.
 */
export function splitSharedInclusion(
  leaves: readonly number[],
  size: number,
  hashes: readonly Uint8Array[],
): Uint8Array[][] {
  checkLength(leaves, size, hashes);
  const proofs = leaves.map((): Uint8Array[] => []);
  let at = 0;
  for (const { first, end } of siblings(leaves, size)) {
    const hash = hashes[at++] as Uint8Array;
    for (let i = first; i < end; i++) (proofs[i] as Uint8Array[]).push(hash);
  }
  // They were met from the root downwards.
  return proofs.map((proof) => proof.reverse());
}

/** The subtrees that the hashes are over, in their order. Throws like `splitSharedInclusion`. */
export function sharedInclusionNodes(
  leaves: readonly number[],
  size: number,
  hashes: readonly Uint8Array[],
): Node[] {
  checkLength(leaves, size, hashes);
  return [...siblings(leaves, size)].map(({ from, to }, i) => ({ from, to, hash: hashes[i] as Uint8Array }));
}

/** A subtree that is a sibling on the way to the listed leaves [first, end). */
interface Sibling {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly end: number;
}

function* siblings(leaves: readonly number[], size: number): Generator<Sibling> {
  const open = leaves.length === 0 ? [] : [{ from: 0, to: size, first: 0, end: leaves.length }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { from, to, first, end } = next;
    if (to - from === 1) continue;
    const middle = from + split(to - from);
    const turn = firstFrom(leaves, middle, first, end);
    if (turn < end) yield { from, to: middle, first: turn, end };
    if (turn > first) yield { from: middle, to, first, end: turn };
    if (turn < end) open.push({ from: middle, to, first: turn, end });
    if (turn > first) open.push({ from, to: middle, first, end: turn });
  }
}

/** The first place in [first, end) whose leaf is `leaf` or above; `end` when there is none. */
function firstFrom(leaves: readonly number[], leaf: number, first: number, end: number): number {
  let [low, high] = [first, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((leaves[middle] as number) < leaf) low = middle + 1;
    else high = middle;
  }
  return low;
}

function checkLength(leaves: readonly number[], size: number, hashes: readonly Uint8Array[]): void {
  const length = sharedInclusionLength(leaves, size);
  if (hashes.length === length) return;
  throw new ProofError('PROOF_INVALID', `${length} hashes prove these leaves, not ${hashes.length}`);
}

function checkLeaves(leaves: readonly number[], size: number): void {
  let before = -1;
  for (const leaf of leaves) {
    checkIndex(leaf, size);
    if (leaf <= before) throw new ProofError('PROOF_INVALID', 'the leaves are not in ascending order');
    before = leaf;
  }
}
