import { fromBase64, toBase64, toHex, utf8 } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { MAX_TIMESTAMPS_BYTES, type ReadCheckpoint, readCheckpoint } from './layout.ts';

/**
 * The file `timestamps` of a published log: what says by when its records existed. A line for each time stamp, ascending
 * by size, each with LF: the JSON `{"checkpoint":<note>,"token":<base64>}`, written as RFC 8785 has it, where the token is
 * an RFC 3161 TimeStampToken over the text of that signed checkpoint. Size and root are what the checkpoint says.
 */

/** A token over a checkpoint. Who signed that, and whether the token holds, has not been looked at. */
export interface PublishedTimestamp {
  /** Records that the checkpoint covers. */
  readonly size: number;
  /** Root over them, lower-case hex. */
  readonly root: string;
  /** The signed checkpoint. */
  readonly note: string;
  /** RFC 3161 TimeStampToken. */
  readonly token: Uint8Array;
}

export interface PublishedTimestamps {
  /** Over no more records than the head has, by size. */
  readonly tokens: readonly PublishedTimestamp[];
  /**
   * How many are over more. The file is written before the checkpoint that covers what it dates: this accuses nobody.
   */
  readonly ahead: number;
  /** Lines that are no time stamp of this log; 1 for a file that can't be taken apart. */
  readonly unreadable: number;
}

export const NO_TIMESTAMPS: PublishedTimestamps = { tokens: [], ahead: 0, unreadable: 0 };

/** More lines are not read: 16 authorities with all tokens that a log keeps of each have fewer. */
const MAX_LINES = 16_384;

/** The file. When not all fit, those over the most records do: they bound what the others do, if later. */
export function formatTimestamps(
  stamps: readonly Pick<PublishedTimestamp, 'size' | 'note' | 'token'>[],
): string {
  const lines: string[] = [];
  let bytes = 0;
  for (const { note, token } of stamps.toSorted((a, b) => b.size - a.size)) {
    const line = `${lineOf(note, toBase64(token))}\n`;
    bytes += utf8(line).length;
    if (bytes > MAX_TIMESTAMPS_BYTES || lines.length === MAX_LINES) break;
    lines.push(line);
  }
  return lines.reverse().join('');
}

/** What the file says, held to the head of the log that it lies with. Never throws: what is no time stamp is counted. */
export function parseTimestamps(
  text: string,
  head: { readonly origin: string; readonly size: number },
): PublishedTimestamps {
  // One piece more than there are lines: what stands behind the last LF.
  const pieces = text.split('\n', MAX_LINES + 2);
  const isWhole = pieces.at(-1) === '' && pieces.length <= MAX_LINES + 1;
  const tokens: PublishedTimestamp[] = [];
  let ahead = 0;
  let unreadable = isWhole ? 0 : 1;
  let last = 0;
  for (const line of pieces.slice(0, Math.min(pieces.length - 1, MAX_LINES))) {
    const found = readLine(line, head.origin);
    if (found === null || found.size < last) {
      unreadable++;
      continue;
    }
    last = found.size;
    if (last > head.size) ahead++;
    else tokens.push(found);
  }
  return { tokens, ahead, unreadable };
}

function lineOf(checkpoint: string, token: string): string {
  return JSON.stringify({ checkpoint, token });
}

/** null for what is not exactly a line over a checkpoint of this log. */
function readLine(line: string, origin: string): PublishedTimestamp | null {
  const { checkpoint: note, token: base64 } = membersOf(line);
  if (typeof note !== 'string' || typeof base64 !== 'string' || lineOf(note, base64) !== line) return null;
  const token = fromBase64(base64);
  if (token === null) return null;
  let said: ReadCheckpoint;
  try {
    said = readCheckpoint(note);
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
  return said.origin === origin ? { size: said.size, root: toHex(said.root), note, token } : null;
}

function membersOf(line: string): { readonly checkpoint?: unknown; readonly token?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? value : {};
  } catch {
    return {};
  }
}
