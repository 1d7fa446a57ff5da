import type { ParsedItem, Parser } from './dialect.ts';

/** What `detect` looks at. */
export const HEAD_BYTES: number = 64 * 1024;

/**
 * Which share of the bytes of `head` the parser understood, 0 to 1: bytes rather than lines, since one entry
 * may span many. Blank lines do not count, nor does an entry that the end of `head` cut off, unless it is all
 * there is.
 */
export function share(parser: Parser, head: Uint8Array): number {
  const items = [...parser.push(head.subarray(0, HEAD_BYTES)), ...parser.end()].filter(
    ({ kind }) => kind !== 'blank',
  );
  let understood = 0;
  let all = 0;
  for (const [i, item] of items.entries()) {
    const last = i === items.length - 1;
    if (last && items.length > 1 && isCutOff(item)) continue;
    all += item.end - item.start;
    if (isUnderstood(item, last)) understood += item.end - item.start;
  }
  return all === 0 ? 0 : understood / all;
}

function isUnderstood({ kind, record }: ParsedItem, last: boolean): boolean {
  if (kind === 'header') return true;
  const flags = record?.flags ?? [];
  return !flags.includes('unparsed') && (last || !flags.includes('truncated'));
}

function isCutOff({ record }: ParsedItem): boolean {
  const flags = record?.flags ?? [];
  return flags.includes('unterminated') || flags.includes('truncated');
}
