import { digestText, putDigests, sha256, sha256Into } from '#sha256';
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

// Room to fold a full tile: a byte for a prefix, then 256 hashes; and each pair of these with the byte in front.
const fold = new Uint8Array(1 + 256 * HASH);
const foldPairs = Array.from({ length: 128 }, (_, i) => fold.subarray(2 * i * HASH, 1 + 2 * (i + 1) * HASH));

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
  fold.set(hashes, 1);
  // Level by level; a last odd node moves up as it is, which gives RFC 6962's split at a power of two.
  for (; width > 1; width = (width + 1) >> 1) {
    let digests = '';
    for (let i = 0; i < width >> 1; i++) {
      // What stands in front of a pair has been hashed already.
      fold[2 * i * HASH] = 0x01;
      digests += digestText(foldPairs[i] as Uint8Array);
    }
    putDigests(digests, fold, 1);
    if (width % 2 === 1) fold.copyWithin(1 + digests.length, 1 + (width - 1) * HASH, 1 + width * HASH);
  }
  return fold.slice(1, 1 + HASH);
}

/** A full tile with all the nodes over its hashes, so that none has to be made twice: 16 KiB. */
export class TileNodes {
  /** Height by height: 256 hashes, 128 nodes over pairs of them, up to the root. */
  readonly #nodes = new Uint8Array(511 * HASH);

  /** @param hashes 256 × 32 bytes. Throws `ProofError` TILE_INVALID for any other length. */
  constructor(hashes: Uint8Array) {
    if (hashes.length !== 256 * HASH) {
      throw new ProofError('TILE_INVALID', `a full tile holds 256 hashes, not ${hashes.length} bytes`);
    }
    const nodes = this.#nodes;
    nodes.set(hashes);
    for (let at = 0, to = hashes.length; to < nodes.length; at += 2 * HASH, to += HASH) {
      pair.set(nodes.subarray(at, at + 2 * HASH), 1);
      sha256Into(pair, nodes, to);
    }
  }

  /** The tile. */
  get hashes(): Uint8Array {
    return this.#nodes.subarray(0, 256 * HASH);
  }

  get root(): Uint8Array {
    return this.node(8, 0);
  }

  /** The node over the 2^height hashes that begin at `from`, which is a multiple of that. */
  node(height: number, from: number): Uint8Array {
    const at = (512 - 2 ** (9 - height) + from / 2 ** height) * HASH;
    return this.#nodes.subarray(at, at + HASH);
  }
}
