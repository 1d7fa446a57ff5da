import { utf8 } from '../crypto/bytes.ts';
import { isPlainObject } from './json.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  integerEnd,
  NOT_PLAIN,
  nameEnd,
  OPEN_BRACE,
  OPEN_BRACKET,
  objectEnd,
  QUOTE,
  stringEnd,
  valueEnd,
  wordEnd,
  ZERO,
} from './plain.ts';
import { MAX_DEPTH } from './types.ts';

/** What is wrong with a value, and where: `path` leads from the value that was checked to the part at fault. */
export interface Problem {
  readonly path: string;
  readonly rule: string;
}

export interface Rule {
  /** Says what is wrong with a value, or null. Never throws, and builds no path unless there is a problem. */
  (value: unknown): Problem | null;
  /**
   * The same of bytes, without making the value: where a value ends that begins at `at`, is plain canonical JSON
   * (`plain.ts`) and obeys the rule. NOT_PLAIN when it does not, or that takes a look at the value.
   */
  readonly plain: PlainRule;
}

export type PlainRule = (bytes: Uint8Array, at: number) => number;

export function rule(check: (value: unknown) => Problem | null, plain: PlainRule): Rule {
  return Object.assign(check, { plain });
}

/** Of values that are always to be looked at themselves. */
export const notPlain: PlainRule = () => NOT_PLAIN;

export function wrong(rule: string, path = ''): Problem {
  return { path, rule };
}

/** The same, seen from one level further out. */
export function inside(step: string, problem: Problem): Problem;
export function inside(step: string, problem: Problem | null): Problem | null;
export function inside(step: string, problem: Problem | null): Problem | null {
  return problem && { path: step + problem.path, rule: problem.rule };
}

/** A string of at most `max` UTF-16 units, at least `min`. */
export function string(max: number, min = 0): Rule {
  const check = (value: unknown): Problem | null => {
    if (typeof value !== 'string') return wrong('must be a string');
    if (value.length > max) {
      return wrong(
        `has ${value.length} characters; at most ${max} are allowed here, "details" takes longer ones`,
      );
    }
    if (value.length < min) return wrong('is empty; leave it out, or send something');
    return text(value);
  };
  return rule(check, (bytes, at) => {
    if (bytes[at] !== QUOTE) return NOT_PLAIN;
    const end = stringEnd(bytes, at + 1);
    // A string has no more UTF-16 units than bytes; one without bytes has none. No plain one can hold a NUL.
    const length = end - at - 2;
    return length >= min && length <= max ? end : NOT_PLAIN;
  });
}

export function pattern(regex: RegExp, says: string): Rule {
  const check = (value: unknown): Problem | null =>
    typeof value === 'string' && regex.test(value) ? null : wrong(`must be ${says}`);
  // Mostly it is the text that was there before: then nothing is made of it.
  let last = new Uint8Array([QUOTE]);
  return rule(check, (bytes, at) => {
    const same = wordEnd(bytes, at, last);
    if (same !== NOT_PLAIN && last.length > 1) return same;
    if (bytes[at] !== QUOTE) return NOT_PLAIN;
    const end = nameEnd(bytes, at + 1);
    if (end === NOT_PLAIN || end - at > MAX_REMEMBERED) return NOT_PLAIN;
    const found = bytes.slice(at, end);
    if (!regex.test(String.fromCharCode(...found.subarray(1, -1)))) return NOT_PLAIN;
    last = found;
    return end;
  });
}

/** Bytes of the longest text that is matched and remembered as bytes. */
const MAX_REMEMBERED = 128;

export function oneOf(values: readonly string[]): Rule {
  const check = (value: unknown): Problem | null =>
    (values as readonly unknown[]).includes(value) ? null : wrong(`must be one of ${values.join(', ')}`);
  const words = values.map((value) => utf8(JSON.stringify(value)));
  return rule(check, (bytes, at) => {
    for (const word of words) {
      const end = wordEnd(bytes, at, word);
      if (end !== NOT_PLAIN) return end;
    }
    return NOT_PLAIN;
  });
}

export function integer(min: number, max: number): Rule {
  const check = (value: unknown): Problem | null =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? null
      : wrong(`must be an integer from ${min} to ${max}`);
  return rule(check, (bytes, at) => {
    const end = integerEnd(bytes, at);
    const value = integerAt(bytes, at, end);
    return value >= min && value <= max ? end : NOT_PLAIN;
  });
}

/** The number in the bytes [at, end), which `integerEnd` has found. */
export function integerAt(bytes: Uint8Array, at: number, end: number): number {
  if (end === NOT_PLAIN) return Number.NaN;
  let value = 0;
  for (let i = at; i < end; i++) value = value * 10 + bytes[i]! - ZERO;
  return value;
}

export const boolean: Rule = rule(
  (value) => (typeof value === 'boolean' ? null : wrong('must be true or false')),
  notPlain,
);

export function list(max: number, item: Rule): Rule {
  const check = (value: unknown): Problem | null => {
    if (!Array.isArray(value)) return wrong('must be a list');
    if (value.length > max) return wrong(`has ${value.length} items; at most ${max} are allowed`);
    for (let i = 0; i < value.length; i++) {
      const problem = item(value[i]);
      if (problem !== null) return inside(`[${i}]`, problem);
    }
    return null;
  };
  return rule(check, (bytes, at) => {
    if (bytes[at] !== OPEN_BRACKET) return NOT_PLAIN;
    if (bytes[at + 1] === CLOSE_BRACKET) return at + 2;
    for (let items = 1; items <= max; items++) {
      at = item.plain(bytes, at + 1);
      if (bytes[at] === CLOSE_BRACKET) return at + 1;
      if (bytes[at] !== COMMA) return NOT_PLAIN;
    }
    return NOT_PLAIN;
  });
}

