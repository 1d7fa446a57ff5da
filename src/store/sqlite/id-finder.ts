import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IdRow } from '../store.ts';
import { damaged } from './errors.ts';
import { ID_BYTES, IdTable, isKey, KEY_BYTES, unpackId } from './ids.ts';
import { blob, count, type Row } from './rows.ts';

/** What is known of one log's ids. */
interface Known {
  /** By bucket, the older one first. */
  readonly tables: Map<number, IdTable>;
  /** Seq of the last row taken in, -1 before the first. */
  last: number;
}

/** Finds idempotency ids. To be used within a read transaction, so that what is known and what is read agree. */
export class IdFinder {
  readonly #known = new Map<string, Known>();
  readonly #newest: StatementSync;
  readonly #since: StatementSync;
  readonly #row: StatementSync;

  constructor(db: DatabaseSync) {
    this.#newest = db.prepare('SELECT bucket FROM ids WHERE node = ? ORDER BY seq DESC, bucket DESC LIMIT 1');
    this.#since = db.prepare(
      'SELECT seq, bucket, rows FROM ids WHERE node = ? AND seq > ? AND bucket >= ? ORDER BY seq, bucket',
    );
    this.#row = db.prepare('SELECT rows FROM ids WHERE node = ? AND seq = ? AND bucket = ?');
  }

  /**
   * @param keys 16 bytes each.
   * @returns what is remembered, by the key's place among `keys`.
   */
  find(node: string, keys: Uint8Array): Map<number, IdRow> {
    const { tables } = this.#catchUp(node);
    const view = new DataView(keys.buffer, keys.byteOffset, keys.length);
    const found = new Map<number, IdRow>();
    for (const [bucket, table] of tables) {
      const read = this.#rowReader(node, bucket);
      for (let i = 0; i < keys.length / KEY_BYTES; i++) {
        if (found.has(i)) continue;
        for (const { seq, at } of table.candidates(view, i * KEY_BYTES)) {
          const rows = read(seq);
          if (rows === null || !isKey(rows, at, keys.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES))) continue;
          found.set(i, unpackId(rows, at, seq));
          break;
        }
      }
    }
    return found;
  }

  /** Takes in the rows that came since the last call and forgets the buckets that are no longer remembered. */
  #catchUp(node: string): Known {
    const known = this.#known.get(node) ?? { tables: new Map<number, IdTable>(), last: -1 };
    this.#known.set(node, known);
    const newest = this.#newest.get(node);
    if (newest === undefined) return known;
    const oldest = Math.max(0, count(newest, 'bucket') - 1);
    for (const bucket of known.tables.keys()) if (bucket < oldest) known.tables.delete(bucket);
    for (const row of this.#since.iterate(node, known.last, oldest)) {
      const bucket = count(row, 'bucket');
      const table = known.tables.get(bucket) ?? new IdTable();
      known.tables.set(bucket, table);
      table.addRow(count(row, 'seq'), idBytes(row));
      known.last = count(row, 'seq');
    }
    return known;
  }

  /** Reads each row once: a batch that comes a second time finds all its ids in the same few rows. */
  #rowReader(node: string, bucket: number): (seq: number) => Uint8Array | null {
    const read = new Map<number, Uint8Array | null>();
    return (seq) => {
      let rows = read.get(seq);
      if (rows === undefined) {
        const row = this.#row.get(node, seq, bucket);
        // Gone with its bucket: then it is no longer remembered.
        rows = row === undefined ? null : idBytes(row);
        read.set(seq, rows);
      }
      return rows;
    };
  }
}

function idBytes(row: Row): Uint8Array {
  const bytes = blob(row, 'rows');
  if (bytes.length % ID_BYTES !== 0) throw damaged('log.db', 'a row of ids has an odd length');
  return bytes;
}
