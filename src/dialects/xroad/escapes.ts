/**
 * JSON as releases since 7.3 write it (Jackson, ASCII only): what is not ASCII as `\uXXXX` in upper-case
 * digits, controls by their short escapes where they have one; `/`, `<`, `>`, `&`, `=` and DEL stand for
 * themselves.
 */
export function quote(text: string): string {
  return `"${text.replace(ESCAPED, escapeUnit)}"`;
}

/** All but ASCII from the blank on, without the quote and the backslash. */
const ESCAPED = /[^ !#-[\]-\u007f]/g;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
]);

function escapeUnit(unit: string): string {
  return SHORT.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * Correlation ids are hex digits; whatever else one holds is written as `%` and the digits of its UTF-8
 * bytes.
 */
const UNSAFE = /[^\w.:/+=@,;-]/gu;

export function encodeId(id: string): string {
  return id.replace(UNSAFE, encodeURIComponent);
}

/** What `encodeId` made this of; null when it made it of nothing, and it is to be taken as it stands. */
export function decodeId(text: string): string | null {
  if (!text.includes('%')) return null;
  try {
    const id = decodeURIComponent(text);
    return encodeId(id) === text ? id : null;
  } catch {
    return null; // a stray `%`
  }
}
