/** The write-ahead log: it must not grow with the log, and a reader that holds it up must not hold up commits. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { packBatch } from '../../../src/store/sqlite/pack.ts';
import { Writer } from '../../../src/store/sqlite/writer.ts';
import { Model } from '../model.ts';
import { tempDir } from '../temp.ts';

/** 4 MB that cannot be compressed. */
const noise = new Uint8Array(
  Buffer.concat(Array.from({ length: 62_500 }, (_, i) => createHash('sha512').update(`${i}`).digest())),
);

let dir: string;
let remove: () => void;
let writer: Writer;
let log: Model;

beforeEach(() => {
  ({ dir, remove } = tempDir());
  writer = new Writer(dir);
  log = new Model('n', writer.acquire({ node: 'n', holder: 'me' }).epoch);
});
afterEach(() => {
  writer.close();
  remove();
});

/** Commits so many times 4 MB. */
function write(times: number): void {
  for (let i = 0; i < times; i++) {
    const seq = log.size;
    const digest = createHash('sha256').update(`${seq}`).digest('hex');
    const batch = log.batch(1, { payloads: [{ seq, digest, salt: new Uint8Array(16), bytes: noise }] });
    writer.commit(packBatch(batch).packed);
    writer.tidy();
    log.applied(batch);
  }
}

const megabytes = (name: string): number => statSync(join(dir, name)).size / 1e6;

test('it is moved into the database again and again', () => {
  write(10);
  assert.ok(megabytes('log.db') > 38);
  assert.ok(megabytes('log.db-wal') < 12);
});

test('a reader that stays lets it grow, and commits go on; when it has left, it is cut back', () => {
  const reader = new DatabaseSync(join(dir, 'log.db'), { readOnly: true });
  reader.exec('BEGIN; SELECT count(*) FROM heads');
  write(20);
  assert.ok(megabytes('log.db-wal') > 80);
  reader.exec('COMMIT');
  write(3);
  assert.ok(megabytes('log.db-wal') < 70);
  assert.equal(reader.prepare('SELECT size FROM heads').get()?.size, 23);
  reader.close();
});
