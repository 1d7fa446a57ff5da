/** How a value is compared: ASCII case-insensitive, `*` for any run of characters. One meaning for every engine. */

/** `A`-`Z` become `a`-`z`; every other character stays, so that no locale or Unicode table changes a match. */
export function foldAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (run) => run.toLowerCase()) : text;
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
  const { prefix, middle, suffix } = wanted;
  return (text) => {
    const folded = foldAscii(text);
    const end = folded.length - suffix.length;
    if (end < prefix.length || !folded.startsWith(prefix) || !folded.endsWith(suffix)) return false;
    let at = prefix.length;
    for (const part of middle) {
      const found = folded.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}
