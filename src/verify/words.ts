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
