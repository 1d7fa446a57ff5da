import { parseCheckpoint, parseNote, parseVkey } from '../checkpoint/mod.ts';
import { fromBase64, fromUtf8, toBase64 } from '../crypto/bytes.ts';
import { EvidenceError, TallystickError } from '../errors.ts';
import { HASH } from '../merkle/mod.ts';
import { type Json, MAX_ENTRY_BYTES, MAX_PAYLOAD_BYTES, parseJson } from '../record/mod.ts';
import {
  type EarlierCheckpoint,
  type Evidence,
  type EvidencePayload,
  type EvidenceRange,
  type EvidenceRecord,
  type EvidenceTimestamp,
  FORMAT,
  LIMITS,
  type LogEvidence,
  type Made,
} from './format.ts';

/**
 * Reads what `formatEvidence` writes, white space and the order of members aside: every member is there, and no other.
 * That says nothing of whether it proves anything: see `verifyEvidence`. Throws `EvidenceError` EVIDENCE_INVALID, with
 * the place in `context.path`; the message quotes nothing of the file.
 */
export function parseEvidence(file: Uint8Array | string): Evidence {
  const { made, logs } = members(parse(file), '', ['format', 'made', 'logs']);
  const evidence = { made: readMade(made), logs: list(logs, 'logs', LIMITS.logs, readLog) };
  if (evidence.logs.length === 0) throw invalid('logs', 'it has none');
  const count = evidence.logs.reduce((n, { records }) => n + records.length, 0);
  if (count > LIMITS.records) throw invalid('logs', `they have more than ${LIMITS.records} records`);
  distinct(evidence.logs, 'logs', ({ checkpoint }) => checkpointOf(checkpoint, 'logs').origin, 'log');
  return evidence;
}

function parse(file: Uint8Array | string): Json {
  if (file.length > LIMITS.bytes) throw invalid('', `it is larger than ${LIMITS.bytes} bytes`);
  let value: Json;
  try {
    value = parseJson(typeof file === 'string' ? file : fromUtf8(file));
  } catch (cause) {
    if (cause instanceof TallystickError) throw invalid('', cause.message, cause);
    if (cause instanceof TypeError) throw invalid('', 'it is not UTF-8', cause);
    throw cause;
  }
  const isOne = typeof value === 'object' && value !== null && !Array.isArray(value);
  const format = isOne ? (value as Record<string, Json>).format : undefined;
  if (typeof format !== 'string' || !format.startsWith('tallystick-evidence/')) {
    throw invalid('format', 'it is no evidence');
  }
  if (format !== FORMAT) throw invalid('format', `this program reads ${FORMAT} alone`);
  return value;
}

function readMade(value: Json): Made {
  const made = members(value, 'made', ['at', 'by', 'software', 'query', 'catalogs', 'more']);
  if (typeof made.more !== 'boolean') throw invalid('made.more', 'it is not true or false');
  return {
    at: time(made.at, 'made.at'),
    by: nullable(made.by, 'made.by', text),
    software: text(made.software, 'made.software'),
    query: nullable(made.query, 'made.query', text),
    catalogs: text(made.catalogs, 'made.catalogs'),
    more: made.more,
  };
}

const LOG_MEMBERS = [
  ...(['checkpoint', 'searched', 'matches', 'range', 'records', 'hashes'] as const),
  ...(['checkpoints', 'timestamps', 'witnesses', 'certificates'] as const),
] as const;

