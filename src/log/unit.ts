import type { TallystickError } from '../errors.ts';
import { bytesOf } from '../record/mod.ts';
import type { StateWrite } from '../store/store.ts';
import type { SealingChange } from './key-set.ts';
import type { KnownId } from './known-ids.ts';
import type { Limits } from './limits.ts';
import type { Placement, PreparedRecord } from './placement.ts';
import { BatchReceipt, type Receipt, type SealedHead } from './receipt.ts';

/** One append on its way: its records are sealed by one checkpoint, or none is. */
export interface Unit {
  readonly records: readonly PreparedRecord[];
  /** Committed with the records; not when none of them is new, for then it was committed with the first delivery. */
  readonly state: readonly StateWrite[];
  /** What its record changes of the sealing; then it is alone in its batch. */
  readonly change: SealingChange | null;
  /** As `bytesOfAll`. */
  readonly bytes: number;
  /** Whether a refused record (`ID_REUSED`) leaves the others standing. */
  readonly each: boolean;
  /** Number of commits done when the ids were looked up. */
  readonly since: number;
  /** What the store knows of the ids; undefined while it is being asked, null when there are none, an error when it can't say. */
  known: ReadonlyMap<string, KnownId> | Error | null | undefined;
  /** Once it has its place in a batch. */
  placed: Placed | null;
  /** `head` is the checkpoint that sealed it, or, of records that were all known, one that covers them. */
  readonly resolve: (placed: Placed, head: SealedHead) => void;
  readonly reject: (error: unknown) => void;
}

export interface Placed extends Pick<Placement, 'outcomes'> {
  /** Number of the first new record. */
  readonly first: number;
  /** Leaf hashes of the new records, 32 bytes each, in order. */
  readonly leaves: Uint8Array;
}

export type AppendResult = { readonly receipt: Receipt } | { readonly error: TallystickError };

/** Bytes of entries and payloads, but for the numbers that the log puts in. */
export function bytesOfAll(records: readonly PreparedRecord[]): number {
  let bytes = 0;
  for (const { encoded } of records) bytes += bytesOf(encoded);
  return bytes;
}

/** Records in order, in parts that one append takes each; no part is empty. */
export function partsOf(
  records: readonly PreparedRecord[],
  { batchRecords, appendBytes }: Pick<Limits, 'batchRecords' | 'appendBytes'>,
): readonly (readonly PreparedRecord[])[] {
  const parts: (readonly PreparedRecord[])[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, { encoded }] of records.entries()) {
    const more = bytesOf(encoded);
    if (i > from && (i - from === batchRecords || bytes + more > appendBytes)) {
      parts.push(records.slice(from, i));
      from = i;
      bytes = 0;
    }
    bytes += more;
  }
  if (from < records.length) parts.push(from === 0 ? records : records.slice(from));
  return parts;
}

/** What the caller hears of each record, given a head that covers them. */
export function resultsOf(
  { outcomes, first, leaves }: Placed,
  node: string,
  head: SealedHead,
): AppendResult[] {
  return outcomes.map((outcome) => {
    if (outcome.kind === 'refused') return { error: outcome.error };
    if (outcome.kind === 'known') {
      const { seq, leaf } = outcome.id;
      return { receipt: new BatchReceipt(node, seq, leaf, 0, head, true) };
    }
    const { at, repeated } = outcome;
    return { receipt: new BatchReceipt(node, first + at, leaves, at, head, repeated) };
  });
}
