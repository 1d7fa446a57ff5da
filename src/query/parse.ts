import { utf8 } from '../crypto/bytes.ts';
import type { QueryError } from '../errors.ts';
import type { Filter, NumberField } from './ast.ts';
import { checkBounds, MAX_QUERY_BYTES, MAX_QUERY_DEPTH, MAX_QUERY_TERMS } from './bounds.ts';
import { isNumberField, isTextField, nearestField, OBJECT_KINDS } from './fields.ts';
import { Scanner, type Value } from './scanner.ts';
import { parseTime, type TimeSpan } from './time.ts';

export interface ParseOptions {
  /** The present, ms since 1970, for times as `-24h`. Without it they are refused. */
  readonly now?: number;
}

/**
 * Reads query text as `docs/query.md` defines it. Empty text gives the filter that matches everything.
 *
 * @throws QueryError QUERY_INVALID; `context.at` is the offset in the text, `context.suggestion` the field probably
 * meant where a name is unknown.
 */
export function parseQuery(text: string, options: ParseOptions = {}): Filter {
  return new Parser(text, options.now).parse();
}

class Parser {
  readonly #scan: Scanner;
  readonly #now: number | undefined;
  #terms = 0;

  constructor(text: string, now: number | undefined) {
    this.#scan = new Scanner(text);
    this.#now = now;
  }

  parse(): Filter {
    const scan = this.#scan;
    if (scan.text.length > MAX_QUERY_BYTES || utf8(scan.text).length > MAX_QUERY_BYTES) {
      throw scan.fail(`a query is at most ${MAX_QUERY_BYTES} bytes long`, 0);
    }
    if (!scan.text.isWellFormed()) throw scan.fail('a query holds no half of a surrogate pair', 0);
    scan.skipBlanks();
    if (scan.atEnd) return { kind: 'all' };
    const filter = this.#or(0);
    if (!scan.atEnd) throw scan.fail('this parenthesis closes nothing');
    checkBounds(filter);
    return filter;
  }

  #or(depth: number): Filter {
    const of = [this.#and(depth)];
    while (this.#scan.takeWord('OR')) of.push(this.#and(depth));
    return of.length === 1 ? of[0]! : { kind: 'or', of };
  }

  #and(depth: number): Filter {
    const scan = this.#scan;
    const of: Filter[] = [];
    for (;;) {
      scan.skipBlanks();
      const explicit = of.length > 0 && scan.takeWord('AND');
      scan.skipBlanks();
      if (!explicit && of.length > 0 && this.#atEndOfAnd()) break;
      of.push(this.#not(depth));
    }
    return of.length === 1 ? of[0]! : { kind: 'and', of };
  }

  #atEndOfAnd(): boolean {
    const scan = this.#scan;
    if (scan.atEnd || scan.peek() === ')') return true;
    const at = scan.at;
    const isOr = scan.takeWord('OR');
    scan.at = at;
    return isOr;
  }

  #not(depth: number): Filter {
    const scan = this.#scan;
    const at = scan.at;
    if (scan.takeWord('NOT')) scan.skipBlanks();
    else if (!scan.take('-')) return this.#primary(depth);
    if (scan.atEnd || /[\s)-]/.test(scan.peek())) {
      throw scan.fail('- excludes the term right behind it; put a plain hyphen in quotes', at);
    }
    return { kind: 'not', of: this.#primary(depth) };
  }

