import { tallystick } from '../catalog/mod.ts';
import { parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { fromHex, toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { bundleEntries, HASH, leafHash, makeInclusion, verifyInclusion } from '../merkle/mod.ts';
import { type AuditRecord, decodeEntry } from '../record/mod.ts';
import { proofTiles } from './proof-tiles.ts';
import type { LogSource } from './source.ts';

/** What a log says of the one that it continues: its record 1, sealed before anything else was taken. */
export interface Continuation {
  readonly origin: string;
  /** How many records of the other log it goes on from. */
  readonly size: number;
  /** Root of the other log at that size, lower-case hex. */
  readonly root: string;
  /** The signed note that says so; null when the record has none that does. */
  readonly checkpoint: string | null;
  /** Why, in the words of whoever did it; empty when nothing is said. */
  readonly cause: string;
  /** A newer signed checkpoint of the other log, which was known of and whose records are lost; null when none was. */
  readonly newer: string | null;
}

/** Where a log says so. */
export const CONTINUATION_SEQ = 1;

/**
 * What a log continues, null when it continues none, or its record 1 can't be read or proven: what is wrong with it then,
 * verifying says. Throws what the source throws when its medium fails.
 *
 * @param head the head, its signature checked.
 */
export async function readContinuation(
  source: LogSource,
  head: { readonly size: number; readonly root: Uint8Array },
): Promise<Continuation | null> {
  if (head.size <= CONTINUATION_SEQ) return null;
  const entry = await readEntry(source);
  try {
    if (entry === null) return null;
    const record = decodeEntry(entry);
    const found = record.seq === CONTINUATION_SEQ ? continuationOf(record) : null;
    if (found === null) return null;
    const proof = await makeInclusion(CONTINUATION_SEQ, head.size, proofTiles(source));
    verifyInclusion(CONTINUATION_SEQ, head.size, leafHash(entry), proof, head.root);
    return found;
  } catch (error) {
    if (error instanceof TallystickError && !error.retry) return null;
    throw error;
  }
}

async function readEntry(source: LogSource): Promise<Uint8Array | null> {
  for await (const { from, entries } of source.bundles(CONTINUATION_SEQ, CONTINUATION_SEQ + 1)) {
    try {
      return entries === null ? null : ([...bundleEntries(entries)][CONTINUATION_SEQ - from] ?? null);
    } catch (error) {
      if (error instanceof TallystickError) return null;
      throw error;
    }
  }
  return null;
}

function continuationOf(record: AuditRecord): Continuation | null {
  const { system, event } = tallystick.RESTORE;
  if (record.system !== system || record.event !== event || record.outcome !== 'success') return null;
  const details = (record.details ?? {}) as { readonly [name: string]: unknown };
  const { previousOrigin: origin, size, root, checkpoint, newerCheckpoint, cause } = details;
  if (typeof origin !== 'string' || typeof root !== 'string' || fromHex(root)?.length !== HASH) return null;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1) return null;
  const quoted = noteOf(checkpoint, origin);
  const saysSo = quoted !== null && quoted.size === size && toHex(quoted.root) === root;
  return {
    ...{ origin, size, root, cause: typeof cause === 'string' ? cause : '' },
    checkpoint: saysSo ? (checkpoint as string) : null,
    newer: noteOf(newerCheckpoint, origin) === null ? null : (newerCheckpoint as string),
  };
}

function noteOf(note: unknown, origin: string): { readonly size: number; readonly root: Uint8Array } | null {
  try {
    const said = typeof note === 'string' ? parseCheckpoint(parseNote(note).text) : null;
    return said?.origin === origin ? said : null;
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}
