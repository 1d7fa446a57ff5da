import { Buffer } from 'node:buffer';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { bundleEntries, encodeBundle } from '../../merkle/mod.ts';
import { MAX_PAYLOAD_BYTES } from '../../record/mod.ts';
import { BUNDLE } from '../store.ts';
import { entriesOf, leavesOf, type StoredLog } from '../stored-log.ts';
import { databasePath } from './database.ts';
import { decodeEntries } from './decode.ts';
import { blob, count, type Row, text } from './rows.ts';
import { compress, decompress } from './zstd.ts';

/** Columns of a head that somebody may want to change. */
export interface HeadEdit {
  readonly origin?: string;
  readonly size?: number;
  readonly root?: Uint8Array;
  readonly signatures?: string;
}

/**
 * What an attacker does who can write `log.db`: edits rows without asking the log. For demonstrating and testing that
 * the verifier notices; nothing else uses it. Nobody may write the store meanwhile.
 */
export class TamperedStore {
  readonly #db: DatabaseSync;
  readonly #node: string;

  constructor(dir: string, node: string) {
    this.#db = new DatabaseSync(databasePath(dir));
    // What is lost in a crash here, nobody misses.
    this.#db.exec('PRAGMA synchronous = OFF');
    this.#node = node;
  }

  /** All entries of the log, and the leaf hashes stored beside them (32 bytes each). */
  read(): { entries: Uint8Array[]; leaves: Uint8Array[] } {
    const bundles = this.#rows('SELECT hashes, entries FROM bundles WHERE node = ? ORDER BY idx');
    const edge = this.#rows('SELECT hashes, entries FROM edge WHERE node = ? ORDER BY seq');
    const entries: Uint8Array[] = [];
    const leaves: Uint8Array[] = [];
    for (const row of [...bundles, ...edge]) {
      const decoded = decodeEntries(row);
      if (typeof decoded === 'string') throw new TypeError(`the log to tamper with is not whole: ${decoded}`);
      entries.push(...bundleEntries(decoded.entries));
      const hashes = blob(row, 'hashes');
      for (let at = 0; at < hashes.length; at += 32) leaves.push(hashes.subarray(at, at + 32));
    }
    return { entries, leaves };
  }

  /** Replaces all entries and the hashes beside them, as the store would have laid them out. */
  write(entries: readonly Uint8Array[], leaves: readonly Uint8Array[]): void {
    this.#transact(() => this.#write(entries, leaves));
  }

