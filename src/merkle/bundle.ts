import { digestText, putDigests } from '#sha256';
import { ProofError } from '../errors.ts';
import { HASH } from './hash.ts';

/**
 * Entries in bundle form: for each, its length as u16 big-endian, then its bytes (C2SP tlog-tiles). A bundle on the
 * wire spans at most 256 entries; these functions take any number, since a batch has the same form.
 */

/** Bytes of hashes that are gathered in one text. */
const STORED_AT_ONCE = 256 * HASH;

/** Number of entries. Throws `ProofError` TILE_INVALID when the bytes end within an entry or an entry is empty. */
export function countEntries(bundle: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bundle.length; count++) at = entryEnd(bundle, at, count);
  return count;
}

/** The entries as views into `bundle`, in order. Throws like `countEntries`, before the first is given. */
export function bundleEntries(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    const end = entryEnd(bundle, at, entries.length);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** Bundle form of entries of 1 to 65,535 bytes. Throws `ProofError` TILE_INVALID for any other length. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(entries.reduce((n, e) => n + 2 + e.length, 0));
  let at = 0;
  for (const [i, entry] of entries.entries()) {
    if (entry.length === 0 || entry.length > 0xffff) {
      throw new ProofError('TILE_INVALID', `entry ${i} has ${entry.length} bytes; 1 to 65,535 fit a bundle`);
    }
    out[at] = entry.length >> 8;
    out[at + 1] = entry.length;
    out.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return out;
}

/**
 * Leaf hashes of all entries, 32 bytes each, in order. Throws like `countEntries`.
 *
 * The byte in front of an entry, its low length byte, is where the leaf prefix 0x00 has to stand: it is set so
 * while the entry is hashed and put back, which saves copying every entry. So `bundle` is the same afterwards, but
 * MUST NOT be read by another thread meanwhile.
 */
export function leafHashes(bundle: Uint8Array): Uint8Array {
  const { buffer, byteOffset } = bundle;
  const full: string[] = [];
  let digests = '';
  let count = 0;
  // In one pass: to count them first would fetch every entry's memory twice.
  for (let at = 0; at < bundle.length; count++) {
    const end = entryEnd(bundle, at, count);
    const low = bundle[at + 1] as number;
    bundle[at + 1] = 0x00;
    // A view made so costs less than by subarray.
    digests += digestText(new Uint8Array(buffer, byteOffset + at + 1, end - at - 1));
    bundle[at + 1] = low;
    at = end;
    if (digests.length < STORED_AT_ONCE) continue;
    full.push(digests);
    digests = '';
  }
  const leaves = new Uint8Array(count * HASH);
  for (const [i, text] of full.entries()) putDigests(text, leaves, i * STORED_AT_ONCE);
  putDigests(digests, leaves, full.length * STORED_AT_ONCE);
  return leaves;
}

function entryEnd(bundle: Uint8Array, at: number, index: number): number {
  const length = at + 2 > bundle.length ? 0 : (bundle[at] as number) * 256 + (bundle[at + 1] as number);
  const end = at + 2 + length;
  if (length === 0 || end > bundle.length) {
    const rule = end > bundle.length ? 'the bundle ends within it' : 'an entry is never empty';
    throw new ProofError('TILE_INVALID', `entry ${index} of a bundle: ${rule}`, { context: { index } });
  }
  return end;
}
