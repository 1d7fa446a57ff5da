import type { IndexRow } from '../../catalog/row.ts';
import type { ObjectRef } from '../../record/types.ts';
import { readInteger } from './columns.ts';
import { DIGITS, dashed, unpackDigits } from './hex.ts';
import type { RowPage } from './protocol.ts';
import { Form, PROFILE_FIELDS, type ProfileField } from './schema.ts';

/** Texts by their numbers. */
export type TextOf = ReadonlyMap<number, string>;

const NONE: readonly ObjectRef[] = [];

/** The rows of a page as they were added. */
export function pageRows(node: string, page: RowPage, words: TextOf, texts: TextOf): IndexRow[] {
  const profiles = profilesOf(page, words);
  const objects = objectSetsOf(page, words);
  const correlation = correlationsOf(page, texts);
  const hash = hashesOf(page, texts);
  const rows: IndexRow[] = [];
  for (let i = 0; i < page.profile.length; i++) {
    const profile = profiles.get(page.profile[i]!)!;
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
      actor: words.get(page.actor[i]!) ?? null,
      ip: words.get(page.ip[i]!) ?? null,
      correlation: correlation(i),
      hash: hash(i),
      flags: profile.flags,
      objects: objects.get(page.objects[i]!) ?? NONE,
    });
  }
  return rows;
}

type Profile = { readonly [K in ProfileField]: string | null } & { readonly flags: string[] };

function profilesOf({ profiles, flags }: RowPage, words: TextOf): Map<number, Profile> {
  const found = new Map<number, Profile>();
  for (const [i, id] of profiles.id.entries()) {
    const members = PROFILE_FIELDS.map((field) => [field, words.get(profiles[field][i]!) ?? null]);
    found.set(id, { ...Object.fromEntries(members), flags: [] });
  }
  for (const [i, id] of flags.profile.entries()) found.get(id)?.flags.push(words.get(flags.flag[i]!)!);
  return found;
}

function objectSetsOf({ objectSets }: RowPage, words: TextOf): Map<number, ObjectRef[]> {
  const { id, kind, ident, name } = objectSets;
  const sets = new Map<number, ObjectRef[]>();
  for (let i = 0; i < id.length; i++) {
    const object = { kind: words.get(kind[i]!)!, id: words.get(ident[i]!)! };
    const called = words.get(name[i]!);
    const named = called === undefined ? object : { ...object, name: called };
    const set = sets.get(id[i]!);
    if (set) set.push(named);
    else sets.set(id[i]!, [named]);
  }
  return sets;
}

function correlationsOf(page: RowPage, texts: TextOf): (i: number) => string | null {
  const digits = digitsOf(page.correlation_id);
  return (i) => {
    const form = page.correlation[i]!;
    if (form === Form.HEX_32) return digits(i);
    return form === Form.UUID ? dashed(digits(i)) : (texts.get(form) ?? null);
  };
}

function hashesOf(page: RowPage, texts: TextOf): (i: number) => string | null {
  const first = digitsOf(page.hash_1);
  const second = digitsOf(page.hash_2);
  return (i) => {
    const form = page.hash[i]!;
    return form === Form.HEX_64 ? first(i) + second(i) : (texts.get(form) ?? null);
  };
}

function digitsOf(column: Uint32Array): (i: number) => string {
  const digits = unpackDigits(column);
  return (i) => digits.slice(DIGITS * i, DIGITS * (i + 1));
}
