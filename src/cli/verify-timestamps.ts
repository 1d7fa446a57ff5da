import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { KeptTimestamps } from '../reader/kept-timestamps.ts';
import type { LogStore } from '../store/store.ts';
import { certificatesOfPem, type TimestampCode } from '../timestamps/mod.ts';
import type { DatedCheckpoint } from '../verify/mod.ts';
import type { Call } from './command.ts';
import { counted, utc } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** What the time stamps of a log came to. */
export interface TimestampSummary {
  /** Whose roots were believed: those named with the command, or those that the log is set to. */
  readonly roots: 'given' | 'set';
  /** Tokens that hold, up to such a root. */
  readonly verified: number;
  /** Tokens that hold, but lead to no such root. */
  readonly untrusted: number;
  /** Tokens that do not hold or can't be read: kept, but not as an authority gave them. */
  readonly bad: readonly { readonly size: number | null; readonly codes: readonly TimestampCode[] }[];
  /** The verified one over the most records; time in ms since 1970. */
  readonly newest: { readonly size: number; readonly notLaterThan: number; readonly by: string } | null;
}

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
export function noStampLine(out: Output): string {
  return `  ${out.style('red', 'no time stamp')} that holds leads to the root given`;
}

/** Verifies what is kept; null when nothing is and no roots are named. To be read before the head is: a token over more than the head is then no race. */
export async function verifyTimestamps(
  store: LogStore,
  node: string,
  roots: readonly Uint8Array[] | null,
): Promise<{ readonly summary: TimestampSummary | null; readonly dated: readonly DatedCheckpoint[] }> {
  const kept = await KeptTimestamps.read(store, node, roots);
  if (roots === null && kept.tokens.length + kept.unreadable === 0) return { summary: null, dated: [] };
  const bad: TimestampSummary['bad'][number][] = Array.from({ length: kept.unreadable }, () => ({
    ...{ size: null, codes: ['malformed' as const] },
  }));
  let untrusted = 0;
  const dated = await kept.dated(({ size }, { verdict, findings }) => {
    const codes = findings.map(({ code }) => code);
    if (verdict === 'unanchored' || codes.every((code) => code === 'untrusted')) untrusted++;
    else bad.push({ size, codes });
  });
  const last = dated.at(-1);
  const newest =
    last === undefined ? null : { size: last.size, notLaterThan: last.notLaterThan, by: last.by };
  const summary = {
    roots: roots === null ? 'set' : 'given',
    verified: dated.length,
    untrusted,
    bad,
    newest,
  } as const;
  return { summary, dated };
}

export function timestampLines(summary: TimestampSummary, out: Output): string[] {
  const { roots, verified, untrusted, bad, newest } = summary;
  const lines = lacksStamp(summary) ? [noStampLine(out)] : [];
  if (newest !== null) {
    const whose = roots === 'given' ? 'the root given' : 'the roots that the log itself is set to';
    lines.push(
      `  ${counted(verified, 'time stamp')} verified, trust: ${whose}; the first ${counted(newest.size, 'record')} existed by ${utc(newest.notLaterThan)}, says ${safeText(newest.by)}`,
    );
  }
  if (untrusted > 0) {
    lines.push(
      out.style(
        'dim',
        `  not checked: whom ${counted(untrusted, 'time stamp')} come from (they lead to no known root: --timestamp-root FILE)`,
      ),
    );
  }
  for (const { size, codes } of bad) {
    const what = size === null ? 'a kept time stamp' : `the kept time stamp over ${counted(size, 'record')}`;
    lines.push(`  ${out.style('red', 'FALSE ')} ${what} does not hold: ${codes.join(', ')}`);
  }
  return lines;
}
