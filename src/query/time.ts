/** Points in time as a query writes them. A time names the whole unit it is written to, as a day or a second. */

/** First and last millisecond, both inclusive, ms since 1970-01-01T00:00:00Z. */
export interface TimeSpan {
  readonly min: number;
  readonly max: number;
}

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?(Z|[+-]\d{2}:\d{2})?$/;
const RELATIVE = /^-(\d{1,9})(ms|s|m|h|d|w)$/;
const EPOCH = /^@(0|-?[1-9]\d{0,15})$/;
const UNIT_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;

/**
 * Reads a date (`2026-10-01`: that day in UTC, or with a zone in that zone), a date and time with its zone, `@` and
 * milliseconds since 1970, `now`, or a distance back from now (`-24h`).
 *
 * @param now ms since 1970; without it `now` and distances are refused.
 * @returns the span, or what is wrong with the text as a sentence's end.
 */
export function parseTime(text: string, now: number | undefined): TimeSpan | string {
  const epoch = EPOCH.exec(text);
  if (epoch) {
    const ms = Number(epoch[1]);
    return Number.isSafeInteger(ms) ? { min: ms, max: ms } : 'is out of range';
  }
  const relative = RELATIVE.exec(text);
  if (relative || text === 'now') {
    if (now === undefined) return 'depends on the present, which is not known here: write an absolute time';
    const back = relative ? Number(relative[1]) * UNIT_MS[relative[2] as keyof typeof UNIT_MS] : 0;
    return { min: now - back, max: now - back };
  }
  return parseDateTime(text);
}

function parseDateTime(text: string): TimeSpan | string {
  const m = DATE_TIME.exec(text);
  if (!m) return 'is not a time: write 2026-10-01, 2026-10-01T08:30:00Z, 2026-10-01T08:30+03:00 or -24h';
  const [, year, month, day, hour, minute, second, fraction, zone] = m;
  if (hour !== undefined && zone === undefined) {
    return 'has no zone: end it with Z for UTC, or with an offset as +03:00';
  }
  const offset = zoneOffset(zone ?? 'Z');
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const dateExists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!dateExists || Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) {
    return 'is not in the calendar';
  }
  if (offset === null) return 'has a zone that does not exist';
  const min =
    date.getTime() +
    Number(hour ?? 0) * UNIT_MS.h +
    Number(minute ?? 0) * UNIT_MS.m +
    Number(second ?? 0) * UNIT_MS.s +
    Number((fraction ?? '').padEnd(3, '0')) -
    offset;
  return { min, max: min + unit(hour, second, fraction) - 1 };
}

/** Offset from UTC in ms, or null. */
function zoneOffset(zone: string): number | null {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  if (hours > 23 || minutes > 59) return null;
  return (zone[0] === '-' ? -1 : 1) * (hours * UNIT_MS.h + minutes * UNIT_MS.m);
}

/** Length of the smallest unit written, in ms. */
function unit(hour: string | undefined, second: string | undefined, fraction: string | undefined): number {
  if (hour === undefined) return UNIT_MS.d;
  if (second === undefined) return UNIT_MS.m;
  return fraction === undefined ? UNIT_MS.s : 10 ** (3 - fraction.length);
}

/** The text that `parseTime` reads back as exactly this millisecond. */
export function formatTime(ms: number): string {
  const text = Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : '';
  return /^\d{4}-/.test(text) ? text : `@${ms}`;
}
