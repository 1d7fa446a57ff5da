import { entryOffsets } from '../entries.ts';
import { BUNDLE } from '../store.ts';
import { blob, type Row } from './rows.ts';
import { decompress } from './zstd.ts';

/** 256 entries of 65,535 bytes and their lengths. */
const MAX_BUNDLE_BYTES = BUNDLE * (2 + 65_535);

/** Entries in bundle form and where each of them starts, the end included. */
export interface Decoded {
  readonly entries: Uint8Array<ArrayBuffer>;
  readonly offsets: readonly number[];
}

/**
 * Column `entries` of a bundle or an edge row.
 *
 * @returns why it does not decode, when it does not.
 */
export function decodeEntries(row: Row): Decoded | string {
  let entries: Uint8Array<ArrayBuffer>;
  try {
    entries = decompress(blob(row, 'entries'), MAX_BUNDLE_BYTES);
  } catch (error) {
    return `the stored bytes do not decompress (${(error as Error).message})`;
  }
  const offsets = entryOffsets(entries);
  if (offsets === null) return 'the lengths of its entries do not add up';
  return { entries, offsets };
}
