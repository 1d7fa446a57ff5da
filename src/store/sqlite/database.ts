import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { makeDirectories } from '../../directories.ts';
import { StoreError } from '../../errors.ts';
import { requireReadable, storeError } from './errors.ts';
import { checkLayout, pragma, prepareTables } from './schema.ts';

/** How long a statement waits for another process's lock, ms. */
export const BUSY_MS = 5_000;
/** No value is longer (bytes): a payload has 16 MiB, a bundle of the longest entries a little more. */
const MAX_VALUE_BYTES = 32 * 1024 * 1024;
const SYNCHRONOUS_FULL = 2;

const OPTIONS: DatabaseSyncOptions = {
  timeout: BUSY_MS,
  defensive: true,
  limits: { length: MAX_VALUE_BYTES },
};

/**
 * No automatic checkpoint: it would hide a failed sync, and delay the commit that it follows. What is written twice
 * may stay in the cache (KiB); a log file that had to grow is cut back (bytes). `fullfsync` is how macOS is told to
 * write to the medium.
 */
const SETTINGS = `
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -16384;
PRAGMA trusted_schema = OFF;
`;

export interface Durability {
  /** `wal` */
  readonly journalMode: string;
  /** 2 is FULL. */
  readonly synchronous: number;
}

export function databasePath(dir: string): string {
  return join(dir, 'log.db');
}

/**
 * Opens `<dir>/log.db` for writing; makes directory, file and tables where there are none.
 *
 * @throws StoreError STORE_SCHEMA, STORE_READ_ONLY, STORE_FULL, STORE_DAMAGED or STORE_UNAVAILABLE. Nothing is then
 * changed but what was not there before.
 */
export function openToWrite(dir: string): DatabaseSync {
  const path = databasePath(dir);
  try {
    makeDirectory(dir);
    accessSync(dir, constants.W_OK);
    // By a connection that cannot write: closing one that can would move a foreign file's log into it.
    if (bytesOf(path) > 0 && !isFirstWriteCutOff(path))
      closing(new DatabaseSync(path, { ...OPTIONS, readOnly: true }), (db) => checkLayout(db, path));
    makePrivate(path);
    const db = new DatabaseSync(path, OPTIONS);
    return guarded(db, () => {
      db.exec('PRAGMA journal_mode = WAL');
      db.exec(SETTINGS);
      checkDurable(db, path);
      if (checkLayout(db, path) !== 'ready') prepareTables(db, path);
    });
  } catch (error) {
    throw storeError(error, path);
  }
}

/** A connection that only reads. */
export interface Reading {
  readonly db: DatabaseSync;
  /** To be called after each transaction; throws StoreError STORE_UNAVAILABLE when what it read may be no state of the log. */
  check(): void;
}

/**
 * Opens `<dir>/log.db` for reading. Another process may be writing it. Where this one can't even take part in the
 * locking (the directory may not be written, the disk is full) and no other has it open, it is read as a file that does
 * not change.
 *
 * @throws StoreError as `openToWrite`; STORE_UNAVAILABLE when there is no such file.
 */
export function openToRead(dir: string): Reading {
  const path = databasePath(dir);
  try {
    requireReadable(path);
    if (isFirstWriteCutOff(path)) throw noLogYet(path);
    try {
      return { db: openReader(path, path), check: () => {} };
    } catch (error) {
      if (!isLockingRefused(error, path) || bytesOf(`${path}-wal`) > 0) throw error;
      return openUnchanging(path);
    }
  } catch (error) {
    throw storeError(error, path);
  }
}

/** @throws StoreError STORE_UNAVAILABLE unless a commit is on the disk when it returns. */
export function checkDurable(db: DatabaseSync, path: string): Durability {
  const { journalMode, synchronous } = durability(db);
  if (journalMode === 'wal' && synchronous === SYNCHRONOUS_FULL) return { journalMode, synchronous };
  throw new StoreError(
    'STORE_UNAVAILABLE',
    `${path} would not be durable (journal_mode ${journalMode}, synchronous ${synchronous}); ` +
      'put it on a local file system that supports shared memory',
    { context: { file: path, journalMode, synchronous } },
  );
}