  #primary(depth: number): Filter {
    const scan = this.#scan;
    const at = scan.at;
    if (!scan.take('(')) return this.#term();
    if (depth === MAX_QUERY_DEPTH) throw scan.fail(`a query nests at most ${MAX_QUERY_DEPTH} deep`, at);
    const inner = this.#or(depth + 1);
    if (!scan.take(')')) throw scan.fail('the parenthesis that opens here is never closed', at);
    return inner;
  }

  #term(): Filter {
    const scan = this.#scan;
    const at = scan.at;
    if (++this.#terms > MAX_QUERY_TERMS) {
      throw scan.fail(`a query has at most ${MAX_QUERY_TERMS} terms`, at);
    }
    for (const keyword of ['AND', 'OR', 'NOT']) {
      if (scan.takeWord(keyword)) {
        throw scan.fail(`${keyword} needs a term on either side; put the plain word in quotes`, at);
      }
    }
    const head = scan.peek() === '"' ? null : scan.takeHead();
    if (head === null) return this.#free(at);
    const { name, part, operator } = head;
    if (isNumberField(name) && part === null) return this.#range(name, operator);
    const make = this.#matcherOf(name, part);
    if (make === null) throw this.#unknown(name, part, at);
    if (operator !== ':') throw scan.fail(`${name} has no order: write ${name}:value`, at);
    const { text: pattern, wildcard } = scan.value();
    return make(pattern, wildcard);
  }

  #unknown(name: string, part: string | null, at: number): QueryError {
    const scan = this.#scan;
    if (name === 'details') return scan.fail('which field of details? write details.NAME:value', at);
    if (part !== null && this.#matcherOf(name, null) !== null) {
      return scan.fail(`${name} has no parts: write ${name}:value`, at);
    }
    const near = nearestField(name);
    const hint = near === null ? '' : `; did you mean ${near}:`;
    const way = 'put text that holds a colon in quotes';
    return scan.fail(`there is no field ${name}${hint}; ${way}`, at, near ?? undefined);
  }

  /** What a field that compares with a pattern makes of it, or null for a field that does not exist. */
  #matcherOf(name: string, part: string | null): ((pattern: string, wildcard: boolean) => Filter) | null {
    if (name === 'details' && part !== null) {
      return (pattern, wildcard) => ({ kind: 'detail', name: part, pattern, wildcard });
    }
    if (name === 'object') {
      return (pattern, wildcard) => ({ kind: 'object', object: part, pattern, wildcard });
    }
    if (part !== null) return null;
    if (OBJECT_KINDS.includes(name)) {
      return (pattern, wildcard) => ({ kind: 'object', object: name, pattern, wildcard });
    }
    if (isTextField(name)) return (pattern, wildcard) => ({ kind: 'text', field: name, pattern, wildcard });
    return null;
  }

  #free(at: number): Filter {
    const scan = this.#scan;
    const isQuoted = scan.peek() === '"';
    const operator = /^(?::|[<>]=)/.exec(scan.text.slice(at, at + 2));
    if (operator !== null) {
      const rule = `there is no blank between a field and its ${operator[0]}`;
      throw scan.fail(`${rule}; put text that begins so in quotes`, at);
    }
    const { text, wildcard } = scan.value();
    if (!isQuoted && wildcard && text === '*') return { kind: 'all' };
    if (wildcard)
      throw scan.fail('free text is found anywhere and has no wildcard: write \\* for a star', at);
    if (text === '') throw scan.fail('free text must not be empty', at);
    const compared = isQuoted ? null : /^([A-Za-z]+)[<>=]/.exec(text);
    if (compared && isNumberField(compared[1]!.toLowerCase())) {
      throw scan.fail(
        `bounds are inclusive: write ${compared[1]}>=, ${compared[1]}<= or ${compared[1]}:`,
        at,
      );
    }
    return { kind: 'free', text };
  }

  #range(field: NumberField, operator: string): Filter {
    const { text, wildcard, at } = this.#scan.value();
    if (wildcard) throw this.#scan.fail(`${field} has no wildcard: write bounds`, at);
    const ends = operator === ':' ? text.split('..') : [text];
    const first = this.#bound(field, ends[0]!, at);
    const last = ends.length === 2 ? this.#bound(field, ends[1]!, at) : first;
    if (ends.length > 2) throw this.#scan.fail(`a range of ${field} has two ends`, at);
    if (operator === '>=') return { kind: 'range', field, min: first.min };
    if (operator === '<=') return { kind: 'range', field, max: first.max };
    if (last.max < first.min) throw this.#scan.fail('the range ends before it begins', at);
    return { kind: 'range', field, min: first.min, max: last.max };
  }

  #bound(field: NumberField, text: string, at: Value['at']): TimeSpan {
    if (field !== 'seq') {
      const span = parseTime(text, this.#now);
      if (typeof span === 'string') throw this.#scan.fail(`"${text}" ${span}`, at);
      return span;
    }
    const seq = Number(text);
    if (!/^(0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(seq)) {
      throw this.#scan.fail(`"${text}" is not a record number`, at);
    }
    return { min: seq, max: seq };
  }
}
