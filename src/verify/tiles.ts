import { equalBytes, toHex } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { HASH, hashesAtLevel, leafHashes, TILE_WIDTH, Tree, tileRoot, tileWidth } from '../merkle/mod.ts';
import type { Findings } from './findings.ts';
import type { LogSource } from './source.ts';

/** Hashes of a stored tile cut to `width`; null when it is not there or narrower. */
export async function storedTile(
  source: LogSource,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array | null> {
  for await (const tile of source.tiles(level, index, index + 1)) return cutTile(tile.hashes, width);
  return null;
}

/** A tile may have grown since the head was fixed. */
export function cutTile(hashes: Uint8Array | null, width: number): Uint8Array | null {
  return hashes !== null && hashes.length >= width * HASH ? hashes.subarray(0, width * HASH) : null;
}

/** The state that everything is checked against: the head where the stored hashes lead to it, else what is left. */
export interface Base {
  readonly size: number;
  readonly root: Uint8Array;
  /** By level, the partial tile at the right edge, empty where there is none. They fold to `root`. */
  readonly edges: readonly Uint8Array[];
}

/** Records [from, to). */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** Records of which nothing stored leads to the sealed hash above them. */
export interface LostRegion {
  readonly from: number;
  readonly to: number;
  /** The sealed hash over them, of 256^level records. */
  readonly level: number;
  readonly hash: Uint8Array;
}

/**
 * Hash tiles, believed from the root downwards: the right edge has been folded to the root, and a full tile is
 * believed when it hashes to what the believed tile above it says. One tile per level is kept, so reading in order
 * reads each once. A stored tile that is not believed is made again from what is below it, and reported.
 */
export class SealedTiles {
  readonly #source: LogSource;
  readonly #size: number;
  readonly #edges: readonly Uint8Array[];
  readonly #findings: Findings;
  readonly #slice: Slice | null;
  /** By level: the full tile read last; null hashes when nothing leads to what was sealed. */
  readonly #last: { index: number; hashes: Uint8Array | null }[] = [];
  /** By level: the tile that a whole log needs next, asked for while the one before is in use. */
  readonly #coming: { readonly index: number; readonly stored: Promise<Uint8Array | null> }[] = [];
  #lost: LostRegion | null = null;
  #believed = 0;

  /**
   * `slice`: only these records are being verified, so that a tile that is not believed is not made again from the
   * rest of the log, which may not be there.
   */
  constructor(source: LogSource, base: Base, findings: Findings, slice: Slice | null = null) {
    this.#source = source;
    this.#size = base.size;
    this.#edges = base.edges;
    this.#findings = findings;
    this.#slice = slice;
  }

  /** The partial tile at the right edge of a level. */
  edge(level: number): Uint8Array {
    return this.#edges[level] ?? new Uint8Array(0);
  }

  /** How many tiles above level 0 were believed as they are stored. */
  get believed(): number {
    return this.#believed;
  }

  /** The region that `hash` last answered null for. */
  get lost(): LostRegion | null {
    return this.#lost;
  }

  /** The sealed hash at a position of a level, 1 or above; null when it is lost. */
  async hash(level: number, position: number): Promise<Uint8Array | null> {
    const index = Math.floor(position / TILE_WIDTH);
    const isFull = (index + 1) * TILE_WIDTH <= hashesAtLevel(level, this.#size);
    const tile = isFull ? await this.#fullTile(level, index) : this.edge(level);
    const at = (position % TILE_WIDTH) * HASH;
    return tile?.subarray(at, at + HASH) ?? null;
  }

  /** A tile of any level, for proofs. Throws `ProofError` TILE_INVALID when it is not to be had as it was sealed. */
  async read(level: number, index: number, width: number): Promise<Uint8Array> {
    const isFull = tileWidth(level, index, this.#size) === TILE_WIDTH;
    let tile = level > 0 && isFull ? await this.#fullTile(level, index) : this.edge(level);
    if (level === 0 && isFull) {
      tile = await storedTile(this.#source, 0, index, TILE_WIDTH);
      const expected = await this.hash(1, index);
      if (tile === null || expected === null || !equalBytes(tileRoot(tile), expected)) tile = null;
    }
    if (tile === null)
      throw new ProofError('TILE_INVALID', `hash tile ${index} of level ${level} is not as sealed`);
    return tile.subarray(0, width * HASH);
  }

  async #fullTile(level: number, index: number): Promise<Uint8Array | null> {
    const last = this.#last[level];
    if (last?.index === index) return last.hashes;
    const expected = await this.hash(level + 1, index);
    const hashes = expected === null ? null : await this.#believe(level, index, expected);
    this.#last[level] = { index, hashes };
    if (this.#slice === null) this.#expect(level, index + 1);
    return hashes;
  }

  #expect(level: number, index: number): void {
    if ((index + 1) * TILE_WIDTH > hashesAtLevel(level, this.#size)) return;
    const stored = storedTile(this.#source, level, index, TILE_WIDTH);
    // Its failure is met by whoever needs the tile.
    stored.catch(() => {});
    this.#coming[level] = { index, stored };
  }

  #stored(level: number, index: number): Promise<Uint8Array | null> {
    const coming = this.#coming[level];
    return coming?.index === index ? coming.stored : storedTile(this.#source, level, index, TILE_WIDTH);
  }

  async #believe(level: number, index: number, expected: Uint8Array): Promise<Uint8Array | null> {
    const stored = await this.#stored(level, index);
    if (stored !== null && equalBytes(tileRoot(stored), expected)) {
      this.#believed++;
      return stored;
    }
    for (const remake of this.#slice === null ? [fromTilesBelow, fromEntries] : []) {
      const made = await remake(this.#source, level, index);
      if (made === null || !equalBytes(tileRoot(made), expected)) continue;
      reportTile(this.#findings, { level, index, stored, sealed: made });
      return made;
    }
    const span = TILE_WIDTH ** (level + 1);
    this.#lost = { from: index * span, to: (index + 1) * span, level: level + 1, hash: expected };
    if (this.#slice !== null) {
      const message = `hash tile ${index} of level ${level} is not as sealed, so the records can't be tied to the signed root; verify the whole log`;
      this.#findings.add({ code: 'coverage-ends', ...this.#slice, expected: toHex(expected), message });
      return null;
    }
    const { from, to } = this.#lost;
    const message = `records ${from} to ${to - 1}: neither they nor their hash tiles lead to what was sealed; which of them were changed cannot be told`;
    this.#findings.add({ code: 'altered', from, to, expected: toHex(expected), message });
    return null;
  }
}

/** What a stored tile should have been. */
export interface WrongTile {
  readonly level: number;
  readonly index: number;
  readonly stored: Uint8Array | null;
  readonly sealed: Uint8Array;
}

/** Reports where a stored tile differs from the sealed one; nothing when it does not. */
export function reportTile(findings: Findings, { level, index, stored, sealed }: WrongTile): void {
  const span = TILE_WIDTH ** level;
  const first = index * TILE_WIDTH;
  const name = `hash tile ${index} of level ${level}`;
  if (stored === null) {
    const to = (first + sealed.length / HASH) * span;
    const message = `${name} is missing or too short; the records under it are as sealed`;
    findings.add({ code: 'tile-missing', level, index, from: first * span, to, message });
    return;
  }
  const wrong: number[] = [];
  for (let i = 0; i < sealed.length / HASH; i++) {
    if (!equalBytes(hashAt(stored, i), hashAt(sealed, i))) wrong.push(i);
  }
  const [at, end] = [wrong[0], wrong.at(-1)];
  if (at === undefined || end === undefined) return;
  findings.add({
    code: 'tile-altered',
    level,
    index,
    from: (first + at) * span,
    to: (first + end + 1) * span,
    expected: toHex(hashAt(sealed, at)),
    actual: toHex(hashAt(stored, at)),
    message: `${name} was changed in ${wrong.length} of its hashes, the first at ${at}; the records under it are as sealed`,
  });
}

function hashAt(tile: Uint8Array, i: number): Uint8Array {
  return tile.subarray(i * HASH, (i + 1) * HASH);
}

async function fromTilesBelow(source: LogSource, level: number, index: number): Promise<Uint8Array | null> {
  const made = new Uint8Array(TILE_WIDTH * HASH);
  const first = index * TILE_WIDTH;
  let count = 0;
  for await (const tile of source.tiles(level - 1, first, first + TILE_WIDTH)) {
    const hashes = tile.index === first + count ? cutTile(tile.hashes, TILE_WIDTH) : null;
    if (hashes === null || count === TILE_WIDTH) return null;
    made.set(tileRoot(hashes), count * HASH);
    count++;
  }
  return count === TILE_WIDTH ? made : null;
}

async function fromEntries(source: LogSource, level: number, index: number): Promise<Uint8Array | null> {
  const span = TILE_WIDTH ** (level + 1);
  const tree = new Tree();
  let made: Uint8Array | undefined;
  for await (const part of source.bundles(index * span, (index + 1) * span)) {
    const leaves = part.entries === null ? null : tryLeafHashes(part.entries);
    if (leaves?.length !== (part.to - part.from) * HASH || part.from !== index * span + tree.size)
      return null;
    tree.appendAll(leaves);
    // Taken often, since the tree keeps them until they are.
    made = tree.changedTiles().find((tile) => tile.level === level)?.hashes;
  }
  return tree.size === span && made !== undefined ? made : null;
}

/** Leaf hashes of entries in bundle form, null when they do not parse. */
export function tryLeafHashes(entries: Uint8Array): Uint8Array | null {
  try {
    return leafHashes(entries);
  } catch (error) {
    // The one thing it throws for bytes: they are no bundle.
    if ((error as { code?: unknown }).code === 'TILE_INVALID') return null;
    throw error;
  }
}
