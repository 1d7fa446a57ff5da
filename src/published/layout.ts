import { checkpointBody, parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { ProofError, TallystickError } from '../errors.ts';
import type { SourceCheckpoint } from '../verify/mod.ts';

/**
 * Where everything stands in a published log. Checkpoint, hash tiles and entry bundles are C2SP tlog-tiles
 * (`tilePath` of `merkle`); three things are our own, and other readers leave them alone:
 *
 * - `key-changes`: the checkpoints at which the log's key changed, oldest first, signed by the old and the new key.
 *   Notes one after another with an empty line between: a checkpoint holds none itself. Without it a reader that
 *   pinned the first key can't follow to a later one.
 * - `timestamps`: time stamps over checkpoints of the log (`timestamps.ts`). Without it nobody else says by when the
 *   records existed.
 * - `payload/<two digits>/<digest>`: 16 bytes of salt, then the content that a record sealed by this digest, which is
 *   the SHA-256 of the file. Where one is not there, the record stands all the same.
 */
export const CHECKPOINT = 'checkpoint';
export const KEY_CHANGES = 'key-changes';
export const TIMESTAMPS = 'timestamps';

/** Bytes of a bundle of 256 entries of 65,535 bytes. */
export const MAX_BUNDLE_BYTES: number = 256 * (2 + 0xffff);
/** Larger files of key changes are refused: hundreds of them fit. */
export const MAX_KEY_CHANGES_BYTES: number = 1024 * 1024;
/** Larger files of time stamps are refused: all that a log keeps of five authorities fit. */
export const MAX_TIMESTAMPS_BYTES: number = 32 * 1024 * 1024;
export const SALT_BYTES = 16;

const DIGEST = /^[0-9a-f]{64}$/;

/** @param digest 64 lower-case hex digits. */
export function payloadPath(digest: string): string {
  return `payload/${digest.slice(0, 2)}/${digest}`;
}

/** The digest in what `payloadPath` writes, null for any other path. */
export function parsePayloadPath(path: string): string | null {
  const digest = path.slice(path.lastIndexOf('/') + 1);
  return DIGEST.test(digest) && payloadPath(digest) === path ? digest : null;
}

/** A signed checkpoint, taken apart. */
export interface ReadCheckpoint extends SourceCheckpoint {
  readonly origin: string;
}

/**
 * Reads a signed checkpoint without asking who signed it. Throws `ProofError` NOTE_INVALID, also for extension lines,
 * which no log of ours writes.
 */
export function readCheckpoint(note: string): ReadCheckpoint {
  const { text } = parseNote(note);
  const { origin, size, root, extensions } = parseCheckpoint(text);
  if (extensions.length > 0) {
    throw new ProofError(
      'NOTE_INVALID',
      'the checkpoint has lines behind its root, which this log never writes',
    );
  }
  return { origin, size, root, signatures: note.slice(text.length + 1) };
}

/** The file `key-changes`. */
export function formatKeyChanges(origin: string, checkpoints: readonly SourceCheckpoint[]): string {
  return checkpoints
    .map(({ size, root, signatures }) => `${checkpointBody(origin, size, root)}\n${signatures}`)
    .join('\n');
}

/** What the file `key-changes` says, up to what is no checkpoint of this log, for which null stands. */
export function parseKeyChanges(text: string, origin: string): (SourceCheckpoint | null)[] {
  if (text === '') return [];
  // Body, empty line, signatures, empty line, body …
  const parts = text.split('\n\n');
  const found: (SourceCheckpoint | null)[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const isLast = i + 2 >= parts.length;
    const checkpoint = readOne(`${parts[i]}\n\n${parts[i + 1] ?? ''}${isLast ? '' : '\n'}`, origin);
    found.push(checkpoint);
    if (checkpoint === null) break;
  }
  return found;
}

function readOne(note: string, origin: string): SourceCheckpoint | null {
  try {
    const { origin: named, ...checkpoint } = readCheckpoint(note);
    return named === origin ? checkpoint : null;
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}
