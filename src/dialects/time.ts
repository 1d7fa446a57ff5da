/** Times as the systems write them, to ms since 1970-01-01T00:00:00Z. */

export interface ReadTime {
  readonly ms: number;
  /** False: no zone is told, or one that means several; `ms` then takes the wall clock as UTC. */
  readonly certain: boolean;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|[+-]\d\d:?\d\d)?$/;

/**
 * `2026-11-20T11:47:18.407+02:00` (RFC 3339) and what comes near it: a blank for the T, a comma before the
 * fraction, `+0200`, no seconds, no time, no zone. Null when the text is none of these or no date.
 */
export function readIso(text: string): ReadTime | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  const ms = utc(
    [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)],
    Math.trunc(Number(fraction.padEnd(3, '0').slice(0, 3))),
  );
  if (ms === null) return null;
  if (zone === undefined) return { ms, certain: false };
  const offset = zoneOffset(zone);
  return offset === null ? null : { ms: ms - offset * 60_000, certain: match[4] !== undefined };
}

const DOGTAG = /^(\d{1,2})\/([^/]{1,16})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?: (.{1,32}))?$/;

const MONTHS: ReadonlyMap<string, number> = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [
    name,
    i + 1,
  ]),
);

/**
 * Zone abbreviations that mean one offset only wherever Java prints them, in minutes. EST, CST, IST, BST and
 * their like are left out on purpose: each stands for several, as does MSK, which was UTC+4 from 2011 to
 * 2014.
 */
const ZONES: ReadonlyMap<string, number> = new Map([
  ['UTC', 0],
  ['GMT', 0],
  ['Z', 0],
  ['WET', 0],
  ['WEST', 60],
  ['CET', 60],
  ['MEZ', 60],
  ['CEST', 120],
  ['MESZ', 120],
  ['EET', 120],
  ['EEST', 180],
  ['NPT', 345],
  ['JST', 540],
  ['KST', 540],
  ['ART', -180],
  ['BRT', -180],
  ['EDT', -240],
  ['MDT', -360],
  ['PDT', -420],
]);

/**
 * `20/Nov/2026:09:47:06 UTC`, as Java's `dd/MMM/yyyy:HH:mm:ss z` prints it. Months are read in English (a
 * final dot is no harm) or as a number before `月`; null for other languages, digits and calendars.
 */
export function readDogtagDate(text: string): ReadTime | null {
  const match = DOGTAG.exec(text);
  if (match === null) return null;
  const [, day, monthText, year, hour, minute, second, zone = ''] = match;
  const month = readMonth(monthText!);
  // Beyond this it is another calendar: the Thai year 2569 is 2026.
  if (month === null || Number(year) > 2400) return null;
  const ms = utc([Number(year), month, Number(day), Number(hour), Number(minute), Number(second)], 0);
  if (ms === null) return null;
  const offset = ZONES.get(zone) ?? zoneOffset(zone.replace(/^(?:GMT|UTC)(?=[+-])/, ''));
  return offset === null ? { ms, certain: false } : { ms: ms - offset * 60_000, certain: true };
}

function readMonth(text: string): number | null {
  const numbered = /^(\d{1,2})月$/.exec(text);
  if (numbered !== null) return Number(numbered[1]);
  return MONTHS.get(text.toLowerCase().replace(/\.$/, '')) ?? null;
}

/** Minutes of `Z`, `UTC`, `+02:00` or `+0200`; null for anything else. */
function zoneOffset(zone: string): number | null {
  if (zone === 'Z' || zone === 'UTC') return 0;
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (match === null || Number(match[2]) > 18 || Number(match[3]) > 59) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

/** Null when the numbers are no date, such as 31 February. A second 60 counts as the next minute's first. */
function utc(
  [year, month, day, hour, minute, second]: readonly [number, number, number, number, number, number],
  milliseconds: number,
): number | null {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
}
