import type { Entry } from '../entries.ts';
import { type ReadTime, readIso } from '../time.ts';

/** What the logging framework writes before an entry. */

const DATED = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) /;
const TIME_OF_DAY = /^\d\d:\d\d:\d\d,\d{3} /;

/** The time of writing, of no known zone; null where the prefix has no date. */
export function prefixTime(prefix: string): ReadTime | null {
  const written = DATED.exec(prefix);
  return written === null ? null : readIso(written[1]!);
}

const WHOLE =
  /^(?:(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d,\d{3} )?(?:[A-Z]{4,5} {1,2}\[[^\]]{1,256}\] (?:\([^)]{1,256}\) )?)?/;

/** How long the prefix of a line is, by the forms that the two application servers have of their own. */
export function prefixLength(line: string): number {
  return WHOLE.exec(line)?.[0].length ?? 0;
}

/** All entries of a file have the same kind of prefix; one of another kind may be the work of a value. */
export class Prefixes {
  #usual: string | null = null;

  note(entry: Entry, prefix: string): Entry {
    const kind = kindOf(prefix);
    this.#usual ??= kind;
    return kind === this.#usual ? entry : { ...entry, flags: [...entry.flags, 'possible-forgery'] };
  }
}

function kindOf(prefix: string): string {
  if (prefix === '') return 'none';
  if (DATED.test(prefix)) return 'dated';
  return TIME_OF_DAY.test(prefix) ? 'time of day' : 'other';
}
