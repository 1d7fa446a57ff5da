import { utf8 } from '../../crypto/bytes.ts';
import { MAX_NATIVE_BYTES } from '../dialect.ts';

/**
 * Writes values such that the entry is one that can be read back: no longer than `MAX_NATIVE_BYTES`. While it
 * is, the longest value is left out. `write` is given null for each that is.
 */
export function fitting(
  values: readonly string[],
  write: (values: readonly (string | null)[]) => string,
): { readonly text: string; readonly whole: boolean } {
  const kept: (string | null)[] = [...values];
  for (let whole = true; ; whole = false) {
    const text = write(kept);
    // A UTF-16 unit is at most three bytes.
    if (3 * text.length <= MAX_NATIVE_BYTES || utf8(text).length <= MAX_NATIVE_BYTES) return { text, whole };
    const lengths = kept.map((value) => value?.length ?? -1);
    const longest = lengths.indexOf(Math.max(...lengths));
    if (lengths[longest] === -1) return { text, whole };
    kept[longest] = null;
  }
}
