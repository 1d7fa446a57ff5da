import type { Action } from './actions.ts';
import type { ObjectRule } from './objects.ts';

/**
 * What the value of a field is. Beyond the JSON type it says how to read it: a `dn` is a distinguished name,
 * a `serial` the number of a certificate, `hash` a digest in hex, `pem` one or more PEM blocks, `time` a date
 * in the system's own form, `member` an X-Road identifier object.
 */
export const FIELD_TYPES = {
  text: 'string',
  enum: 'string',
  dn: 'string',
  serial: 'string',
  hash: 'string',
  base64: 'string',
  pem: 'string',
  time: 'string',
  ip: 'string',
  url: 'string',
  oid: 'string',
  path: 'string',
  integer: 'number',
  boolean: 'boolean',
  object: 'object',
  member: 'object',
  any: 'any',
} as const;

export type FieldType = keyof typeof FIELD_TYPES;

/** One field of a system, wherever its events carry it. */
export interface Field<T extends FieldType = FieldType, L extends boolean = boolean> {
  readonly type: T;
  readonly list: L;
  /** Its meaning, one sentence. */
  readonly about: string;
  /** The record's member that holds it, where that is not `details`: `actor.name`, `signature.hash`. */
  readonly at?: string;
}

export interface OcsfClass {
  /** OCSF 1.9 class_uid. */
  readonly class: number;
  /** OCSF 1.9 activity_id within that class. */
  readonly activity: number;
}

export interface EventExtras {
  /** Other names of the same event: of older or newer releases, misspellings found in the wild. */
  readonly aliases?: readonly string[];
  /** The outcome that a name tells by itself, for lines that state none. */
  readonly implies?: Readonly<Record<string, 'success' | 'failure'>>;
  /**
   * The verb where a field decides it: a value (in lower case) to its verb; `action` holds for all others.
   */
  readonly actionBy?: { readonly field: string; readonly values: Readonly<Record<string, Action>> };
  /** What it did, where that depends on what it was done to: a kind of thing to a sentence. */
  readonly effects?: Readonly<Record<string, string>>;
  /** What fields mean in this event, where that is more than they mean everywhere. */
  readonly means?: Readonly<Record<string, string>>;
  /** Where the verb's own OCSF class does not fit. */
  readonly ocsf?: OcsfClass;
  /** The system cannot be set not to write it: the parts or subsystems where that is so. */
  readonly mandatoryIn?: readonly string[];
  /** The parts or subsystems that write it unless they are set not to. */
  readonly defaultIn?: readonly string[];
  /** Which releases wrote it, in the system's own version numbers: `10.5+`, `9.0-10.2`. */
  readonly versions?: string;
}

/** One event of one part of a system. Names are the system's own. */
export interface EventRow<F extends string = string> extends EventExtras {
  readonly action: Action;
  /**
   * Names of its fields, divided by blanks; `~` is a blank within a name. `NAME?` may be missing from a
   * successful event. `a.b` and `a[].b` stand inside `a`. `added:*` stands for all names that begin so, `*`
   * for names that no list can tell.
   */
  readonly fields: F;
  /** What happened, one sentence. */
  readonly about: string;
}

export type Fields = { readonly [name: string]: Field };
export type Events = { readonly [event: string]: EventRow };
export type Parts = { readonly [part: string]: Events };

/** What is known of one system: data only. */
export interface SystemTable {
  readonly system: string;
  /** One line: whose events these are. */
  readonly about: string;
  /**
   * The member of a record that names an event's part; null when the system has one part, whose name is then
   * `''`.
   */
  readonly partIn: 'module' | 'component' | null;
  /** Its values are all text, whatever they mean: it writes lines without types. */
  readonly textual: boolean;
  /** Every field that an event names, once. */
  readonly fields: Fields;
  readonly parts: Parts;
  /** How the fields of its records tell what was acted upon. */
  readonly objects: readonly ObjectRule[];
  /**
   * Fields that hold the correlation id, and the error message of a failed event: the first that is there
   * counts.
   */
  readonly correlation: readonly string[];
  readonly reason: readonly string[];
  /** Fields that tell the actor, where the system's format has no place of its own for it. */
  readonly actor: {
    readonly [member in 'name' | 'serial' | 'issuer' | 'ip' | 'auth' | 'role']?: readonly string[];
  };
  /** Added to an event's name when it failed. */
  readonly failureSuffix?: string;
  /** What the system's users must be allowed to see of it, by the system's own names: what each permits. */
  readonly permissions?: Readonly<Record<string, string>>;
}

/**
 * A row of a table. `fields` must be one the compiler can read: a literal or a template of literals, nothing
 * added up.
 */
export function event<const F extends string>(
  action: Action,
  fields: string extends F ? never : F,
  about: string,
  extras: EventExtras = {},
): EventRow<F> {
  return { action, fields, about, ...extras };
}

/** A field with one value. */
export function field<const T extends FieldType>(type: T, about: string): Field<T, false> {
  return { type, list: false, about };
}

/** A field with any number of values. */
export function list<const T extends FieldType>(type: T, about: string): Field<T, true> {
  return { type, list: true, about };
}

/** A field with one value that stands in a member of the record: `placed('ip', 'actor.ip', …)`. */
export function placed<const T extends FieldType>(
  type: T,
  at: string,
  about: string,
): Field<T, false> & { readonly at: string } {
  return { type, list: false, about, at };
}
