import type { Field } from './fields.ts';

/**
 * The format escapes nothing. What it cannot carry is written as `%:`, then the text with each bracket,
 * percent sign, line separator and control character but the tab as `%XX` of its UTF-8 bytes. A text that
 * begins like an encoded one is encoded.
 */
const MARK = '%:';
/** Carries a field whose name the format has no way to write: `[Encoded.field=%:name=value]`. */
export const CARRIER = 'Encoded.field';

const HARMFUL = /[[\]\u2028\u2029]|(?!\t)\p{Cc}/u;
const ENCODED = /(?:[[\]%\u2028\u2029]|(?!\t)\p{Cc})+/gu;
const ENCODED_IN_NAME = /(?:[[\]%=\u2028\u2029]|(?!\t)\p{Cc})+/gu;

/** Whether a text can be written as it stands: it ends no field and no line, and does not look encoded. */
export function isPlain(text: string): boolean {
  return !text.startsWith(MARK) && !HARMFUL.test(text);
}

export function encode(text: string): string {
  return MARK + percent(text, ENCODED);
}

/** The value of a carrier. */
export function encodeField(name: string, value: string): string {
  return `${MARK}${percent(name, ENCODED_IN_NAME)}=${percent(value, ENCODED)}`;
}

/** A field as it was meant. */
export interface MeantField extends Field {
  /** Its value stood in encoded form: it is never a word for no value. */
  readonly encoded: boolean;
  /** Its name too: it is never a member of the record, whatever it is called. */
  readonly carried: boolean;
}

/** What a written field means. Only what `encode` and `encodeField` write is encoded, all else is literal. */
export function meant({ name, value }: Field): MeantField {
  const literal = { name, value, encoded: false, carried: false };
  if (!value.startsWith(MARK)) return literal;
  if (name === CARRIER) {
    const at = value.indexOf('=');
    const inner = decode(value.slice(MARK.length, at));
    const content = decode(value.slice(at + 1));
    if (at === -1 || inner === null || content === null || encodeField(inner, content) !== value)
      return literal;
    return { name: inner, value: content, encoded: true, carried: true };
  }
  const content = decode(value.slice(MARK.length));
  if (content === null || encode(content) !== value) return literal;
  return { name, value: content, encoded: true, carried: false };
}

function percent(text: string, which: RegExp): string {
  return text.replace(which, (run) => encodeURIComponent(run));
}

function decode(text: string): string | null {
  if (text.includes('%00')) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // thrown for exactly one reason: the escapes are not UTF-8
  }
}
