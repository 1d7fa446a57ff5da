import { StoreError } from '../errors.ts';
import type { TileReader } from '../merkle/mod.ts';
import type { LogSource } from '../verify/source.ts';

/** Reads a store's tiles for proofs: a tile may have grown since. Throws `StoreError` STORE_DAMAGED when a tile is missing or shorter than asked for. */
export function tileReader(source: LogSource): TileReader {
  return async (level, index, width) => {
    for await (const tile of source.tiles(level, index, index + 1)) {
      if (tile.hashes !== null && tile.hashes.length >= 32 * width)
        return tile.hashes.subarray(0, 32 * width);
    }
    throw new StoreError(
      'STORE_DAMAGED',
      `hash tile ${index} of level ${level} is missing or too short; run verify`,
      {
        context: { level, index },
      },
    );
  };
}
