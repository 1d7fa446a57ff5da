import { QueryError } from '../errors.ts';

/** A value as written: escapes resolved, and what a `*` in it stands for. */
export interface Value {
  readonly text: string;
  /** `*` stands for any run of characters. False also when there is none. */
  readonly wildcard: boolean;
  readonly at: number;
}

/** Characters that end a bare word. `\` takes the next character along; `unescape` says which ones it may. */
const BARE = /(?:\\\S|[^\s"()\\])+/y;
const QUOTED = /"((?:\\.|[^"\\])*)"/sy;
const BLANK = /\s*/y;
const HEAD = /([A-Za-z][A-Za-z0-9_.-]*)(:|>=|<=)/y;
const NAMED_HEAD = /(details|object)\.(?=")/iy;

/** Reads the smallest parts of a query text, from left to right. Offsets are in UTF-16 units. */
export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string {
    return this.text.charAt(this.at);
  }

  skipBlanks(): void {
    this.#match(BLANK);
  }

  /** Takes the character when it is next. */
  take(char: string): boolean {
    if (this.peek() !== char) return false;
    this.at++;
    return true;
  }

  /** Takes the keyword when it stands here as a word of its own. */
  takeWord(word: string): boolean {
    const end = this.at + word.length;
    if (!this.text.startsWith(word, this.at)) return false;
    if (end < this.text.length && !/[\s()"]/.test(this.text.charAt(end))) return false;
    this.at = end;
    return true;
  }

  /** Takes `name:`, `name>=` or `name<=`, also `details."any name":`; null when a word of another kind follows. */
  takeHead(): { readonly name: string; readonly part: string | null; readonly operator: string } | null {
    const start = this.at;
    const named = this.#match(NAMED_HEAD);
    if (named) {
      const part = this.quoted();
      if (part.wildcard) throw this.fail('a name has no wildcard: write \\* for a star in it', part.at);
      if (!this.take(':')) throw this.fail('a colon must follow the name');
      return { name: named[1]!.toLowerCase(), part: part.text, operator: ':' };
    }
    const head = this.#match(HEAD);
    if (!head) return null;
    const [name, ...rest] = head[1]!.split('.');
    if (rest.length > 0 && rest.join('.') === '') throw this.fail('a name must follow the dot', start);
    return {
      name: name!.toLowerCase(),
      part: rest.length > 0 ? rest.join('.') : null,
      operator: head[2]!,
    };
  }

  /** A quoted or bare value, which must be followed by a blank, a parenthesis or the end. */
  value(): Value {
    const value = this.peek() === '"' ? this.quoted() : this.bare();
    if (!this.atEnd && !/[\s()]/.test(this.peek())) {
      throw this.fail('a blank must follow here: put the whole value in quotes');
    }
    return value;
  }

  bare(): Value {
    const at = this.at;
    const word = this.#match(BARE);
    if (this.peek() === '(') {
      throw this.fail('parentheses in a value need quotes; for alternatives write a:x OR a:y', at);
    }
    if (!word) throw this.fail('a value is missing here; an empty one is written ""', at);
    return this.#unescape(word[0], at);
  }

  quoted(): Value {
    const at = this.at;
    const quoted = this.#match(QUOTED);
    if (!quoted) throw this.fail('the quote that opens here is never closed', at);
    return this.#unescape(quoted[1]!, at);
  }

  fail(message: string, at: number = this.at, suggestion?: string): QueryError {
    return new QueryError('QUERY_INVALID', `${message} (at character ${at + 1})`, {
      context: { at, ...(suggestion === undefined ? {} : { suggestion }) },
    });
  }

  #unescape(written: string, at: number): Value {
    let stars = 0;
    let literalStars = 0;
    const text = written.replace(/\\(.)|\*/gs, (token, escaped: string | undefined) => {
      if (escaped === undefined) stars++;
      else if (escaped === '*') literalStars++;
      else if (escaped !== '\\' && escaped !== '"') {
        throw this.fail(`\\ may only precede \\, " or *: write \\\\ for a backslash`, at);
      }
      return escaped ?? token;
    });
    if (stars > 0 && literalStars > 0) {
      throw this.fail('a literal \\* and a wildcard * cannot stand in one value', at);
    }
    return { text, wildcard: stars > 0, at };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at = pattern.lastIndex;
    return match;
  }
}
