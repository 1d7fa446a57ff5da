/** Numbers and ranges as people read them. */

/** 1204331 as `1,204,331`. */
export function grouped(n: number): string {
  return n.toLocaleString('en-US');
}

/** `1 record`, `2 records`. */
export function counted(n: number, noun: string, nouns = `${noun}s`): string {
  return `${grouped(n)} ${n === 1 ? noun : nouns}`;
}

/** Records [from, to) in words: `record 7`, `records 7 to 9`; empty when there is none. */
export function recordRange(from: number, to: number): string {
  if (to <= from) return '';
  return to - from === 1 ? `record ${from}` : `records ${from} to ${to - 1}`;
}

/** The last moment that a Date can hold, ms. */
const LAST = 8.64e15;

/** ms since 1970 as `2026-10-05T09:00:02.284Z`. */
export function isoTime(ms: number): string {
  return new Date(Math.min(ms, LAST)).toISOString();
}

/** Of a key that is not known, where something is wrong with records that may tell of keys. */
export const MAY_BE_OWN =
  "it may be the log's own all the same: records that may say which keys seal are not here as they were sealed";
