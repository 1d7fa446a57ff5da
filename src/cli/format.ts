/** Numbers, times and ranges as people read them. All of it is made of our own values, so it is safe to print. */

export { counted, grouped, recordRange } from '../verify/words.ts';

/** ISO 8601 in UTC, with its zone: `2026-10-05T09:00:02.284Z`. */
export function utc(ms: number): string {
  return new Date(ms).toISOString();
}

/** At most `max` characters (UTF-16 units), the last an ellipsis when something was cut. */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
