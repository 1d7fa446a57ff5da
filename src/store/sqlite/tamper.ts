import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { bundleEntries, encodeBundle } from '../../merkle/mod.ts';
import { BUNDLE } from '../store.ts';
import { databasePath } from './database.ts';
import { decodeEntries } from './decode.ts';
import { blob, count, type Row } from './rows.ts';
import { compress } from './zstd.ts';

/** Columns of a head that somebody may want to change. */
export interface HeadEdit {
  readonly origin?: string;
  readonly size?: number;
  readonly root?: Uint8Array;
  readonly signatures?: string;
}

/**
 * What an attacker does who can write `log.db`: edits rows without asking the log. For demonstrating and testing that
 * the verifier notices; nothing else uses it. No other process may have the store open.
 */
export class TamperedStore {
  readonly #db: DatabaseSync;
  readonly #node: string;

  constructor(dir: string, node: string) {
    this.#db = new DatabaseSync(databasePath(dir));
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
    this.#run('DELETE FROM bundles WHERE node = ?');
    this.#run('DELETE FROM edge WHERE node = ?');
    for (let from = 0; from < entries.length; from += BUNDLE) {
      const part = entries.slice(from, from + BUNDLE);
      const hashes = Buffer.concat(leaves.slice(from, from + part.length));
      const packed = compress(encodeBundle(part));
      if (part.length === BUNDLE)
        this.#run('INSERT INTO bundles VALUES (?, ?, ?, ?)', from / BUNDLE, hashes, packed);
      else this.#run('INSERT INTO edge VALUES (?, ?, ?, ?, ?)', from, part.length, hashes, packed);
    }
  }

  /** Replaces a hash tile of level 1 or above. */
  setTile(level: number, index: number, hashes: Uint8Array): void {
    this.#run('DELETE FROM tiles WHERE node = ? AND level = ? AND idx = ?', level, index);
    this.#run('INSERT INTO tiles VALUES (?, ?, ?, ?)', level, index, hashes);
  }

  setHead({ origin, size, root, signatures }: HeadEdit): void {
    for (const [column, value] of Object.entries({ origin, size, root, signatures })) {
      if (value === undefined) continue;
      this.#db.prepare(`UPDATE heads SET ${column} = ? WHERE node = ?`).run(value, this.#node);
    }
  }

  /** Kept checkpoints, the head's not among them. */
  checkpoints(): { size: number; root: Uint8Array; signatures: string }[] {
    const rows = this.#rows('SELECT size, root, signatures FROM checkpoints WHERE node = ? ORDER BY size');
    return rows.map((row) => ({
      size: count(row, 'size'),
      root: blob(row, 'root'),
      signatures: String(row.signatures),
    }));
  }

  /** Drops the kept checkpoints of `size` and above. */
  dropCheckpoints(size: number): void {
    this.#run('DELETE FROM checkpoints WHERE node = ? AND size >= ?', size);
  }

  setCheckpoint(size: number, signatures: string): void {
    this.#db
      .prepare('UPDATE checkpoints SET signatures = ? WHERE node = ? AND size = ?')
      .run(signatures, this.#node, size);
  }

  /** Replaces the content of a record's payloads. */
  setPayload(seq: number, bytes: Uint8Array): void {
    this.#db
      .prepare('UPDATE payloads SET zstd = 0, bytes = ? WHERE node = ? AND seq = ?')
      .run(bytes, this.#node, seq);
  }

  /** Replaces a stored bundle by bytes that need not decode; null takes it away. */
  setBundle(index: number, packed: Uint8Array | null): void {
    if (packed === null) this.#run('DELETE FROM bundles WHERE node = ? AND idx = ?', index);
    else
      this.#db
        .prepare('UPDATE bundles SET entries = ? WHERE node = ? AND idx = ?')
        .run(packed, this.#node, index);
  }

  /** Takes the whole log away. */
  removeLog(): void {
    for (const table of ['heads', 'bundles', 'edge', 'tiles', 'checkpoints', 'payloads', 'ids']) {
      this.#run(`DELETE FROM ${table} WHERE node = ?`);
    }
  }

  close(): void {
    this.#db.close();
  }

  #rows(sql: string): Row[] {
    return this.#db.prepare(sql).all(this.#node) as Row[];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(this.#node, ...values);
  }
}
