import type { Filter } from '../query/ast.ts';
import type { IndexSource } from '../verify/source.ts';

/**
 * The derived search structure. It holds nothing that the log does not: every row is `indexRow` of an entry, so it
 * may be deleted at any time and is rebuilt from the log. It only finds positions; what is shown is read from the
 * log and verified.
 *
 * Contract. `add` is atomic with the position it advances: after a crash the index holds exactly the rows of
 * entries [0, position) of each node, though not necessarily the last ones added. Rows of a node MUST be added in
 * order without gap or overlap (`INDEX_UNAVAILABLE` otherwise); after any failure the caller MUST ask for the
 * position again. A query answers for the state at one moment, at least all adds that resolved before it was called;
 * one through more than the index holds is refused (`INDEX_UNAVAILABLE`). Filters that need the whole record
 * (`detail`, `free`) are not answered here (`QUERY_INVALID`): `indexable` gives the part that is, and the caller scans.
 *
 * All may throw `IndexError` INDEX_UNAVAILABLE; queries also `QueryError` QUERY_INVALID for a filter or a limit beyond
 * its bounds (`requests.ts`).
 */
export interface RecordIndex extends IndexSource {
  /** Adds entries `from` onwards; `entries` is in bundle form (u16 length ‖ bytes, repeated). */
  add(node: string, from: number, entries: Uint8Array): Promise<void>;

  /** Positions that match, newest first or oldest first by (`logged`, node, seq), after the cursor. */
  search(request: IndexSearch): Promise<readonly Hit[]>;

  count(filter: Filter, through: Through): Promise<number>;

  /**
   * Number of matches per bucket of `bucketMs` and outcome over [from, to] of `time`, both ends inclusive. Buckets
   * without matches are left out; ordered by start, then outcome.
   */
  histogram(request: HistogramRequest): Promise<readonly HistogramBucket[]>;

  /**
   * The `limit` most frequent values of a field among the matches, most frequent first, then by code points. A record
   * counts once for each value it has. An object's value is `kind:id`.
   */
  facets(request: FacetRequest): Promise<readonly FacetValue[]>;

  /** Drops everything of all nodes. The next position is 0. */
  reset(): Promise<void>;

  close(): Promise<void>;
}

/** Per node, how many entries to consider: an answer is complete through these sizes. */
export type Through = ReadonlyMap<string, number>;

export interface Hit {
  readonly node: string;
  readonly seq: number;
  readonly logged: number;
}

export interface IndexSearch {
  readonly filter: Filter;
  readonly through: Through;
  readonly order: 'newest' | 'oldest';
  readonly limit: number;
  /** Continue strictly after this position in the order asked for. */
  readonly after?: Hit;
}

export interface HistogramRequest {
  readonly filter: Filter;
  readonly through: Through;
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
}

export interface HistogramBucket {
  /** Start of the bucket, ms since 1970, a multiple of `bucketMs` counted from `from`. */
  readonly start: number;
  readonly outcome: string;
  readonly count: number;
}

export interface FacetRequest {
  readonly filter: Filter;
  readonly through: Through;
  readonly field:
    | 'system'
    | 'source'
    | 'event'
    | 'action'
    | 'outcome'
    | 'module'
    | 'component'
    | 'actor'
    | 'ip'
    | 'node'
    | 'flag'
    | 'object';
  readonly limit: number;
}

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}
