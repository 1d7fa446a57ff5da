import { Buffer } from 'node:buffer';
import type { Catalogs } from '../catalog/catalogs.ts';
import { indexRow } from '../catalog/row.ts';
import { type Filter, matcher } from '../query/mod.ts';
import { type AuditRecord, decodeEntry, references } from '../record/mod.ts';
import { BUNDLE, type LogStore } from '../store/store.ts';
import type { SourceBundle } from '../verify/source.ts';
import { type Entry, missing, numbered, type RecordReader } from './records.ts';
import type { TrustedHead } from './trusted-tiles.ts';
import type { RecordView } from './types.ts';

/** Entries read at once: 8 bundles, some 1 MB of usual records and 128 MB of the largest. */
const WINDOW = 8 * BUNDLE;

export interface ScanRequest {
  readonly filter: Filter;
  readonly catalogs?: Catalogs;
  readonly head: TrustedHead;
  /** Numbers to look at: [from, to). */
  readonly from: number;
  readonly to: number;
  readonly order: 'newest' | 'oldest';
  /** Called with how many records have been read since the last call. */
  readonly onRead: (records: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** A record that has to be looked at. */
interface Candidate {
  readonly seq: number;
  readonly entry: Entry;
  /** Its bytes are not the sealed ones: whether those matched, nobody can say. */
  readonly isAltered: boolean;
}

/**
 * The matching records of a range, found by reading it all and checking it all against the tree. What was altered is
 * given whatever it says now, and a range that can't be had once, in its place: nothing is passed over in silence.
 */
export async function* scan(
  store: LogStore,
  reader: RecordReader,
  request: ScanRequest,
): AsyncGenerator<RecordView> {
  const { filter, head, order, signal } = request;
  const isMatch = matcher(filter);
  const matches: Matches = (record, sealed) => isMatch(record, indexRow(sealed, request.catalogs));
  const maybe = prefilter(filter);
  const read = ([from, to]: Window) => ({
    from,
    to,
    parts: begun(store.source(reader.node).bundles(from, to)),
  });
  for (const { from, to, parts } of ahead(windows(request), read)) {
    signal?.throwIfAborted();
    const found: Candidate[] = [];
    let at = from;
    for await (const part of parts) {
      request.onRead(part.to - part.from);
      at = part.to;
      const altered = await reader.altered(part, head);
      if (part.entries === null || altered.size > 0 || maybe(part.entries))
        collect(part, altered, maybe, found);
      else part.release?.();
    }
    if (at < to) found.push({ seq: at, entry: missing(at, to), isAltered: false });
    if (order === 'newest') found.reverse();
    for (const candidate of found) {
      const view = await check(reader, matches, candidate, head);
      if (view !== null) yield view;
    }
  }
}

/** Keeps the entries that might match, and the first place of what can't be had. */
function collect(
  part: SourceBundle,
  altered: ReadonlySet<number>,
  maybe: (bytes: Uint8Array) => boolean,
  found: Candidate[],
): void {
  for (const [seq, entry] of numbered(part)) {
    const isAltered = altered.has(seq);
    if (!(entry instanceof Uint8Array)) {
      found.push({ seq, entry, isAltered });
      return;
    }
    if (isAltered || maybe(entry)) found.push({ seq, entry, isAltered });
  }
}

/** Whether a record, with its payloads put back and as it is sealed, is one that is looked for. */
type Matches = (record: AuditRecord, sealed: AuditRecord) => boolean;

/** The record's view when it matches or can't be trusted; null when it does not match. */
async function check(
  reader: RecordReader,
  matches: Matches,
  { seq, entry, isAltered }: Candidate,
  head: TrustedHead,
): Promise<RecordView | null> {
  const record = entry instanceof Uint8Array && !isAltered ? decode(entry) : null;
  // What stands whole in its entry needs no payload to be told from a match.
  if (record !== null && references(record).length === 0 && !matches(record, record)) return null;
  const { view, sealed } = await reader.check(seq, entry, head);
  const isNone = sealed !== null && !matches(view.record as AuditRecord, sealed);
  return isNone ? null : view;
}

function decode(entry: Uint8Array): AuditRecord | null {
  try {
    return decodeEntry(entry);
  } catch {
    // Not a record: the view that follows says what is wrong with it.
    return null;
  }
}

type Window = readonly [from: number, to: number];

function* windows({ from, to, order }: ScanRequest): Generator<Window> {
  if (order === 'oldest') {
    for (let at = from; at < to; at = align(at + WINDOW)) yield [at, Math.min(align(at + WINDOW), to)];
  } else {
    for (let end = to; end > from; ) {
      const start = Math.max(from, align(end - 1));
      yield [start, end];
      end = start;
    }
  }
}

/** What `make` gives for each item, made when the one before is handed out. */
function* ahead<T, R>(items: Iterable<T>, make: (item: T) => R): Generator<R> {
  let coming: R | undefined;
  for (const item of items) {
    const next = make(item);
    if (coming !== undefined) yield coming;
    coming = next;
  }
  if (coming !== undefined) yield coming;
}

/** The same sequence, its first item asked for at once. */
function begun<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]();
  const first = iterator.next();
  // Its failure is met when it is awaited; one who stops before never asked for it.
  first.catch(() => {});
  let next = (): Promise<IteratorResult<T>> => {
    next = () => iterator.next();
    return first;
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => next() }) };
}

function align(seq: number): number {
  return Math.floor(seq / WINDOW) * WINDOW;
}

/**
 * A test on raw bytes that passes whatever might match: free text must stand in the entry's JSON in its escaped
 * form, unless the record has sealed content or a line that is not text. It spares parsing nearly everything.
 */
function prefilter(filter: Filter): (bytes: Uint8Array) => boolean {
  const text = requiredText(filter);
  if (text === null) return () => true;
  const needle = latin1(Buffer.from(JSON.stringify(text).slice(1, -1), 'utf8'));
  // Of bytes taken for characters more than ASCII is folded, which only lets more pass.
  const wanted = new RegExp(needle.replace(/[^0-9a-z]/gi, asHex), 'i');
  return (bytes) => {
    const hay = latin1(bytes);
    return wanted.test(hay) || ELSEWHERE.test(hay);
  };
}

/** Members whose words do not stand in the entry as they are. */
const ELSEWHERE = /"(?:payload|base64)":"/;

function asHex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A character for each byte. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The longest free text that every match must hold, or null. */
function requiredText(filter: Filter): string | null {
  if (filter.kind === 'free') return filter.text;
  if (filter.kind !== 'and') return null;
  const texts = filter.of.map(requiredText).filter((text) => text !== null);
  return texts.reduce<string | null>(
    (best, text) => (best === null || text.length > best.length ? text : best),
    null,
  );
}
