import { concatBytes, equalBytes } from '../crypto/bytes.ts';
import { TILE_WIDTH, tileRoot } from '../merkle/mod.ts';
import { Ahead } from './ahead.ts';
import { judgeBundle, type Part, type SealedPlace, takeParts } from './bundle.ts';
import { type Findings, MISSING } from './findings.ts';
import type { Checked } from './report.ts';
import type { LogSource, SourceTile } from './source.ts';
import { cutTile, type SealedTiles, type Slice } from './tiles.ts';

/** One bundle, or the asked-for part of it, after its entries were compared with what was sealed. */
export interface WalkedBundle {
  /** Records [from, to). */
  readonly from: number;
  readonly to: number;
  /** The stored entries, when all of them are the sealed ones. Good until the next bundle is asked for. */
  readonly entries: Uint8Array | null;
  /** The sealed leaf hashes of the whole bundle; null when they can't be known. */
  readonly leaves: Uint8Array | null;
  /** The sealed hash over the whole bundle; null for the partial one at the right edge, and when it is lost. */
  readonly root: Uint8Array | null;
}

/**
 * Reads the records of a range, bundle by bundle, with the hash tiles over them, reports what differs from what was
 * sealed, and counts what does not. `size` is that of the tree that `tiles` belong to; the range is within it.
 */
export async function* walk(
  source: LogSource,
  tiles: SealedTiles,
  size: number,
  { from, to }: Slice,
  findings: Findings,
  checked: Checked,
): AsyncGenerator<WalkedBundle> {
  const first = Math.floor(from / TILE_WIDTH);
  const end = Math.ceil(to / TILE_WIDTH);
  const bundles = new Ahead(source.bundles(from, to));
  const leafTiles = new Ahead(source.tiles(0, first, end));
  try {
    for (let index = first; index < end; index++) {
      const start = index * TILE_WIDTH;
      const slice = { from: Math.max(from, start), to: Math.min(to, start + TILE_WIDTH) };
      if ((await bundles.peek()) === null && (await leafTiles.peek()) === null) {
        findings.add({ code: 'missing', from: slice.from, to, message: MISSING });
        return;
      }
      const width = Math.min(TILE_WIDTH, size - start);
      const root = width === TILE_WIDTH ? await tiles.hash(1, index) : null;
      const tile = cutTile(await takeTile(leafTiles, index), width);
      const parts = await takeParts(bundles, slice.from, slice.to);
      if (root === null && width === TILE_WIDTH) {
        yield { ...slice, entries: null, leaves: null, root };
        continue;
      }
      const sealed: SealedPlace['sealed'] = root === null ? { leaves: tiles.edge(0) } : { root };
      const judged = judgeBundle({ index, width, tile, sealed }, parts, findings);
      checked.records += judged.good;
      if (judged.clean) checked.bundles++;
      if (judged.tileGood) checked.tiles++;
      yield { ...slice, entries: judged.clean ? joined(parts) : null, leaves: judged.leaves, root };
      for (const part of parts) part.release?.();
    }
  } finally {
    await bundles.close();
    await leafTiles.close();
  }
}

/** As `walk` where there are no records: of each bundle the hash tile alone. What is wrong with one can't be made again. */
export async function* walkTiles(
  source: LogSource,
  tiles: SealedTiles,
  size: number,
  { from, to }: Slice,
  findings: Findings,
  checked: Checked,
): AsyncGenerator<WalkedBundle> {
  const first = Math.floor(from / TILE_WIDTH);
  const end = Math.ceil(to / TILE_WIDTH);
  const leafTiles = new Ahead(source.tiles(0, first, end));
  try {
    for (let index = first; index < end; index++) {
      const start = index * TILE_WIDTH;
      const slice = { from: Math.max(from, start), to: Math.min(to, start + TILE_WIDTH) };
      const width = Math.min(TILE_WIDTH, size - start);
      const root = width === TILE_WIDTH ? await tiles.hash(1, index) : null;
      const tile = cutTile(await takeTile(leafTiles, index), width);
      // Of the right edge the tiles have been compared already.
      const isGood = root === null ? width < TILE_WIDTH : tile !== null && equalBytes(tileRoot(tile), root);
      if (isGood) checked.tiles++;
      else {
        const message = 'the hash tile over these records is missing or not as sealed';
        findings.add({ code: 'coverage-ends', ...slice, message });
      }
      const sealed = root === null ? tiles.edge(0) : tile;
      yield { ...slice, entries: null, leaves: isGood ? sealed : null, root };
    }
  } finally {
    await leafTiles.close();
  }
}

async function takeTile(tiles: Ahead<SourceTile>, index: number): Promise<Uint8Array | null> {
  for (let next = await tiles.peek(); next !== null && !(next.index > index); next = await tiles.peek()) {
    await tiles.take();
    if (next.index === index) return next.hashes;
  }
  return null;
}

function joined(parts: readonly Part[]): Uint8Array {
  const all = parts.map((part) => part.entries as Uint8Array);
  return all.length === 1 ? (all[0] as Uint8Array) : concatBytes(...all);
}
