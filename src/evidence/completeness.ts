import type { Catalogs } from '../catalog/catalogs.ts';
import { indexRow } from '../catalog/row.ts';
import { QueryError } from '../errors.ts';
import { type Filter, matcher, parseQuery } from '../query/mod.ts';
import type { AuditRecord } from '../record/mod.ts';
import type { Findings } from '../verify/findings.ts';
import { MISSING } from '../verify/findings.ts';
import type { NotChecked } from '../verify/mod.ts';
import { counted, isoTime } from '../verify/words.ts';
import type { EvidenceRange, LogEvidence, Made } from './format.ts';
import type { CheckedRecord } from './records.ts';
import type { Completeness } from './report.ts';

interface Run {
  readonly made: Made;
  readonly catalogs: Catalogs;
  readonly findings: Findings;
  readonly notChecked: NotChecked[];
}

const UNDECIDED =
  'they have sealed content that is not in the file, or it depends on what other catalogs conclude';

const UNSEEN =
  'no record here was logged after that, so nothing shows that the log took no more by then than it had at its newest checkpoint here';

/** What the query says of a record that was shown as its match, or was not. */
type Answer = 'found' | 'not-found' | 'undecided';

/**
 * Runs the query over a record. Undecided where sealed content that is not there could decide it, and where the answer
 * is not the one shown and rests on catalogs that are not those it was answered with.
 */
type Finds = (record: CheckedRecord, isShown: boolean) => Answer;

/**
 * Runs the query again: over the records shown as its matches, and, where the file has every record of a range, over
 * those, so that nothing that matches was left out.
 */
export function checkCompleteness(
  log: LogEvidence,
  size: number,
  records: readonly CheckedRecord[],
  run: Run,
): Completeness {
  const finds = compile(run);
  if (finds !== null) checkMatches(log, records, finds, run);
  const claimed = log.range;
  if (claimed === null) return { verdict: 'not-claimed', range: null, found: 0, undecided: 0 };
  const isWhole = checkRange(log, size, records, run);
  const isOpen = isOpenEnded(claimed, size);
  const range = isOpen ? { ...claimed, until: null } : claimed;
  if (isOpen) run.notChecked.push({ what: openWords(claimed), why: UNSEEN });
  if (finds === null) {
    const message = 'there is no query that could be run again';
    run.findings.add({ code: 'not-complete', from: range.from, to: range.to, message });
    return { verdict: 'incomplete', range, found: 0, undecided: 0 };
  }
  let found = 0;
  let undecided = 0;
  let isRight = isWhole;
  const shown = new Set(log.matches);
  for (const record of records) {
    const { seq } = record;
    if (seq < range.from || seq >= range.to || !record.isSealed) continue;
    const isShown = shown.has(seq);
    const answer = finds(record, isShown);
    if (answer === 'undecided') undecided++;
    if (answer === 'found') found++;
    if (answer === 'undecided' || isShown === (answer === 'found')) continue;
    isRight = false;
    // Of those that are shown all the same it was said already.
    if (isShown) continue;
    const message = `record ${seq} is found by the query and not among those shown`;
    run.findings.add({ code: 'left-out', from: seq, to: seq + 1, message });
  }
  // Those outside of it are not what the query of the range finds.
  if (log.matches.some((seq) => seq < range.from || seq >= range.to)) {
    isRight = false;
    const message = 'records outside of the range are shown as found in it';
    run.findings.add({ code: 'not-complete', from: range.from, to: range.to, message });
  }
  if (undecided > 0) {
    run.notChecked.push({ what: `whether the query finds ${counted(undecided, 'record')}`, why: UNDECIDED });
  }
  return {
    verdict: isRight ? (isOpen || undecided > 0 ? 'undecided' : 'complete') : 'incomplete',
    range,
    found,
    undecided,
  };
}

/** A query as a test of records, as they stand in their entries and with their sealed content back in place. */
export function compileQuery(
  query: string,
  catalogs: Catalogs,
): (sealed: AuditRecord, restored: AuditRecord) => boolean {
  const isMatch = matcher(parseQuery(query));
  return (sealed, restored) => isMatch(restored, indexRow(sealed, catalogs));
}

