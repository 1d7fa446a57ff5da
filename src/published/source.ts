import { MAX_NOTE_BYTES } from '../checkpoint/mod.ts';
import { fromUtf8 } from '../crypto/bytes.ts';
import { StoreError, TallystickError } from '../errors.ts';
import {
  bundleEntries,
  encodeBundle,
  HASH,
  TILE_WIDTH,
  type TileId,
  tilePath,
  tileWidth,
} from '../merkle/mod.ts';
import { decodeEntry, MAX_PAYLOAD_BYTES, references } from '../record/mod.ts';
import type {
  LogSource,
  SourceBundle,
  SourceCheckpoint,
  SourceHead,
  SourcePayload,
  SourceTile,
} from '../verify/mod.ts';
import {
  CHECKPOINT,
  KEY_CHANGES,
  MAX_BUNDLE_BYTES,
  MAX_KEY_CHANGES_BYTES,
  MAX_TIMESTAMPS_BYTES,
  parseKeyChanges,
  payloadPath,
  readCheckpoint,
  SALT_BYTES,
  TIMESTAMPS,
} from './layout.ts';
import { NO_TIMESTAMPS, type PublishedTimestamps, parseTimestamps } from './timestamps.ts';

/** The files of a published log, wherever they are. None of them is trusted. */
export interface PublishedFiles {
  /** For people: a directory or an address. */
  readonly place: string;
  /**
   * The bytes of a file, null when there is none. Throws `StoreError`: STORE_DAMAGED when it has more than `most`
   * bytes, STORE_UNAVAILABLE when the medium fails.
   */
  read(path: string, most: number): Promise<Uint8Array | null>;
}

/** Files asked for at one time. */
const TILES_AT_ONCE = 16;
const BUNDLES_AT_ONCE = 4;
/** Bundles of which it is remembered which payloads their records refer to. */
const KNOWN_BUNDLES = 64;

/** Stands for a kept checkpoint that is none: a verifier reports it as malformed. */
const MALFORMED: SourceCheckpoint = { size: Number.NaN, root: new Uint8Array(0), signatures: '' };

/**
 * A log as it was published, for a verifier. It stays at the checkpoint that was read first. What is damaged is handed
 * on as such, as the contract says; a file with bytes too many counts as damaged.
 */
export class PublishedLog implements LogSource {
  readonly #files: PublishedFiles;
  #head: Promise<SourceHead | null> | null = null;
  readonly #payloads = new Map<number, readonly Use[]>();

  constructor(files: PublishedFiles) {
    this.#files = files;
  }

  /** Throws `StoreError` STORE_DAMAGED for a checkpoint that is none. */
  head(): Promise<SourceHead | null> {
    this.#head ??= this.#readHead();
    return this.#head;
  }

  async *bundles(from: number, to: number): AsyncGenerator<SourceBundle> {
    const size = await this.#size();
    const end = Math.ceil(Math.min(to, size) / TILE_WIDTH);
    const read = (index: number): Promise<SourceBundle> =>
      this.#bundle(index, from, Math.min(to, size), size);
    yield* inOrder(Math.floor(from / TILE_WIDTH), end, BUNDLES_AT_ONCE, read);
  }

