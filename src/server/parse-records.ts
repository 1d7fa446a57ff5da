import { fromUtf8 } from '../crypto/bytes.ts';
import { RecordError, TallystickError } from '../errors.ts';
import { checkDraft, type Json, parseExact, type RecordDraft } from '../record/mod.ts';

/** Which of several records: an item of a list, from 0, or a line of NDJSON, from 1. */
export type Place = { readonly index: number } | { readonly line: number };

/** A record as it was sent, checked; or what is wrong with it. */
export type Item =
  | {
      readonly place: Place;
      readonly draft: RecordDraft;
      /** About how long it is as JSON, in UTF-16 units. */
      readonly size: number;
    }
  | { readonly place: Place; readonly error: TallystickError };

const LF = 0x0a;
const BLANK = /^[ \t\r]*$/;

/** Reads bytes as one JSON value, with all digits of its numbers. Throws `RecordError` JSON_INVALID. */
export function parseJsonBytes(bytes: Uint8Array): Json {
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch {
    // The decoder's own error says no more.
    throw new RecordError('JSON_INVALID', 'the bytes are not valid UTF-8');
  }
  return parseExact(text);
}

export function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = 0; at < bytes.length; at = endOfLine(bytes, at) + 1) lines++;
  return lines;
}

/** The records of NDJSON, one a line, each on its own: a bad line harms no other. Blank lines are passed over. */
export function* itemsOfLines(bytes: Uint8Array): Generator<Item> {
  let line = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = endOfLine(bytes, at);
    const content = bytes.subarray(at, end);
    at = end + 1;
    line++;
    if (!isBlank(content)) yield check({ line }, content.length, () => parseJsonBytes(content));
  }
}

/** The records of a list. */
export function* itemsOfList(list: readonly Json[]): Generator<Item> {
  for (const [index, value] of list.entries())
    yield check({ index }, JSON.stringify(value).length, () => value);
}

function check(place: Place, size: number, parse: () => Json): Item {
  try {
    return { place, draft: checkDraft(parse()), size };
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    return { place, error };
  }
}

function endOfLine(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(LF, from);
  return at < 0 ? bytes.length : at;
}

function isBlank(line: Uint8Array): boolean {
  return line.length < 16 && BLANK.test(String.fromCharCode(...line));
}
