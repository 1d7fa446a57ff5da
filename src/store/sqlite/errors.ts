import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { notWritable, user } from '../../directories.ts';
import { type ErrorCode, StoreError, TallystickError } from '../../errors.ts';

/**
 * How far an act had come when it failed. Before COMMIT is called, nothing of a transaction can have been applied:
 * in WAL mode only a frame that says "commit" makes it so. From then on, only what is known leaves no such frame.
 */
export type Phase = 'before commit' | 'commit';

interface Rule {
  /** SQLite result codes, primary (below 256) or extended (sqlite.org/rescode.html). */
  readonly codes: readonly number[];
  readonly error: ErrorCode;
  /** Whether COMMIT failing so may have been applied all the same, which `error` does not say. */
  readonly unclear: boolean;
  readonly says: string | ((file: string) => string);
}

const NO_SPACE = 'no space is left; free some';

/** An extended code is looked up first, then its primary one. */
const RULES: readonly Rule[] = [
  {
    // IOERR_FSYNC, IOERR_DIR_FSYNC
    codes: [1034, 1290],
    error: 'STORE_SYNC_FAILED',
    unclear: false,
    says: 'the disk refused to make a write durable; end this process, check the disk, start again',
  },
  {
    // FULL. Not applied, because writing the frame that commits is what failed: with POWERSAFE_OVERWRITE, as SQLite
    // assumes by default, nothing is written after that frame.
    codes: [13],
    error: 'STORE_FULL',
    unclear: false,
    says: NO_SPACE,
  },
  {
    // IOERR_SHMSIZE: no room for the file that those who have the database open share. In COMMIT it comes after the
    // frame that commits was written.
    codes: [4874],
    error: 'STORE_FULL',
    unclear: true,
    says: NO_SPACE,
  },
  {
    // READONLY_ROLLBACK: Tallystick leaves no rollback journal beside a file that holds anything.
    codes: [776],
    error: 'STORE_SCHEMA',
    unclear: false,
    says: 'another program was cut off while it wrote the file, and only that program can restore it; choose another directory',
  },
  {
    // READONLY
    codes: [8],
    error: 'STORE_READ_ONLY',
    unclear: false,
    says: notWritable,
  },
  {
    // BUSY, LOCKED
    codes: [5, 6],
    error: 'STORE_UNAVAILABLE',
    unclear: false,
    says: 'another process keeps it locked; try again',
  },
  {
    // CORRUPT, NOTADB, IOERR_SHORT_READ, IOERR_DATA, IOERR_CORRUPTFS
    codes: [11, 26, 522, 8202, 8458],
    error: 'STORE_DAMAGED',
    unclear: true,
    says: 'its pages do not decode; keep the file for examination and restore a backup',
  },
  {
    // ERROR ("no such table"), CONSTRAINT, MISMATCH, RANGE: the layout is not the one that was created
    codes: [1, 19, 20, 25],
    error: 'STORE_DAMAGED',
    unclear: true,
    says: 'its tables are not as Tallystick made them; keep the file for examination and restore a backup',
  },
];

type Told = Omit<Rule, 'codes'>;

const OTHER: Told = { error: 'STORE_UNAVAILABLE', unclear: true, says: 'it cannot be read or written' };
const OTHER_FULL: Told = { error: 'STORE_FULL', unclear: true, says: NO_SPACE };

/** IOERR, CANTOPEN: what SQLite says of much that only the file system can tell apart. */
const VAGUE: readonly number[] = [10, 14];

/** As node:fs reports them. */
const SYSTEM: Readonly<Record<string, Pick<Rule, 'error' | 'says'>>> = {
  ENOSPC: { error: 'STORE_FULL', says: NO_SPACE },
  EDQUOT: { error: 'STORE_FULL', says: NO_SPACE },
  EROFS: { error: 'STORE_READ_ONLY', says: notWritable },
  EACCES: { error: 'STORE_READ_ONLY', says: notWritable },
  EPERM: { error: 'STORE_READ_ONLY', says: notWritable },
};

/**
 * What SQLite, the file system or this code threw, as the contract names it.
 *
 * @param what the file, for the message.
 */
export function storeError(error: unknown, what: string, phase: Phase = 'before commit'): TallystickError {
  if (error instanceof TallystickError) return error;
  const { code, errcode, message } = error as { code?: unknown; errcode?: unknown; message?: unknown };
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number')
    return sqliteError(error, errcode, what, phase);
  const options = { cause: error, context: { file: what, reason: String(message) } };
  if (phase === 'commit') return unknownOutcome(what, options);
  // An integer beyond 2^53: none that this code wrote.
  if (code === 'ERR_OUT_OF_RANGE') return damaged(what, 'it holds a number no log can have');
  if (typeof code === 'string' && 'syscall' in (error as object)) {
    const known = SYSTEM[code];
    if (known === undefined)
      return new StoreError('STORE_UNAVAILABLE', `${what}: ${String(message)}`, options);
    return new StoreError(known.error, `${what}: ${say(known, what)} (${String(message)})`, options);
  }
  return new StoreError('INTERNAL', `${what}: ${String(message)}`, options);
}

/** @param reason completes "‹what› is damaged: …". */
export function damaged(what: string, reason: string): StoreError {
  return new StoreError('STORE_DAMAGED', `${what} is damaged: ${reason}; run verify, or restore a backup`, {
    context: { file: what, reason },
  });
}

/** Whether the bytes are at fault and not the medium: then the rest may still be readable. */
export function isDamage(error: unknown): boolean {
  return storeError(error, '').code === 'STORE_DAMAGED';
}

function sqliteError(error: unknown, errcode: number, what: string, phase: Phase): StoreError {
  const rule =
    RULES.find(({ codes }) => codes.includes(errcode)) ??
    RULES.find(({ codes }) => codes.includes(errcode & 0xff)) ??
    (VAGUE.includes(errcode & 0xff) && isFull(dirname(what)) ? OTHER_FULL : OTHER);
  const reason = `${(error as Error).message} (SQLite ${errcode})`;
  const options = { cause: error, context: { file: what, reason, sqlite: errcode } };
  if (phase === 'commit' && rule.unclear) return unknownOutcome(what, options);
  return new StoreError(rule.error, `${what}: ${say(rule, what)}. SQLite says: ${reason}`, options);
}

function say({ says }: Pick<Rule, 'says'>, file: string): string {
  return typeof says === 'string' ? says : says(file);
}

/** Whether a file system has no room left for data, or for files. */
function isFull(dir: string): boolean {
  try {
    const { bavail, files, ffree } = statfsSync(dir);
    return bavail === 0 || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

/**
 * Throws unless this user may read the file.
 *
 * @throws StoreError STORE_UNAVAILABLE.
 */
export function requireReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    throw new StoreError(
      'STORE_UNAVAILABLE',
      isAbsent
        ? `there is no ${file}; name the directory that holds the log`
        : `${file}: ${user()} may not read it; run this as its owner, or with a copy (${message})`,
      { cause: error, context: { file } },
    );
  }
}

function unknownOutcome(
  what: string,
  options: { cause: unknown; context: { file: string; reason: string } },
): StoreError {
  return new StoreError(
    'STORE_OUTCOME_UNKNOWN',
    `${what}: it is not known whether the commit was applied (${options.context.reason}); ` +
      'acquire the log again and read its head',
    options,
  );
}