function readLog(value: Json, at: string): LogEvidence {
  const log = members(value, at, LOG_MEMBERS);
  const checkpoint = note(log.checkpoint, `${at}.checkpoint`);
  const { size, origin } = checkpointOf(checkpoint, `${at}.checkpoint`);
  const numberBelow = (each: Json, path: string): number => integer(each, path, size - 1);
  const records = list(log.records, `${at}.records`, LIMITS.records, (each, path) =>
    readRecord(each, path, size),
  );
  ascending(records, `${at}.records`, ({ seq }) => seq);
  const matches = list(log.matches, `${at}.matches`, LIMITS.records, numberBelow);
  ascending(matches, `${at}.matches`, (seq) => seq);
  const there = new Set(records.map(({ seq }) => seq));
  for (const [i, seq] of matches.entries()) {
    if (!there.has(seq)) throw invalid(`${at}.matches[${i}]`, 'there is no record of that number');
  }
  const range = nullable(log.range, `${at}.range`, (each, path) => readRange(each, path, size));
  if (matches.length === 0 && range === null) {
    throw invalid(`${at}.matches`, 'it has none, and there is no range to have none in: it is about nothing');
  }
  const checkpoints = list(log.checkpoints, `${at}.checkpoints`, LIMITS.checkpoints, (each, path) =>
    readEarlier(each, path, origin, size),
  );
  const sizeOf = (each: EarlierCheckpoint): number => checkpointOf(each.checkpoint, at).size;
  ascending(checkpoints, `${at}.checkpoints`, sizeOf);
  const sizes = new Set([size, ...checkpoints.map(sizeOf)]);
  const timestamps = list(log.timestamps, `${at}.timestamps`, LIMITS.timestamps, (each, path) =>
    readTimestamp(each, path, sizes),
  );
  distinct(timestamps, `${at}.timestamps`, ({ token }) => toBase64(token), 'time stamp');
  const witnesses = list(log.witnesses, `${at}.witnesses`, LIMITS.witnesses, readWitness);
  distinct(witnesses, `${at}.witnesses`, (vkey) => vkey, 'witness');
  return {
    ...{ checkpoint, matches, range, records, checkpoints, timestamps, witnesses },
    searched: nullable(log.searched, `${at}.searched`, (each, path) => integer(each, path, size)),
    // A leaf has at most 52 siblings.
    hashes: list(log.hashes, `${at}.hashes`, 52 * LIMITS.records, hash),
    certificates: list(log.certificates, `${at}.certificates`, LIMITS.certificates, base64),
  };
}

function readRecord(value: Json, at: string, size: number): EvidenceRecord {
  const { seq, entry, payloads } = members(value, at, ['seq', 'entry', 'payloads']);
  return {
    seq: integer(seq, `${at}.seq`, size - 1),
    entry: text(entry, `${at}.entry`, MAX_ENTRY_BYTES),
    payloads: list(payloads, `${at}.payloads`, LIMITS.payloadsOfRecord, readPayload),
  };
}

function readPayload(value: Json, at: string): EvidencePayload {
  const payload = members(value, at, ['salt', 'content']);
  const salt = base64(payload.salt, `${at}.salt`);
  if (salt.length !== 16) throw invalid(`${at}.salt`, 'a salt has 16 bytes');
  return { salt, content: text(payload.content, `${at}.content`, MAX_PAYLOAD_BYTES) };
}

function readEarlier(value: Json, at: string, origin: string, size: number): EarlierCheckpoint {
  const earlier = members(value, at, ['checkpoint', 'consistency']);
  const checkpoint = note(earlier.checkpoint, `${at}.checkpoint`);
  const said = checkpointOf(checkpoint, `${at}.checkpoint`);
  if (said.origin !== origin) throw invalid(`${at}.checkpoint`, 'it is of another log');
  if (said.size < 1 || said.size >= size) {
    throw invalid(`${at}.checkpoint`, 'it has to be of fewer records than the newest');
  }
  return { checkpoint, consistency: list(earlier.consistency, `${at}.consistency`, 64, hash) };
}

function readRange(value: Json, at: string, size: number): EvidenceRange {
  const range = members(value, at, ['from', 'to', 'since', 'until']);
  const to = integer(range.to, `${at}.to`, size);
  const read = {
    from: integer(range.from, `${at}.from`, to),
    to,
    since: nullable(range.since, `${at}.since`, time),
    until: nullable(range.until, `${at}.until`, time),
  };
  if (read.since !== null && read.until !== null && read.since > read.until) {
    throw invalid(at, 'it ends before it begins');
  }
  // Of a time it can be shown that nothing was logged in it.
  if (read.from === to && read.since === null && read.until === null) {
    throw invalid(at, 'a range by numbers holds at least one record');
  }
  return read;
}

function readTimestamp(value: Json, at: string, sizes: ReadonlySet<number>): EvidenceTimestamp {
  const stamp = members(value, at, ['size', 'authority', 'token']);
  const size = integer(stamp.size, `${at}.size`, Number.MAX_SAFE_INTEGER);
  if (!sizes.has(size)) throw invalid(`${at}.size`, 'there is no checkpoint of that size');
  const token = base64(stamp.token, `${at}.token`);
  if (token.length > LIMITS.token) throw invalid(`${at}.token`, `it has more than ${LIMITS.token} bytes`);
  return { size, authority: text(stamp.authority, `${at}.authority`), token };
}

