import { nodeOf, parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { equalBytes, fromHex, fromUtf8, toHex, utf8 } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { HASH } from '../merkle/mod.ts';
import { type Json, MAX_ENTRY_BYTES, MAX_PAYLOAD_BYTES, parseJson } from '../record/mod.ts';
import {
  type ExportedPayload,
  type ExportHeader,
  FORMATS,
  formatEnd,
  formatHeader,
  type KeyRecord,
} from './format.ts';
import type { Line } from './lines.ts';

/** What keeps a line from being what stands there in an export. The message quotes nothing of it. */
export class BadForm extends Error {}

/** The header's hashes, keys and key records, at most. */
const MAX_LISTED = 10_000;

/**
 * Reads the first line: exactly as `formatHeader` writes it, and in agreement with its own checkpoint. That says nothing of
 * who signed that. Throws `BadForm`.
 */
export function readHeader({ bytes, isWhole }: Line): ExportHeader {
  if (!isWhole) throw new BadForm('the first line has no end');
  const text = textOf(bytes);
  const value = tryParse(text);
  if (!isObject(value) || typeof value.format !== 'string' || !value.format.startsWith('tallystick-export/'))
    throw new BadForm('it is no export');
  const version = FORMATS.get(value.format);
  if (version === undefined) throw new BadForm(`this program reads ${[...FORMATS.keys()].join(' and ')}`);
  const { proof, history } = value;
  const node = string(value.node);
  if (!isObject(proof)) throw new BadForm('its first line is not of the form that one has');
  const header: ExportHeader = {
    version,
    origin: string(value.origin),
    from: integer(value.from),
    to: integer(value.to),
    size: integer(value.size),
    root: hash(value.root),
    keys: list(value.keys, string),
    checkpoint: string(value.checkpoint),
    proof: { first: list(proof.first, hash), last: list(proof.last, hash) },
    history: history === undefined && version === 1 ? null : list(history, readKeyRecord),
  };
  if (formatHeader(node, header) !== `${text}\n`) {
    throw new BadForm('its first line is not written as an export has it');
  }
  checkStatement(node, header);
  return header;
}

/** What the header says of its checkpoint has to be what that says. */
function checkStatement(
  node: string,
  { origin, from, to, size, root, checkpoint, history }: ExportHeader,
): void {
  const said = checkpointIn(checkpoint);
  if (said.origin !== origin || said.size !== size || !equalBytes(said.root, root) || nodeOf(origin) !== node)
    throw new BadForm('its first line says something else than the checkpoint in it');
  if (!(from < to && to <= size))
    throw new BadForm('its first line names records that the log does not have');
  let last = -1;
  for (const { seq, checkpoint: behind } of history ?? []) {
    const isFirst = seq === 0 && behind === null;
    const change = behind === null ? null : checkpointIn(behind);
    const isChange = change !== null && change.origin === origin && change.size === seq + 1;
    if (seq <= last || seq >= size || (last < 0 ? !isFirst : !isChange)) {
      throw new BadForm('what its first line says of the sealing keys is not of the form that it has');
    }
    last = seq;
  }
}

function readKeyRecord(value: Json | undefined): KeyRecord {
  if (!isObject(value)) throw new BadForm('a key record is none');
  const { seq, entry, proof, checkpoint, consistency } = value;
  return {
    seq: integer(seq),
    entry: string(entry),
    proof: list(proof, hash),
    checkpoint: checkpoint === null ? null : string(checkpoint),
    consistency: list(consistency, hash),
  };
}

function checkpointIn(note: string): { origin: string; size: number; root: Uint8Array } {
  try {
    const { origin, size, root, extensions } = parseCheckpoint(parseNote(note).text);
    if (extensions.length === 0) return { origin, size, root };
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
  }
  throw new BadForm('a checkpoint in its first line is none');
}

/** A record as a line has it; nothing of it has been checked. */
export interface ReadRecord {
  readonly seq: number;
  /** What the entry hashes to, as the line says; null in an export of version 1. */
  readonly leaf: Uint8Array | null;
  /** A view into the line. */
  readonly entry: Uint8Array;
  readonly payloads: readonly ExportedPayload[];
}

/** Reads the line of a record: exactly as `formatRecord` writes it. Throws `BadForm`. */
export function readRecord({ bytes, isWhole }: Line, version: ExportHeader['version'] = 2): ReadRecord {
  if (!isWhole) throw new BadForm('the line has no end, or is longer than a record can be');
  let at = expect(bytes, 0, SEQ);
  const digits = at;
  while (isDigit(bytes[at])) at++;
  const number = fromUtf8(bytes.subarray(digits, Math.min(at, digits + 17)));
  const seq = Number(number);
  if (!Number.isSafeInteger(seq) || String(seq) !== number) throw new BadForm('its number is none');
  let leaf: Uint8Array | null = null;
  if (version > 1) {
    at = expect(bytes, at, LEAF);
    leaf = hexAt(bytes, at, HASH);
    at = expect(bytes, at + 2 * HASH, QUOTED);
  }
  const start = expect(bytes, at, ENTRY);
  // Mostly there is no content: then the entry needs no looking through. Whether it is one, its hash says.
  const isAlone = startsWith(bytes, bytes.length - NO_PAYLOADS.length, NO_PAYLOADS);
  const end = isAlone ? bytes.length - NO_PAYLOADS.length : endOfValue(bytes, start);
  if (end - start < 1 || end - start > MAX_ENTRY_BYTES)
    throw new BadForm('its entry is longer than one can be');
  const entry = bytes.subarray(start, end);
  if (isAlone) return { seq, leaf, entry, payloads: [] };
  const payloads: ExportedPayload[] = [];
  at = expect(bytes, end, PAYLOADS);
  for (;;) {
    at = expect(bytes, at, DIGEST);
    const digest = toHex(hexAt(bytes, at, HASH));
    at = expect(bytes, at + 2 * HASH, SALT);
    const salt = hexAt(bytes, at, SALT_BYTES);
    at = expect(bytes, at + 2 * SALT_BYTES, CONTENT);
    const contentEnd = endOfValue(bytes, at);
    if (contentEnd - at > MAX_PAYLOAD_BYTES)
      throw new BadForm('its sealed content is longer than any can be');
    payloads.push({ digest, salt, bytes: bytes.subarray(at, contentEnd) });
    if (startsWith(bytes, contentEnd, END) && contentEnd + END.length === bytes.length) {
      return { seq, leaf, entry, payloads };
    }
    at = expect(bytes, contentEnd, NEXT);
  }
}

const SEQ = utf8('{"seq":');
const LEAF = utf8(',"leaf":"');
const QUOTED = utf8('"');
const ENTRY = utf8(',"entry":');
const PAYLOADS = utf8(',"payloads":[');
const NO_PAYLOADS = utf8(',"payloads":[]}');
const DIGEST = utf8('{"digest":"');
const SALT = utf8('","salt":"');
const CONTENT = utf8('","content":');
const NEXT = utf8('},');
const END = utf8('}]}');
const SALT_BYTES = 16;

/** Whether a line is the last one, behind so many records; null when it is none at all. */
export function isEnd({ bytes, isWhole }: Line, count: number): boolean | null {
  if (!startsWith(bytes, 0, END_LINE)) return null;
  return isWhole && equalBytes(bytes, utf8(formatEnd(count).trimEnd()));
}

const END_LINE = utf8('{"end":');

/** Where the JSON value that begins at `at` ends. What is not JSON has an end, too: its hash will tell. */
function endOfValue(bytes: Uint8Array, at: number): number {
  let depth = 0;
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      for (i++; i < bytes.length && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH) i++;
      if (depth === 0) return Math.min(i + 1, bytes.length);
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) {
      // Of a number, or a word, the end is what stands behind it.
      if (depth === 0) return i;
      depth--;
      if (depth === 0) return i + 1;
    } else if (byte === 0x2c && depth === 0) return i;
  }
  throw new BadForm('it ends within a value');
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function startsWith(bytes: Uint8Array, at: number, what: Uint8Array): boolean {
  if (at < 0) return false;
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) return false;
  return true;
}

