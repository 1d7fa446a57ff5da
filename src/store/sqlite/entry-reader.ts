import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { concatBytes } from '../../crypto/bytes.ts';
import type { SourceBundle } from '../../verify/source.ts';
import { BUNDLE } from '../store.ts';
import { BundleRows, type BundleRun } from './bundle-rows.ts';
import { type Decoded, decodeEntries } from './decode.ts';
import { bundleStart } from './edge.ts';
import { isDamage } from './errors.ts';
import { count, type Row } from './rows.ts';

/**
 * Reads entries, from a full bundle or, where there is none, from the rows of the edge. Within a read transaction
 * an entry is in one of the two; what is in neither, or does not decode, is damage of just that range.
 */
export class EntryReader {
  readonly #bundles: BundleRows;
  readonly #edge: StatementSync;

  constructor(db: DatabaseSync) {
    this.#bundles = new BundleRows(db, 'entries');
    this.#edge = db.prepare(
      'SELECT seq, count, entries FROM edge WHERE node = ? AND seq >= ? AND seq < ? ORDER BY seq',
    );
  }

  /**
   * Entries [from, to), a bundle at a time: for each one item, or more where damage divides it.
   *
   * @throws Error of node:sqlite when the medium fails.
   */
  *read(node: string, from: number, to: number): Generator<SourceBundle[]> {
    const run = this.#bundles.run(node);
    try {
      for (let at = from; at < to; at = bundleStart(at) + BUNDLE)
        yield this.#readOne(run, node, at, Math.min(to, bundleStart(at) + BUNDLE));
    } finally {
      run.close();
    }
  }

  #readOne(run: BundleRun, node: string, from: number, to: number): SourceBundle[] {
    const start = bundleStart(from);
    const row = attempt(() => run.get(start / BUNDLE));
    if (typeof row === 'string')
      return [{ from, to, entries: null, damage: `bundle ${start / BUNDLE}: ${row}` }];
    if (row === undefined) return this.#readEdge(node, from, to);
    const decoded = decodeEntries(row);
    if (typeof decoded === 'string') {
      return [{ from, to, entries: null, damage: `bundle ${start / BUNDLE}: ${decoded}` }];
    }
    const count = decoded.offsets.length - 1;
    // With entries lost or slipped in, all from here on are given: whoever knows the hashes can tell which.
    const end = count === BUNDLE ? to - start : count;
    return [{ from, to, entries: cut(decoded, Math.min(from - start, end), end) }];
  }

  #readEdge(node: string, from: number, to: number): SourceBundle[] {
    const start = bundleStart(from);
    const rows = attempt(() => this.#edge.all(node, start, start + BUNDLE));
    if (typeof rows === 'string') return [{ from, to, entries: null, damage: rows }];
    const items: SourceBundle[] = [];
    let at = from;
    for (const row of rows) {
      const item = readEdgeRow(row, at, to);
      if (item === null) continue;
      if (item.from > at) items.push(missing(at, item.from));
      items.push(item);
      at = item.to;
    }
    if (at < to) items.push(missing(at, to));
    return merge(items);
  }
}

/** What of [from, to) an edge row holds, null for nothing. */
function readEdgeRow(row: Row, from: number, to: number): SourceBundle | null {
  const size = attempt(() => count(row, 'count'));
  const seq = attempt(() => count(row, 'seq'));
  if (typeof size !== 'number' || typeof seq !== 'number') return null;
  const range = { from: Math.max(from, seq), to: Math.min(to, seq + size) };
  if (range.from >= range.to) return null;
  const decoded = decodeEntries(row);
  if (typeof decoded === 'string') return damaged(range, decoded);
  const found = decoded.offsets.length - 1;
  if (found !== size) return damaged(range, `${found} entries are stored instead of ${size}`);
  return { ...range, entries: cut(decoded, range.from - seq, range.to - seq) };
}

function damaged(range: { readonly from: number; readonly to: number }, why: string): SourceBundle {
  return { ...range, entries: null, damage: `entries ${range.from} to ${range.to - 1}: ${why}` };
}

function missing(from: number, to: number): SourceBundle {
  return { ...damaged({ from, to }, 'nothing is stored for them'), missing: true };
}

/** Joins neighbours that are both whole. */
function merge(items: readonly SourceBundle[]): SourceBundle[] {
  const groups: [SourceBundle, ...SourceBundle[]][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last === undefined || last[0].entries === null || item.entries === null) groups.push([item]);
    else last.push(item);
  }
  return groups.map((group) => {
    const parts = group.flatMap(({ entries }) => entries ?? []);
    return group.length === 1
      ? group[0]
      : { from: group[0].from, to: group.at(-1)!.to, entries: concatBytes(...parts) };
  });
}

function cut({ entries, offsets }: Decoded, from: number, to: number): Uint8Array {
  return from === 0 && to === offsets.length - 1 ? entries : entries.slice(offsets[from], offsets[to]);
}

/** The value, or why its bytes do not give one. Lets through what is not damage. */
function attempt<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (isDamage(error)) return (error as Error).message;
    throw error;
  }
}
