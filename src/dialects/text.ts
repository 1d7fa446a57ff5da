import { toBase64 } from '../crypto/bytes.ts';
import type { Raw } from '../record/types.ts';
import type { Flag } from './flags.ts';

/**
 * What bytes say: `text` is fit for fields (well-formed, without NUL), `raw` gives the bytes back exactly.
 */
export interface Decoded {
  readonly text: string;
  readonly raw: Raw;
  readonly flags: readonly Flag[];
}

const NONE: readonly Flag[] = [];
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Decodes UTF-8, replacing what is invalid or NUL by U+FFFD and saying so. Never throws. */
export function decode(bytes: Uint8Array): Decoded {
  const text = lenient.decode(bytes);
  const nul = text.includes('\0');
  const invalid = text.includes('\uFFFD') && !isUtf8(bytes);
  if (!nul && !invalid) return { text, raw: { text }, flags: NONE };
  const flags: Flag[] = [];
  if (invalid) flags.push('invalid-utf8');
  if (nul) flags.push('nul-byte');
  return { text: nul ? text.replaceAll('\0', '\uFFFD') : text, raw: { base64: toBase64(bytes) }, flags };
}

/** `text` as a record may hold it: half surrogates and NUL become U+FFFD, each noted in `flags`. */
export function clean(text: string, flags: Set<Flag>): string {
  let out = text;
  if (!out.isWellFormed()) {
    flags.add('lone-surrogate');
    out = out.toWellFormed();
  }
  if (out.includes('\0')) {
    flags.add('nul-byte');
    out = out.replaceAll('\0', '\uFFFD');
  }
  return out;
}

/** The first at most `max` UTF-16 units of `text`, never half of a surrogate pair. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

export function isBlank(text: string): boolean {
  return text.trim() === '' || text === '\uFEFF';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false; // the decoder throws for exactly one reason: the bytes are not UTF-8
  }
}