  async *tiles(level: number, from: number, to: number): AsyncGenerator<SourceTile> {
    const size = await this.#size();
    yield* inOrder(from, to, TILES_AT_ONCE, async (index) => {
      const width = tileWidth(level, index, size);
      return { index, hashes: width === 0 ? null : await this.#tile({ level, index, width }) };
    });
  }

  /** Those at key changes, and the head: no others are published. */
  async *checkpoints(): AsyncGenerator<SourceCheckpoint> {
    const head = await this.head();
    if (head === null) return;
    for await (const checkpoint of this.keyChanges()) if (checkpoint.size !== head.size) yield checkpoint;
    yield head;
  }

  async *keyChanges(): AsyncGenerator<SourceCheckpoint> {
    const head = await this.head();
    if (head === null) return;
    for (const checkpoint of await this.#keyChanges(head.origin)) {
      // Key changes are written before the checkpoint that covers them, so newer ones accuse nobody.
      if (checkpoint === null) yield MALFORMED;
      else if (checkpoint.size <= head.size) yield checkpoint;
    }
  }

  /** Those that the published records refer to: without these, it is not known which there are. */
  async *payloads(from: number, to: number): AsyncGenerator<SourcePayload> {
    const size = await this.#size();
    const end = Math.min(to, size);
    for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < end; index++) {
      const uses = this.#payloads.get(index) ?? (await this.#usesIn(index, size));
      for (const { seq, digest } of uses) {
        const payload = seq >= from && seq < to ? await this.#payload(seq, digest) : null;
        if (payload !== null) yield payload;
      }
    }
  }

  /**
   * The time stamps that were published with it, none where it has no checkpoint that they could be held to. They are
   * for whoever has roots to verify them by: a verifier is given those that hold as `dated`.
   */
  async timestamps(): Promise<PublishedTimestamps> {
    const head = await this.head().catch(nothingIfDamaged);
    if (head === null) return NO_TIMESTAMPS;
    try {
      const bytes = await this.#files.read(TIMESTAMPS, MAX_TIMESTAMPS_BYTES);
      return bytes === null ? NO_TIMESTAMPS : parseTimestamps(fromUtf8(bytes), head);
    } catch (error) {
      if (!isDamage(error) && !(error instanceof TypeError)) throw error;
      return { ...NO_TIMESTAMPS, unreadable: 1 };
    }
  }

  async #size(): Promise<number> {
    return (await this.head())?.size ?? 0;
  }

  async #readHead(): Promise<SourceHead | null> {
    const bytes = await this.#files.read(CHECKPOINT, MAX_NOTE_BYTES);
    if (bytes === null) return null;
    try {
      return readCheckpoint(fromUtf8(bytes));
    } catch (cause) {
      const why = cause instanceof TallystickError ? cause.message : 'it is not UTF-8';
      throw new StoreError('STORE_DAMAGED', `the checkpoint in ${this.#files.place}: ${why}`, { cause });
    }
  }

  async #keyChanges(origin: string): Promise<readonly (SourceCheckpoint | null)[]> {
    try {
      const bytes = await this.#files.read(KEY_CHANGES, MAX_KEY_CHANGES_BYTES);
      return bytes === null ? [] : parseKeyChanges(fromUtf8(bytes), origin);
    } catch (error) {
      if (!isDamage(error) && !(error instanceof TypeError)) throw error;
      return [null];
    }
  }

  async #tile(tile: TileId): Promise<Uint8Array | null> {
    try {
      const hashes = await this.#cutFrom(tile, TILE_WIDTH * HASH, (full) =>
        full.length === TILE_WIDTH * HASH ? full.subarray(0, tile.width * HASH) : null,
      );
      return hashes?.length === tile.width * HASH ? hashes : null;
    } catch (error) {
      if (isDamage(error)) return null;
      throw error;
    }
  }

  async #bundle(index: number, from: number, to: number, size: number): Promise<SourceBundle> {
    const start = index * TILE_WIDTH;
    const end = Math.min(size, start + TILE_WIDTH);
    const range = { from: Math.max(from, start), to: Math.min(to, end) };
    try {
      const bytes = await this.#bundleBytes(index, size);
      if (bytes === null) return { ...range, entries: null, missing: true };
      this.#remember(index, usesIn(bytes, start));
      if (range.from === start && range.to === end) return { ...range, entries: bytes };
      // What stands behind the last place of a bundle belongs to that place.
      const last = range.to === end ? undefined : range.to - start;
      return { ...range, entries: encodeBundle(bundleEntries(bytes).slice(range.from - start, last)) };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { ...range, entries: null, damage: error.message };
    }
  }

  #bundleBytes(index: number, size: number): Promise<Uint8Array | null> {
    const width = tileWidth(0, index, size);
    return this.#cutFrom({ level: 'entries', index, width }, MAX_BUNDLE_BYTES, (full) =>
      encodeBundle(bundleEntries(full).slice(0, width)),
    );
  }

  /** A tile or bundle; of a partial one that is not there any more what `cut` makes of the full one. */
  async #cutFrom(
    tile: TileId,
    most: number,
    cut: (full: Uint8Array) => Uint8Array | null,
  ): Promise<Uint8Array | null> {
    const found = await this.#files.read(tilePath(tile), most);
    if (found !== null || tile.width === TILE_WIDTH) return found;
    const full = await this.#files.read(tilePath({ ...tile, width: TILE_WIDTH }), most);
    return full === null ? null : cut(full);
  }

  async #usesIn(index: number, size: number): Promise<readonly Use[]> {
    try {
      const bytes = await this.#bundleBytes(index, size);
      return bytes === null ? [] : usesIn(bytes, index * TILE_WIDTH);
    } catch (error) {
      if (isDamage(error)) return [];
      throw error;
    }
  }

  #remember(index: number, uses: readonly Use[]): void {
    this.#payloads.set(index, uses);
    if (this.#payloads.size > KNOWN_BUNDLES) {
      this.#payloads.delete(this.#payloads.keys().next().value as number);
    }
  }

  async #payload(seq: number, digest: string): Promise<SourcePayload | null> {
    try {
      const bytes = await this.#files.read(payloadPath(digest), SALT_BYTES + MAX_PAYLOAD_BYTES);
      if (bytes === null) return null;
      return { seq, digest, salt: bytes.subarray(0, SALT_BYTES), bytes: bytes.subarray(SALT_BYTES) };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { seq, digest, salt: new Uint8Array(SALT_BYTES), bytes: null };
    }
  }
}

