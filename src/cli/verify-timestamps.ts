import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import type { PublishedTimestamps } from '../published/mod.ts';
import { KeptTimestamps } from '../reader/kept-timestamps.ts';
import type { LogStore } from '../store/store.ts';
import { certificatesOfPem, type TimestampCode } from '../timestamps/mod.ts';
import type { DatedCheckpoint, DatedRecords, Report } from '../verify/mod.ts';
import type { Call } from './command.ts';
import { counted, utc } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** What the time stamps of a log came to. */
export interface TimestampSummary {
  /** Whose roots were believed: those named with the command, those that the log is set to, or nobody's: a copy is set to none. */
  readonly roots: 'given' | 'set' | 'none';
  /** Tokens that hold, up to such a root. */
  readonly verified: number;
  /** Tokens that hold, but lead to no such root. */
  readonly untrusted: number;
  /** Tokens that lie with a copy and are over more records than it has. */
  readonly ahead: number;
  /** Tokens that do not hold or can't be read: kept, but not as an authority gave them. */
  readonly bad: readonly { readonly size: number | null; readonly codes: readonly TimestampCode[] }[];
  /** The verified one over the most records that the log continues; time in ms since 1970. */
  readonly newest: DatedRecords | null;
}

/** What time stamps came to by themselves, before the log is read. */
export interface JudgedTimestamps {
  readonly roots: TimestampSummary['roots'];
  readonly dated: readonly DatedCheckpoint[];
  readonly untrusted: number;
  readonly ahead: number;
  readonly bad: TimestampSummary['bad'];
}

/** Of one kind, as many are shown. */
const MAX_SHOWN = 20;

/** Root certificates that were named. Throws `UsageError` FILE_UNREADABLE, `TimestampError` TIMESTAMP_AUTHORITY. */
export function timestampRootsOf(call: Call): readonly Uint8Array[] | null {
  const file = call.text('timestamp-root');
  return file === undefined ? null : rootsIn(call.path(file));
}

export function rootsIn(file: string): Uint8Array[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new UsageError('FILE_UNREADABLE', `${file} can't be read: ${why}`, { cause });
  }
  return certificatesOfPem(text);
}

/** Whether roots were named and no time stamp leads to them. That alone is no tampering. */
export function lacksStamp(summary: TimestampSummary | null): boolean {
  return summary?.roots === 'given' && summary.newest === null;
}

/** Of a log that was to be dated by an authority that leads to a root given. */
function noStampLine(out: Output): string {
  return `  ${out.style('red', 'no time stamp')} that holds leads to the root given`;
}

/**
 * Verifies what a log keeps. To be done before the head is read: a token over more than the head is then no race.
 */
export async function keptTimestamps(
  store: LogStore,
  node: string,
  roots: readonly Uint8Array[] | null,
): Promise<JudgedTimestamps> {
  const kept = await KeptTimestamps.read(store, node, roots);
  return { roots: roots === null ? 'set' : 'given', ahead: 0, ...(await judged(kept)) };
}

/** Verifies what came with a published copy, which is set to no roots. */
export async function publishedTimestamps(
  found: PublishedTimestamps,
  roots: readonly Uint8Array[] | null,
): Promise<JudgedTimestamps> {
  const kept = KeptTimestamps.of(found, roots ?? []);
  return { roots: roots === null ? 'none' : 'given', ahead: found.ahead, ...(await judged(kept)) };
}

async function judged(kept: KeptTimestamps): Promise<Pick<JudgedTimestamps, 'dated' | 'untrusted' | 'bad'>> {
  const bad: TimestampSummary['bad'][number][] = Array.from({ length: kept.unreadable }, () => ({
    ...{ size: null, codes: ['malformed' as const] },
  }));
  let untrusted = 0;
  const dated = await kept.dated(({ size }, { verdict, findings }) => {
    const codes = findings.map(({ code }) => code);
    if (verdict === 'unanchored' || codes.every((code) => code === 'untrusted')) untrusted++;
    else bad.push({ size, codes });
  });
  return { dated, untrusted, bad };
}

/** What to say of time stamps once the log was held against them; null when there are none and no roots were named. */
export function timestampSummary(
  { roots, dated, untrusted, ahead, bad }: JudgedTimestamps,
  report: Report,
): TimestampSummary | null {
  const verified = dated.length;
  if (roots !== 'given' && verified + untrusted + ahead + bad.length === 0) return null;
  return { roots, verified, untrusted, ahead, bad, newest: report.dated.at(-1) ?? null };
}

export function timestampLines(summary: TimestampSummary, report: Report, out: Output): string[] {
  const { roots, verified, untrusted, ahead, bad } = summary;
  const lines: string[] = [];
  // Of a part, what bounds it; else the newest.
  const bound = report.dated.find(({ size }) => size >= report.range.to) ?? summary.newest;
  if (bound !== null) {
    const whose = roots === 'given' ? 'the root given' : 'the roots that the log itself is set to';
    const what = report.verdict === 'intact' ? '' : ', as they were sealed,';
    lines.push(
      `  ${counted(verified, 'time stamp')} verified, trust: ${whose}; the first ${counted(bound.size, 'record')}${what} existed by ${utc(bound.notLaterThan)}, says ${safeText(bound.by)}`,
    );
  } else if (verified > 0) {
    const which = roots === 'given' ? 'the root given' : 'a root that the log is set to';
    lines.push(
      `  ${out.style('red', 'no time stamp')} that leads to ${which} is over a checkpoint that this log continues`,
    );
  } else if (lacksStamp(summary)) lines.push(noStampLine(out));
  const notChecked = (what: string): number => lines.push(out.style('dim', `  not checked: ${what}`));
  if (untrusted > 0) {
    const why = `${untrusted === 1 ? 'it leads' : 'they lead'} to no known root: --timestamp-root FILE`;
    notChecked(
      `whom ${counted(untrusted, 'time stamp')} ${untrusted === 1 ? 'comes' : 'come'} from (${why})`,
    );
  }
  if (ahead > 0) {
    const why = 'they are over more records than this copy has: it is being published, or was put back';
    notChecked(`${counted(ahead, 'time stamp')} (${why})`);
  }
  return [...lines, ...badLines(bad, out)];
}

function badLines(bad: TimestampSummary['bad'], out: Output): string[] {
  const lines = bad.slice(0, MAX_SHOWN).map(({ size, codes }) => {
    const what = size === null ? 'a kept time stamp' : `the kept time stamp over ${counted(size, 'record')}`;
    return `  ${out.style('red', 'FALSE ')} ${what} does not hold: ${codes.join(', ')}`;
  });
  const more = bad.length - MAX_SHOWN;
  return more > 0 ? [...lines, `  … and ${counted(more, 'more', 'more')}; --json has them`] : lines;
}
