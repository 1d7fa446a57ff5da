import { digestText, putDigests, sha256 } from '#sha256';
import { ProofError } from '../errors.ts';

/** Bytes of a hash. */
export const HASH = 32;

/** Root of the empty tree: SHA-256 of nothing (RFC 6962 section 2.1). */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** Leaf hash of an entry: SHA-256(0x00 ‖ entry) (RFC 6962 section 2.1). 32 bytes. */
export function leafHash(entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + entry.length);
  input.set(entry, 1);
  return sha256(input);
}

// Input of the node hash, built once: 0x01 ‖ left ‖ right. Everything here is synchronous, so it is never shared.
const pair = new Uint8Array(1 + 2 * HASH);
pair[0] = 0x01;

/** Inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 section 2.1). Both must be 32 bytes; so is the result. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH || right.length !== HASH) {
    throw new ProofError('PROOF_INVALID', 'a tree node is made of two hashes of 32 bytes');
  }
  pair.set(left, 1);
  pair.set(right, 1 + HASH);
  return sha256(pair);
}

// Room to fold a full tile: the node hash's input, then 256 hashes.
const FOLD_AT = pair.length;
const fold = new Uint8Array(FOLD_AT + 256 * HASH);
const foldPair = fold.subarray(0, FOLD_AT);
fold[0] = 0x01;

/**
 * Merkle tree hash over 1 to 256 hashes, a full or partial tile's for instance: 32 bytes × n in, 32 bytes out.
 * Throws `ProofError` TILE_INVALID for any other length.
 */
export function tileRoot(hashes: Uint8Array): Uint8Array {
  let width = hashes.length / HASH;
  if (!Number.isInteger(width) || width < 1 || width > 256) {
    throw new ProofError(
      'TILE_INVALID',
      `a tile holds 1 to 256 hashes of 32 bytes, not ${hashes.length} bytes`,
    );
  }
  fold.set(hashes, FOLD_AT);
  // Level by level; a last odd node moves up as it is, which gives RFC 6962's split at a power of two.
  for (; width > 1; width = (width + 1) >> 1) {
    let from = FOLD_AT;
    let digests = '';
    for (let i = 1; i < width; i += 2) {
      fold.copyWithin(1, from, from + 2 * HASH);
      digests += digestText(foldPair);
      from += 2 * HASH;
    }
    putDigests(digests, fold, FOLD_AT);
    if (width % 2 === 1) fold.copyWithin(FOLD_AT + digests.length, from, from + HASH);
  }
  return fold.slice(FOLD_AT, FOLD_AT + HASH);
}
