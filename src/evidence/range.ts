import { tallystick } from '../catalog/mod.ts';
import type { LogSource } from '../verify/mod.ts';
import { type Cosigned, unsurpassed } from './choose-anchors.ts';
import type { EvidenceRange } from './format.ts';
import { decoded, entriesOf } from './gather.ts';
import { findingAt, refusal } from './refusal.ts';

/**
 * The range of records that a log took from `since` to `until`, both inclusive, ms since 1970; null: from the first,
 * or to the newest. It names no `until` where nothing was logged after that: only a later record shows that the log took no
 * more by then. Relies on times that never go back, as `verify` checks of a log. Throws like `createEvidence`.
 */
export async function rangeOfTime(
  source: LogSource,
  since: number | null,
  until: number | null,
): Promise<EvidenceRange> {
  const size = (await source.head())?.size ?? 0;
  const firstWhere = async (isBehind: (logged: number) => boolean): Promise<number> => {
    let [low, high] = [0, size];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isBehind(await loggedAt(source, middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const from = since === null ? 0 : await firstWhere((logged) => logged >= since);
  const to = until === null ? size : await firstWhere((logged) => logged > until);
  return { from, to: Math.max(from, to), since, until: to < size ? until : null };
}

/** Records behind a cosigned checkpoint that are looked at: more of them are not only about cosignatures. */
const MAX_BEHIND = 256;

/**
 * The range of a whole log. Whoever cosigns or dates a checkpoint has the log seal a record of it behind: where nothing else
 * stands behind a cosigned one, the range ends with that, for it would reach past every cosignature for ever. Of several such it
 * ends with the largest that is under whatever quorum any of them has: one witness asked again alone takes none away.
 *
 * @param cosigned checkpoints that witnesses have cosigned.
 */
export async function wholeRange(source: LogSource, cosigned: readonly Cosigned[]): Promise<EvidenceRange> {
  const size = (await source.head())?.size ?? 0;
  const known = cosigned.filter((each) => each.size > 0 && each.size <= size);
  const worth = known.length === 0 ? size : await worthShowing(source, size);
  const ends = unsurpassed(known.filter((each) => each.size >= worth)).map((each) => each.size);
  return { from: 0, to: Math.min(size, ...ends), since: null, until: null };
}

/** How many of the first records there are up to the last that says more than that something was cosigned or dated. */
async function worthShowing(source: LogSource, size: number): Promise<number> {
  const { system, event } = tallystick.AUDIT_LOG_SIGNING;
  const floor = Math.max(0, size - MAX_BEHIND);
  const entries = await entriesOf(source, floor, size);
  const isOfThat = (seq: number): boolean => {
    const entry = entries.get(seq);
    const record = entry === undefined ? null : decoded(entry);
    return record?.system === system && record.event === event;
  };
  let at = size;
  while (at > floor && isOfThat(at - 1)) at--;
  return at;
}

async function loggedAt(source: LogSource, seq: number): Promise<number> {
  const entry = (await entriesOf(source, seq, seq + 1)).get(seq);
  const record = entry === undefined ? null : decoded(entry);
  if (record !== null) return record.logged;
  throw refusal(`record ${seq} can't be read`, await findingAt(source, seq));
}
