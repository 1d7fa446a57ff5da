import type { TallystickError } from '../errors.ts';
import type { Filter } from '../query/mod.ts';
import type { AuditRecord } from '../record/mod.ts';
import type { TimeBound } from '../timestamps/mod.ts';

/** What a server answers, as programs see it; `/openapi.json` describes the same on the wire. */

export interface Receipt {
  readonly node: string;
  readonly seq: number;
  /** Lower-case hex SHA-256(0x00 ‖ entry). */
  readonly leaf: string;
  /** Signed note; its size is above `seq`. */
  readonly checkpoint: string;
  /** The record was there already: its id came with the same content before. */
  readonly duplicate: boolean;
}

/** What became of one of several records. */
export type AppendResult = { readonly receipt: Receipt } | { readonly error: TallystickError };

export interface RecordView {
  readonly node: string;
  readonly seq: number;
  /** What the server found when it checked the record up to the signed root. */
  readonly status: 'verified' | 'altered' | 'missing' | 'unreadable';
  /** What is wrong, for people; absent when verified. */
  readonly problem?: string;
  /** The sealed leaf hash, lower-case hex, where the tree could be read. */
  readonly leaf: string | null;
  readonly record: AuditRecord | null;
}

/** One record, and how to check that it is in the log. */
export interface RecordAnswer extends RecordView {
  /** By when it existed, as a time stamp says: the server's word for it. */
  readonly bound: TimeBound | null;
  /** null where the server's own hash tiles are damaged. */
  readonly proof: {
    /** Signed note. */
    readonly checkpoint: string;
    /** Inclusion path of the leaf under the checkpoint's root (RFC 9162), lower-case hex, leaf side first. */
    readonly hashes: readonly string[];
  } | null;
}

export interface SearchRequest {
  /** Query text (`docs/query.md`) or a filter. Empty text matches everything. */
  readonly query?: string | Filter;
  /** 1 to 1,000; 50 when not given. */
  readonly limit?: number;
  /** By `logged`, then node, then seq. `newest` when not given. */
  readonly order?: 'newest' | 'oldest';
  /** `next` of the answer before: continues there, over the same sealed state. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
}

export interface SearchAnswer {
  readonly records: readonly RecordView[];
  /** For the next page; null when there is none. */
  readonly next: string | null;
  /** The answer is complete for these sealed states. */
  readonly through: readonly { readonly node: string; readonly origin: string; readonly size: number }[];
  /** How many records the server read to answer; 0 when its index sufficed. */
  readonly scanned: number;
}

export interface NodeInfo {
  readonly node: string;
  readonly origin: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** Verifier key, of the log the server writes. Worth what the server's word is worth until its operator confirms it. */
  readonly vkey?: string;
}

export interface Health {
  /** The worst of the checks; `unknown` counts as ok. */
  readonly status: 'ok' | 'warning' | 'failed';
  readonly version: string;
  readonly node: string;
  readonly size: number;
  readonly checks: readonly {
    readonly name: string;
    /** `failed`: records are refused. `warning`: they are taken, and somebody must look. */
    readonly state: 'ok' | 'warning' | 'failed' | 'unknown';
    /** In words, with the way out. */
    readonly detail: string;
    /** ms since 1970. */
    readonly since?: number;
  }[];
}

export interface HistogramBucket {
  /** Start of the bucket, ms since 1970. */
  readonly start: number;
  readonly outcome: string;
  readonly count: number;
}

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}
