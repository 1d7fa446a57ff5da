import type { EvidenceReport, ExistedBy, LogEvidenceReport } from '../evidence/mod.ts';
import { type Finding, MAX_FINDINGS, type NotChecked, type Trust } from '../verify/mod.ts';
import { grouped } from '../verify/words.ts';

/** A report in words, for a page and for a terminal. None of it is safe to show as it is: names come from the file. */

export interface Words {
  /** `good` and `bad` as the verdict; `open`: nothing is wrong, and yet it does not show what one would take from it. */
  readonly tone: 'good' | 'bad' | 'open';
  /** The verdict in one line. */
  readonly headline: string;
  /** What failed, the file's own first. */
  readonly wrong: readonly Finding[];
  /** What is to be known and accuses nobody. */
  readonly notices: readonly Finding[];
}

export function wordsOf({ verdict, logs, findings }: EvidenceReport): Words {
  const all = [...findings, ...logs.flatMap((log) => log.findings)];
  const wrong = all.filter((each) => each.class === 'fail');
  const notices = all.filter((each) => each.class === 'notice');
  if (verdict === 'not-intact') {
    // No more than so many are listed of a log.
    const orMore = logs.some((log) => log.findings.length >= MAX_FINDINGS) ? ' or more' : '';
    const things = wrong.length === 1 ? '1 thing is' : `${grouped(wrong.length)}${orMore} things are`;
    return { tone: 'bad', headline: `Not verified: ${things} wrong`, wrong, notices };
  }
  const open = (headline: string): Words => ({ tone: 'open', headline, wrong, notices });
  const shown = shownWords(logs);
  if (shown === null) return open('No record is shown: whether the query finds any could not be told');
  if (verdict === 'not-compared') {
    const uncompared = logs.filter((log) => log.verdict === 'not-compared');
    if (uncompared.some(({ checked }) => checked.pins > 0)) {
      return open(`Not compared with each of your pins: ${shown}`);
    }
    const isOfPin = uncompared.every(({ trust }) => trust === 'pinned-key');
    return open(
      `${isOfPin ? 'Signed by the keys of your pin; not' : 'Signed by no key of your pin, and not'} compared with it: ${shown}`,
    );
  }
  return { tone: 'good', headline: `Verified: ${shown}`, wrong, notices };
}

/** What is shown by a file that holds; null when that is nothing, not even that there is none. */
function shownWords(logs: readonly LogEvidenceReport[]): string | null {
  const count = logs.reduce((n, { records }) => n + records.filter(({ isMatch }) => isMatch).length, 0);
  if (count > 0) return count === 1 ? '1 record is as sealed' : `${grouped(count)} records are as sealed`;
  const isProven = logs.every(({ completeness }) => completeness.verdict === 'complete');
  return isProven ? 'the query finds nothing in the range' : null;
}

const TRUST: Readonly<Record<Trust, string>> = {
  'pinned-key': 'It stands on a pin that you gave.',
  'given-key': 'It stands on a key that you gave.',
  'log-key':
    'It stands on keys that the file itself names. Whoever can make such a file can name such keys: give a pin or a key that you have from elsewhere.',
  none: 'No key that could be believed has signed it.',
};

export function trustWords({ trust, verdict, checked }: LogEvidenceReport): string {
  if (trust !== 'pinned-key' || verdict === 'intact') return TRUST[trust];
  if (verdict === 'not-intact') return 'It is signed by the keys of a pin that you gave.';
  return checked.pins > 0 ? PARTLY_COMPARED : NOT_COMPARED;
}

/** A pin was given, and only its keys were of use. */
const NOT_COMPARED =
  'It is signed by the keys of your pin; it was NOT compared with the pin: a log that was rebuilt with those keys would look the same.';
const PARTLY_COMPARED =
  'It agrees with a pin that you gave, and was NOT compared with another: what that one would show is open.';

/** Of how many a range holds which, always: what is outside of it may match as well. */
export function completenessWords({
  completeness,
  size,
}: Pick<LogEvidenceReport, 'completeness' | 'size'>): string {
  const { verdict, range, found, undecided } = completeness;
  if (range === null) return 'It claims nothing about completeness: other records may exist.';
  const { from, to } = range;
  const named =
    to > from
      ? `records ${grouped(from)} to ${grouped(to - 1)} of ${grouped(size)}`
      : `a range without records, at ${grouped(from)} of ${grouped(size)}`;
  switch (verdict) {
    case 'complete':
      return `Complete: the query was run again over ${named}; it finds ${grouped(found)}, and all of them are shown.`;
    case 'undecided':
      if (undecided === 0) {
        return `Complete up to its newest checkpoint, and not decided behind that: the query was run again over ${named}; it finds ${grouped(found)}, and all of them are shown.`;
      }
      return `Not decided: of ${grouped(undecided)} of ${named} there is content missing that decides whether the query finds them.`;
    case 'incomplete':
      return `Not complete: what is shown is not what the query finds in ${named}.`;
    case 'not-claimed':
      return 'It claims nothing about completeness: other records may exist.';
  }
}

/** What was checked of a log, each with its number. */
export function checkedWords({ checked, eras }: LogEvidenceReport): string[] {
  const { records, payloads, checkpoints, timestamps, cosignatures, pins } = checked;
  const counts: readonly (readonly [number, string, string])[] = [
    [records, 'record, up to the signed root', 'records, up to the signed root'],
    [payloads, 'piece of sealed content', 'pieces of sealed content'],
    [checkpoints, 'signed checkpoint', 'signed checkpoints'],
    [Math.max(0, eras.length - 1), 'change of the sealing keys', 'changes of the sealing keys'],
    [timestamps, 'time stamp', 'time stamps'],
    [cosignatures, 'cosignature of a witness', 'cosignatures of witnesses'],
    [pins, 'pin, which it agrees with', 'pins, which it agrees with'],
  ];
  return counts.flatMap(([n, one, many]) => (n > 0 ? [`${grouped(n)} ${n === 1 ? one : many}`] : []));
}

/** What a range by times says of itself; null where it was named by numbers. */
export function rangeWords({ range }: LogEvidenceReport['completeness']): string | null {
  if (range === null || (range.since === null && range.until === null)) return null;
  const since = range.since === null ? 'the beginning' : utcText(range.since);
  const until = range.until === null ? 'the newest checkpoint here' : utcText(range.until);
  return `The range is what the log took from ${since} to ${until}.`;
}

export function boundWords({ time, by, kind, trust }: ExistedBy): string {
  const who = kind === 'timestamp' ? 'time stamp authority' : 'witnesses';
  const whose = trust === 'given' ? 'given by you' : 'known from the file alone';
  return `existed by ${utcText(time)} (${who} ${by}, ${whose})`;
}

export function notCheckedWords({ what, why }: NotChecked): string {
  return `${what}: ${why}`;
}

/** `2026-11-21 14:52:12.123 UTC` */
export function utcText(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return `${ms} ms since 1970`;
  return `${date.toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}
