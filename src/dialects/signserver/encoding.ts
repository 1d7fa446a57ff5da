import { fromBase64, fromUtf8, toBase64, utf8 } from '../../crypto/bytes.ts';
import type { Flag } from '../flags.ts';
import { clean } from '../text.ts';

/** How an encoded text begins; CESeCore reads it in any case. */
export const ENCODED: RegExp = /^B64:/i;

/**
 * `B64:` and base64 of the UTF-8 bytes: what CESeCore's `Base64PutHashMap` makes of values that its XML
 * should not hold as they stand.
 */
export function encodeText(text: string): string {
  return `B64:${toBase64(utf8(text))}`;
}

/** The text that was encoded; null when it is not exactly what `encodeText` writes. */
export function decodeText(encoded: string): string | null {
  const bytes = fromBase64(encoded.slice('B64:'.length));
  if (bytes === null) return null;
  try {
    return fromUtf8(bytes);
  } catch {
    return null; // thrown for one reason: the bytes are not UTF-8
  }
}

/** What a value says. One that begins so and is not encoded stays as it is; either leaves a flag. */
export function readValue(value: string, flags: Set<Flag>): string {
  if (!ENCODED.test(value)) return value;
  const text = value.length === 'B64:'.length ? null : decodeText(value);
  flags.add(text === null ? 'malformed-value' : 'encoded-value');
  return text === null ? value : clean(text, flags);
}
