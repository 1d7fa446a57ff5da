import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { concatBytes } from '../crypto/bytes.ts';
import { type FilePosition, fingerprint, parsePosition, positionPrefix } from './position.ts';
import type { SourceLog } from './source-log.ts';

/** Read at once. */
const CHUNK_BYTES = 256 * 1024;

/** Where in the log's state a file's position is kept, and the position when it has been read before. */
export interface Recognised {
  readonly key: string;
  readonly known: FilePosition | null;
  /** Over the bytes before the known position; goes on from there. */
  readonly hash: Hash;
}

/**
 * Finds out whether a file, or the beginning of it, is in the log already: the longest known position whose digest
 * is that of this file's first bytes. A copy that ends earlier than what was read of the original is not recognised.
 * Null for a file that is too short to be told from others.
 */
export async function recognise(
  log: Pick<SourceLog, 'state'>,
  file: FileHandle,
  head: Uint8Array,
  size: number,
): Promise<Recognised | null> {
  const print = fingerprint(head);
  if (print === null) return null;
  const prefix = positionPrefix(print);
  const state = await log.state(prefix);
  const candidates = [...state]
    .map(([key, text]) => ({ key, known: parsePosition(key, text) }))
    .filter(({ known }) => known.position <= size)
    .sort((a, b) => a.known.position - b.known.position);
  let found: Recognised | null = null;
  const hash = createHash('sha256');
  let at = 0;
  for (const { key, known } of candidates) {
    for await (const chunk of readChunks(file, at, known.position)) hash.update(chunk);
    at = known.position;
    const here = hash.copy();
    if (here.copy().digest('hex') === known.sha256) found = { key, known, hash: here };
  }
  return found ?? { key: freeKey(prefix, state), known: null, hash: createHash('sha256') };
}

/** Bytes [from, to) of a file, as far as it has them. Each chunk is a buffer of its own. */
export async function* readChunks(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; ) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, to - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Bytes [from, to) of a file, as far as it has them; for few. */
export async function readAll(file: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of readChunks(file, from, to)) parts.push(chunk);
  return concatBytes(...parts);
}

function freeKey(prefix: string, state: ReadonlyMap<string, string>): string {
  let n = state.size;
  while (state.has(`${prefix}${n}`)) n++;
  return `${prefix}${n}`;
}
