/**
 * One filter language for every engine. Plain frozen-able data: a saved search, a sink's selection and an API
 * request all hold this tree; `docs/query.md` has the text grammar and the meaning of each node.
 */

/** Text columns of `IndexRow` that a filter may name. */
export type TextField =
  | 'node'
  | 'system'
  | 'source'
  | 'event'
  | 'action'
  | 'outcome'
  | 'module'
  | 'component'
  | 'actor'
  | 'ip'
  | 'correlation'
  | 'hash'
  | 'flag';

export type NumberField = 'seq' | 'time' | 'logged';

export type Filter =
  | { readonly kind: 'all' }
  | { readonly kind: 'and'; readonly of: readonly Filter[] }
  | { readonly kind: 'or'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }
  /** Equal, ASCII case-insensitive; `*` in `pattern` stands for any run of characters when `wildcard` is true. */
  | { readonly kind: 'text'; readonly field: TextField; readonly pattern: string; readonly wildcard: boolean }
  /** Inclusive bounds; a missing bound is open. Times in ms. */
  | { readonly kind: 'range'; readonly field: NumberField; readonly min?: number; readonly max?: number }
  /** Some object of the record has this kind (any, when null) and an id or name that matches. */
  | {
      readonly kind: 'object';
      readonly object: string | null;
      readonly pattern: string;
      readonly wildcard: boolean;
    }
  /** A field of `details`, by its own name: answered by scanning. */
  | { readonly kind: 'detail'; readonly name: string; readonly pattern: string; readonly wildcard: boolean }
  /** The text stands somewhere in the record's own words, ASCII case-insensitive: answered by scanning. */
  | { readonly kind: 'free'; readonly text: string };
