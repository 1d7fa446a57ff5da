/** How a value is compared: ASCII case-insensitive, `*` for any run of characters. One meaning for every engine. */

/** `A`-`Z` become `a`-`z`; every other character stays, so that no locale or Unicode table changes a match. */
export function foldAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (run) => run.toLowerCase()) : text;
}

/**
 * Where a text stands in another, as `foldAscii` compares them: at or behind `from`, -1 for nowhere. The other is not
 * folded for it: that would be a copy, and of a long one much of the time.
 */
export function finder(wanted: string): (text: string, from?: number) => number {
  const source = wanted.replace(/./gs, (unit) =>
    /[A-Za-z]/.test(unit) ? `[${unit.toLowerCase()}${unit.toUpperCase()}]` : inRegExp(unit),
  );
  const regExp = new RegExp(source, 'g');
  return (text, from = 0) => {
    regExp.lastIndex = from;
    return regExp.test(text) ? regExp.lastIndex - wanted.length : -1;
  };
}

function inRegExp(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * What a pattern asks of a text, folded. `exact`: the whole text. `pieces`: it starts with `prefix`, ends with
 * `suffix`, and holds `middle` in this order in between, none overlapping another.
 */
export type Pieces =
  | { readonly exact: string }
  | {
      readonly exact: null;
      readonly prefix: string;
      readonly middle: readonly string[];
      readonly suffix: string;
    };

export function pieces(pattern: string, wildcard: boolean): Pieces {
  const parts = foldAscii(pattern).split('*');
  if (!wildcard || parts.length === 1) return { exact: foldAscii(pattern) };
  return {
    exact: null,
    prefix: parts[0]!,
    middle: parts.slice(1, -1).filter((part) => part !== ''),
    suffix: parts.at(-1)!,
  };
}

/**
 * A test of one value. Characters are whole code points: a pattern with half of a surrogate pair matches nothing.
 * Time is linear in the value's length for a given pattern, whatever the pattern.
 */
export function compilePattern(pattern: string, wildcard: boolean): (text: string) => boolean {
  if (!pattern.isWellFormed()) return () => false;
  const wanted = pieces(pattern, wildcard);
  if (wanted.exact !== null) {
    const { exact } = wanted;
    return (text) => text.length === exact.length && foldAscii(text) === exact;
  }
  const { prefix, suffix } = wanted;
  const middle = wanted.middle.map((part) => ({ length: part.length, find: finder(part) }));
  return (text) => {
    const end = text.length - suffix.length;
    if (end < prefix.length) return false;
    if (foldAscii(text.slice(0, prefix.length)) !== prefix || foldAscii(text.slice(end)) !== suffix)
      return false;
    let at = prefix.length;
    for (const { length, find } of middle) {
      const found = find(text, at);
      if (found < 0) return false;
      at = found + length;
    }
    return at <= end;
  };
}