function expect(bytes: Uint8Array, at: number, what: Uint8Array): number {
  if (startsWith(bytes, at, what)) return at + what.length;
  throw new BadForm('the line is not written as an export has it');
}

/** There is one in every line. */
function hexAt(bytes: Uint8Array, at: number, length: number): Uint8Array {
  const found = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const [high, low] = [DIGITS[bytes[at + 2 * i] ?? 0] ?? NONE, DIGITS[bytes[at + 2 * i + 1] ?? 0] ?? NONE];
    if (high === NONE || low === NONE) throw new BadForm('a hash in it is none');
    found[i] = high * 16 + low;
  }
  return found;
}

const NONE = 0xff;
/** By the byte of a lower-case hex digit, its value. */
const DIGITS: Uint8Array = new Uint8Array(256).fill(NONE);
for (let value = 0; value < 16; value++) DIGITS[value.toString(16).charCodeAt(0)] = value;

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new BadForm('it is not UTF-8');
    throw error;
  }
}

function tryParse(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof TallystickError) throw new BadForm('it is no export');
    throw error;
  }
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function string(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw new BadForm('a text in its first line is none');
}

function integer(value: Json | undefined): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new BadForm('a number in its first line is none');
}

function hash(value: Json | undefined): Uint8Array {
  const found = fromHex(string(value));
  if (found?.length === HASH) return found;
  throw new BadForm('a hash in its first line is none');
}

function list<T>(value: Json | undefined, read: (item: Json | undefined) => T): T[] {
  if (Array.isArray(value) && value.length <= MAX_LISTED) return value.map((item) => read(item));
  throw new BadForm('a list in its first line is none');
}
