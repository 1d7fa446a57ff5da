import { Buffer } from 'node:buffer';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { checkpointWindow } from '../check.ts';
import { entryOffsets } from '../entries.ts';
import { conflict } from '../errors.ts';
import { BUNDLE, type PayloadWrite } from '../store.ts';
import { decodeEntries } from './decode.ts';
import { advance, bundleStart, type Edge, type Run } from './edge.ts';
import { damaged } from './errors.ts';
import { SELECT_HEAD, toHead } from './heads.ts';
import type { PackedBatch } from './protocol.ts';
import { blob, count, type Row } from './rows.ts';
import { compress } from './zstd.ts';

/** Rows of forgotten ids that one commit removes: more than it adds, and too few to delay it. */
const SWEEP_ROWS = 16;

const SQL = {
  head: SELECT_HEAD,
  touchHead: 'UPDATE heads SET epoch = epoch WHERE node = ? AND epoch = ? AND size = ?',
  keepHead: `INSERT INTO checkpoints (node, size, root, signatures, keep)
    SELECT node, size, root, signatures, keep FROM heads
    WHERE node = ? AND epoch = ? AND size = ? AND size > 0 AND (keep <> 0 OR ?)`,
  moveHead: `UPDATE heads SET origin = ?, size = ?, root = ?, signatures = ?, keep = ?
    WHERE node = ? AND epoch = ? AND size = ?`,
  bundle: 'INSERT INTO bundles (node, idx, hashes, entries) VALUES (?, ?, ?, ?)',
  edge: 'SELECT seq, count, hashes, entries FROM edge WHERE node = ? ORDER BY seq',
  addEdge: 'INSERT INTO edge (node, seq, count, hashes, entries) VALUES (?, ?, ?, ?, ?)',
  clearEdge: 'DELETE FROM edge WHERE node = ?',
  tile: `INSERT INTO tiles (node, level, idx, hashes) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET hashes = excluded.hashes`,
  payload: `INSERT INTO payloads (node, seq, digest, salt, zstd, bytes) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING`,
  ids: 'INSERT INTO ids (node, seq, bucket, rows) VALUES (?, ?, ?, ?)',
  sweepIds: `DELETE FROM ids WHERE (node, seq, bucket) IN (SELECT node, seq, bucket FROM
    (SELECT node, seq, bucket FROM ids WHERE node = ? ORDER BY seq LIMIT ${SWEEP_ROWS}) WHERE bucket < ?)`,
  setState: 'INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  removeState: 'DELETE FROM state WHERE key = ?',
} as const;

/** Writes batches, within transactions that its owner begins and ends. */
export class BatchWriter {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>;

  /** @throws Error of node:sqlite when the tables are not there. */
  constructor(db: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)]);
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>;
  }

  /**
   * @param edge the log's edge as it is before the batch, null when it has to be read.
   * @returns the edge afterwards.
   * @throws StoreError STORE_CONFLICT when the head is another than the batch was made for, STORE_DAMAGED when the
   * edge does not decode; or an error of node:sqlite.
   */
  write(batch: PackedBatch, edge: Edge | null): Edge | null {
    const offsets = entryOffsets(batch.entries);
    if (offsets === null) throw new StoreError('INTERNAL', 'a batch came to the store unchecked');
    this.#writeState(batch);
    if (offsets.length === 1) {
      const { node, epoch, from } = batch;
      if (this.#sql.touchHead.run(node, epoch, from).changes !== 1) throw this.#conflict(batch);
      return edge;
    }
    this.#moveHead(batch, batch.from + offsets.length - 1);
    const run: Run = { from: batch.from, entries: batch.entries, leaves: batch.leaves };
    const step = advance(edge ?? this.#readEdge(batch), run, offsets);
    this.#writeEntries(batch.node, step.full, step.rest);
    for (const { level, index, hashes } of batch.tiles) this.#sql.tile.run(batch.node, level, index, hashes);
    for (const payload of batch.payloads) this.#writePayload(batch.node, payload);
    this.#writeIds(batch);
    return step.edge;
  }

  #moveHead(batch: PackedBatch, size: number): void {
    const { node, epoch, from, origin, root, signatures } = batch;
    const moves = from > 0 && checkpointWindow(from) !== checkpointWindow(size) ? 1 : 0;
    this.#sql.keepHead.run(node, epoch, from, moves);
    const keep = batch.keepCheckpoint ? 1 : 0;
    const moved = this.#sql.moveHead.run(origin, size, root, signatures, keep, node, epoch, from);
    if (moved.changes !== 1) throw this.#conflict(batch);
  }

  #conflict(batch: PackedBatch): StoreError {
    const row = this.#sql.head.get(batch.node);
    return conflict(batch, row === undefined ? null : toHead(row));
  }

  #readEdge({ node, from }: PackedBatch): Edge {
    const edge: Run[] = [];
    let at = bundleStart(from);
    for (const row of this.#sql.edge.iterate(node)) {
      const run = toRun(row);
      if (run.from !== at) throw damaged(`log ${node}`, `its newest entries do not follow ${at}`);
      at += run.leaves.length / 32;
      edge.push(run);
    }
    if (at !== from) throw damaged(`log ${node}`, `its newest entries end at ${at}, not at ${from}`);
    return edge;
  }

  #writeEntries(node: string, full: readonly Run[], rest: Run | null): void {
    for (const { from, entries, leaves } of full) {
      this.#sql.bundle.run(node, from / BUNDLE, leaves, compress(entries));
    }
    if (full.length > 0) this.#sql.clearEdge.run(node);
    if (rest === null) return;
    this.#sql.addEdge.run(node, rest.from, rest.leaves.length / 32, rest.leaves, compress(rest.entries));
  }

  #writePayload(node: string, { seq, digest, salt, bytes }: PayloadWrite): void {
    const packed = compress(bytes);
    const smaller = packed.length < bytes.length;
    const key = Buffer.from(digest, 'hex');
    this.#sql.payload.run(node, seq, key, salt, smaller ? 1 : 0, smaller ? packed : bytes);
  }

  #writeIds({ node, from, ids }: PackedBatch): void {
    if (ids.length === 0) return;
    for (const { bucket, rows } of ids) this.#sql.ids.run(node, from, bucket, rows);
    this.#sql.sweepIds.run(node, Math.max(...ids.map((id) => id.bucket)) - 1);
  }

  #writeState({ state }: PackedBatch): void {
    for (const { key, value } of state) {
      if (value === null) this.#sql.removeState.run(key);
      else this.#sql.setState.run(key, value);
    }
  }
}

function toRun(row: Row): Run {
  const size = count(row, 'count');
  const decoded = decodeEntries(row);
  if (typeof decoded === 'string') throw damaged('log.db', `of its newest entries, ${decoded}`);
  const found = decoded.offsets.length - 1;
  if (found !== size)
    throw damaged('log.db', `of its newest entries, ${found} are stored instead of ${size}`);
  return { from: count(row, 'seq'), entries: decoded.entries, leaves: blob(row, 'hashes', 32 * size) };
}
