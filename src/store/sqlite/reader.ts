import { Buffer } from 'node:buffer';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { MAX_PAYLOAD_BYTES, type Payload } from '../../record/types.ts';
import type { SourceBundle, SourceCheckpoint, SourcePayload, SourceTile } from '../../verify/source.ts';
import { BUNDLE, type IdRow, type StoredHead } from '../store.ts';
import { BundleRows, type BundleRun } from './bundle-rows.ts';
import { databasePath, openToRead, type Reading } from './database.ts';
import { bundleStart } from './edge.ts';
import { EntryReader } from './entry-reader.ts';
import { damaged, isDamage, storeError } from './errors.ts';
import { SELECT_HEAD, toHead } from './heads.ts';
import { IdFinder } from './id-finder.ts';
import type { Chunk, PayloadPlace, Range, ReaderCalls } from './protocol.ts';
import { blob, type Row, text } from './rows.ts';
import { LAYOUT, ONLY_GENESIS, pragma } from './schema.ts';
import { decompress } from './zstd.ts';

/** An answer ends after so many bundles, tiles, other rows, or bytes; what follows is another call. */
const CHUNK_BUNDLES = 16;
const CHUNK_TILES = 64;
const CHUNK_ROWS = 256;
const CHUNK_BYTES = 2 * 1024 * 1024;

const SQL = {
  nodes: 'SELECT node FROM heads ORDER BY node',
  head: SELECT_HEAD,
  state: 'SELECT key, value FROM state WHERE key >= ? ORDER BY key',
  edgeHashes: 'SELECT hashes FROM edge WHERE node = ? AND seq >= ? AND seq < ? ORDER BY seq',
  tile: 'SELECT hashes FROM tiles WHERE node = ? AND level = ? AND idx = ?',
  checkpoints: `SELECT size, root, signatures FROM checkpoints WHERE node = ? AND size > ? ORDER BY size LIMIT ${CHUNK_ROWS}`,
  keepsHead: 'SELECT 1 FROM heads WHERE node = ? AND keep <> 0',
  payload: 'SELECT salt, zstd, bytes FROM payloads WHERE node = ? AND digest = ?',
  payloads: `SELECT seq, digest, salt, zstd, bytes FROM payloads
    WHERE node = ? AND (seq, digest) > (?, ?) AND seq < ? ORDER BY seq, digest`,
} as const;

interface Behind {
  readonly node: string;
  readonly after: number;
}

/** A connection that only reads: what is committed, without waiting for what is being committed. */
export class Reader implements Omit<ReaderCalls, 'open'> {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #check: () => void;
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>;
  readonly #entries: EntryReader;
  readonly #hashes: BundleRows;
  readonly #ids: IdFinder;

