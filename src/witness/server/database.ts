import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { makeDirectories } from '../../directories.ts';
import { StoreError } from '../../errors.ts';

/** What a witness knows of one log. */
export interface WitnessedLog {
  readonly origin: string;
  /** Verifier keys that its checkpoints are believed by. */
  readonly keys: readonly string[];
  /** null until its first checkpoint has been cosigned. */
  readonly latest: Latest | null;
}

export interface Latest {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The checkpoint with the log's own signatures. */
  readonly note: string;
  /** The witness's signature lines. */
  readonly cosignatures: string;
  /** When, in seconds since 1970. */
  readonly time: number;
}

/**
 * `split-view`: the log has signed two trees of one size; the two notes prove it. `unproven`: a checkpoint that the log
 * has signed came without a proof that it continues the one known; whoever has that checkpoint can have sent it so.
 */
export type ConflictKind = 'split-view' | 'unproven';

export interface Conflict {
  readonly origin: string;
  readonly kind: ConflictKind;
  /** When it came, in seconds since 1970. */
  readonly time: number;
  /** Notes with the log's own signatures: the one cosigned before, and the one that was refused. */
  readonly known: string;
  readonly offered: string;
}

/** Kept of each kind for a log, the first ones: anybody can send more. */
export const MAX_CONFLICTS = 32;

const SCHEMA_VERSION = 1;
const SETTINGS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA trusted_schema = OFF;
`;
const TABLES = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE logs (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB, note TEXT NOT NULL, cosignatures TEXT NOT NULL,
  time INTEGER NOT NULL
) STRICT;
CREATE TABLE keys (origin TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey)) STRICT, WITHOUT ROWID;
CREATE TABLE conflicts (
  id INTEGER PRIMARY KEY, origin TEXT NOT NULL, kind TEXT NOT NULL, time INTEGER NOT NULL, known TEXT NOT NULL,
  offered TEXT NOT NULL
) STRICT;
CREATE INDEX conflicts_of ON conflicts (origin, kind);
`;
/** A step is compared with what was read when it was judged: size, and root, which is null before the first. */
const ADVANCE = `
UPDATE logs SET size = ?, root = ?, note = ?, cosignatures = ?, time = ?
WHERE origin = ? AND size = ? AND root IS ?`;

interface Step {
  readonly origin: string;
  readonly before: Latest | null;
  readonly next: Latest;
  resolve(isTaken: boolean): void;
  reject(error: unknown): void;
}

/**
 * A witness's memory, `<dir>/witness.db`: the newest tree of each log that it has vouched for. It must never be older
 * than an answer that was given: a step is on the disk when it resolves, and is made only from what it was judged by.
 * Several processes may use it.
 */
export class WitnessDatabase {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #advance: StatementSync;
  readonly #latest: StatementSync;
  readonly #keys: StatementSync;
  #waiting: Step[] = [];

  private constructor(path: string, db: DatabaseSync) {
    this.path = path;
    this.#db = db;
    this.#advance = db.prepare(ADVANCE);
    this.#latest = db.prepare('SELECT size, root, note, cosignatures, time FROM logs WHERE origin = ?');
    this.#keys = db.prepare('SELECT vkey FROM keys WHERE origin = ? ORDER BY vkey');
  }

  /** Makes directory and file where there are none. Throws `StoreError` STORE_UNAVAILABLE, STORE_SCHEMA. */
  static open(dir: string): WitnessDatabase {
    const path = join(dir, 'witness.db');
    try {
      makeDirectories(dir, 0o700);
      accessSync(dir, constants.W_OK);
      const db = new DatabaseSync(path, { timeout: 5_000, defensive: true });
      try {
        db.exec(SETTINGS);
        prepare(db, path);
        return new WitnessDatabase(path, db);
      } catch (error) {
        db.close();
        throw error;
      }
    } catch (error) {
      throw storeError(error, path);
    }
  }

  /** A fact about the witness itself, null when it has not been set. */
  fact(name: string): string | null {
    const row = this.#db.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    return row === undefined ? null : (row.value as string);
  }

  /** Sets a fact; one that is set already stays. */
  setFact(name: string, value: string): void {
    this.#write(() => this.#db.prepare('INSERT OR IGNORE INTO meta VALUES (?, ?)').run(name, value));
  }

