import { RecordError } from '../errors.ts';
import { isPlainObject } from './json.ts';
import { type Json, MAX_DEPTH } from './types.ts';

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, numbers and strings as
 * ECMAScript writes them. Throws `RecordError` RECORD_INVALID for what has no canonical form: NaN, infinities,
 * lone surrogates, nesting beyond `MAX_DEPTH`, values that are not JSON.
 */
export function canonicalize(value: Json): string {
  return write(value, 0);
}

function write(value: Json, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (!Number.isFinite(value)) throw new RecordError('RECORD_INVALID', `${value} has no JSON form`);
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_DEPTH)
        throw new RecordError('RECORD_INVALID', `nested deeper than ${MAX_DEPTH} levels`);
      if (Array.isArray(value)) return writeList(value, depth);
      if (isPlainObject(value)) return writeObject(value as Record<string, Json>, depth);
      throw new RecordError('RECORD_INVALID', 'an instance of a class has no JSON form');
    default:
      throw new RecordError('RECORD_INVALID', `a ${typeof value} has no JSON form`);
  }
}

function writeList(list: readonly Json[], depth: number): string {
  let out = '[';
  for (let i = 0; i < list.length; i++) out += (i === 0 ? '' : ',') + write(list[i] as Json, depth + 1);
  return `${out}]`;
}

function writeObject(object: Record<string, Json>, depth: number): string {
  const names = sortedNames(object);
  let out = '{';
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    out += `${(i === 0 ? '' : ',') + quote(name)}:${write(object[name] as Json, depth + 1)}`;
  }
  return `${out}}`;
}

/** The names of an object's members in ascending order of their UTF-16 code units. */
export function sortedNames(object: object): string[] {
  const names = Object.keys(object);
  if (names.length > FEW) return names.sort();
  for (let i = 1; i < names.length; i++) {
    const name = names[i] as string;
    let at = i;
    for (; at > 0 && (names[at - 1] as string) > name; at--) names[at] = names[at - 1] as string;
    names[at] = name;
  }
  return names;
}

/** Up to here, inserting one by one is several times faster than the built-in sort; far beyond, it is quadratic. */
const FEW = 16;

/** A JSON string. Throws `RecordError` RECORD_INVALID for a lone surrogate, which UTF-8 cannot carry. */
export function quote(text: string): string {
  // Nearly every string is plain ASCII with nothing to escape. Joined strings cost nothing until they are written.
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed())
    throw new RecordError('RECORD_INVALID', 'a string holds half of a surrogate pair');
  // For well-formed text JSON.stringify escapes exactly what RFC 8785 section 3.2.2.2 names.
  return JSON.stringify(text);
}

/** Space to tilde, without the double quote and the backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;
