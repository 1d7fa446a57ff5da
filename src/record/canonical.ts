import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import { RecordError } from '../errors.ts';
import { isPlainObject } from './json.ts';
import { type Json, MAX_DEPTH } from './types.ts';

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, numbers and strings as
 * ECMAScript writes them. Throws `RecordError` RECORD_INVALID for what has no canonical form: NaN, infinities,
 * lone surrogates, nesting beyond `MAX_DEPTH`, values that are not JSON.
 */
export function canonicalize(value: Json): string {
  return withWriter((writer) => {
    writer.value(value, 0);
    const text = fromUtf8(writer.written());
    writer.drop();
    return text;
  });
}

/** As `canonicalize`, in UTF-8. */
export function canonicalBytes(value: Json): Uint8Array {
  return withWriter((writer) => {
    writer.value(value, 0);
    const bytes = writer.written().slice();
    writer.drop();
    return bytes;
  });
}

let idle: CanonicalWriter | null = null;

/**
 * Lends a writer at the start of a text; what is not dropped stays. One writer serves all, but for a text that is
 * written while another is: a value may have a getter that does anything.
 */
export function withWriter<T>(write: (writer: CanonicalWriter) => T): T {
  const writer = idle ?? new CanonicalWriter();
  idle = null;
  writer.start = writer.at;
  try {
    return write(writer);
  } catch (error) {
    writer.drop();
    throw error;
  } finally {
    idle = writer;
  }
}

const SLAB_BYTES = 256 * 1024;

/**
 * Writes texts one behind another into slabs of bytes. Joined strings would be trees of their pieces, many times the
 * size of the text and all of it the garbage collector's; a byte at a time costs less than half.
 */
export class CanonicalWriter {
  /** Of what is being written: from `start` to `at`. Another array once the text has outgrown this one. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  at = 0;

  /** A view. */
  written(): Uint8Array {
    return this.bytes.subarray(this.start, this.at);
  }

  /** Forgets the text. Room made for an uncommonly large one is given back. */
  drop(): void {
    this.at = this.start;
    if (this.bytes.length <= SLAB_BYTES) return;
    this.bytes = new Uint8Array(0);
    this.start = this.at = 0;
  }

  /** One member of an object whose names the caller puts in order; nothing when it is undefined. `name` is ASCII. */
  member(name: string, value: Json | undefined): void {
    if (value === undefined) return;
    if (this.bytes[this.at - 1] !== OPEN_BRACE) this.ascii(',');
    this.string(name);
    this.ascii(':');
    this.value(value, 0);
  }

  /** @param depth how many lists and objects it is within. */
  value(value: Json, depth: number): void {
    if (typeof value === 'string') this.string(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'boolean') this.ascii(value ? 'true' : 'false');
    else if (value === null) this.ascii('null');
    else if (typeof value !== 'object')
      throw new RecordError('RECORD_INVALID', `a ${typeof value} has no JSON form`);
    else if (depth >= MAX_DEPTH)
      throw new RecordError('RECORD_INVALID', `nested deeper than ${MAX_DEPTH} levels`);
    else if (Array.isArray(value)) this.#list(value, depth);
    else if (isPlainObject(value)) this.#object(value as Record<string, Json>, depth);
    else throw new RecordError('RECORD_INVALID', 'an instance of a class has no JSON form');
  }

  /** Throws `RecordError` RECORD_INVALID for a lone surrogate, which UTF-8 cannot carry. */
  string(text: string): void {
    this.#reserve(text.length + 2);
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = QUOTE;
    // Nearly every string is plain ASCII with nothing to escape.
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) {
        this.#escaped(text);
        return;
      }
      bytes[at++] = unit;
    }
    bytes[at++] = QUOTE;
    this.at = at;
  }

  number(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0) {
      this.#reserve(MAX_DIGITS);
      this.at = putDigits(value, this.bytes, this.at);
    } else if (Number.isFinite(value)) this.ascii(String(value));
    else throw new RecordError('RECORD_INVALID', `${value} has no JSON form`);
  }

  /** As it is. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const { bytes, at } = this;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.at = at + text.length;
  }

  #escaped(text: string): void {
    if (!text.isWellFormed())
      throw new RecordError('RECORD_INVALID', 'a string holds half of a surrogate pair');
    // For well-formed text JSON.stringify escapes exactly what RFC 8785 section 3.2.2.2 names.
    const bytes = utf8(JSON.stringify(text));
    this.#reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  #list(list: readonly Json[], depth: number): void {
    this.ascii('[');
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.ascii(',');
      this.value(list[i] as Json, depth + 1);
    }
    this.ascii(']');
  }

  #object(object: Record<string, Json>, depth: number): void {
    const names = sortedNames(object);
    this.ascii('{');
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      if (i > 0) this.ascii(',');
      this.string(name);
      this.ascii(':');
      this.value(object[name] as Json, depth + 1);
    }
    this.ascii('}');
  }

  /** The texts before stay where they are; this one moves when it needs more room. */
  #reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const text = this.written();
    this.bytes = new Uint8Array(Math.max(SLAB_BYTES, 2 * (text.length + bytes)));
    this.bytes.set(text);
    this.start = 0;
    this.at = text.length;
  }
}

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const BACKSLASH = 0x5c;

/** Most digits of a safe integer. */
export const MAX_DIGITS = 16;

/** Writes a safe integer, not negative, in decimal. Returns where it ends. */
export function putDigits(value: number, out: Uint8Array, at: number): number {
  let end = at + 1;
  for (let limit = 10; value >= limit; limit *= 10) end++;
  let to = end;
  let rest = value;
  // Small integers are divided several times faster, and `%` of large ones is slow.
  while (rest > 0x7fffffff) {
    const tens = Math.floor(rest / 10);
    out[--to] = 0x30 + (rest - 10 * tens);
    rest = tens;
  }
  let small = rest | 0;
  do {
    const tens = (small / 10) | 0;
    out[--to] = 0x30 + small - 10 * tens;
    small = tens;
  } while (to > at);
  return end;
}

/** The names of an object's members in ascending order of their UTF-16 code units. */
function sortedNames(object: object): string[] {
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
