import type { Json } from '../record/types.ts';
import { isSealShaped, setMember } from './draft.ts';
import type { Flag } from './flags.ts';
import { clean } from './text.ts';

export interface JsonReading {
  /** The value, or what of it was read before the text ended or went wrong; null when nothing was. */
  readonly value: Json | null;
  /** Offset behind the last character that was read. */
  readonly end: number;
  readonly state: 'whole' | 'truncated' | 'broken';
}

/**
 * Containers inside containers beyond this are kept as JSON text: a record's details may go a little deeper.
 */
export const MAX_NESTING = 12;

/** Literals with at most so many significant digits come back from a double as they were written. */
const EXACT_DIGITS = 15;

const NUMBER_LIKE = /[-+.eE0-9]+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * Reads the JSON value (RFC 8259) at `from`, such that a record can hold the result: nothing is refused or
 * lost in silence. Numbers that a double cannot hold stay text, a name that repeats in an object gets a list,
 * what nests too deep or looks like a seal stays JSON text; `flags` receives what happened. Linear in the
 * length of the text.
 */
export function readJson(text: string, from: number, flags: Set<Flag>): JsonReading {
  const reader = new JsonReader(text, from, flags);
  const value = reader.value(0);
  return { value: value ?? null, end: reader.at, state: reader.state };
}

class JsonReader {
  at: number;
  state: JsonReading['state'] = 'whole';
  readonly #text: string;
  readonly #flags: Set<Flag>;

  constructor(text: string, from: number, flags: Set<Flag>) {
    this.#text = text;
    this.at = from;
    this.#flags = flags;
  }

  /** Undefined when nothing could be read; `state` then says why. */
  value(depth: number): Json | undefined {
    this.#blanks();
    const char = this.#text[this.at];
    if (char === '"') return this.#string();
    if (char === '{' || char === '[') {
      if (depth >= MAX_NESTING) return this.#asText();
      return char === '{' ? this.#object(depth) : this.#list(depth);
    }
    return this.#scalar();
  }