  /** All that is stored of the log, which must be whole. */
  contents(): StoredLog {
    const { entries, leaves } = this.read();
    const [head] = this.#rows('SELECT origin, size, root, signatures FROM heads WHERE node = ?');
    if (head === undefined) throw new TypeError('there is no log to tamper with');
    const tiles = this.#rows('SELECT level, idx, hashes FROM tiles WHERE node = ?');
    const kept = this.#rows(
      'SELECT size, root, signatures, keep FROM checkpoints WHERE node = ? ORDER BY size',
    );
    const payloads = this.#rows('SELECT seq, digest, salt, zstd, bytes FROM payloads WHERE node = ?');
    return {
      head: { origin: text(head, 'origin'), ...checkpointOf(head) },
      entries: entries.map((bytes, number) => ({ number, bytes })),
      leaves,
      spoilt: new Map(),
      tiles: new Map(
        tiles.map((row) => [`${count(row, 'level')}/${count(row, 'idx')}`, blob(row, 'hashes')]),
      ),
      checkpoints: kept.map((row) => ({ ...checkpointOf(row), keep: count(row, 'keep') === 1 })),
      payloads: payloads.map((row) => ({
        seq: count(row, 'seq'),
        digest: Buffer.from(blob(row, 'digest')).toString('hex'),
        salt: blob(row, 'salt'),
        bytes:
          count(row, 'zstd') === 1 ? decompress(blob(row, 'bytes'), MAX_PAYLOAD_BYTES) : blob(row, 'bytes'),
      })),
    };
  }

  /** Puts something else in the place of the log; null takes it away. */
  replace(log: StoredLog | null): void {
    this.#transact(() => {
      for (const table of ['bundles', 'edge', 'tiles', 'checkpoints', 'payloads']) {
        this.#run(`DELETE FROM ${table} WHERE node = ?`);
      }
      if (log === null) {
        for (const table of ['heads', 'ids']) this.#run(`DELETE FROM ${table} WHERE node = ?`);
        return;
      }
      const { head, spoilt, tiles, checkpoints, payloads } = log;
      this.#run('INSERT OR IGNORE INTO heads VALUES (?, ?, 1, ?, ?, ?, 0)', ...valuesOf(head));
      this.setHead(head);
      for (let index = 0; index * BUNDLE < head.size; index++) {
        const isLast = (index + 1) * BUNDLE >= head.size;
        this.#writeBundle(index, entriesOf(log, index, isLast), leavesOf(log, index), isLast);
      }
      for (const [index, bytes] of spoilt) this.#spoil(index, bytes);
      for (const [place, hashes] of tiles) {
        const [level, index] = place.split('/').map(Number) as [number, number];
        this.#run('INSERT INTO tiles VALUES (?, ?, ?, ?)', level, index, hashes);
      }
      for (const { size, root, signatures, keep } of checkpoints) {
        this.#run('INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)', size, root, signatures, keep ? 1 : 0);
      }
      for (const { seq, digest, salt, bytes } of payloads) {
        const name = Buffer.from(digest, 'hex');
        this.#run('INSERT INTO payloads VALUES (?, ?, ?, ?, 0, ?)', seq, name, salt, bytes);
      }
    });
  }

  setHead({ origin, size, root, signatures }: HeadEdit): void {
    for (const [column, value] of Object.entries({ origin, size, root, signatures })) {
      if (value === undefined) continue;
      this.#db.prepare(`UPDATE heads SET ${column} = ? WHERE node = ?`).run(value, this.#node);
    }
  }

  close(): void {
    this.#db.close();
  }

  #write(entries: readonly Uint8Array[], leaves: readonly Uint8Array[]): void {
    this.#run('DELETE FROM bundles WHERE node = ?');
    this.#run('DELETE FROM edge WHERE node = ?');
    for (let from = 0; from < entries.length; from += BUNDLE) {
      const part = entries.slice(from, from + BUNDLE);
      const hashes = leaves.slice(from, from + part.length);
      this.#writeBundle(from / BUNDLE, part, hashes, part.length < BUNDLE);
    }
  }

  /** @param isEdge it is not full yet. */
  #writeBundle(
    index: number,
    entries: readonly Uint8Array[],
    leaves: readonly Uint8Array[],
    isEdge: boolean,
  ): void {
    if (entries.length === 0) return;
    const row = [Buffer.concat(leaves), compress(encodeBundle(entries))];
    if (isEdge) this.#run('INSERT INTO edge VALUES (?, ?, ?, ?, ?)', index * BUNDLE, entries.length, ...row);
    else this.#run('INSERT INTO bundles VALUES (?, ?, ?, ?)', index, ...row);
  }

  /** The rows of a bundle, full or not. */
  #spoil(index: number, bytes: Uint8Array | null): void {
    const [from, to] = [index * BUNDLE, (index + 1) * BUNDLE];
    if (bytes === null) {
      this.#run('DELETE FROM bundles WHERE node = ? AND idx = ?', index);
      this.#run('DELETE FROM edge WHERE node = ? AND seq >= ? AND seq < ?', from, to);
      return;
    }
    const set = (sql: string, ...values: SQLInputValue[]): unknown =>
      this.#db.prepare(sql).run(bytes, this.#node, ...values);
    set('UPDATE bundles SET entries = ? WHERE node = ? AND idx = ?', index);
    set('UPDATE edge SET entries = ? WHERE node = ? AND seq >= ? AND seq < ?', from, to);
  }

  #transact(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    work();
    this.#db.exec('COMMIT');
  }

  #rows(sql: string): Row[] {
    return this.#db.prepare(sql).all(this.#node) as Row[];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(this.#node, ...values);
  }
}

function checkpointOf(row: Row): { size: number; root: Uint8Array; signatures: string } {
  return { size: count(row, 'size'), root: blob(row, 'root'), signatures: text(row, 'signatures') };
}

function valuesOf({ origin, size, root, signatures }: StoredLog['head']): SQLInputValue[] {
  return [origin, size, root, signatures];
}
