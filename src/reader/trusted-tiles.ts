import { equalBytes } from '../crypto/bytes.ts';
import { StoreError } from '../errors.ts';
import {
  HASH,
  hashesAtLevel,
  inclusionPath,
  partialWidth,
  subtreeRoot,
  TILE_WIDTH,
  TileNodes,
  type TileReader,
  Tree,
  tileRoot,
} from '../merkle/mod.ts';

/** A state of the tree that a signature vouches for. */
export interface TrustedHead {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** The partial tile at the right edge of each level, under a head. */
interface Edge {
  readonly head: TrustedHead;
  readonly tiles: readonly Uint8Array[];
  /** Nodes over their hashes that were made, by height and first leaf: at most 255 a tile. */
  readonly nodes: Map<string, Uint8Array>;
}

/** Full tiles kept once they were found good, 16 KiB each with the nodes over their hashes. */
const KEPT = 512;
/** A tile spans so many binary levels. */
const TILE_HEIGHT = 8;

/**
 * Hash tiles as read from a store, believed only where they hash up to a signed root. What a full tile holds never
 * changes, so one that was found good under any head of the log stays good: reading a page of records costs a few
 * tiles, not a proof each.
 */
export class TrustedTiles {
  readonly #read: TileReader;
  readonly #full = new Map<string, TileNodes>();
  /** Of the head asked for last. */
  #edge: Edge | null = null;

  constructor(read: TileReader) {
    this.#read = read;
  }

  /**
   * Leaf hash of a record, 32 bytes. `seq` is below the head's size, the head's signature has been checked. Throws
   * `StoreError` STORE_DAMAGED when the tiles are missing or do not hash to the root.
   */
  async leaf(seq: number, head: TrustedHead): Promise<Uint8Array> {
    return this.#hash(0, seq, await this.#edgeOf(head));
  }

  /** The leaf hashes of a bundle, as many as the head covers. Throws as `leaf`. */
  async leaves(bundle: number, head: TrustedHead): Promise<Uint8Array> {
    return this.#tile(0, bundle, await this.#edgeOf(head));
  }

  /** Root over the leaves of a bundle that is full under the head, without reading its own tile. Throws as `leaf`. */
  async bundleRoot(bundle: number, head: TrustedHead): Promise<Uint8Array> {
    return this.#hash(1, bundle, await this.#edgeOf(head));
  }

  /**
   * Inclusion proof of a record: RFC 9162, leaf side first. Made of believed hashes alone, so that it holds. Throws as
   * `leaf`.
   */
  async proof(seq: number, head: TrustedHead): Promise<Uint8Array[]> {
    const edge = await this.#edgeOf(head);
    const proof: Uint8Array[] = [];
    // One after the other: most are in one tile, which then is read once.
    for (const subtree of inclusionPath(seq, head.size)) {
      const root = await subtreeRoot(subtree, (height, from) => this.#node(height, from, edge));
      // A copy: what is kept is nobody's to change.
      proof.push(root.slice());
    }
    return proof;
  }

  /** The node over the complete subtree of 2^height records that begins at `from`. */
  async #node(height: number, from: number, edge: Edge): Promise<Uint8Array> {
    const level = Math.floor(height / TILE_HEIGHT);
    const first = from / TILE_WIDTH ** level;
    const index = Math.floor(first / TILE_WIDTH);
    const [within, at] = [height % TILE_HEIGHT, first % TILE_WIDTH];
    if (isFull(level, index, edge)) return (await this.#fullTile(level, index, edge)).node(within, at);
    const known = edge.nodes.get(`${height}/${from}`);
    if (known !== undefined) return known;
    const tile = edge.tiles[level] as Uint8Array;
    const made = tileRoot(tile.subarray(at * HASH, (at + 2 ** within) * HASH));
    edge.nodes.set(`${height}/${from}`, made);
    return made;
  }

  async #hash(level: number, position: number, edge: Edge): Promise<Uint8Array> {
    const tile = await this.#tile(level, Math.floor(position / TILE_WIDTH), edge);
    const at = (position % TILE_WIDTH) * HASH;
    return tile.subarray(at, at + HASH);
  }

  async #tile(level: number, index: number, edge: Edge): Promise<Uint8Array> {
    if (!isFull(level, index, edge)) return edge.tiles[level] as Uint8Array;
    return (await this.#fullTile(level, index, edge)).hashes;
  }

  async #fullTile(level: number, index: number, edge: Edge): Promise<TileNodes> {
    const key = `${level}/${index}`;
    const kept = this.#full.get(key);
    if (kept !== undefined) {
      // Re-inserting makes the map's order that of last use.
      this.#full.delete(key);
      this.#full.set(key, kept);
      return kept;
    }
    const tile = new TileNodes(await this.#read(level, index, TILE_WIDTH));
    if (!equalBytes(tile.root, await this.#hash(level + 1, index, edge))) {
      throw new StoreError(
        'STORE_DAMAGED',
        `hash tile ${index} of level ${level} does not hash to the signed root; run verify`,
        {
          context: { level, index },
        },
      );
    }
    this.#full.set(key, tile);
    if (this.#full.size > KEPT) this.#full.delete(this.#full.keys().next().value as string);
    return tile;
  }

  /** The right edge under a head, checked. Each call has its own: others may ask for another head meanwhile. */
  async #edgeOf(head: TrustedHead): Promise<Edge> {
    const known = this.#edge;
    if (known?.head.size === head.size && equalBytes(known.head.root, head.root)) return known;
    const tiles: Uint8Array[] = [];
    const tree = await Tree.read(head.size, async (level, index, width) => {
      const tile = await this.#read(level, index, width);
      if (width === partialWidth(level, head.size)) tiles[level] = tile;
      return tile;
    });
    if (!equalBytes(tree.root(), head.root)) {
      throw new StoreError(
        'STORE_DAMAGED',
        `the hash tiles at ${head.size} records do not hash to the signed root; run verify`,
        {
          context: { size: head.size },
        },
      );
    }
    this.#edge = { head, tiles, nodes: new Map() };
    return this.#edge;
  }
}

function isFull(level: number, index: number, { head }: Edge): boolean {
  return (index + 1) * TILE_WIDTH <= hashesAtLevel(level, head.size);
}