/** A record that refers to a payload. */
interface Use {
  readonly seq: number;
  readonly digest: string;
}

const ascii = new TextDecoder('latin1');

/** The payloads that the records of a bundle refer to; none of records that do not read. */
function usesIn(bundle: Uint8Array, start: number): readonly Use[] {
  if (!hasReference(bundle)) return [];
  let entries: readonly Uint8Array[];
  try {
    entries = bundleEntries(bundle);
  } catch (error) {
    if (isDamage(error)) return [];
    throw error;
  }
  return entries.flatMap((entry, i) =>
    hasReference(entry) ? digestsIn(entry).map((digest) => ({ seq: start + i, digest })) : [],
  );
}

/** Nearly all records refer to nothing: they are not parsed. */
function hasReference(bytes: Uint8Array): boolean {
  return ascii.decode(bytes).includes('"payload":"');
}

function digestsIn(entry: Uint8Array): readonly string[] {
  try {
    return [...new Set(references(decodeEntry(entry)).map(({ ref }) => ref.payload))];
  } catch (error) {
    if (error instanceof TallystickError) return [];
    throw error;
  }
}

/** What a file holds is wrong, not the medium. */
function isDamage(error: unknown): error is TallystickError {
  return (
    error instanceof TallystickError && (error.code === 'STORE_DAMAGED' || error.code === 'TILE_INVALID')
  );
}

function nothingIfDamaged(error: unknown): null {
  if (isDamage(error)) return null;
  throw error;
}

/** `read` of each index in order, some of them asked for ahead. */
async function* inOrder<T>(
  from: number,
  to: number,
  atOnce: number,
  read: (index: number) => Promise<T>,
): AsyncGenerator<T> {
  const coming: Promise<T>[] = [];
  for (let next = from; next < to || coming.length > 0; ) {
    while (next < to && coming.length < atOnce) {
      const item = read(next++);
      // A failure is met when its turn comes, if it comes.
      item.catch(() => {});
      coming.push(item);
    }
    yield await (coming.shift() as Promise<T>);
  }
}
