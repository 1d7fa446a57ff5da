/** What the writer says when SQLite fails at each step. It runs in this thread, on a connection made to fail. */

import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type ErrorCode, TallystickError } from '../../../src/errors.ts';
import { openToWrite } from '../../../src/store/sqlite/database.ts';
import { packBatch } from '../../../src/store/sqlite/pack.ts';
import { Writer } from '../../../src/store/sqlite/writer.ts';
import { Model } from '../model.ts';
import { tempDir } from '../temp.ts';

/** Extended result codes of SQLite. */
const BUSY = 5;
const READONLY = 8;
const IOERR_WRITE = 778;
const CORRUPT = 11;
const FULL = 13;
const IOERR_FSYNC = 1034;
const IOERR_SHMSIZE = 4874;
const NOMEM = 7;

let dir: string;
let remove: () => void;
let db: DatabaseSync;
let writer: Writer;
let log: Model;

beforeEach(() => {
  ({ dir, remove } = tempDir());
  db = openToWrite(dir);
  writer = new Writer(dir, db);
  log = new Model('n', writer.acquire({ node: 'n', holder: 'me' }).epoch);
  commit(10);
});
afterEach(() => {
  writer.close();
  remove();
});

function commit(count: number): void {
  const batch = log.batch(count);
  writer.commit(packBatch(batch).packed);
  log.applied(batch);
}

/** What the writer knows of the log after taking it again. */
function renewed(): { size: number } {
  const { epoch, head } = writer.acquire({ node: 'n', holder: 'me' });
  log.epoch = epoch;
  return { size: head.size };
}

function throws(act: () => void, code: ErrorCode): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof TallystickError, `${error}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Makes the next `BEGIN` or `COMMIT` (any statement that starts so) fail; `applied`: after it was carried out. */
function failOnce(start: string, errcode: number, applied = false): void {
  const exec = db.exec.bind(db);
  db.exec = (sql: string) => {
    if (!sql.startsWith(start)) return exec(sql);
    db.exec = exec;
    if (applied) exec(sql);
    throw Object.assign(new Error('made to fail'), { code: 'ERR_SQLITE_ERROR', errcode });
  };
}

describe('a commit that fails', () => {
  const before: [number, ErrorCode][] = [
    [BUSY, 'STORE_UNAVAILABLE'],
    [READONLY, 'STORE_READ_ONLY'],
    [IOERR_WRITE, 'STORE_UNAVAILABLE'],
    [NOMEM, 'STORE_UNAVAILABLE'],
    [CORRUPT, 'STORE_DAMAGED'],
    [FULL, 'STORE_FULL'],
    [IOERR_SHMSIZE, 'STORE_FULL'],
  ];
  for (const [errcode, code] of before) {
    test(`before COMMIT with SQLite's ${errcode} is ${code}, and the next one applies`, () => {
      failOnce('BEGIN', errcode);
      throws(() => commit(1), code);
      commit(300);
      assert.equal(renewed().size, 310);
    });
  }

  const during: [number, ErrorCode][] = [
    [BUSY, 'STORE_UNAVAILABLE'],
    [READONLY, 'STORE_READ_ONLY'],
    [FULL, 'STORE_FULL'],
    [IOERR_WRITE, 'STORE_OUTCOME_UNKNOWN'],
    [IOERR_SHMSIZE, 'STORE_OUTCOME_UNKNOWN'],
    [NOMEM, 'STORE_OUTCOME_UNKNOWN'],
    [CORRUPT, 'STORE_OUTCOME_UNKNOWN'],
  ];
  for (const [errcode, code] of during) {
    test(`in COMMIT with SQLite's ${errcode} is ${code}, and the next one applies`, () => {
      failOnce('COMMIT', errcode);
      throws(() => commit(1), code);
      assert.equal(renewed().size, 10);
      commit(300);
      assert.equal(renewed().size, 310);
    });
  }

  test('in COMMIT after it was applied is found by taking ownership again', () => {
    failOnce('COMMIT', IOERR_WRITE, true);
    const batch = log.batch(300);
    throws(() => writer.commit(packBatch(batch).packed), 'STORE_OUTCOME_UNKNOWN');
    assert.equal(renewed().size, 310);
    log.applied(batch);
    commit(300);
    assert.equal(renewed().size, 610);
  });

  test('with something that is no error of SQLite is of unknown outcome from COMMIT on, a defect before', () => {
    const exec = db.exec.bind(db);
    for (const [start, code] of [
      ['BEGIN', 'INTERNAL'],
      ['COMMIT', 'STORE_OUTCOME_UNKNOWN'],
    ] as const) {
      db.exec = (sql: string) => {
        if (sql.startsWith(start)) throw new RangeError('odd');
        exec(sql);
      };
      throws(() => commit(1), code);
    }
    db.exec = exec;
    commit(1);
  });
});

describe('a sync that fails', () => {
  test('in a commit ends all writing, though later syncs would succeed', () => {
    failOnce('COMMIT', IOERR_FSYNC);
    throws(() => commit(1), 'STORE_SYNC_FAILED');
    throws(() => commit(1), 'STORE_SYNC_FAILED');
    throws(() => writer.acquire({ node: 'n', holder: 'me' }), 'STORE_SYNC_FAILED');
  });

  test('while pages are moved into the database ends it, too', () => {
    const prepare = db.prepare.bind(db);
    let failed = 0;
    db.prepare = (sql: string) => {
      if (!sql.startsWith('PRAGMA wal_checkpoint')) return prepare(sql);
      failed++;
      throw Object.assign(new Error('made to fail'), { code: 'ERR_SQLITE_ERROR', errcode: IOERR_FSYNC });
    };
    for (let i = 0; i < 400 && failed === 0; i++) {
      commit(256);
      writer.tidy();
    }
    assert.equal(failed, 1);
    throws(() => commit(1), 'STORE_SYNC_FAILED');
  });
});

test('a full disk refuses commits and nothing else; with space again they go on', () => {
  const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages + 10}`);
  throws(() => {
    for (let i = 0; i < 100; i++) commit(300);
  }, 'STORE_FULL');
  throws(() => commit(300), 'STORE_FULL');
  const { size } = log;
  db.exec('PRAGMA max_page_count = 1000000');
  assert.equal(renewed().size, size);
  commit(300);
  assert.equal(renewed().size, size + 300);
});

test('a file that was moved away refuses commits until it is back', () => {
  for (const name of ['log.db', 'log.db-wal']) {
    const path = join(dir, name);
    renameSync(path, `${path}.away`);
    throws(() => commit(1), 'STORE_UNAVAILABLE');
    throws(() => writer.acquire({ node: 'other', holder: 'me' }), 'STORE_UNAVAILABLE');
    renameSync(`${path}.away`, path);
    commit(1);
  }
});

test('ownership whose epoch could not be raised is not held', () => {
  failOnce('COMMIT', FULL);
  throws(() => writer.acquire({ node: 'm', holder: 'me' }), 'STORE_FULL');
  const other = new Writer(dir);
  other.acquire({ node: 'm', holder: 'other' });
  other.close();
});
