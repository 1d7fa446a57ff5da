import { ProofError } from '../errors.ts';
import type { TileReader } from '../merkle/mod.ts';
import type { LogSource } from './source.ts';
import { storedTile } from './tiles.ts';

/** A source's hash tiles for making proofs. The reader throws `ProofError` TILE_INVALID where one is missing. */
export function proofTiles(source: LogSource): TileReader {
  return async (level, index, width) => {
    const tile = await storedTile(source, level, index, width);
    if (tile !== null) return tile;
    throw new ProofError('TILE_INVALID', `hash tile ${index} of level ${level} is missing`);
  };
}