function readWitness(value: Json, at: string): string {
  const vkey = text(value, at);
  try {
    if (parseVkey(vkey).cosigns) return vkey;
  } catch (cause) {
    if (!(cause instanceof TallystickError)) throw cause;
  }
  throw invalid(at, 'it is not the key of a witness');
}

/** What a note says that was found to be a checkpoint of a log of ours: it has no extension lines. */
export function checkpointOf(
  text: string,
  at: string,
): { readonly origin: string; readonly size: number; readonly root: Uint8Array } {
  try {
    const { extensions, ...checkpoint } = parseCheckpoint(parseNote(text).text);
    if (extensions.length === 0) return checkpoint;
  } catch (cause) {
    if (cause instanceof TallystickError) throw invalid(at, cause.message, cause);
    throw cause;
  }
  throw invalid(at, 'a checkpoint of a log has no lines behind the root');
}

function note(value: Json, at: string): string {
  const found = text(value, at, LIMITS.bytes);
  if (checkpointOf(found, at).size < 1) throw invalid(at, 'it is of an empty log');
  return found;
}

function members<const N extends string>(value: Json, at: string, names: readonly N[]): Record<N, Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(at, 'it is not an object');
  }
  const object = value as Record<string, Json>;
  const missing = names.find((name) => !Object.hasOwn(object, name));
  if (missing !== undefined) throw invalid(at, `it has no ${missing}`);
  if (Object.keys(object).length > names.length) throw invalid(at, 'it has a member that is not known');
  return object as Record<N, Json>;
}

function list<T>(value: Json, at: string, max: number, read: (each: Json, at: string) => T): T[] {
  if (!Array.isArray(value)) throw invalid(at, 'it is not a list');
  if (value.length > max) throw invalid(at, `it has more than ${max} items`);
  return value.map((each: Json, i) => read(each, `${at}[${i}]`));
}

function nullable<T>(value: Json, at: string, read: (each: Json, at: string) => T): T | null {
  return value === null ? null : read(value, at);
}

/** A half surrogate is refused: as bytes it would be another character. */
function text(value: Json, at: string, max: number = LIMITS.text): string {
  if (typeof value !== 'string') throw invalid(at, 'it is not a text');
  if (value.length > max) throw invalid(at, `it is longer than ${max} characters`);
  if (!value.isWellFormed()) throw invalid(at, 'it holds half of a surrogate pair');
  return value;
}

function integer(value: Json, at: string, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw invalid(at, `it is not a whole number from 0 to ${max}`);
}

/** ISO 8601 in UTC with milliseconds, as `2026-10-05T09:00:02.284Z`. */
function time(value: Json, at: string): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== value || ms < 0) {
    throw invalid(at, 'it is not a time as 2026-10-05T09:00:02.284Z');
  }
  return ms;
}

function base64(value: Json, at: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromBase64(value) : null;
  if (bytes === null) throw invalid(at, 'it is not base64');
  return bytes;
}

function hash(value: Json, at: string): Uint8Array {
  const bytes = base64(value, at);
  if (bytes.length !== HASH) throw invalid(at, 'a hash has 32 bytes');
  return bytes;
}

function ascending<T>(items: readonly T[], at: string, key: (item: T) => number): void {
  let before = -1;
  for (const [i, item] of items.entries()) {
    const next = key(item);
    if (next <= before) throw invalid(`${at}[${i}]`, 'it stands twice, or out of order');
    before = next;
  }
}

function distinct<T>(items: readonly T[], at: string, key: (item: T) => string, what: string): void {
  if (new Set(items.map(key)).size !== items.length) throw invalid(at, `one ${what} stands there twice`);
}

function invalid(path: string, rule: string, cause?: unknown): EvidenceError {
  const place = path === '' ? 'the file' : path;
  return new EvidenceError('EVIDENCE_INVALID', `not evidence that can be used: ${place}: ${rule}`, {
    ...(cause === undefined ? {} : { cause }),
    context: { path },
  });
}
