/**
 * Everything that could make a terminal or a page show something other than what is written: control characters and escape
 * sequences (Cc), half surrogates and code points without a meaning (Cs, Co, Cn), line and paragraph separators, and
 * whatever has no shape of its own: bidirectional controls, zero-width characters, fillers, tags. And of the marks on one
 * letter all but the first six: stacked, they paint over what stands above and below, and no word needs so many.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?<=\p{M}{6})\p{M}/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text of unknown origin as one line for a terminal or a page: what could deceive is shown as `\n`, `\x1b` or `\u{202e}`. A
 * backslash stays as it is, so the text can be read but not always told apart from its escaped form; programs use
 * `--json`.
 */
export function safeText(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** As `safeText`, but line feeds still end lines. */
export function safeLines(text: string): string[] {
  return text.split('\n').map(safeText);
}

/** A value as JSON that says the same to a program and that no terminal acts upon. */
export function safeJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, null, indent));
}

/** The same JSON text, with what could deceive a terminal written as `\u` escapes. Line feeds between members stay. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE, (found) => (found === '\n' ? found : units(found)));
}

function escapeOne(found: string): string {
  const code = found.codePointAt(0) as number;
  if (code < 0x100) return SHORT[found] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

/** `\uXXXX` for each UTF-16 unit, as JSON has it. */
function units(found: string): string {
  let out = '';
  for (let i = 0; i < found.length; i++) out += `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
}
