import type { ErrorCode } from '../errors.ts';
import type { RecordDraft } from '../record/mod.ts';
import type { SeqRange } from './ranges.ts';

/** Names of unknown events that a summary lists; more are only counted. */
const MAX_NAMES = 100;
const MAX_REFUSALS = 100;

/** A record that the log refused; its bytes are not in the log. */
export interface Refusal {
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What an import of one file did. Counts go up while it runs. */
export interface FileSummary {
  readonly path: string;
  /** Name of the dialect that read it. */
  readonly dialect: string;
  /** Bytes of the file when it was opened. */
  size: number;
  /** Bytes [from, to) were read and are in the log; what precedes `from` was there already. */
  from: number;
  to: number;
  /** Records sealed; in a dry run, those that would be. */
  records: number;
  /** Records that were in the log already by their id. */
  duplicates: number;
  refused: number;
  /** The first refusals. */
  readonly refusals: Refusal[];
  /** Which records: in the order of sealing, ranges joined. */
  readonly ranges: SeqRange[];
  /** How many records carry each flag. */
  readonly flags: Map<string, number>;
  /** Events that the catalog does not know, with how many records; the first names met. */
  readonly unknownEvents: Map<string, number>;
}

/** Nothing counted yet. */
export function newSummary(path: string, dialect: string): FileSummary {
  const counts = { size: 0, from: 0, to: 0, records: 0, duplicates: 0, refused: 0 };
  return { path, dialect, ...counts, refusals: [], ranges: [], flags: new Map(), unknownEvents: new Map() };
}

/** Counts a record's flags. */
export function countFlags(summary: FileSummary, record: RecordDraft): void {
  for (const flag of record.flags ?? []) increase(summary.flags, flag);
  if (!record.flags?.includes('unknown-event')) return;
  const { unknownEvents } = summary;
  if (unknownEvents.has(record.event) || unknownEvents.size < MAX_NAMES)
    increase(unknownEvents, record.event);
}

/** Counts a record that was refused, and lists it while there is room. */
export function countRefusal(summary: FileSummary, refusal: Refusal): void {
  summary.refused++;
  if (summary.refusals.length < MAX_REFUSALS) summary.refusals.push(refusal);
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