  /** Believes a log's key from now on, also one that was removed. False when it did already. */
  addKey(origin: string, vkey: string): boolean {
    return this.#write(() => {
      this.#db.prepare('DELETE FROM meta WHERE name = ?').run(removedName(vkey));
      this.#db.prepare(`INSERT OR IGNORE INTO logs VALUES (?, 0, NULL, '', '', 0)`).run(origin);
      return this.#db.prepare('INSERT OR IGNORE INTO keys VALUES (?, ?)').run(origin, vkey).changes === 1;
    });
  }

  /** Believes a key no more. What is known of its log stays: it would be taken for another otherwise. */
  removeKey(vkey: string): boolean {
    return this.#write(() => {
      if (this.#db.prepare('DELETE FROM keys WHERE vkey = ?').run(vkey).changes === 0) return false;
      this.#db.prepare(`INSERT OR IGNORE INTO meta VALUES (?, '')`).run(removedName(vkey));
      return true;
    });
  }

  /** Whether a key was believed, and was removed. */
  isRemoved(vkey: string): boolean {
    return this.fact(removedName(vkey)) !== null;
  }

  /** null for a log that has no key, or that nobody has named. */
  log(origin: string): WitnessedLog | null {
    const keys = this.#keys.all(origin).map(({ vkey }) => vkey as string);
    return keys.length === 0 ? null : { origin, keys, latest: this.latest(origin) };
  }

  /** The newest tree of a log, whether its keys are still believed or not. */
  latest(origin: string): Latest | null {
    const row = this.#latest.get(origin);
    return row === undefined || row.root === null ? null : (row as unknown as Latest);
  }

  /** Every log that was ever named, by origin. */
  logs(): readonly WitnessedLog[] {
    const origins = this.#db.prepare('SELECT origin FROM logs ORDER BY origin').all();
    return origins.map((row) => {
      const origin = row.origin as string;
      const keys = this.#keys.all(origin).map(({ vkey }) => vkey as string);
      return { origin, keys, latest: this.latest(origin) };
    });
  }

  /**
   * Makes `next` the newest tree of a log if it is still `before`; resolves, once that is on the disk, with whether it
   * was. Steps that come together share a transaction. Rejects with `StoreError` STORE_UNAVAILABLE: nothing may be
   * answered then.
   */
  advance(origin: string, before: Latest | null, next: Latest): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ origin, before, next, resolve, reject });
    });
  }

  /** Keeps a conflict, unless it is known or there are enough of its kind. */
  addConflict({ origin, kind, time, known, offered }: Conflict): void {
    const same =
      'SELECT count(*) AS n, total(offered = ?) AS same FROM conflicts WHERE origin = ? AND kind = ?';
    const { n, same: again } = this.#db.prepare(same).get(offered, origin, kind) as {
      n: number;
      same: number;
    };
    if (again > 0 || n >= MAX_CONFLICTS) return;
    const insert = 'INSERT INTO conflicts (origin, kind, time, known, offered) VALUES (?, ?, ?, ?, ?)';
    this.#write(() => this.#db.prepare(insert).run(origin, kind, time, known, offered));
  }

  /** The conflicts of a log, oldest first. */
  conflicts(origin: string): readonly Conflict[] {
    const select = 'SELECT origin, kind, time, known, offered FROM conflicts WHERE origin = ? ORDER BY id';
    return this.#db.prepare(select).all(origin) as unknown as Conflict[];
  }

  /** Makes true what waits; then nothing may be called any more. */
  close(): void {
    if (!this.#db.isOpen) return;
    this.#flush();
    this.#db.close();
  }

  #flush(): void {
    const steps = this.#waiting;
    if (steps.length === 0) return;
    this.#waiting = [];
    let taken: boolean[];
    try {
      taken = this.#write(() => steps.map((step) => this.#step(step)));
    } catch (error) {
      for (const { reject } of steps) reject(error);
      return;
    }
    for (const [i, { resolve }] of steps.entries()) resolve(taken[i] as boolean);
  }

  #step({ origin, before, next: { size, root, note, cosignatures, time } }: Step): boolean {
    const was = [before?.size ?? 0, before?.root ?? null] as const;
    const isTaken = this.#advance.run(size, root, note, cosignatures, time, origin, ...was).changes === 1;
    // It is proven now, whoever sent it without a proof.
    const proven = `DELETE FROM conflicts WHERE kind = 'unproven' AND origin = ? AND offered = ?`;
    if (isTaken) this.#db.prepare(proven).run(origin, note);
    return isTaken;
  }

  /** One transaction, durable when it returns; undone when it throws. */
  #write<T>(work: () => T): T {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    } catch (error) {
      throw storeError(error, this.path);
    }
  }
}

/** The fact that a key is believed no more. */
function removedName(vkey: string): string {
  return `removed ${vkey}`;
}

function prepare(db: DatabaseSync, path: string): void {
  const mode = db.prepare('PRAGMA journal_mode').get()?.journal_mode;
  const synchronous = db.prepare('PRAGMA synchronous').get()?.synchronous;
  if (mode !== 'wal' || synchronous !== 2) {
    throw new StoreError('STORE_UNAVAILABLE', `${path} cannot be written durably here (journal ${mode})`);
  }
  const version = db.prepare('PRAGMA user_version').get()?.user_version;
  if (version === SCHEMA_VERSION) return;
  const isEmpty = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0;
  if (version !== 0 || !isEmpty) {
    throw new StoreError('STORE_SCHEMA', `${path} is not a witness's database of version ${SCHEMA_VERSION}`);
  }
  db.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

function storeError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError('STORE_UNAVAILABLE', `${path}: ${(error as Error).message}`, { cause: error });
}
