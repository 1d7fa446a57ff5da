import { MAX_DEPTH } from './types.ts';

/**
 * Whether bytes are canonical JSON (RFC 8785) of the plain kind that nearly all entries are: names of ASCII without
 * escapes, so that their order is that of their bytes; in strings no escapes but those of two characters; numbers of
 * up to 15 digits and nothing else. What is not plain may be canonical all the same. The bytes MUST be valid UTF-8.
 *
 * A pass over the bytes costs a fraction of writing the value again and comparing.
 */
export function isPlainCanonical(bytes: Uint8Array): boolean {
  return valueEnd(bytes, 0, 0) === bytes.length;
}

/*
 * Each function below takes where something begins, and returns the offset behind it, or NOT_PLAIN. Beyond the end the
 * bytes are undefined, which equals nothing that is asked for.
 */

const NOT_PLAIN = -1;

/** @param depth how many lists and objects it is within. */
function valueEnd(bytes: Uint8Array, at: number, depth: number): number {
  const first = bytes[at];
  if (first === QUOTE) return stringEnd(bytes, at + 1);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return scalarEnd(bytes, at);
  if (depth === MAX_DEPTH) return NOT_PLAIN;
  return first === OPEN_BRACE ? objectEnd(bytes, at + 1, depth + 1) : listEnd(bytes, at + 1, depth + 1);
}

function objectEnd(bytes: Uint8Array, at: number, depth: number): number {
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (let last = 0; ; at++) {
    if (bytes[at] !== QUOTE) return NOT_PLAIN;
    const name = at + 1;
    if (last > 0 && !isBefore(bytes, last, name)) return NOT_PLAIN;
    last = name;
    at = nameEnd(bytes, name);
    if (bytes[at] !== COLON) return NOT_PLAIN;
    at = valueEnd(bytes, at + 1, depth);
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

function nameEnd(bytes: Uint8Array, at: number): number {
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

function stringEnd(bytes: Uint8Array, at: number): number {
  for (;;) {
    while (IN_STRING[bytes[at]!]! > ENDS) at++;
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] !== BACKSLASH || !ESCAPED.includes(bytes[at + 1]!)) return NOT_PLAIN;
    at += 2;
  }
}

function scalarEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === ZERO) return at + 1;
  let end = at;
  while (bytes[end]! >= ZERO && bytes[end]! <= NINE) end++;
  if (end > at) return end - at <= MAX_DIGITS ? end : NOT_PLAIN;
  for (const word of WORDS) if (word.every((byte, i) => bytes[at + i] === byte)) return at + word.length;
  return NOT_PLAIN;
}

/** Every number of so many digits is a safe integer. */
const MAX_DIGITS = 15;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [ZERO, NINE] = [0x30, 0x39];

/** What may stand behind a backslash. A solidus may not: it has no need of one. */
const ESCAPED = codes('"\\bfnrt');
const WORDS = ['true', 'false', 'null'].map(codes);

/** What a byte is in a string. */
const [ENDS, ASCII, BEYOND] = [0, 1, 2];
const IN_STRING = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return ENDS;
  return byte < 0x80 ? ASCII : BEYOND;
});

function codes(text: string): readonly number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
