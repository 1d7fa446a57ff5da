import { ageText } from '../anchors/age.ts';
import type { AuthorityStatus } from './timestamps.ts';

/** A check of health: whether the authorities that are set date the log, and what they gave will last. */
export function timestampsCheck(
  list: () => Promise<readonly AuthorityStatus[]>,
  now: () => number = Date.now,
): {
  readonly name: string;
  check(): Promise<{ readonly state: 'ok' | 'warning'; readonly detail: string }>;
} {
  return {
    name: 'timestamps',
    check: async () => {
      const all = await list();
      if (all.length === 0) return { state: 'ok', detail: 'no time stamp authority is set' };
      const told = all.flatMap((each) => troubleOf(each, now()) ?? []);
      if (told.length > 0) return { state: 'warning', detail: told.join('; ') };
      const ages = all.flatMap(({ newest }) => (newest === null ? [] : [now() - newest.genTime]));
      const age = ages.length === 0 ? '' : `; the newest time stamp is ${ageText(Math.min(...ages))} old`;
      return { state: 'ok', detail: `dated by ${ages.length} of ${all.length} authorities${age}` };
    },
  };
}

function troubleOf({ url, overdue, renewal, failing }: AuthorityStatus, now: number): string | null {
  if (failing !== null)
    return `${url} failed ${failing.times === 1 ? 'once' : `${failing.times} times in a row`}: ${failing.message}`;
  if (overdue) return `the log was not dated by ${url} for 4 hours; "tallystick timestamp now" says why`;
  if (renewal === null || now < renewal.at) return null;
  const ends = new Date(renewal.at).toISOString();
  return `what ${url} gave should have been renewed since ${ends}: ask its operator for a new ${renewal.why}`;
}
