import { Buffer } from 'node:buffer';
import { Catalogs } from '../catalog/catalogs.ts';
import { indexRow } from '../catalog/row.ts';
import { IndexError, QueryError } from '../errors.ts';
import type { Hit, RecordIndex, Through } from '../index/index.ts';
import { type Filter, indexable, matcher, parseQuery, requireIndexable } from '../query/mod.ts';
import { type AuditRecord, parseJson } from '../record/mod.ts';
import type { LogStore } from '../store/store.ts';
import { Gate } from './gate.ts';
import { Pace } from './pace.ts';
import { type Entry, type ReadRecord, RecordReader } from './records.ts';
import { scan } from './scan.ts';
import { Sieve } from './sieve.ts';
import type { TrustedHead } from './trusted-tiles.ts';
import type { RecordView, SealedThrough, SearchAnswer, SearchRequest } from './types.ts';

export const MAX_PAGE = 1_000;
const NOT_A_MATCH =
  'the index gave this record for the query, but it does not match: the index differs from the log; run index rebuild';
const PAGE = 50;
/** A page ends with the record that brings the sealed content put back in it to so many bytes. */
const PAGE_BYTES = 16 * 1024 * 1024;
/** Searches that read records to find some, at a time; each may have the largest records in memory. */
const MAX_SCANS = 2;
/** When the index leaves fewer candidates than this, they are read one by one instead of scanning the log. */
const FEW = 2_000;

/** A log that can be searched: its newest sealed state, checked, and a way to have the index reach it. */
export interface SearchableLog {
  readonly node: string;
  head(): Promise<TrustedHead & { readonly origin: string }>;
  /** Resolves when the index holds [0, size). */
  indexed(size: number, onProgress?: (done: number, total: number) => void): Promise<void>;
}

/**
 * Searches logs. Positions come from the index, or from reading the log where the index can't tell (free text,
 * fields of details); every record shown is read from the log and verified. A page with a cursor goes on over the
 * sealed state of the first page, so that nothing is doubled or left out while records are appended.
 */
export class Searcher {
  readonly #store: LogStore;
  readonly #index: RecordIndex;
  readonly #logs: readonly SearchableLog[];
  readonly #readers = new Map<string, RecordReader>();
  readonly #now: () => number;
  readonly #catalogs: Catalogs;
  readonly #pageBytes: number;
  readonly #scans = new Gate(MAX_SCANS);

  constructor(
    store: LogStore,
    index: RecordIndex,
    logs: readonly SearchableLog[],
    settings: { readonly now?: () => number; readonly catalogs?: Catalogs; readonly pageBytes?: number } = {},
  ) {
    this.#store = store;
    this.#index = index;
    this.#logs = logs;
    this.#now = settings.now ?? Date.now;
    this.#pageBytes = settings.pageBytes ?? PAGE_BYTES;
    this.#catalogs = settings.catalogs ?? Catalogs.builtIn;
  }

  /**
   * Throws `QueryError` QUERY_INVALID for bad text, limit or cursor, `IndexError` INDEX_UNAVAILABLE, and the
   * signal's reason when aborted.
   */
  async search(request: SearchRequest = {}): Promise<SearchAnswer> {
    const limit = checkLimit(request.limit);
    const order = request.order ?? 'newest';
    const filter = this.filter(request.query);
    const cursor = request.cursor === undefined ? null : readCursor(request.cursor);
    const heads = await this.#heads();
    const through = new Map([...heads].map(([node, { size }]) => [node, sizeFor(node, size, cursor)]));
    const { candidates, exact } = indexable(filter);
    await this.#catchUp(through, request.onProgress);

    const plan: Plan = {
      filter,
      candidates,
      through,
      heads,
      order,
      limit,
      after: cursor?.after ?? null,
      request,
    };
    const { page, scanned } = exact
      ? await this.#byIndex(plan, true)
      : await this.#scans.pass(() => this.#byReading(plan), request.signal);
    const last = page.records.at(-1);
    return {
      records: page.records.map(({ view }) => view),
      next: page.isOver && last ? writeCursor({ after: last.at, through }) : null,
      through: [...heads].map(
        ([node, head]): SealedThrough => ({ node, origin: head.origin, size: through.get(node) as number }),
      ),
      scanned,
    };
  }

