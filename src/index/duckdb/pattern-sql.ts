import { type Pieces, pieces } from '../../query/mod.ts';

/** The values of a statement, in the order of their placeholders. */
export class Parameters {
  readonly values: (string | number)[] = [];

  text(value: string): string {
    return `$${this.values.push(value)}`;
  }

  /** A safe integer, compared as one: as a DOUBLE it would turn the column into DOUBLE too. */
  integer(value: number): string {
    return `$${this.values.push(value)}::BIGINT`;
  }

  /** 32 hexadecimal digits. */
  digits(value: string): string {
    return `$${this.values.push(value)}::UUID`;
  }
}

/**
 * Whether a folded text, given as an SQL expression, matches a pattern. Time is linear in the text: LIKE with an
 * escape would not be, and `_` and `%` are ordinary characters here.
 */
export function matchSql(text: string, pattern: string, wildcard: boolean, parameters: Parameters): string {
  if (!pattern.isWellFormed()) return 'false';
  const wanted = pieces(pattern, wildcard);
  if (wanted.exact !== null) return `${text} = ${parameters.text(wanted.exact)}`;
  const { prefix, middle, suffix } = wanted;
  if (middle.length === 0 && suffix === '') {
    return prefix === '' ? 'true' : `starts_with(${text}, ${parameters.text(prefix)})`;
  }
  if (middle.length === 0 && prefix === '') return `ends_with(${text}, ${parameters.text(suffix)})`;
  if (middle.length === 1 && prefix === '' && suffix === '') {
    return `contains(${text}, ${parameters.text(middle[0]!)})`;
  }
  return `regexp_matches(${text}, ${parameters.text(wildcardRegex(wanted, quoteRegex))})`;
}

/** RE2 syntax; `quote` says how a piece is written. An end that is open anyway is not anchored. */
export function wildcardRegex(
  { prefix, middle, suffix }: Extract<Pieces, { exact: null }>,
  quote: (text: string) => string,
): string {
  const start = prefix === '' ? [] : [`\\A${quote(prefix)}`];
  const end = suffix === '' ? [] : [`${quote(suffix)}\\z`];
  return `(?s)${[...start, ...middle.map(quote), ...end].join('.*')}`;
}

/** For RE2: ASCII punctuation stands for itself after a backslash, everything else as it is but NUL. */
function quoteRegex(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, '\\$&').replaceAll('\0', '\\x00');
}
