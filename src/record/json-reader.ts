import { RecordError } from '../errors.ts';
import { isExact } from './exact.ts';
import { type Json, MAX_DEPTH } from './types.ts';

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Reads strict JSON character by character: several times slower than the engine, but it knows where it stands, and
 * sees every name as it was sent. Throws `RecordError` JSON_INVALID for the first fault, its offset (in UTF-16 units)
 * in `context.at`; the message quotes nothing of the text.
 *
 * @param exact whether a number that is not (`isExact`) is a fault, too.
 */
export function readJson(text: string, exact: boolean): Json {
  return new Reader(text, exact).document();
}

class Reader {
  readonly #text: string;
  readonly #exact: boolean;
  #at = 0;

  constructor(text: string, exact: boolean) {
    this.#text = text;
    this.#exact = exact;
  }

  document(): Json {
    const value = this.#value(0);
    if (this.#next() !== '') this.#fail('something follows the end of the JSON');
    return value;
  }

  #value(depth: number): Json {
    const next = this.#next();
    if (next === '"') return this.#string();
    if (next !== '{' && next !== '[') return this.#scalar();
    if (depth >= MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`);
    this.#at++;
    return next === '{' ? this.#object(depth + 1) : this.#list(depth + 1);
  }

  #object(depth: number): Json {
    const members = new Map<string, Json>();
    for (let more = !this.#take('}'); more; more = this.#more('}')) {
      if (this.#next() !== '"') this.#fail('a name in double quotes was expected');
      const at = this.#at;
      const name = this.#string();
      if (members.has(name)) this.#fail('an object has two members of one name; send each name once', at);
      if (!this.#take(':')) this.#fail('a colon was expected');
      members.set(name, this.#value(depth));
    }
    // Makes own members of all names, `__proto__` included.
    return Object.fromEntries(members);
  }

  #list(depth: number): Json {
    const items: Json[] = [];
    for (let more = !this.#take(']'); more; more = this.#more(']')) items.push(this.#value(depth));
    return items;
  }

  /** Behind a member or an item: whether another follows. */
  #more(end: string): boolean {
    if (this.#take(',')) return true;
    if (this.#take(end)) return false;
    return this.#fail(`a comma or ${end} was expected`);
  }

  #scalar(): Json {
    const start = this.#at;
    if (!this.#match(SCALAR)) this.#fail('a value was expected');
    const literal = this.#text.slice(start, this.#at);
    const value: Json = JSON.parse(literal);
    if (this.#exact && typeof value === 'number' && !isExact(literal))
      this.#fail('a number has more digits than are kept of it; send it as a string', start);
    return value;
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(unit)) this.#fail('a string has no end');
      if (unit < 0x20) this.#fail('a control character in a string must be escaped');
      if (unit === 0x5c) {
        if (!this.#match(ESCAPE)) this.#fail('a backslash in a string begins no escape');
      } else {
        this.#at++;
        if (unit === 0x22) return JSON.parse(this.#text.slice(start, this.#at));
      }
    }
  }

  /** The character behind white space; empty at the end of the text. */
  #next(): string {
    this.#match(SPACE);
    return this.#text.charAt(this.#at);
  }

  #take(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.test(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #fail(rule: string, at: number = this.#at): never {
    const early = at >= this.#text.length ? 'the text ends too early: ' : '';
    throw new RecordError('JSON_INVALID', `${early}${rule}, at offset ${at}`, { context: { at } });
  }
}