function compile({ made, catalogs, findings, notChecked }: Run): Finds | null {
  if (made.query === null) return null;
  try {
    const finds = compileQuery(made.query, catalogs);
    const filter = parseQuery(made.query);
    const isForeign = made.catalogs !== catalogs.version && concludes(filter);
    if (isForeign) {
      notChecked.push({
        what: 'the query with the catalogs that it was answered with',
        why: 'this program has others; what it concludes from a record may differ',
      });
    }
    return ({ sealed, restored, absent }, isShown) => {
      if (filter.kind === 'all') return 'found';
      if (sealed === null || restored === null || absent > 0) return 'undecided';
      const isFound = finds(sealed, restored);
      if (isForeign && isFound !== isShown) return 'undecided';
      return isFound ? 'found' : 'not-found';
    };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const message = `the query can't be run again: ${error.message}`;
    findings.add({ code: 'bad-evidence', from: 0, to: 0, message });
    return null;
  }
}

/** Whether a filter is about what catalogs conclude from records, besides what stands in them. */
function concludes(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.of.some(concludes);
    case 'not':
      return concludes(filter.of);
    case 'text':
      return filter.field === 'action';
    default:
      return filter.kind === 'object';
  }
}

function checkMatches(
  { matches }: LogEvidence,
  records: readonly CheckedRecord[],
  finds: Finds,
  { findings, notChecked }: Run,
): void {
  const bySeq = new Map(records.map((record) => [record.seq, record]));
  let undecided = 0;
  for (const seq of matches) {
    const record = bySeq.get(seq) as CheckedRecord;
    if (!record.isSealed) continue;
    const answer = finds(record, true);
    if (answer === 'undecided') undecided++;
    if (answer !== 'not-found') continue;
    const message = `record ${seq} is shown as one that the query finds, and it is not`;
    findings.add({ code: 'not-a-match', from: seq, to: seq + 1, message });
  }
  if (undecided === 0) return;
  const what = `whether the query finds ${counted(undecided, 'record')} of those shown`;
  notChecked.push({ what, why: UNDECIDED });
}

/** Whether every record of the range is there and holds, and the range is what its times say. */
function checkRange(
  log: LogEvidence,
  size: number,
  records: readonly CheckedRecord[],
  { findings }: Run,
): boolean {
  const { from, to } = log.range as EvidenceRange;
  const bySeq = new Map(records.map((record) => [record.seq, record]));
  let isWhole = true;
  let at = from;
  for (const { seq, isSealed } of records) {
    if (seq < from || seq >= to) continue;
    if (seq > at) findings.add({ code: 'missing', from: at, to: seq, message: MISSING });
    isWhole &&= isSealed && seq === at;
    at = seq + 1;
  }
  if (at < to) findings.add({ code: 'missing', from: at, to, message: MISSING });
  isWhole &&= at === to;
  const wrong = timesGap(log.range as EvidenceRange, size, bySeq);
  if (wrong === null) return isWhole;
  findings.add({ code: 'not-complete', from, to, message: wrong });
  return false;
}

/**
 * Why the range does not hold all of the time that it names; null when it does, or names none. A range that names one end
 * alone goes to the end of the log at the other: else it could be cut there, and say the same.
 */
function timesGap(
  { from, to, since, until }: EvidenceRange,
  size: number,
  bySeq: ReadonlyMap<number, CheckedRecord>,
): string | null {
  if (since === null && until === null) return null;
  if (since === null && from > 0) {
    return `the range names no time that it begins with, and begins with record ${from} instead of 0`;
  }
  if (until === null && to < size) {
    return `the range names no time that it ends with, and ends before record ${to} of ${size}`;
  }
  const isFirst = since === null || from === 0 || edge(bySeq, from - 1) < since;
  const isLast = until === null || to === size || edge(bySeq, to) > until;
  if (!isFirst || !isLast) {
    return 'the record next to the range does not show that the range holds all of its time';
  }
  for (const { seq, sealed } of bySeq.values()) {
    if (sealed === null || seq < from || seq >= to) continue;
    const { logged } = sealed;
    if (logged >= (since ?? 0) && logged <= (until ?? Number.POSITIVE_INFINITY)) continue;
    return `record ${seq} of the range was logged at ${isoTime(logged)}, which is not in the time that the range names`;
  }
  return null;
}

/** Whether a range names a time for its end, and ends with the log: the log may have taken more by then. */
function isOpenEnded({ to, until }: EvidenceRange, size: number): boolean {
  return until !== null && to === size;
}

function openWords({ until }: EvidenceRange): string {
  return `what the log took up to ${isoTime(until as number)}`;
}

/** `logged` of a record beside the range; NaN, which compares as wrong, when it is not there. */
function edge(records: ReadonlyMap<number, CheckedRecord>, seq: number): number {
  const record = records.get(seq);
  return record?.isSealed === true && record.sealed !== null ? record.sealed.logged : Number.NaN;
}
