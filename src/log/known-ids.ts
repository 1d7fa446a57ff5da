import { BUNDLE, type IdRow, type LogStore } from '../store/store.ts';
import { tileReader } from '../store/tile-reader.ts';

/** An id that came before, and the record it came with. */
export interface KnownId extends IdRow {
  /** The record's leaf hash, 32 bytes. */
  readonly leaf: Uint8Array;
}

const NONE: ReadonlyMap<string, KnownId> = new Map();

/** Which of the keys the store knows. Rejects with what `LogStore.findIds` and reading tiles reject with. */
export async function findKnownIds(
  store: LogStore,
  node: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, KnownId>> {
  const rows = await store.findIds(node, keys);
  if (rows.size === 0) return NONE;
  const widths = new Map<number, number>();
  for (const { seq } of rows.values()) {
    const tile = Math.floor(seq / BUNDLE);
    widths.set(tile, Math.max(widths.get(tile) ?? 0, (seq % BUNDLE) + 1));
  }
  const readTile = tileReader(store.source(node));
  const tiles = new Map<number, Uint8Array>();
  for (const [tile, width] of widths) tiles.set(tile, await readTile(0, tile, width));
  const known = new Map<string, KnownId>();
  for (const [key, row] of rows) {
    const at = 32 * (row.seq % BUNDLE);
    const leaf = (tiles.get(Math.floor(row.seq / BUNDLE)) as Uint8Array).slice(at, at + 32);
    known.set(key, { ...row, leaf });
  }
  return known;
}
