import type { IndexRow } from '../../catalog/row.ts';
import type { ObjectRef } from '../../record/types.ts';
import { readInteger } from './columns.ts';
import { DIGITS, dashed, unpackDigits } from './hex.ts';
import type { RowPage } from './protocol.ts';
import { Form, type ProfileField } from './schema.ts';

export type Profile = { readonly [K in ProfileField]: string | null } & { readonly flags: string[] };

/** The objects of sets, by the ascending number of their set. */
export interface ObjectSets {
  readonly id: Uint32Array;
  readonly kind: readonly (string | undefined)[];
  readonly ident: readonly (string | undefined)[];
  readonly name: readonly (string | undefined)[];
}

/** What the numbers in the columns of a page stand for, row by row. */
export interface Meanings {
  readonly profile: readonly (Profile | undefined)[];
  readonly objects: ObjectSets;
  readonly actor: readonly (string | undefined)[];
  readonly ip: readonly (string | undefined)[];
  /** By their numbers. */
  readonly correlation: ReadonlyMap<number, string>;
  readonly hash: ReadonlyMap<number, string>;
}

/** Rows made at once: so few that they are garbage before V8 takes them for something that stays. */
const ROWS = 256;

/** The rows of a page as they were added, some at a time. */
export function* pageRows(node: string, page: RowPage, meanings: Meanings): Generator<IndexRow[]> {
  for (let from = 0; from < page.profile.length; from += ROWS) {
    yield rowsOf(node, page, meanings, from, Math.min(from + ROWS, page.profile.length));
  }
}

function rowsOf(node: string, page: RowPage, meanings: Meanings, from: number, to: number): IndexRow[] {
  const correlation = correlationsOf(page, meanings, from, to);
  const hash = hashesOf(page, meanings, from, to);
  const rows: IndexRow[] = [];
  for (let i = from; i < to; i++) {
    const profile = meanings.profile[i]!;
    rows.push({
      node,
      seq: readInteger(page.seq, i),
      logged: readInteger(page.logged, i),
      time: readInteger(page.time, i),
      system: profile.system!,
      source: profile.source!,
      event: profile.event!,
      action: profile.action,
      outcome: profile.outcome!,
      module: profile.module,
      component: profile.component,
      actor: meanings.actor[i] ?? null,
      ip: meanings.ip[i] ?? null,
      correlation: correlation(i),
      hash: hash(i),
      flags: profile.flags,
      objects: objectsOf(meanings.objects, page.objects[i]!),
    });
  }
  return rows;
}

function objectsOf({ id, kind, ident, name }: ObjectSets, set: number): ObjectRef[] {
  let [first, end] = [0, id.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (id[middle]! < set) first = middle + 1;
    else end = middle;
  }
  const objects: ObjectRef[] = [];
  for (let i = first; id[i] === set; i++) {
    const object = { kind: kind[i]!, id: ident[i]! };
    const called = name[i];
    objects.push(called === undefined ? object : { ...object, name: called });
  }
  return objects;
}

type Text = (i: number) => string | null;

function correlationsOf(page: RowPage, { correlation }: Meanings, from: number, to: number): Text {
  const digits = digitsOf(page.correlation_id, from, to);
  return (i) => {
    const form = page.correlation[i]!;
    if (form === Form.HEX_32) return digits(i);
    return form === Form.UUID ? dashed(digits(i)) : (correlation.get(form) ?? null);
  };
}

function hashesOf(page: RowPage, { hash }: Meanings, from: number, to: number): Text {
  const first = digitsOf(page.hash_1, from, to);
  const second = digitsOf(page.hash_2, from, to);
  return (i) => {
    const form = page.hash[i]!;
    return form === Form.HEX_64 ? first(i) + second(i) : (hash.get(form) ?? null);
  };
}

function digitsOf(column: Uint32Array, from: number, to: number): (i: number) => string {
  const digits = unpackDigits(column.subarray(4 * from, 4 * to));
  return (i) => digits.slice(DIGITS * (i - from), DIGITS * (i - from + 1));
}
