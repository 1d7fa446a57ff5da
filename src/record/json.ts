import { isExact } from './exact.ts';
import { readJson } from './json-reader.ts';
import { type Json, MAX_DEPTH } from './types.ts';

/**
 * Reads JSON strictly: what `JSON.parse` takes, and besides no object with two members of one name (`JSON.parse`
 * would keep the last without a word, RFC 8785 section 3.1 forbids them) and no nesting beyond `MAX_DEPTH`.
 * Throws `RecordError` JSON_INVALID, the offset in `context.at`; the message never quotes the input.
 */
export function parseJson(text: string): Json {
  return parse(text, false);
}

/** As `parseJson`, of what a producer sends: refuses besides a number that would lose digits, see `isExact`. */
export function parseExact(text: string): Json {
  return parse(text, true);
}

function parse(text: string, exact: boolean): Json {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's own error is let go: it quotes the input, and often does not say where.
    return readJson(text, exact);
  }
  return countMembers(value, 0) === countNames(text, exact) ? value : readJson(text, exact);
}

/** Whether a value is an object, and not an instance of a class: a Date or a Map would leave no trace in the bytes. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Members of all objects in a value; NaN, which equals no count, when it nests too deep. */
function countMembers(value: Json, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= MAX_DEPTH) return Number.NaN;
  let n = 0;
  if (Array.isArray(value)) {
    for (const item of value) n += countMembers(item, depth + 1);
    return n;
  }
  const object = value as Record<string, Json>;
  for (const name in object) n += 1 + countMembers(object[name] as Json, depth + 1);
  return n;
}

/**
 * Names in a text that is JSON: each is followed by a colon, and outside strings nothing else is. NaN when a name
 * holds an escape: V8 12.8 and later may read such a name as another one that it met before in the same place
 * (nodejs/node issue 63785), so that anybody's record could change the names in the next one's.
 *
 * @param exact whether a number that is not (`isExact`) gives NaN, too.
 */
function countNames(text: string, exact: boolean): number {
  let names = 0;
  let at = 0;
  let backslash = text.indexOf('\\');
  let escaped = false;
  for (;;) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    for (let i = at; i < end; i++) {
      const unit = text.charCodeAt(i);
      if (unit === 0x3a) {
        if (escaped) return Number.NaN;
        names++;
      } else if (exact && (unit === 0x2e || unit === 0x65 || unit === 0x45) && isDigit(text, i - 1)) {
        // Whole numbers without an exponent need no look: rules keep them where each has its double.
        let start = i - 1;
        while (isDigit(text, start - 1)) start--;
        while (i + 1 < end && IN_NUMBER.includes(text.charAt(i + 1))) i++;
        if (!isExact(text.slice(start, i + 1))) return Number.NaN;
      }
    }
    if (quote < 0) return names;
    at = endOfString(text, quote + 1);
    escaped = backslash >= 0 && backslash < at;
    if (escaped) backslash = text.indexOf('\\', at);
  }
}

/** What may follow within a number. */
const IN_NUMBER = '0123456789.eE+-';

function isDigit(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0x30 && unit <= 0x39;
}

/** Offset behind the quote that closes the string whose content starts at `at`. */
function endOfString(text: string, at: number): number {
  for (;;) {
    const quote = text.indexOf('"', at);
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    at = quote + 1;
    // Backslashes are counted back to the opening quote at the furthest, for that is not one.
    if (backslashes % 2 === 0) return at;
  }
}
