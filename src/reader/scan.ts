import type { Catalogs } from '../catalog/catalogs.ts';
import type { Filter } from '../query/mod.ts';
import { BUNDLE, type LogStore } from '../store/store.ts';
import type { SourceBundle } from '../verify/source.ts';
import { Pace } from './pace.ts';
import { missing, numbered, type ReadRecord, type RecordReader } from './records.ts';
import { type Candidate, Sieve } from './sieve.ts';
import type { TrustedHead } from './trusted-tiles.ts';

/** Entries read at once: 8 bundles, some 1 MB of usual records. */
const WINDOW = 8 * BUNDLE;
/** Bytes of bundles that wait for those behind them; one may go beyond it. */
const KEPT_BYTES = 8 * 1024 * 1024;

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

/**
 * The matching records of a range, found by reading it all and checking it all against the tree. What was altered is
 * given whatever it says now, and a range that can't be had once, in its place: nothing is passed over in silence.
 * Everything else has its turns meanwhile (`Pace`), and the memory it takes is bounded in bytes. Throws the signal's reason
 * when aborted.
 */
export async function* scan(
  store: LogStore,
  reader: RecordReader,
  request: ScanRequest,
): AsyncGenerator<ReadRecord> {
  const { head, order, onRead } = request;
  const sieve = new Sieve(request.filter, request.catalogs);
  const pace = new Pace(request.signal);
  const read = ([from, to]: Range): Window => {
    return { from, to, parts: begun(store.source(reader.node).bundles(from, to)) };
  };
  const sift = async (part: SourceBundle): Promise<Sifted> => {
    const found = await candidates(part, sieve, await reader.altered(part, head), pace);
    if (found.length > 0) return { ...part, candidates: found };
    part.release?.();
    return { from: part.from, to: part.to, entries: null, candidates: found };
  };
  for (const window of ahead(windows(request), read)) {
    for await (const { from, to, candidates, release } of inOrder(window, order, read, sift)) {
      for (const candidate of order === 'newest' ? candidates.toReversed() : candidates) {
        if (pace.isOver()) await pace.giveWay();
        const found = await sieve.look(reader, candidate, head, pace);
        if (found !== null) yield found;
      }
      release?.();
      onRead(to - from);
    }
  }
}

type Range = readonly [from: number, to: number];

interface Window {
  readonly from: number;
  readonly to: number;
  readonly parts: AsyncIterable<SourceBundle>;
}

/** A part of the log with what of it has to be looked at; where that is nothing, without its entries. */
interface Sifted extends SourceBundle {
  readonly candidates: readonly Candidate[];
}

/** The parts of a window; newest first, they have all been read before the first is given, unless they are too large. */
async function* inOrder(
  { from, to, parts }: Window,
  order: 'newest' | 'oldest',
  read: (range: Range) => Window,
  sift: (part: SourceBundle) => Promise<Sifted>,
): AsyncGenerator<Sifted> {
  const kept: Sifted[] = [];
  let bytes = 0;
  let at = from;
  for await (const part of parts) {
    at = part.to;
    const one = await sift(part);
    if (order === 'oldest') {
      yield one;
      continue;
    }
    kept.push(one);
    bytes += one.entries?.length ?? 0;
    if (bytes <= KEPT_BYTES || at === to) continue;
    // Read again when those behind it have been given.
    for (const { release } of kept) release?.();
    yield* inOrder(read([at, to]), order, read, sift);
    yield* inOrder(read([from, at]), order, read, sift);
    return;
  }
  if (at < to) {
    const gap = { seq: at, entry: missing(at, to), isAltered: false };
    const rest: Sifted = { from: at, to, entries: null, candidates: [gap] };
    kept.push(rest);
  }
  yield* kept.reverse();
}

/** What of a part might match, and the first place of what can't be had. */
async function candidates(
  part: SourceBundle,
  sieve: Sieve,
  altered: ReadonlySet<number>,
  pace: Pace,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  if (part.entries !== null && altered.size === 0 && !(await sieve.passes(part.entries, pace))) return found;
  for (const [seq, entry] of numbered(part)) {
    if (pace.isOver()) await pace.giveWay();
    const isAltered = altered.has(seq);
    const isEntry = entry instanceof Uint8Array;
    if (!isEntry || isAltered || sieve.passesShort(entry)) found.push({ seq, entry, isAltered });
    if (!isEntry) break;
  }
  return found;
}

function* windows({ from, to, order }: ScanRequest): Generator<Range> {
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