export interface ObjectRule extends Rule {
  /** Its members in the order of their names. */
  readonly names: readonly string[];
  /** As `plain`, which notes where the members stand: see `plainMembers`. */
  placing(places: Uint32Array): PlainRule;
}

/** An object of these members and no others. */
export function object(
  members: Readonly<Record<string, Rule>>,
  required: readonly string[] = [],
): ObjectRule {
  const rules = new Map(Object.entries(members));
  const check = (value: unknown): Problem | null => {
    if (!isPlainObject(value)) return wrong('must be an object');
    for (const name in value) {
      const rule = rules.get(name);
      if (rule === undefined)
        return wrong('is not known here; put fields of your own under "details"', `.${name}`);
      const problem = rule(value[name]);
      if (problem !== null) return inside(`.${name}`, problem);
    }
    for (const name of required) if (value[name] === undefined) return wrong('is required', `.${name}`);
    return null;
  };
  const known = [...rules].map(([name, { plain }]) => ({ name, plain, required: required.includes(name) }));
  return Object.assign(rule(check, plainMembers(known)), {
    names: [...rules.keys()].sort(),
    placing: (places: Uint32Array) => plainMembers(known, places),
  });
}

interface PlainMember {
  readonly name: string;
  readonly plain: PlainRule;
  readonly required: boolean;
}

/**
 * An object of these members and no others, as bytes.
 *
 * @param places where to note for member `i`, by name, where its value begins, at 2 i, and ends; 0 when it is absent.
 */
export function plainMembers(members: readonly PlainMember[], places?: Uint32Array): PlainRule {
  const known = members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const begins = known.map(({ name }) => utf8(`${JSON.stringify(name)}:`));
  const initials = Uint8Array.from(known, ({ name }) => name.charCodeAt(0));
  const rules = known.map(({ plain }) => plain);
  const required = known.map((member) => member.required);
  return (bytes, at) => {
    places?.fill(0);
    if (bytes[at] !== OPEN_BRACE) return NOT_PLAIN;
    at++;
    let isMore = bytes[at] !== CLOSE_BRACE;
    // Both stand by name: what is passed over can't come any more.
    for (let i = 0; i < initials.length; i++) {
      const isHere = isMore && bytes[at + 1] === initials[i];
      const start = isHere ? wordEnd(bytes, at, begins[i]!) : NOT_PLAIN;
      if (start === NOT_PLAIN) {
        if (required[i]) return NOT_PLAIN;
        continue;
      }
      at = rules[i]!(bytes, start);
      if (places !== undefined) {
        places[2 * i] = start;
        places[2 * i + 1] = at;
      }
      isMore = bytes[at] === COMMA;
      if (isMore) at++;
    }
    // A comma that nothing known follows leads to what is no end.
    return !isMore && bytes[at] === CLOSE_BRACE ? at + 1 : NOT_PLAIN;
  };
}

/** How deep `fields` may nest, itself counted: two levels are left for the record and a list of records around it. */
const FIELDS_DEPTH = MAX_DEPTH - 2;

/** An object of any JSON. */
export const fields: Rule = fieldsOf(valueEnd);

/** As `fields`, where a value of a field is asked for more than that it is JSON: as bytes, of which it takes a look. */
export function fieldsOf(plainValue: typeof valueEnd): Rule {
  return rule(
    (value) => (isPlainObject(value) ? members(value, FIELDS_DEPTH - 1) : wrong('must be an object')),
    (bytes, at) => {
      if (bytes[at] !== OPEN_BRACE) return NOT_PLAIN;
      return objectEnd(bytes, at + 1, MAX_DEPTH - FIELDS_DEPTH + 1, plainValue);
    },
  );
}

/** @param levels how many lists and objects may still be within each other in here. */
function json(value: unknown, levels: number): Problem | null {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
      return number(value);
    case 'boolean':
      return null;
    case 'object':
      break;
    default:
      return wrong(`is of type ${typeof value}, which JSON does not have`);
  }
  if (value === null) return null;
  if (levels === 0) return wrong(`is nested deeper than ${FIELDS_DEPTH} levels`);
  if (Array.isArray(value)) return items(value, levels - 1);
  return isPlainObject(value)
    ? members(value, levels - 1)
    : wrong('must be plain JSON, not an instance of a class');
}

function members(object: Record<string, unknown>, levels: number): Problem | null {
  for (const name in object) {
    const problem = text(name) ?? json(object[name], levels);
    if (problem !== null) return inside(`.${name}`, problem);
  }
  return null;
}

function items(list: readonly unknown[], levels: number): Problem | null {
  for (let i = 0; i < list.length; i++) {
    const problem = json(list[i], levels);
    if (problem !== null) return inside(`[${i}]`, problem);
  }
  return null;
}

function number(value: number): Problem | null {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return null;
  return wrong(
    `must be a number within ±${Number.MAX_SAFE_INTEGER}; larger ones lose digits, send them as strings`,
  );
}

function text(value: string): Problem | null {
  if (!value.isWellFormed()) return wrong('holds half of a surrogate pair, which UTF-8 cannot carry');
  if (value.includes('\0')) return wrong('holds a NUL character; send binary content as base64');
  return null;
}
