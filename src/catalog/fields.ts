import type { Json } from '../record/types.ts';
import type { Field, Fields, FieldType } from './table.ts';

/**
 * The notation of an event's fields (`EventRow.fields`), read by the compiler: what details an event of these
 * fields takes. `T` is the union of the notation's words, `D` the system's fields, `X` whether all values are
 * text.
 */
export type Details<F extends string, D extends Fields, X extends boolean> = Flat<
  Members<Words<F>, D, X, ''>
>;

type Words<S extends string, A extends string = never> = S extends `${infer W} ${infer R}`
  ? Words<R, A | Named<W>>
  : S extends ''
    ? A
    : A | Named<S>;

/** With the blanks that `~` stands for. */
type Named<W extends string> = W extends `${infer A}~${infer B}` ? Named<`${A} ${B}`> : W;

type Members<T extends string, D extends Fields, X extends boolean, P extends string> = {
  readonly [W in T as W extends `${string}?` | `${string}*` | `${string}.${string}`
    ? never
    : InDetails<D, P, W>]: Value<D, `${P}${W}`, X>;
} & {
  readonly [W in T as W extends `${string}.${string}`
    ? never
    : W extends `${infer N}?`
      ? InDetails<D, P, N>
      : never]?: Value<D, `${P}${Bare<W>}`, X> | undefined;
} & {
  readonly [W in T as W extends `${infer N}[].${string}` ? N : never]?:
    | readonly Members<Inner<T, `${Outer<W>}[]`>, D, X, `${P}${Outer<W>}[].`>[]
    | undefined;
} & {
  readonly [W in T as W extends `${string}[].${string}`
    ? never
    : W extends `${infer N}.${string}`
      ? N
      : never]?: Members<Inner<T, Outer<W>>, D, X, `${P}${Outer<W>}.`> | undefined;
} & { readonly [W in T as W extends `${infer N}*` ? `${N}${string}` : never]?: Json | undefined };

/** `N`, unless another member of the record than `details` holds the field. */
type InDetails<D extends Fields, P extends string, N extends string> = D[`${P}${N}`] extends {
  readonly at: string;
}
  ? never
  : N;
type Flat<T> = { [K in keyof T]: T[K] };
type Bare<W extends string> = W extends `${infer N}?` ? N : W;
/** `a` of `a.b` and of `a[].b`. */
type Outer<W extends string> = W extends `${infer N}[].${string}`
  ? N
  : W extends `${infer N}.${string}`
    ? N
    : never;
/** `b` of each `a.b` in `T`. */
type Inner<T extends string, A extends string> = T extends `${A}.${infer R}` ? R : never;

type Value<D extends Fields, N extends string, X extends boolean> =
  D[N] extends Field<infer T, infer L>
    ? L extends true
      ? readonly One<T, X>[] | One<T, X>
      : One<T, X>
    : Json;

type One<T extends FieldType, X extends boolean> = X extends true
  ? string
  : T extends 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'object'
        ? { readonly [name: string]: Json }
        : T extends 'member'
          ? MemberId | string
          : T extends 'any'
            ? Json
            : string;

/**
 * A member or subsystem of X-Road. Releases from 7.0 on write `xroadInstance` and what else their objects
 * hold; as a text it is `SUBSYSTEM:DEV/ORG/111/SUB` or `DEV:ORG:111:SUB`.
 */
export interface MemberId {
  readonly xRoadInstance?: string;
  readonly xroadInstance?: string;
  readonly memberClass: string;
  readonly memberCode: string;
  readonly subsystemCode?: string | null;
  readonly objectType?: string;
  readonly fieldsForStringFormat?: readonly string[];
}

/** One word of the notation, read at run time. */
export interface FieldWord {
  /** As the table's fields have it: `services[].timeout`; of a pattern, how names begin: `added:`. */
  readonly name: string;
  readonly optional: boolean;
  readonly pattern: boolean;
}

/** The words of a notation, in their order. */
export function readFields(notation: string): readonly FieldWord[] {
  return notation
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const mark = word.at(-1);
      const marked = mark === '?' || mark === '*';
      const name = (marked ? word.slice(0, -1) : word).replaceAll('~', ' ');
      return { name, optional: marked, pattern: mark === '*' };
    });
}
