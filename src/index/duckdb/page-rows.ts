import type { IndexRow } from '../../catalog/row.ts';
import type { ObjectRef } from '../../record/types.ts';
import type { RowPage } from '../../verify/source.ts';
import { readInteger } from './columns.ts';
import { dashed, packDigits, undashed, unpackDigits } from './hex.ts';
import type { PageColumns } from './protocol.ts';
import { Form, PROFILE_FIELDS, type ProfileField } from './schema.ts';

export type Profile = { readonly [K in ProfileField]: string | null } & { readonly flags: string[] };

/** Of a row whose own is not in the file: nothing that a record has is equal to it. */
const NO_PROFILE = {
  ...(Object.fromEntries(PROFILE_FIELDS.map((field) => [field, null])) as Record<ProfileField, null>),
  flags: [],
};

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

/** The rows of a page as they were added, made when they are asked for. */
export class PageRows implements RowPage {
  readonly length: number;
  readonly #node: string;
  readonly #columns: PageColumns;
  readonly #meanings: Meanings;

  constructor(node: string, columns: PageColumns, meanings: Meanings) {
    this.length = columns.profile.length;
    this.#node = node;
    this.#columns = columns;
    this.#meanings = meanings;
  }

  *[Symbol.iterator](): Generator<IndexRow> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** Compares numbers with numbers and texts with texts: the row is not made. */
  isSame(i: number, row: IndexRow): boolean {
    const { seq, logged, time } = this.#columns;
    const { profile, actor, ip } = this.#meanings;
    return (
      row.node === this.#node &&
      readInteger(seq, i) === row.seq &&
      readInteger(logged, i) === row.logged &&
      readInteger(time, i) === row.time &&
      isOfProfile(row, profile[i] ?? NO_PROFILE) &&
      (actor[i] ?? null) === row.actor &&
      (ip[i] ?? null) === row.ip &&
      this.#hasCorrelation(i, row.correlation) &&
      this.#hasHash(i, row.hash) &&
      this.#hasObjects(i, row.objects)
    );
  }

  at(i: number): IndexRow {
    const columns = this.#columns;
    const profile = this.#meanings.profile[i] ?? NO_PROFILE;
    return {
      node: this.#node,
      seq: readInteger(columns.seq, i),
      logged: readInteger(columns.logged, i),
      time: readInteger(columns.time, i),
      system: profile.system!,
      source: profile.source!,
      event: profile.event!,
      action: profile.action,
      outcome: profile.outcome!,
      module: profile.module,
      component: profile.component,
      actor: this.#meanings.actor[i] ?? null,
      ip: this.#meanings.ip[i] ?? null,
      correlation: this.#correlation(i),
      hash: this.#hash(i),
      flags: profile.flags,
      objects: this.#objects(i),
    };
  }

  /** Gives the memory of the columns back at once; as garbage that outlived some collections it would pile up. */
  release(): void {
    for (const { buffer } of Object.values(this.#columns)) (buffer as ArrayBuffer).transfer(0);
  }

  #correlation(i: number): string | null {
    const form = this.#columns.correlation[i]!;
    if (form === Form.HEX_32) return digits(this.#columns.correlation_id, i);
    if (form === Form.UUID) return dashed(digits(this.#columns.correlation_id, i));
    return this.#meanings.correlation.get(form) ?? null;
  }

  #hasCorrelation(i: number, text: string | null): boolean {
    const { correlation, correlation_id } = this.#columns;
    const form = correlation[i]!;
    if (form === Form.HEX_32) return text?.length === 32 && hasDigits(correlation_id, i, text, 0);
    if (form !== Form.UUID) return (this.#meanings.correlation.get(form) ?? null) === text;
    const bare = text === null ? null : undashed(text);
    return bare !== null && hasDigits(correlation_id, i, bare, 0);
  }

  #hash(i: number): string | null {
    const { hash, hash_1, hash_2 } = this.#columns;
    const form = hash[i]!;
    if (form === Form.HEX_64) return digits(hash_1, i) + digits(hash_2, i);
    return this.#meanings.hash.get(form) ?? null;
  }

  #hasHash(i: number, text: string | null): boolean {
    const { hash, hash_1, hash_2 } = this.#columns;
    const form = hash[i]!;
    if (form !== Form.HEX_64) return (this.#meanings.hash.get(form) ?? null) === text;
    return text?.length === 64 && hasDigits(hash_1, i, text, 0) && hasDigits(hash_2, i, text, 32);
  }

  #objects(i: number): ObjectRef[] {
    const { id, kind, ident, name } = this.#meanings.objects;
    const set = this.#columns.objects[i]!;
    const objects: ObjectRef[] = [];
    for (let at = firstOf(id, set); id[at] === set; at++) {
      const object = { kind: kind[at]!, id: ident[at]! };
      const called = name[at];
      objects.push(called === undefined ? object : { ...object, name: called });
    }
    return objects;
  }

  #hasObjects(i: number, objects: readonly ObjectRef[]): boolean {
    const { id, kind, ident, name } = this.#meanings.objects;
    const set = this.#columns.objects[i]!;
    let at = firstOf(id, set);
    for (const object of objects) {
      const isHere =
        id[at] === set && kind[at] === object.kind && ident[at] === object.id && name[at] === object.name;
      if (!isHere) return false;
      at++;
    }
    return id[at] !== set;
  }
}

/** Where the objects of a set begin. */
function firstOf(sets: Uint32Array, set: number): number {
  let [first, end] = [0, sets.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (sets[middle]! < set) first = middle + 1;
    else end = middle;
  }
  return first;
}

function isOfProfile(row: IndexRow, profile: Profile): boolean {
  for (const field of PROFILE_FIELDS) if (row[field] !== profile[field]) return false;
  const { flags } = profile;
  if (row.flags.length !== flags.length) return false;
  for (let i = 0; i < flags.length; i++) if (row.flags[i] !== flags[i]) return false;
  return true;
}

const packed = new Uint32Array(4);

/** Whether value `i` of a column is the 32 digits of the text from `start`. */
function hasDigits(column: Uint32Array, i: number, text: string, start: number): boolean {
  return (
    packDigits(text, start, packed, 0) &&
    packed[0] === column[4 * i] &&
    packed[1] === column[4 * i + 1] &&
    packed[2] === column[4 * i + 2] &&
    packed[3] === column[4 * i + 3]
  );
}

function digits(column: Uint32Array, i: number): string {
  return unpackDigits(column.subarray(4 * i, 4 * i + 4));
}
