import type { SystemTable } from '../../catalog/table.ts';
import type { Filter } from '../../query/ast.ts';
import type {
  FacetRequest,
  FacetValue,
  HistogramBucket,
  HistogramRequest,
  Hit,
  IndexSearch,
  Through,
} from '../index.ts';
import type { ProfileField } from './schema.ts';

/** What the main thread asks of the worker. Each call has one argument; calls are answered in order. */
export interface IndexCalls {
  open(options: OpenOptions): Opened;
  position(node: string): number;
  add(arg: { readonly node: string; readonly from: number; readonly entries: Uint8Array }): void;
  search(request: IndexSearch): readonly Hit[];
  count(arg: { readonly filter: Filter; readonly through: Through }): number;
  histogram(request: HistogramRequest): readonly HistogramBucket[];
  facets(request: FacetRequest): readonly FacetValue[];
  rows(arg: { readonly node: string; readonly from: number; readonly to: number }): PageColumns;
  /** What these numbers stand for, in no order; the flags of a profile in theirs. */
  profiles(ids: Uint32Array<ArrayBuffer>): Profiles;
  /** By number; the objects of a set in their order. */
  objectSets(ids: Uint32Array<ArrayBuffer>): SetColumns;
  texts(arg: { readonly table: TextTable; readonly ids: Uint32Array<ArrayBuffer> }): Texts;
  reset(arg: null): void;
  close(arg: null): void;
}

export interface OpenOptions {
  readonly path: string;
  /** The users' own catalogs. */
  readonly tables: readonly SystemTable[];
  readonly memoryLimitMb: number;
  readonly threads: number;
}

/** What was found at the path. */
export interface Opened {
  /** `replaced`: it was deleted and made anew, and is empty now. */
  readonly state: 'existing' | 'new' | 'replaced';
  /** Why it was replaced. */
  readonly reason: string | null;
}

export type TextTable = 'words' | 'texts';

export interface Texts {
  readonly ids: readonly number[];
  readonly texts: readonly string[];
}

/** Rows of a node by seq, as columns of numbers as they lie in memory (`schema.ts`). */
export interface PageColumns {
  readonly seq: Uint32Array;
  readonly logged: Uint32Array;
  readonly time: Uint32Array;
  readonly profile: Uint32Array;
  readonly actor: Uint32Array;
  readonly ip: Uint32Array;
  readonly objects: Uint32Array;
  readonly correlation: Uint32Array;
  readonly correlation_id: Uint32Array;
  readonly hash: Uint32Array;
  readonly hash_1: Uint32Array;
  readonly hash_2: Uint32Array;
}

export interface Profiles {
  readonly profiles: { readonly [K in 'id' | ProfileField]: Uint32Array };
  readonly flags: { readonly [K in 'profile' | 'flag']: Uint32Array };
}

export type SetColumns = { readonly [K in 'id' | 'kind' | 'ident' | 'name']: Uint32Array };