export function durability(db: DatabaseSync): Durability {
  const mode = db.prepare('PRAGMA journal_mode').get();
  return { journalMode: String(mode?.journal_mode), synchronous: pragma(db, 'synchronous') };
}

function openReader(file: string | URL, path: string): DatabaseSync {
  const db = new DatabaseSync(file, { ...OPTIONS, readOnly: true });
  return guarded(db, () => {
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192');
    if (checkLayout(db, path) === 'empty') throw noLogYet(path);
  });
}

/** No other has it open, so that whoever comes later and writes is not known to SQLite here: its file tells. */
function openUnchanging(path: string): Reading {
  const opened = stateOf(path);
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return {
    db: openReader(url, path),
    check: () => {
      if (stateOf(path) === opened) return;
      throw new StoreError(
        'STORE_UNAVAILABLE',
        `${path} was changed while it was read as a file that does not change; open it again`,
        { context: { file: path } },
      );
    },
  };
}

function stateOf(path: string): string {
  const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs].join();
}

function noLogYet(path: string): StoreError {
  return new StoreError('STORE_UNAVAILABLE', `${path} holds no log yet; open it for writing first`);
}

/** CANTOPEN or READONLY while taking part in the locking of a WAL file, or no room for the file that takes. */
function isLockingRefused(error: unknown, path: string): boolean {
  const { errcode } = error as { errcode?: unknown };
  if (typeof errcode !== 'number') return false;
  return [8, 14].includes(errcode & 0xff) || storeError(error, path).code === 'STORE_FULL';
}

function guarded(db: DatabaseSync, prepare: () => void): DatabaseSync {
  try {
    prepare();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function closing(db: DatabaseSync, use: (db: DatabaseSync) => void): void {
  guarded(db, () => use(db)).close();
}

/** The first bytes of a rollback journal, and where it says how many pages the database had (SQLite file format, 3). */
const JOURNAL_MAGIC = 'd9d505f920a163d7';
const JOURNAL_PAGES_AT = 16;

/**
 * Whether a process was killed while it wrote the very first page of the file, which is what the change to WAL mode
 * does. Then a rollback journal stands beside it that takes it back to nothing, and only a connection that can write
 * may do that. A journal that takes the file back to some pages is never ours.
 */
function isFirstWriteCutOff(path: string): boolean {
  const header = Buffer.alloc(JOURNAL_PAGES_AT + 4, 0xff);
  let journal: number;
  try {
    journal = openSync(`${path}-journal`, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  try {
    readSync(journal, header, 0, header.length, 0);
  } finally {
    closeSync(journal);
  }
  return header.toString('hex', 0, 8) === JOURNAL_MAGIC && header.readUInt32BE(JOURNAL_PAGES_AT) === 0;
}

/** SQLite makes its files durable in their directory; that the directory is there to be found is up to us. */
function makeDirectory(dir: string): void {
  const first = makeDirectories(dir, 0o700);
  if (first === null || process.platform === 'win32') return;
  for (let made = resolve(dir); ; made = dirname(made)) {
    const parent = openSync(dirname(made), 'r');
    try {
      fsyncSync(parent);
    } finally {
      closeSync(parent);
    }
    if (made === first || made === dirname(made)) return;
  }
}

/**
 * Makes an empty file that only this user may read and write, unless there is one: SQLite would go by the umask. What
 * SQLite puts beside a file has its mode. It comes to its name closed: closing it later would drop SQLite's locks on it.
 */
export function makePrivate(path: string): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.new`;
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  try {
    closeSync(openSync(temporary, 'wx', 0o600));
    linkSync(temporary, path);
  } catch (error) {
    // Another was faster; or a file system without links, on which SQLite makes the file.
    if (
      !['EEXIST', 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(
        (error as NodeJS.ErrnoException).code ?? '',
      )
    )
      throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** 0 when there is no such file. By name: opening it here and closing it again would drop SQLite's locks on it. */
function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