  /** @throws StoreError as `openToRead`. */
  constructor(dir: string, { db, check }: Reading = openToRead(dir)) {
    this.#path = databasePath(dir);
    this.#db = db;
    this.#check = check;
    try {
      const prepared = Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)]);
      this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>;
      this.#entries = new EntryReader(db);
      this.#hashes = new BundleRows(db, 'hashes');
      this.#ids = new IdFinder(db);
    } catch (error) {
      db.close();
      throw storeError(error, this.#path);
    }
  }

  nodes(): string[] {
    return this.#read(() => this.#sql.nodes.all().map((row) => text(row, 'node')));
  }

  head(node: string): StoredHead | null {
    return this.#read(() => this.#head(node));
  }

  payload({ node, digest }: { readonly node: string; readonly digest: string }): Payload | null {
    return this.#read(() => {
      const row = this.#sql.payload.get(node, Buffer.from(digest, 'hex'));
      if (row === undefined) return null;
      const { salt, bytes } = toSealed(row);
      if (bytes === null) throw damaged(this.#path, `payload ${digest} does not decode`);
      return { digest, salt, bytes };
    });
  }

  findIds({ node, keys }: { readonly node: string; readonly keys: Uint8Array }): Map<number, IdRow> {
    return this.#read(() => this.#ids.find(node, keys));
  }

  state(prefix: string): Map<string, string> {
    return this.#read(() => {
      const found = new Map<string, string>();
      for (const row of this.#sql.state.iterate(prefix)) {
        const key = text(row, 'key');
        // In order of the bytes, all that start with the prefix come first.
        if (!key.startsWith(prefix)) break;
        found.set(key, text(row, 'value'));
      }
      return found;
    });
  }

  bundles({ node, from, to }: Range): Chunk<SourceBundle> {
    return this.#read(() => {
      const end = Math.min(to, this.#head(node)?.size ?? 0);
      const items: SourceBundle[] = [];
      let at = from;
      let bytes = 0;
      for (const bundle of this.#entries.read(
        node,
        from,
        Math.min(end, bundleStart(from) + CHUNK_BUNDLES * BUNDLE),
      )) {
        for (const item of bundle) bytes += item.entries?.length ?? 0;
        items.push(...bundle);
        at = bundleStart(at) + BUNDLE;
        if (bytes >= CHUNK_BYTES) break;
      }
      return { items, next: at < end ? at : null };
    });
  }

  tiles({ node, level, from, to }: Range & { readonly level: number }): Chunk<SourceTile> {
    return this.#read(() => {
      const end = Math.min(to, from + CHUNK_TILES);
      const items: SourceTile[] = [];
      const bundles = this.#hashes.run(node);
      try {
        for (let index = from; index < end; index++)
          items.push({ index, hashes: this.#tile(bundles, node, level, index) });
      } finally {
        bundles.close();
      }
      return { items, next: end < to ? end : null };
    });
  }

  checkpoints({ node, after }: Behind): Chunk<SourceCheckpoint> {
    return this.#read(() => this.#checkpoints(this.#sql.checkpoints, node, after, true));
  }

  keyChanges({ node, after }: Behind): Chunk<SourceCheckpoint> {
    return this.#read(() => {
      // Asked each time: a writer may have brought the file up to date since it was opened here.
      const column = pragma(this.#db, 'user_version') >= LAYOUT ? 'keep <> 0' : ONLY_GENESIS;
      const kept = this.#db.prepare(
        `SELECT size, root, signatures FROM checkpoints WHERE node = ? AND size > ? AND ${column}
        ORDER BY size LIMIT ${CHUNK_ROWS}`,
      );
      return this.#checkpoints(kept, node, after, this.#sql.keepsHead.get(node) !== undefined);
    });
  }

  #checkpoints(kept: StatementSync, node: string, after: number, withHead: boolean): Chunk<SourceCheckpoint> {
    const rows = kept.all(node, after);
    const items = rows.flatMap(toCheckpoint);
    const last = items.at(-1);
    if (rows.length === CHUNK_ROWS && last !== undefined) return { items, next: last.size };
    const head = withHead ? this.#head(node) : null;
    if (head !== null && head.size > 0) {
      items.push({ size: head.size, root: head.root, signatures: head.signatures });
    }
    return { items, next: null };
  }

  payloads({ node, from, to, after }: Range & PayloadPlace): Chunk<SourcePayload, PayloadPlace> {
    return this.#read(() => {
      const items: SourcePayload[] = [];
      let bytes = 0;
      for (const row of this.#sql.payloads.iterate(node, from, Buffer.from(after, 'hex'), to)) {
        const item = toSourcePayload(row);
        if (item === null) continue;
        items.push(item);
        bytes += item.bytes?.length ?? 0;
        if (items.length < CHUNK_ROWS && bytes < CHUNK_BYTES) continue;
        return { items, next: { from: item.seq, after: item.digest } };
      }
      return { items, next: null };
    });
  }

  close(): void {
    this.#db.close();
  }

  /** A tile, null when it is not there or is no row of hashes. */
  #tile(bundles: BundleRun, node: string, level: number, index: number): Uint8Array | null {
    try {
      if (level > 0) return toHashes(this.#sql.tile.all(node, level, index));
      const full = bundles.get(index);
      const start = index * BUNDLE;
      return toHashes(full ? [full] : this.#sql.edgeHashes.all(node, start, start + BUNDLE));
    } catch (error) {
      // To a verifier, a hash that cannot be read is one that is not there.
      if (isDamage(error)) return null;
      throw error;
    }
  }

  #head(node: string): StoredHead | null {
    const row = this.#sql.head.get(node);
    return row === undefined ? null : toHead(row);
  }

  /** Within one read transaction, so that what moves from the edge to a bundle meanwhile is seen exactly once. */
  #read<T>(act: () => T): T {
    try {
      this.#db.exec('BEGIN');
      try {
        return act();
      } finally {
        this.#db.exec('COMMIT');
        this.#check();
      }
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }
}

function toHashes(rows: readonly Row[]): Uint8Array | null {
  const hashes = Buffer.concat(rows.map((row) => blob(row, 'hashes')));
  const width = hashes.length / 32;
  return Number.isInteger(width) && width >= 1 && width <= BUNDLE ? new Uint8Array(hashes) : null;
}

/** Nothing for a row that is none of a checkpoint's: there is nothing in it that a key could have signed. */
function toCheckpoint(row: Row): SourceCheckpoint[] {
  const { size, root, signatures } = row;
  if (typeof size !== 'number' || typeof signatures !== 'string' || !(root instanceof Uint8Array)) return [];
  return [{ size, root, signatures }];
}

/** Null for a row without number or digest: to whoever looks for a payload, it is not there. */
function toSourcePayload(row: Row): SourcePayload | null {
  const { seq, digest } = row;
  if (typeof seq !== 'number' || !(digest instanceof Uint8Array)) return null;
  return { seq, digest: Buffer.from(digest).toString('hex'), ...toSealed(row) };
}

function toSealed(row: Row): Pick<SourcePayload, 'salt' | 'bytes'> {
  const { salt, bytes, zstd } = row;
  if (!(salt instanceof Uint8Array) || !(bytes instanceof Uint8Array))
    return { salt: new Uint8Array(16), bytes: null };
  if (zstd === 0) return { salt, bytes };
  try {
    return { salt, bytes: decompress(bytes, MAX_PAYLOAD_BYTES) };
  } catch {
    // What does not decode is handed on as such: the verifier names it.
    return { salt, bytes: null };
  }
}