  #object(depth: number): Json {
    const from = this.at;
    const out: Record<string, Json> = {};
    const repeated = new Map<string, Json[]>();
    this.at++;
    this.#items('}', () => {
      this.#blanks();
      const name = this.#text[this.at] === '"' ? this.#string() : this.#fail();
      if (name === undefined || !this.#expect(':')) return;
      const value = this.value(depth + 1);
      if (value !== undefined) this.#member(out, repeated, name, value);
    });
    if (!isSealShaped(out)) return out;
    this.#flags.add('nested-as-text');
    return clean(this.#text.slice(from, this.at), this.#flags);
  }

  #member(out: Record<string, Json>, repeated: Map<string, Json[]>, name: string, value: Json): void {
    if (!Object.hasOwn(out, name)) {
      setMember(out, name, value);
      return;
    }
    this.#flags.add('duplicate-key');
    let list = repeated.get(name);
    if (list === undefined) {
      list = [out[name]!];
      repeated.set(name, list);
      setMember(out, name, list);
    }
    list.push(value);
  }

  #list(depth: number): Json {
    const out: Json[] = [];
    this.at++;
    this.#items(']', () => {
      const value = this.value(depth + 1);
      if (value !== undefined) out.push(value);
    });
    return out;
  }

  /** Reads items between commas up to `close`, as long as all goes well. */
  #items(close: string, item: () => void): void {
    this.#blanks();
    if (this.#text[this.at] === close) {
      this.at++;
      return;
    }
    while (this.state === 'whole') {
      item();
      if (this.state !== 'whole') return;
      this.#blanks();
      const char = this.#text[this.at];
      if (char === ',' || char === close) this.at++;
      else this.#fail();
      if (char === close) return;
    }
  }

  #string(): string | undefined {
    const from = this.at + 1;
    const quote = this.#text.indexOf('"', from);
    if (quote === -1) return this.#end();
    const plain = this.#text.slice(from, quote);
    if (!plain.includes('\\')) {
      this.at = quote + 1;
      return clean(plain, this.#flags);
    }
    return this.#escaped(from);
  }

  #escaped(from: number): string | undefined {
    const parts: string[] = [];
    let start = from;
    for (let at = from; at < this.#text.length; at++) {
      const char = this.#text.charCodeAt(at);
      if (char === 0x22) {
        parts.push(this.#text.slice(start, at));
        this.at = at + 1;
        return clean(parts.join(''), this.#flags);
      }
      if (char !== 0x5c) continue;
      parts.push(this.#text.slice(start, at));
      const meant = this.#escape(at + 1);
      if (meant === undefined) return undefined;
      parts.push(meant);
      at += this.#text[at + 1] === 'u' ? 5 : 1;
      start = at + 1;
    }
    return this.#end();
  }

  /** What the escape whose letter stands at `at` means. */
  #escape(at: number): string | undefined {
    const letter = this.#text[at];
    if (letter === undefined) return this.#end();
    if (letter !== 'u') return ESCAPES.get(letter) ?? this.#fail();
    const digits = this.#text.slice(at + 1, at + 5);
    if (/^[0-9a-fA-F]{4}$/.test(digits)) return String.fromCharCode(Number.parseInt(digits, 16));
    return /^[0-9a-fA-F]{0,3}$/.test(digits) && at + 5 > this.#text.length ? this.#end() : this.#fail();
  }

  #scalar(): Json | undefined {
    for (const [word, meaning] of WORDS) {
      if (this.#text.startsWith(word, this.at)) {
        this.at += word.length;
        return meaning;
      }
      if (word.startsWith(this.#text.slice(this.at, this.at + word.length))) return this.#end();
    }
    NUMBER_LIKE.lastIndex = this.at;
    // At the very end there is no telling whether more of a number was to follow.
    if (NUMBER_LIKE.test(this.#text) && NUMBER_LIKE.lastIndex === this.#text.length) return this.#end();
    NUMBER.lastIndex = this.at;
    const literal = NUMBER.exec(this.#text)?.[0];
    if (literal === undefined) return this.#fail();
    this.at += literal.length;
    return this.#number(literal);
  }

  #number(literal: string): Json {
    const value = Number(literal);
    const digits = literal
      .replace(/[eE].*$/, '')
      .replace(/[^0-9]/g, '')
      .replace(/^0+/, '');
    const exact = digits.length <= EXACT_DIGITS || String(value) === literal;
    if (exact && Math.abs(value) <= Number.MAX_SAFE_INTEGER && !Object.is(value, -0)) return value;
    this.#flags.add('number-as-text');
    return literal;
  }

  /** The container at `at`, unread, as its own text. */
  #asText(): string | undefined {
    const from = this.at;
    this.#flags.add('nested-as-text');
    for (let depth = 0; this.at < this.#text.length; this.at++) {
      const char = this.#text.charCodeAt(this.at);
      if (char === 0x22) {
        if (this.#string() === undefined) return undefined;
        this.at--;
      } else if (char === 0x7b || char === 0x5b) depth++;
      else if ((char === 0x7d || char === 0x5d) && --depth === 0) {
        this.at++;
        return clean(this.#text.slice(from, this.at), this.#flags);
      }
    }
    return this.#end();
  }

  #expect(char: string): boolean {
    this.#blanks();
    if (this.#text[this.at] !== char) {
      this.#fail();
      return false;
    }
    this.at++;
    return true;
  }

  #blanks(): void {
    for (;;) {
      const char = this.#text.charCodeAt(this.at);
      if (char !== 0x20 && char !== 0x09 && char !== 0x0a && char !== 0x0d) return;
      this.at++;
    }
  }

  /** Nothing fits here: the text has ended, or it is no JSON. */
  #fail(): undefined {
    this.state = this.at >= this.#text.length ? 'truncated' : 'broken';
    return undefined;
  }

  #end(): undefined {
    this.at = this.#text.length;
    this.state = 'truncated';
    return undefined;
  }
}
