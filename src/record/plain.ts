import { MAX_DEPTH } from './types.ts';

/*
 * Canonical JSON (RFC 8785) of the plain kind that nearly all entries are: UTF-8; names of ASCII without escapes, so that
 * their order is that of their bytes; in strings no escapes but those of two characters; numbers of up to 15 digits and
 * nothing else. What is not plain may be canonical all the same. A pass over the bytes costs a fraction of writing the
 * value again and comparing.
 *
 * Each function takes where something begins, and returns the offset behind it, or NOT_PLAIN; for any offset that it
 * returns, what is in between is whole. Beyond their end bytes are undefined, which equals nothing that is asked for.
 */

export const NOT_PLAIN = -1;

/** Whether bytes are plain canonical JSON, from the first to the last. */
export function isPlainCanonical(bytes: Uint8Array): boolean {
  return valueEnd(bytes, 0, 0) === bytes.length;
}

/** @param depth how many lists and objects it is within. */
export function valueEnd(bytes: Uint8Array, at: number, depth: number): number {
  const first = bytes[at];
  if (first === QUOTE) return stringEnd(bytes, at + 1);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return scalarEnd(bytes, at);
  if (depth === MAX_DEPTH) return NOT_PLAIN;
  return first === OPEN_BRACE ? objectEnd(bytes, at + 1, depth + 1) : listEnd(bytes, at + 1, depth + 1);
}

/**
 * @param at behind the brace.
 * @param depth how many lists and objects its members are within.
 * @param memberEnd where the value of a member ends: `valueEnd`, or one that takes less.
 */
export function objectEnd(bytes: Uint8Array, at: number, depth: number, memberEnd = valueEnd): number {
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (let last = 0; ; at++) {
    if (bytes[at] !== QUOTE) return NOT_PLAIN;
    const name = at + 1;
    if (last > 0 && !isBefore(bytes, last, name)) return NOT_PLAIN;
    last = name;
    at = nameEnd(bytes, name);
    if (bytes[at] !== COLON) return NOT_PLAIN;
    at = memberEnd(bytes, at + 1, depth);
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    if (bytes[at] !== COMMA) return NOT_PLAIN;
  }
}

function listEnd(bytes: Uint8Array, at: number, depth: number): number {
  if (bytes[at] === CLOSE_BRACKET) return at + 1;
  for (; ; at++) {
    at = valueEnd(bytes, at, depth);
    if (bytes[at] === CLOSE_BRACKET) return at + 1;
    if (bytes[at] !== COMMA) return NOT_PLAIN;
  }
}

/**
 * A string of ASCII without escapes.
 *
 * @param at behind the quotation mark.
 */
export function nameEnd(bytes: Uint8Array, at: number): number {
  while (IN_STRING[bytes[at]!] === ASCII) at++;
  return bytes[at] === QUOTE ? at + 1 : NOT_PLAIN;
}

/** Whether the name at `a` sorts before that at `b`; what ends a name is less than any byte of one. */
function isBefore(bytes: Uint8Array, a: number, b: number): boolean {
  while (bytes[a] === bytes[b] && bytes[a] !== QUOTE) {
    a++;
    b++;
  }
  return bytes[b] !== QUOTE && (bytes[a] === QUOTE || bytes[a]! < bytes[b]!);
}

/** @param at behind the quotation mark. */
export function stringEnd(bytes: Uint8Array, at: number): number {
  for (;;) {
    while (IN_STRING[bytes[at]!] === ASCII) at++;
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) {
      if (!ESCAPED.includes(bytes[at + 1]!)) return NOT_PLAIN;
      at += 2;
    } else {
      at = characterEnd(bytes, at);
      if (at === NOT_PLAIN) return NOT_PLAIN;
    }
  }
}

/** A character beyond ASCII in well-formed UTF-8 (Unicode 17, table 3-7). */
function characterEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const second = bytes[at + 1]!;
  if (first >= 0xc2 && first <= 0xdf) return isContinued(second) ? at + 2 : NOT_PLAIN;
  if (first >= 0xe0 && first <= 0xef) {
    const isInRange = first === 0xe0 ? second >= 0xa0 : first !== 0xed || second < 0xa0;
    return isInRange && isContinued(second) && isContinued(bytes[at + 2]!) ? at + 3 : NOT_PLAIN;
  }
  if (first < 0xf0 || !(first <= 0xf4)) return NOT_PLAIN;
  const isInRange = first === 0xf0 ? second >= 0x90 : first !== 0xf4 || second < 0x90;
  const isWhole = isContinued(second) && isContinued(bytes[at + 2]!) && isContinued(bytes[at + 3]!);
  return isInRange && isWhole ? at + 4 : NOT_PLAIN;
}

function isContinued(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** A whole number. */
export function integerEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === ZERO) return at + 1;
  let end = at;
  while (bytes[end]! >= ZERO && bytes[end]! <= NINE) end++;
  return end > at && end - at <= MAX_DIGITS ? end : NOT_PLAIN;
}

/** The bytes of `word`. */
export function wordEnd(bytes: Uint8Array, at: number, word: readonly number[] | Uint8Array): number {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return NOT_PLAIN;
  return at + word.length;
}

function scalarEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at]! <= NINE) return integerEnd(bytes, at);
  for (const word of WORDS) {
    const end = wordEnd(bytes, at, word);
    if (end !== NOT_PLAIN) return end;
  }
  return NOT_PLAIN;
}

/** Every number of so many digits is a safe integer. */
const MAX_DIGITS = 15;

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** What may stand behind a backslash. A solidus may not: it has no need of one. */
const ESCAPED = codes('"\\bfnrt');
const WORDS = ['true', 'false', 'null'].map(codes);

/** Of each byte whether it stands for itself in a string. */
const ASCII = 1;
const IN_STRING = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? ASCII : 0,
);

function codes(text: string): readonly number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
