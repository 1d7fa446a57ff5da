import { ProofError } from '../errors.ts';

/** Hashes in a full tile, entries in a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
const MAX_LEVEL = 63;

/** One tile. `level` 'entries' names an entry bundle, which is addressed like a tile of level 0. */
export interface TileId {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256 hashes or entries. */
  readonly width: number;
}

/**
 * Reads a stored hash tile: 32 bytes × `width`. A reader may cut a wider tile; what it returns is checked for its
 * length and, through the root, for its content.
 */
export type TileReader = (level: number, index: number, width: number) => Promise<Uint8Array>;

/** Number of hashes a tree of `size` leaves has at a tile level: the complete subtrees of 256^level leaves. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** Width of the partial tile at the right edge of a level, 0 to 255; 0 means that there is none. */
export function partialWidth(level: number, size: number): number {
  return hashesAtLevel(level, size) % TILE_WIDTH;
}

/** Width of one tile in a tree of `size` leaves: 256, less at the right edge, 0 when there is no such tile. */
export function tileWidth(level: number, index: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesAtLevel(level, size) - index * TILE_WIDTH));
}

/** Number of tiles at a level, the partial one included. */
export function tileCount(level: number, size: number): number {
  return Math.ceil(hashesAtLevel(level, size) / TILE_WIDTH);
}

/** Every hash tile of a tree of `size` leaves, level by level, left to right. */
export function* tilesOf(size: number): Generator<TileId & { readonly level: number }> {
  for (let level = 0; tileCount(level, size) > 0; level++) {
    const count = tileCount(level, size);
    for (let index = 0; index < count; index++) yield { level, index, width: tileWidth(level, index, size) };
  }
}

/** Path of a tile or bundle below the log's prefix, as `tile/0/x001/x234/067.p/12`. */
export function tilePath({ level, index, width }: TileId): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return `tile/${level}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** Reads what `tilePath` writes and nothing else. Throws `ProofError` TILE_INVALID. */
export function parseTilePath(path: string): TileId {
  const [, level, groups, partial] = PATH.exec(path) ?? [];
  if (level !== undefined && groups !== undefined) {
    const tile: TileId = {
      level: level === 'entries' ? level : Number(level),
      index: Number(groups.replaceAll(/[x/]/g, '')),
      width: partial === undefined ? TILE_WIDTH : Number(partial),
    };
    const known = tile.level === 'entries' || tile.level <= MAX_LEVEL;
    // Writing it again refuses what is not the shortest form: x000 in front, a partial width of 256 or more.
    if (known && Number.isSafeInteger(tile.index) && tile.width <= TILE_WIDTH && tilePath(tile) === path)
      return tile;
  }
  throw new ProofError('TILE_INVALID', `not a tile path: ${JSON.stringify(path.slice(0, 80))}`);
}