  /** The filter of a query text, relative times taken from now. */
  filter(query: SearchRequest['query']): Filter {
    return typeof query === 'object' ? query : parseQuery(query ?? '', { now: this.#now() });
  }

  /** The filter of a query that the index alone must answer. Throws `QueryError` QUERY_INVALID for one that it can't. */
  indexed(query: SearchRequest['query']): Filter {
    const filter = this.filter(query);
    requireIndexable(filter);
    return filter;
  }

  /** The sealed sizes an answer given now would cover, with the index brought there. */
  async through(): Promise<Through> {
    const through = new Map([...(await this.#heads())].map(([node, head]) => [node, head.size]));
    await this.#catchUp(through);
    return through;
  }

  async #heads(): Promise<Heads> {
    const heads = new Map<string, Awaited<ReturnType<SearchableLog['head']>>>();
    for (const log of this.#logs) heads.set(log.node, await log.head());
    return heads;
  }

  async #catchUp(through: Through, onProgress?: SearchRequest['onProgress']): Promise<void> {
    for (const log of this.#logs) await log.indexed(through.get(log.node) as number, onProgress);
  }

  /** Where the index alone can't tell. */
  async #byReading(plan: Plan): Promise<Found> {
    const isFew = (await this.#index.count(plan.candidates, plan.through)) <= FEW;
    return isFew ? this.#byIndex(plan, false) : this.#byScan(plan);
  }

  async #byIndex(plan: Plan, exact: boolean): Promise<Found> {
    const { candidates, through, order, limit, heads } = plan;
    const look = exact ? this.#confirmed(plan) : this.#sifted(plan);
    const pace = new Pace(plan.request.signal);
    const page = new Page(limit, this.#pageBytes);
    let { after } = plan;
    let read = 0;
    while (!page.isOver) {
      const asked = { filter: candidates, through, order, limit: limit + 1 };
      plan.request.signal?.throwIfAborted();
      const hits = await this.#index.search(after ? { ...asked, after } : asked);
      for (const [at, entry] of await this.#entries(hits, heads)) {
        if (pace.isOver()) await pace.giveWay();
        const found = await look(at, entry, pace);
        read++;
        if (found !== null) page.add({ at, ...found });
        if (page.isOver) break;
      }
      after = hits.at(-1) ?? null;
      if (hits.length <= limit) break;
    }
    return { page, scanned: exact ? 0 : read };
  }

  /** Each record that the index gave for a filter that it answers by itself, and whether the record agrees. */
  #confirmed({ filter, heads }: Plan): Look {
    const matches = matcher(filter);
    return async ({ node, seq }, entry) => {
      const read = await this.#reader(node).check(seq, entry, heads.get(node) as TrustedHead);
      const { view, sealed } = read;
      const isMatch =
        sealed === null || matches(view.record as AuditRecord, indexRow(sealed, this.#catalogs));
      return isMatch ? read : { ...read, view: { ...view, problem: NOT_A_MATCH } };
    };
  }

  /** Those that match of records that the index could not tell from a match. */
  #sifted({ filter, heads }: Plan): Look {
    const sieve = new Sieve(filter, this.#catalogs);
    return async ({ node, seq }, entry, pace) => {
      const reader = this.#reader(node);
      const head = heads.get(node) as TrustedHead;
      const isAltered = await reader.isAltered(seq, entry, head);
      return sieve.look(reader, { seq, entry, isAltered }, head, pace);
    };
  }

  /** What is stored at these places, in this order; those of one node are read together. */
  async #entries(hits: readonly Hit[], heads: Heads): Promise<readonly (readonly [Hit, Entry])[]> {
    const found = new Map<string, ReadonlyMap<number, Entry>>();
    for (const [node, places] of Map.groupBy(hits, (hit) => hit.node)) {
      const seqs = places.map(({ seq }) => seq);
      found.set(node, await this.#reader(node).entries(seqs, (heads.get(node) as TrustedHead).size));
    }
    return hits.map((hit) => [hit, found.get(hit.node)?.get(hit.seq) as Entry]);
  }

  /** Merges the nodes' scans by the order of the answer. */
  async #byScan(plan: Plan): Promise<Found> {
    const total = [...plan.through.values()].reduce((a, b) => a + b, 0);
    let scanned = 0;
    const onRead = (records: number): void => {
      scanned += records;
      plan.request.onProgress?.(scanned, total);
    };
    const sources = await Promise.all(
      this.#logs.map(async ({ node }) => advance(this.#scanNode(plan, node, onRead))),
    );
    const page = new Page(plan.limit, this.#pageBytes);
    for (;;) {
      const next = sources
        .filter((s) => s.head !== null)
        .sort((a, b) => compare(a.head as Placed, b.head as Placed, plan.order))[0];
      if (next === undefined) break;
      page.add(next.head as Placed);
      if (page.isOver) break;
      await next.pull();
    }
    for (const source of sources) await source.end();
    return { page, scanned };
  }

  async *#scanNode(plan: Plan, node: string, onRead: (records: number) => void): AsyncGenerator<Placed> {
    const { after, order } = plan;
    const size = plan.through.get(node) as number;
    const [from, to] = await this.#rest(node, size, after, order);
    const scanned = scan(this.#store, this.#reader(node), {
      filter: plan.filter,
      catalogs: this.#catalogs,
      head: plan.heads.get(node) as TrustedHead,
      from,
      to,
      order,
      onRead,
      signal: plan.request.signal,
    });
    for await (const read of scanned) {
      yield { at: { node, seq: read.view.seq, logged: await this.#loggedOf(read.view) }, ...read };
    }
  }

  /** When a record was logged: what it says itself counts only when it is verified. */
  async #loggedOf({ node, seq, status, record }: RecordView): Promise<number> {
    if (status === 'verified' && record !== null) return record.logged;
    for await (const [row] of this.#index.rows(node, seq, seq + 1)) if (row) return row.logged;
    throw new IndexError('INDEX_UNAVAILABLE', `the index has no row of record ${seq} of ${node}; rebuild it`);
  }

  /** Which of a node's records lie behind the cursor. `logged` never decreases, so they are one range. */
  async #rest(
    node: string,
    size: number,
    after: Hit | null,
    order: 'newest' | 'oldest',
  ): Promise<[number, number]> {
    if (after === null) return [0, size];
    if (after.node === node)
      return order === 'newest' ? [0, Math.min(after.seq, size)] : [after.seq + 1, size];
    const isBehind = order === 'newest' ? after.node > node : after.node < node;
    const before = await this.#index.count(
      {
        kind: 'range',
        field: 'logged',
        max: isBehind === (order === 'newest') ? after.logged : after.logged - 1,
      },
      new Map([[node, size]]),
    );
    return order === 'newest' ? [0, before] : [before, size];
  }

  #reader(node: string): RecordReader {
    let reader = this.#readers.get(node);
    if (reader === undefined) {
      reader = new RecordReader(this.#store, node);
      this.#readers.set(node, reader);
    }
    return reader;
  }
}

type Heads = ReadonlyMap<string, TrustedHead & { readonly origin: string }>;

interface Plan {
  readonly filter: Filter;
  readonly candidates: Filter;
  readonly through: Through;
  readonly heads: Heads;
  readonly order: 'newest' | 'oldest';
  readonly limit: number;
  readonly after: Hit | null;
  readonly request: SearchRequest;
}

interface Placed extends Pick<ReadRecord, 'view' | 'restoredBytes'> {
  readonly at: Hit;
}

type Look = (at: Hit, entry: Entry, pace: Pace) => Promise<ReadRecord | null>;

interface Found {
  readonly page: Page;
  readonly scanned: number;
}

/** Records that are found, until the page has as many, or as much, as one may have and it is known that there is another. */
class Page {
  readonly records: Placed[] = [];
  /** There is another record, which is left to the next page. */
  isOver = false;
  readonly #limit: number;
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limit: number, limitBytes: number) {
    this.#limit = limit;
    this.#limitBytes = limitBytes;
  }

  add(found: Placed): void {
    this.isOver = this.records.length === this.#limit || this.#bytes >= this.#limitBytes;
    if (this.isOver) return;
    this.records.push(found);
    this.#bytes += found.restoredBytes;
  }
}

function compare(a: Placed, b: Placed, order: 'newest' | 'oldest'): number {
  const oldest = a.at.logged - b.at.logged || (a.at.node < b.at.node ? -1 : 1);
  return order === 'oldest' ? oldest : -oldest;
}

/** An asynchronous generator with its next value in sight. */
async function advance(
  generator: AsyncGenerator<Placed>,
): Promise<{ head: Placed | null; pull(): Promise<void>; end(): Promise<void> }> {
  const source = {
    head: null as Placed | null,
    async pull(): Promise<void> {
      const next = await generator.next();
      source.head = next.done ? null : next.value;
    },
    async end(): Promise<void> {
      await generator.return(undefined);
    },
  };
  await source.pull();
  return source;
}

/** How many of a node's records an answer is about: on a later page as many as on the first. */
function sizeFor(node: string, size: number, cursor: Cursor | null): number {
  return cursor === null ? size : Math.min(size, cursor.through.get(node) ?? 0);
}

function checkLimit(limit = PAGE): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return limit;
  throw new QueryError('QUERY_INVALID', `the limit must be 1 to ${MAX_PAGE}; page on with the cursor`);
}

interface Cursor {
  readonly after: Hit;
  readonly through: Through;
}

function writeCursor({ after, through }: Cursor): string {
  return Buffer.from(JSON.stringify([after.logged, after.node, after.seq, [...through]])).toString(
    'base64url',
  );
}

function readCursor(text: string): Cursor {
  const cursor = parseCursor(Buffer.from(text, 'base64url').toString('utf8'));
  // What is written again in the same way has nothing more in it than what was read.
  if (cursor !== null && writeCursor(cursor) === text) return cursor;
  throw new QueryError('QUERY_INVALID', 'the cursor is not one that a search gave; start again without it');
}

function parseCursor(json: string): Cursor | null {
  try {
    const [logged, node, seq, through] = parseJson(json) as [number, string, number, [string, number][]];
    const sizes = new Map(through);
    const texts = [node, ...sizes.keys()];
    const numbers = [logged, seq, ...sizes.values()];
    const isSound = texts.every((t) => typeof t === 'string') && numbers.every((n) => isCount(n));
    return isSound ? { after: { logged, node, seq }, through: sizes } : null;
  } catch {
    // Whatever is wrong with it, it is no cursor.
    return null;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
