import { concatBytes } from '../../crypto/bytes.ts';
import { BUNDLE } from '../store.ts';

/** Consecutive entries of a log: in bundle form, and their leaf hashes (32 bytes each). */
export interface Run {
  readonly from: number;
  readonly entries: Uint8Array;
  readonly leaves: Uint8Array;
}

/** The entries after the last full bundle, fewer than 256, as they came. The first run starts at a bundle's start. */
export type Edge = readonly Run[];

export interface Advance {
  /** 256 entries each, the first one made of the old edge and what was missing. */
  readonly full: readonly Run[];
  /** What of the batch belongs to the edge: null when it ends with a full bundle. */
  readonly rest: Run | null;
  /** The edge afterwards. */
  readonly edge: Edge;
}

/**
 * Puts a batch behind the edge and cuts off the bundles that are full then.
 *
 * @param edge ends where the batch starts.
 * @param offsets of the batch's entries, the end included.
 */
export function advance(edge: Edge, batch: Run, offsets: readonly number[]): Advance {
  const end = batch.from + offsets.length - 1;
  const part = (from: number, to: number): Run => ({
    from,
    entries: batch.entries.subarray(offsets[from - batch.from], offsets[to - batch.from]),
    leaves: batch.leaves.subarray(32 * (from - batch.from), 32 * (to - batch.from)),
  });
  const full: Run[] = [];
  let at = batch.from;
  for (let next = bundleStart(at) + BUNDLE; next <= end; next += BUNDLE) {
    const rest = part(at, next);
    full.push(full.length === 0 ? join([...edge, rest]) : rest);
    at = next;
  }
  const rest = at < end ? copy(part(at, end)) : null;
  const added = rest === null ? [] : [rest];
  return { full, rest, edge: full.length === 0 ? [...edge, ...added] : added };
}

/** Where the bundle that holds entry `seq` starts. */
export function bundleStart(seq: number): number {
  return seq - (seq % BUNDLE);
}

function join(runs: readonly Run[]): Run {
  return {
    from: runs[0]!.from,
    entries: concatBytes(...runs.map((run) => run.entries)),
    leaves: concatBytes(...runs.map((run) => run.leaves)),
  };
}

/** So that a few entries do not keep a whole batch in memory. */
function copy(run: Run): Run {
  return { ...run, entries: run.entries.slice(), leaves: run.leaves.slice() };
}
