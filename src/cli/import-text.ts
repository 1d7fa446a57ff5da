import { relative } from 'node:path';
import type { TallystickError } from '../errors.ts';
import type { FileSummary } from '../sources/mod.ts';
import { where } from './append.ts';
import { counted, grouped } from './format.ts';
import type { Output } from './io.ts';
import { safeText } from './safe-text.ts';

/** Names of unknown events shown to people. */
const MAX_NAMES = 5;

/** What became of one file. */
export interface ImportOutcome {
  readonly path: string;
  /** null when none of it was read. */
  readonly summary: FileSummary | null;
  /** Why it was not taken, or not to its end. */
  readonly error: TallystickError | null;
}

type Status = 'imported' | 'unchanged' | 'empty' | 'refused';

/** One word for it, as JSON has it. */
export function statusOf({ summary, error }: ImportOutcome): Status {
  if (error !== null) return 'refused';
  if (summary === null) return 'empty';
  return summary.records + summary.duplicates + summary.refused > 0 ? 'imported' : 'unchanged';
}

/** A file's line of NDJSON. */
export function outcomeJson(outcome: ImportOutcome): unknown {
  const { path, summary, error } = outcome;
  return {
    path,
    status: statusOf(outcome),
    ...(summary === null
      ? {}
      : {
          ...summary,
          flags: Object.fromEntries(summary.flags),
          unknownEvents: Object.fromEntries(summary.unknownEvents),
        }),
    ...(error === null ? {} : { error: { code: error.code, message: error.message } }),
  };
}

/** A file in a line or two, for people. */
export function outcomeText(outcome: ImportOutcome, cwd: string, dryRun: boolean, out: Output): string {
  const { path, summary, error } = outcome;
  const inside = relative(cwd, path);
  const name = out.style('bold', safeText(inside === '' || inside.startsWith('..') ? path : inside));
  const said = summary === null ? [] : [whatWasTaken(summary, dryRun), ...remarks(summary)];
  if (summary !== null && summary.to < summary.size && summary.refused === 0 && error === null)
    said.push(`${counted(summary.size - summary.to, 'byte')} at its end wait for the rest of their entry`);
  if (error !== null) said.push(out.style('red', `refused: ${safeText(withoutPath(error.message, path))}`));
  if (summary === null && error === null) said.push('nothing in it');
  return `${name}  ${said.join('\n  ')}`;
}

/** Messages begin with the file they are about, which stands in front already. */
function withoutPath(message: string, path: string): string {
  return message.startsWith(`${path} `) ? message.slice(path.length + 1) : message;
}

function whatWasTaken(summary: FileSummary, dryRun: boolean): string {
  const { dialect, records, duplicates, from, ranges } = summary;
  if (records + duplicates === 0) {
    return from > 0
      ? `${dialect}: nothing new, ${counted(from, 'byte')} are in the log already`
      : `${dialect}: no records`;
  }
  const grown = from > 0 ? `, from byte ${grouped(from)} on` : '';
  const before = duplicates > 0 ? `; ${counted(duplicates, 'record')} in the log already` : '';
  const what = `${counted(records, 'record')}${dryRun ? ' would be sealed' : where(ranges)}`;
  return `${dialect}: ${what}${grown}${before}`;
}

function remarks({ flags, unknownEvents, refused, refusals }: FileSummary): string[] {
  const said: string[] = [];
  const flagged = [...flags]
    .filter(([flag]) => flag !== 'unknown-event')
    .map(([flag, n]) => `${grouped(n)} ${flag}`);
  if (flagged.length > 0) said.push(`flagged: ${flagged.join(', ')}`);
  const names = [...unknownEvents]
    .slice(0, MAX_NAMES)
    .map(([name, n]) => `${safeText(name)} (${grouped(n)})`);
  if (names.length > 0)
    said.push(
      `events the catalog does not know: ${names.join(', ')}${unknownEvents.size > MAX_NAMES ? ', …' : ''}`,
    );
  for (const { offset, code, message } of refusals.slice(0, MAX_NAMES)) {
    said.push(`at byte ${grouped(offset)}: ${code}: ${safeText(message)}`);
  }
  if (refused > 0) said.push(`${counted(refused, 'record')} refused`);
  return said;
}
