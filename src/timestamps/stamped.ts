import { parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { fromBase64, toBase64, toHex, utf8 } from '../crypto/bytes.ts';
import { TallystickError, TimestampError } from '../errors.ts';
import { type TimestampOptions, type TimestampReport, verifyTimestamp } from './verify.ts';

/**
 * The bytes that an authority dates, here and nowhere else: the text of the checkpoint's note in UTF-8, its last LF
 * included. Origin, size and root, each with LF, and extension lines if it has any; not the empty line and not the
 * signatures. So the token holds whichever signatures the checkpoint bears. Throws `ProofError` NOTE_INVALID.
 */
export function stampedBytes(note: string): Uint8Array {
  return utf8(parseNote(note).text);
}

/** A checkpoint and a token over it: what is stored, and what evidence carries. */
export interface Timestamped {
  /** Records that the checkpoint covers. */
  readonly size: number;
  /** Root over them, lower-case hex. */
  readonly root: string;
  /** The checkpoint with its signatures: a C2SP signed note. `stampedBytes(note)` was dated. */
  readonly note: string;
  /** RFC 3161 TimeStampToken, as the authority answered with it. */
  readonly token: Uint8Array;
  /** URL of the authority. */
  readonly authority: string;
}

/** Longest that is read back: the token, and a note with 64 signatures. */
const MAX_CHARACTERS = 1024 * 1024;
const MEMBERS = ['v', 'size', 'root', 'note', 'token', 'authority'] as const;

/** As JSON: the members in order behind `"v":1`, the token in base64. */
export function formatTimestamped({ size, root, note, token, authority }: Timestamped): string {
  return JSON.stringify({ v: 1, size, root, note, token: toBase64(token), authority });
}

/**
 * Reads what `formatTimestamped` wrote. The note says the size and root that stand beside it; its signatures and the
 * token are for `verifyTimestamped`. Throws `TimestampError` TIMESTAMP_INVALID.
 */
export function parseTimestamped(text: string): Timestamped {
  if (text.length > MAX_CHARACTERS) throw invalid('it is too large');
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  const names = value === null || typeof value !== 'object' ? [] : Object.keys(value);
  if (names.join() !== MEMBERS.join() || value.v !== 1)
    throw invalid(`it has other members than ${MEMBERS.join(', ')}`);
  const { size, root, note, token, authority } = value as Record<string, string>;
  const bytes = typeof token === 'string' ? fromBase64(token) : null;
  if (bytes === null || typeof note !== 'string' || typeof authority !== 'string') {
    throw invalid('a member is of another kind');
  }
  const said = saidBy(note);
  if (said.size !== (size as unknown) || toHex(said.root) !== root) {
    throw invalid('its checkpoint says another size or root');
  }
  return { size: said.size, root, note, token: bytes, authority };
}

function saidBy(note: string): ReturnType<typeof parseCheckpoint> {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch (cause) {
    if (cause instanceof TallystickError) throw invalid('its checkpoint is malformed', cause);
    throw cause;
  }
}

function invalid(why: string, cause?: unknown): TimestampError {
  const options = cause === undefined ? {} : { cause };
  return new TimestampError('TIMESTAMP_INVALID', `a kept time stamp can't be read: ${why}`, options);
}

/**
 * Verifies the token over the checkpoint it stands with. Whether the log's key signed that checkpoint, and whether the
 * log has that root, is for whoever verifies the log.
 */
export function verifyTimestamped(
  { note, token }: Timestamped,
  options: TimestampOptions,
): Promise<TimestampReport> {
  return verifyTimestamp(token, stampedBytes(note), options);
}
