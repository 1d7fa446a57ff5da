import { equalBytes, fromHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { bundleEntries } from '../merkle/mod.ts';
import { decodeEntry } from '../record/mod.ts';
import type { Findings } from './findings.ts';
import { type FixedHead, reportBehind, reportContradicted } from './head.ts';
import type { KeyPolicy } from './policy.ts';
import type { DatedRecords } from './report.ts';
import type { LogSource } from './source.ts';
import { counted } from './words.ts';

/** Why a checkpoint from outside was not held against the log. */
export const UNSIGNED = 'signed by no known key: that says nothing of this log';

/** A checkpoint of the log that a time stamp dates, as whoever verified the time stamp gives it. */
export interface DatedCheckpoint {
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** The signed note. */
  readonly note: string;
  /** ms since 1970: it existed by then. */
  readonly notLaterThan: number;
  /** Who says so. */
  readonly by: string;
}

/** What dated checkpoints say of records, without what another says better. Ascending. */
export function boundsOf(dated: readonly DatedCheckpoint[]): DatedRecords[] {
  const bounds: DatedRecords[] = [];
  const byReach = dated.toSorted((a, b) => b.size - a.size || a.notLaterThan - b.notLaterThan);
  for (const { size, notLaterThan, by } of byReach) {
    const last = bounds.at(-1);
    if (last === undefined || notLaterThan < last.notLaterThan) bounds.push({ size, notLaterThan, by });
  }
  return bounds.reverse();
}

/** The verification that this is a part of. */
interface Verification {
  readonly source: LogSource;
  readonly policy: KeyPolicy;
  readonly findings: Findings;
  /** Whether every record was read, so that what the last one says can be believed. */
  readonly isWhole: boolean;
  /** Root of the tree of `size` leaves under the head; null when it can't be made. */
  rootAt(size: number): Promise<Uint8Array | null>;
  readonly unknownRoot: { readonly why: string };
  skip(what: string, why: string): void;
}

/**
 * Holds dated checkpoints against the log, which has been read: each that the log's key signed is an anchor, and the
 * records under it were logged by the time it was dated. Whatever else is wrong with the log, roots are compared, and the first
 * that contradicts is reported; after a failure nothing is said of times, since records are not all to be believed.
 *
 * @returns those that the log continues.
 */
export async function checkDated(
  run: Verification,
  head: FixedHead,
  dated: readonly DatedCheckpoint[],
): Promise<readonly DatedCheckpoint[]> {
  const agreed: DatedCheckpoint[] = [];
  let isContradicted = false;
  let unsigned = 0;
  let uncompared = 0;
  for (const checkpoint of dated) {
    const { size, root, note } = checkpoint;
    if ((await run.policy.open(note, size)).result !== 'good') {
      unsigned++;
    } else if (size > head.size) {
      reportBehind(head, { size, root, note, where: 'a dated checkpoint' }, run.findings);
    } else {
      const actual = await run.rootAt(size);
      if (actual === null) uncompared++;
      else if (!equalBytes(actual, fromHex(root) ?? new Uint8Array(0))) {
        if (!isContradicted) contradict(run, head, checkpoint, actual);
        isContradicted = true;
      } else {
        agreed.push(checkpoint);
        if (run.isWhole && !run.findings.failed) await checkLogged(run, checkpoint);
      }
    }
  }
  if (unsigned > 0) run.skip(counted(unsigned, 'dated checkpoint'), UNSIGNED);
  if (uncompared > 0) run.skip(counted(uncompared, 'dated checkpoint'), run.unknownRoot.why);
  return agreed;
}

function contradict(
  run: Verification,
  head: FixedHead,
  { size, root, note }: DatedCheckpoint,
  actual: Uint8Array,
): void {
  reportContradicted(head, { size, root, note, where: 'a dated checkpoint' }, actual, run.findings);
}

/**
 * That the records under a checkpoint were logged by the time somebody outside had seen it, `notLaterThan` in ms since
 * 1970. Times never go back within a log, so that the last record speaks for all before it.
 */
export async function checkLogged(
  run: Pick<Verification, 'source' | 'findings'>,
  { size, notLaterThan, by }: Pick<DatedCheckpoint, 'size' | 'notLaterThan' | 'by'>,
): Promise<void> {
  const logged = size === 0 ? null : await loggedAt(run.source, size - 1);
  if (logged === null || logged <= notLaterThan) return;
  run.findings.add({
    ...{ code: 'clock-skew', from: size - 1, to: size },
    ...{ expected: `${notLaterThan} or earlier`, actual: String(logged) },
    message: `record ${size - 1} says it was logged ${logged - notLaterThan} ms after a checkpoint that covers it was dated by ${by}`,
  });
}

/** Of a record that was found to be the sealed one; null when it is not in the canonical form, which `deep` says. */
export async function loggedAt(source: LogSource, seq: number): Promise<number | null> {
  for await (const { from, entries } of source.bundles(seq, seq + 1)) {
    const entry = entries === null ? undefined : [...bundleEntries(entries)][seq - from];
    try {
      if (entry !== undefined) return decodeEntry(entry).logged;
    } catch (error) {
      if (!(error instanceof TallystickError)) throw error;
    }
  }
  return null;
}
