import type { Filter } from '../query/mod.ts';
import type { AuditRecord } from '../record/mod.ts';

/**
 * A record as it is shown: read from the log and checked up to the signed root, never from an index. One that does
 * not hold is still listed, with what is wrong.
 */
export interface RecordView {
  readonly node: string;
  readonly seq: number;
  /**
   * `verified`: the bytes hash to the sealed leaf, and sealed content that could be read was put back in its place.
   * `altered`: they do not. `missing`: the store has no such entry. `unreadable`: it, or what it is to be checked
   * against, does not decode.
   */
  readonly status: 'verified' | 'altered' | 'missing' | 'unreadable';
  /** What is wrong, for people. On a verified record: with the index that named it. */
  readonly problem?: string;
  /** The sealed leaf hash, lower-case hex, where the tree could be read. */
  readonly leaf: string | null;
  /** null when it does not decode. */
  readonly record: AuditRecord | null;
}

export interface SearchRequest {
  /** Query text (`docs/query.md`) or a filter. Empty text matches everything. */
  readonly query?: string | Filter;
  /** 1 to 1,000; 50 when not given. */
  readonly limit?: number;
  /** By `logged`, then node, then seq. `newest` when not given. */
  readonly order?: 'newest' | 'oldest';
  /** From the answer before: continues there, over the same sealed state. */
  readonly cursor?: string;
  /** Called while records are scanned, with how many of how many are done. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface SearchAnswer {
  readonly records: readonly RecordView[];
  /** For the next page; null when there is none. */
  readonly next: string | null;
  /** The answer is complete for these sealed states. */
  readonly through: readonly SealedThrough[];
  /** How many records were read to answer; 0 when the index alone found the positions. */
  readonly scanned: number;
}

export interface SealedThrough {
  readonly node: string;
  readonly origin: string;
  readonly size: number;
}
