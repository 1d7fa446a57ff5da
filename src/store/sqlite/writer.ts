import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreError, type TallystickError } from '../../errors.ts';
import { emptyRoot } from '../../merkle/mod.ts';
import type { Ownership } from '../store.ts';
import { BatchWriter } from './batch.ts';
import { BUSY_MS, type Durability, databasePath, durability, openToWrite } from './database.ts';
import type { Edge } from './edge.ts';
import { type Phase, storeError } from './errors.ts';
import { SELECT_HEAD, toHead } from './heads.ts';
import { NodeLock } from './lock.ts';
import type { PackedBatch, WriterCalls } from './protocol.ts';
import { count, type Row } from './rows.ts';

/** Frames (4 KiB each) that gather in the write-ahead log before they are moved into the database. */
const CHECKPOINT_FRAMES = 1_000;
/**
 * When the write-ahead log has so many frames because there was always someone reading, new readers are held off
 * until the old ones are done, for at most so long (ms).
 */
const RESTART_FRAMES = 16_000;
const RESTART_MS = 100;

/**
 * The one connection that writes. Everything here runs in the writer thread, one call after the other.
 */
export class Writer implements Omit<WriterCalls, 'open'> {
  readonly #dir: string;
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #batches: BatchWriter;
  readonly #pending: StatementSync;
  readonly #locks = new Map<string, NodeLock>();
  /** By node, as committed; dropped on any failure and read again when needed. */
  readonly #edges = new Map<string, Edge>();
  readonly #files: readonly { readonly path: string; readonly inode: number }[];
  /** A sync that failed: the kernel may have dropped what it could not write, so no later success means anything. */
  #failed: TallystickError | null = null;
  #restartAt = RESTART_FRAMES;

  /**
   * @param db opened by `openToWrite`.
   * @throws StoreError as `openToWrite`.
   */
  constructor(dir: string, db: DatabaseSync = openToWrite(dir)) {
    this.#dir = dir;
    this.#path = databasePath(dir);
    this.#db = db;
    try {
      this.#batches = new BatchWriter(db);
      this.#pending = db.prepare('PRAGMA wal_checkpoint(NOOP)');
      this.#files = [this.#path, `${this.#path}-wal`].map((path) => ({ path, inode: statSync(path).ino }));
    } catch (error) {
      db.close();
      throw storeError(error, this.#path);
    }
  }

  durability(): Durability {
    return durability(this.#db);
  }

  acquire({ node, holder }: { readonly node: string; readonly holder: string }): Ownership {
    this.#checkUsable();
    const lock = this.#locks.get(node) ?? NodeLock.take(this.#dir, node, holder);
    try {
      const ownership = this.#transaction(() => this.#raiseEpoch(node));
      this.#locks.set(node, lock);
      return ownership;
    } catch (error) {
      if (!this.#locks.has(node)) lock.release();
      throw error;
    }
  }

  release(node: string): void {
    const lock = this.#locks.get(node);
    this.#locks.delete(node);
    this.#edges.delete(node);
    try {
      lock?.release();
    } catch (error) {
      throw storeError(error, this.#dir);
    }
  }

  commit(batch: PackedBatch): void {
    this.#checkUsable();
    const edge = this.#transaction(() => this.#batches.write(batch, this.#edges.get(batch.node) ?? null));
    if (edge !== null) this.#edges.set(batch.node, edge);
  }

  /**
   * Moves committed pages into the database when enough have gathered. Called between calls, so that no commit waits
   * for it that is not already waiting. Failing leaves the pages where they are; only a failed sync has consequences,
   * and those are the next call's.
   */
  tidy(): void {
    try {
      const row = this.#pending.get() as Row;
      const frames = count(row, 'log');
      if (frames >= this.#restartAt) this.#restartLog(frames);
      else if (frames - count(row, 'checkpointed') >= CHECKPOINT_FRAMES) this.#checkpoint('PASSIVE');
    } catch (error) {
      this.#notice(storeError(error, this.#path));
    }
  }

  #restartLog(frames: number): void {
    this.#db.exec(`PRAGMA busy_timeout = ${RESTART_MS}`);
    try {
      // A reader that never ends is not waited for at every commit.
      this.#restartAt = this.#checkpoint('RESTART') ? RESTART_FRAMES : 2 * frames;
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    }
  }

  /** @returns whether it was done to the end. */
  #checkpoint(mode: 'PASSIVE' | 'RESTART'): boolean {
    return count(this.#db.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as Row, 'busy') === 0;
  }

  close(): void {
    for (const node of [...this.#locks.keys()]) this.release(node);
    this.#db.close();
  }

  #raiseEpoch(node: string): Ownership {
    this.#db
      .prepare(
        `INSERT INTO heads (node, origin, epoch, size, root, signatures, keep) VALUES (?, '', 1, 0, ?, '', 0)
        ON CONFLICT DO UPDATE SET epoch = epoch + 1`,
      )
      .run(node, emptyRoot());
    const head = toHead(this.#db.prepare(SELECT_HEAD).get(node) as Row);
    return { epoch: head.epoch, head };
  }

  /** Runs `act` within one transaction, whole or not at all. */
  #transaction<T>(act: () => T): T {
    let phase: Phase = 'before commit';
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const result = act();
      phase = 'commit';
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#edges.clear();
      this.#rollback();
      throw this.#notice(storeError(error, this.#path, phase));
    }
  }

  #rollback(): void {
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch (error) {
      // The error that led here is the one to report. A connection that cannot even go back is of no more use.
      this.#failed = storeError(error, this.#path);
    }
  }

  #notice(error: TallystickError): TallystickError {
    if (error.code === 'STORE_SYNC_FAILED') this.#failed = error;
    return error;
  }

  /** Before a transaction, so that failing here means that nothing was applied. */
  #checkUsable(): void {
    if (this.#failed !== null) throw this.#failed;
    for (const { path, inode } of this.#files) {
      if (statSync(path, { throwIfNoEntry: false })?.ino === inode) continue;
      throw new StoreError(
        'STORE_UNAVAILABLE',
        `${path} was moved or removed while in use; put it back, or stop and start again`,
        { context: { file: path } },
      );
    }
  }
}
