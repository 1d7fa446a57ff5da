/**
 * The tables. All texts stand once in `words` (or `texts`, for those that hardly repeat) and are numbered; rows hold
 * nothing but numbers, so that they are appended as whole columns and compared as integers. Number 0 means absent.
 *
 * A text may have several numbers: the writer remembers only the recent ones. Whoever looks a text up takes them all.
 */

import type { Catalogs } from '../../catalog/catalogs.ts';
import { ROW_VERSION } from '../../catalog/row.ts';

/**
 * Raised when a table or the meaning of a column changes, or what was written before may be wrong: version 1 could give two
 * sets of objects one number. A file of another version is discarded and filled anew.
 */
const SCHEMA_VERSION = 2;

/** What a file must say about itself to be used: its rows are those that these catalogs give. */
export function versionOf(catalogs: Catalogs): string {
  return `${SCHEMA_VERSION}.${ROW_VERSION}.${catalogs.version}`;
}

/** How the columns of a table lie in memory: 32-bit words per value, little-endian. */
export const WORDS_PER = { UINTEGER: 1, BIGINT: 2, UUID: 4 } as const;

export type ColumnType = keyof typeof WORDS_PER;

/** A table that is written and read as raw columns. */
export type Columns = Readonly<Record<string, ColumnType>>;

/**
 * `objects` is a number of `object_sets`. `correlation` and `hash` are a `Form` or a number of `texts`; the
 * hexadecimal digits of the forms stand in the UUID columns.
 */
export const ROWS = {
  node: 'UINTEGER',
  seq: 'BIGINT',
  logged: 'BIGINT',
  time: 'BIGINT',
  profile: 'UINTEGER',
  actor: 'UINTEGER',
  ip: 'UINTEGER',
  objects: 'UINTEGER',
  correlation: 'UINTEGER',
  correlation_id: 'UUID',
  hash: 'UINTEGER',
  hash_1: 'UUID',
  hash_2: 'UUID',
} as const;

/**
 * The objects that some record names together, in its order; many records name the same. `repeated` is 1 for an object
 * of the same kind and id as one before it in the set.
 */
export const OBJECT_SETS = {
  id: 'UINTEGER',
  kind: 'UINTEGER',
  ident: 'UINTEGER',
  name: 'UINTEGER',
  repeated: 'UINTEGER',
} as const;

/** The members that few combinations of occur; each combination, with its flags, is a profile. */
export const PROFILE_FIELDS = [
  'system',
  'source',
  'event',
  'action',
  'outcome',
  'module',
  'component',
] as const;

export type ProfileField = (typeof PROFILE_FIELDS)[number];

export const PROFILES = {
  id: 'UINTEGER',
  system: 'UINTEGER',
  source: 'UINTEGER',
  event: 'UINTEGER',
  action: 'UINTEGER',
  outcome: 'UINTEGER',
  module: 'UINTEGER',
  component: 'UINTEGER',
} as const;

/** The flags of a profile, in their order. */
export const FLAGS = { profile: 'UINTEGER', flag: 'UINTEGER' } as const;

/** The first number of a text. Those below have a meaning of their own. */
export const FIRST_ID = 16;

/** Texts that are hexadecimal digits, kept as such. */
export const Form = {
  /** 32 lower-case digits. */
  HEX_32: 1,
  /** 8-4-4-4-12 lower-case digits. */
  UUID: 2,
  /** 64 lower-case digits. */
  HEX_64: 3,
} as const;

export const CREATE: readonly string[] = [
  'CREATE TABLE about (version VARCHAR)',
  'CREATE TABLE nodes (id UINTEGER, name VARCHAR)',
  // `folded` is null when folding changes nothing.
  'CREATE TABLE words (id UINTEGER, text VARCHAR, folded VARCHAR)',
  'CREATE TABLE texts (id UINTEGER, text VARCHAR, folded VARCHAR)',
  `CREATE TABLE profiles (${columnList(PROFILES)})`,
  `CREATE TABLE flags (${columnList(FLAGS)})`,
  `CREATE TABLE rows (${columnList(ROWS)})`,
  `CREATE TABLE object_sets (${columnList(OBJECT_SETS)})`,
];

function columnList(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');
}
