import { createHash } from 'node:crypto';
import { fromHex } from '../crypto/bytes.ts';
import { StoreError } from '../errors.ts';

/**
 * How far a file has been read, as kept in the log's state and committed with the records. It names content, not a
 * path: a file that was renamed, rotated or copied is the same file, and one that grew goes on where it ended.
 */
export interface FilePosition {
  /** Name of the dialect that read it. */
  readonly dialect: string;
  /** Bytes [0, position) are in the log. */
  readonly position: number;
  /** Lower-case hex SHA-256 of those bytes. */
  readonly sha256: string;
  /** Where the header line stands, start and end, for a format that has one. */
  readonly header?: readonly [number, number];
  /** The last record's line had no line end when it was taken. */
  readonly unterminated: boolean;
}

/**
 * Keys are `source/file/<fingerprint>/<n>`: n counts files that begin alike, as exports with the same header do.
 */
export function positionPrefix(fingerprint: string): string {
  return `source/file/${fingerprint}/`;
}

/** How much of the first line tells files apart: any entry is longer. */
const FINGERPRINT_BYTES = 64;

/**
 * 32 hex digits that narrow down which file this may be; the digest of what was read decides. Null while the file is
 * too short: it would be another one with the next byte.
 */
export function fingerprint(head: Uint8Array): string | null {
  const lineEnd = head.indexOf(0x0a);
  const end = Math.min(lineEnd === -1 ? head.length : lineEnd, FINGERPRINT_BYTES);
  if (end === head.length && end < FINGERPRINT_BYTES) return null;
  return createHash('sha256').update(head.subarray(0, end)).digest('hex').slice(0, 32);
}

/** The position as the log's state keeps it: JSON. */
export function formatPosition({ dialect, position, sha256, header, unterminated }: FilePosition): string {
  return JSON.stringify({ v: 1, dialect, position, sha256, header, unterminated });
}

/** Throws `StoreError` STORE_DAMAGED for a text that `formatPosition` does not write. */
export function parsePosition(key: string, text: string): FilePosition {
  try {
    const value = JSON.parse(text) as FilePosition;
    const { dialect, position, sha256, header, unterminated } = value;
    const isSound =
      typeof dialect === 'string' &&
      isOffset(position) &&
      typeof sha256 === 'string' &&
      fromHex(sha256)?.length === 32 &&
      (header === undefined || (header.length === 2 && header.every(isOffset) && header[1] <= position)) &&
      typeof unterminated === 'boolean';
    if (isSound && formatPosition(value) === text) return value;
  } catch {
    // Not JSON, or members of other types: the error below is the one to give.
  }
  throw new StoreError(
    'STORE_DAMAGED',
    `the state ${key}, which says how far a file was imported, is none that was ever written; run verify, or restore a backup`,
    { context: { key } },
  );
}

function isOffset(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
