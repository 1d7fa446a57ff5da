import { type ChangedTile, HASH, type TileReader } from '../../src/merkle/mod.ts';

/** Keeps what a tree reports as a store would, and reads it back. */
export class StoredTiles {
  readonly #tiles = new Map<string, Uint8Array>();
  #leaves = new Uint8Array(0);

  addLeaves(leaves: Uint8Array): void {
    const all = new Uint8Array(this.#leaves.length + leaves.length);
    all.set(this.#leaves);
    all.set(leaves, this.#leaves.length);
    this.#leaves = all;
  }

  addTiles(tiles: readonly ChangedTile[]): void {
    for (const { level, index, hashes } of tiles) this.#tiles.set(`${level}/${index}`, hashes);
  }

  get tiles(): ReadonlyMap<string, Uint8Array> {
    return this.#tiles;
  }

  readonly read: TileReader = async (level, index, width) => {
    const from = level === 0 ? index * 256 * HASH : 0;
    const tile = level === 0 ? this.#leaves : (this.#tiles.get(`${level}/${index}`) ?? new Uint8Array(0));
    return tile.slice(from, from + width * HASH);
  };
}
