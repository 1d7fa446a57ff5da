import { tallystick } from '../catalog/mod.ts';
import type { LogSource } from '../verify/mod.ts';
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
 * stands behind the largest cosigned one, the range ends with that, for it would reach past every cosignature for ever.
 *
 * @param cosigned sizes of checkpoints that witnesses have cosigned.
 */
export async function wholeRange(
  source: LogSource,
  cosigned: readonly { readonly size: number }[],
): Promise<EvidenceRange> {
  const size = (await source.head())?.size ?? 0;
  const seen = Math.max(0, ...cosigned.map((each) => each.size).filter((each) => each <= size));
  const isAll = seen > 0 && size - seen <= MAX_BEHIND && (await saysSigned(source, seen, size));
  return { from: 0, to: isAll ? seen : size, since: null, until: null };
}

async function saysSigned(source: LogSource, from: number, to: number): Promise<boolean> {
  const { system, event } = tallystick.AUDIT_LOG_SIGNING;
  const records = [...(await entriesOf(source, from, to)).values()].map(decoded);
  return (
    records.length === to - from &&
    records.every((record) => record?.system === system && record.event === event)
  );
}

async function loggedAt(source: LogSource, seq: number): Promise<number> {
  const entry = (await entriesOf(source, seq, seq + 1)).get(seq);
  const record = entry === undefined ? null : decoded(entry);
  if (record !== null) return record.logged;
  throw refusal(`record ${seq} can't be read`, await findingAt(source, seq));
}
