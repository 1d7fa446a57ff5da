import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { held } from '../errors.ts';
import { makePrivate } from './database.ts';
import { storeError } from './errors.ts';

/** Two that come at once can see each other's first step: long enough (ms) for one to step back. */
const BUSY_MS = 250;
const SQLITE_BUSY = 5;

/**
 * The right to write one node's log, until `release` or until the process ends, however it ends: SQLite's exclusive
 * lock on the empty file `<node>.lock`, which is the kernel's. SQLite also keeps apart two connections of one process,
 * which bare POSIX locks would not. That file MUST NOT be opened in any other way: closing it would drop the lock.
 */
export class NodeLock {
  readonly #db: DatabaseSync;
  readonly #holderFile: string;

  private constructor(db: DatabaseSync, holderFile: string) {
    this.#db = db;
    this.#holderFile = holderFile;
  }

  /**
   * @param node a checked node id: it becomes part of file names.
   * @param holder written to `<node>.holder`, for the message that others get.
   * @throws LogError LOG_HELD; StoreError STORE_FULL, STORE_READ_ONLY, STORE_UNAVAILABLE.
   */
  static take(dir: string, node: string, holder: string): NodeLock {
    const file = join(dir, `${node}.lock`);
    const holderFile = join(dir, `${node}.holder`);
    let db: DatabaseSync | null = null;
    try {
      makePrivate(file);
      db = new DatabaseSync(file, { timeout: BUSY_MS });
      // In memory, since nothing is ever written: a journal file would outlive a killed process.
      db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      writeFileSync(`${holderFile}.new`, `${holder}\n`, { mode: 0o600 });
      renameSync(`${holderFile}.new`, holderFile);
      return new NodeLock(db, holderFile);
    } catch (error) {
      db?.close();
      if ((error as { errcode?: unknown }).errcode === SQLITE_BUSY) throw held(node, readHolder(holderFile));
      throw storeError(error, file);
    }
  }

  release(): void {
    try {
      rmSync(this.#holderFile, { force: true });
    } finally {
      this.#db.close();
    }
  }
}

function readHolder(file: string): string {
  try {
    // Anyone may have written it: one short line of visible characters goes into a message.
    const line = readFileSync(file, 'utf8').split('\n', 1)[0]!.replace(/\p{C}/gu, '').slice(0, 200);
    if (line !== '') return line;
  } catch {
    // The lock says that it is held; the name is a courtesy, and its file may be just about to be written.
  }
  return 'another process';
}
