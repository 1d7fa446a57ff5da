/** Files that are not a store of this version, and directories that cannot be written. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkDurable } from '../../../src/store/sqlite/database.ts';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { Model } from '../model.ts';
import { rejects } from '../rejects.ts';
import { tempDir } from '../temp.ts';
import { toLayout1 } from './layout-1.ts';

let dir: string;
let remove: () => void;
beforeEach(() => {
  ({ dir, remove } = tempDir());
});
afterEach(() => remove());

const file = (): string => join(dir, 'log.db');

async function makeStore(size = 10): Promise<void> {
  const store = await SqliteStore.open({ dir });
  const log = new Model('n', (await store.acquire('n', 'me')).epoch);
  await log.commit(store, size);
  await store.close();
}

function alter(sql: string): void {
  const db = new DatabaseSync(file());
  db.exec(sql);
  db.close();
}

describe('a file of another kind is refused and left as it is', () => {
  const cases: [string, 'STORE_SCHEMA' | 'STORE_DAMAGED', () => Promise<void>][] = [
    ['of another program', 'STORE_SCHEMA', async () => alter('CREATE TABLE t (a); PRAGMA user_version = 1')],
    ['of another program, with its own id', 'STORE_SCHEMA', async () => alter('PRAGMA application_id = 7')],
    [
      'of a newer version',
      'STORE_SCHEMA',
      async () => {
        await makeStore();
        alter('PRAGMA user_version = 3');
      },
    ],
    [
      'of an older version',
      'STORE_SCHEMA',
      async () => {
        await makeStore();
        alter('PRAGMA user_version = 0');
      },
    ],
    [
      'of this version that says it is older',
      'STORE_DAMAGED',
      async () => {
        await makeStore();
        alter('PRAGMA user_version = 1');
      },
    ],
    ['that is no database', 'STORE_DAMAGED', async () => writeFileSync(file(), 'a diary\n'.repeat(1000))],
    [
      'that lacks a table',
      'STORE_DAMAGED',
      async () => {
        await makeStore();
        alter('DROP TABLE edge');
      },
    ],
  ];
  for (const [name, code, make] of cases) {
    test(name, async () => {
      await make();
      const bytes = readFileSync(file());
      await rejects(SqliteStore.open({ dir }), code);
      await rejects(SqliteStore.open({ dir, readOnly: true }), code);
      assert.deepEqual(readFileSync(file()), bytes);
    });
  }

  test('the message names both layouts', async () => {
    await makeStore();
    alter('PRAGMA user_version = 7');
    const { message, context } = await rejects(SqliteStore.open({ dir }), 'STORE_SCHEMA');
    assert.match(message, /layout 7/);
    assert.deepEqual([context.layout, context.reads], [7, 2]);
  });
});

describe('a file of layout 1', () => {
  /** A log as a version before this one left it: nothing but the checkpoint of its first record has to stay. */
  async function makeOld(...counts: number[]): Promise<Model> {
    const store = await SqliteStore.open({ dir });
    const log = new Model('n', (await store.acquire('n', 'me')).epoch);
    await log.commit(store, 1, { keepCheckpoint: true });
    for (const count of counts) await log.commit(store, count);
    await store.close();
    toLayout1(dir);
    return log;
  }

  function layout(): unknown {
    const db = new DatabaseSync(file(), { readOnly: true });
    try {
      return db.prepare('PRAGMA user_version').get()?.user_version;
    } finally {
      db.close();
    }
  }

  for (const counts of [[], [3], [300, 2, 400]]) {
    test(`is read as it is, and brought up to date by whoever writes: ${[1, ...counts].join(', ')}`, async () => {
      const log = await makeOld(...counts);
      const bytes = readFileSync(file());
      const reader = await SqliteStore.open({ dir, readOnly: true });
      await log.check(reader);
      assert.deepEqual(readFileSync(file()), bytes);
      const store = await SqliteStore.open({ dir });
      assert.equal(layout(), 2);
      await log.check(store);
      log.epoch = (await store.acquire('n', 'me')).epoch;
      for (const [i, count] of [1, 1, 300, 5].entries()) {
        await log.commit(store, count, { keepCheckpoint: i % 2 === 0 });
        await log.check(store);
        // A reader that was there before sees what came in the new layout.
        await log.check(reader);
      }
      await reader.close();
      await store.close();
    });
  }

  test('stays what it is when it cannot be brought up to date', async () => {
    await makeOld(5);
    alter('CREATE TABLE checkpoints_kept (a)');
    const bytes = readFileSync(file());
    await rejects(SqliteStore.open({ dir }), 'STORE_DAMAGED');
    assert.equal(layout(), 1);
    assert.deepEqual(readFileSync(file()), bytes);
  });
});

test('an empty file becomes a store', async () => {
  writeFileSync(file(), '');
  await makeStore();
  const store = await SqliteStore.open({ dir });
  assert.deepEqual(await store.nodes(), ['n']);
  await store.close();
});

describe('a file whose writer was killed before it was in WAL mode', () => {
  /** Leaves a page that only its rollback journal can take back, as a killed process does: a copy made meanwhile. */
  function cutOff(pagesBefore: 0 | 1): void {
    const path = join(dir, 'elsewhere.db');
    const db = new DatabaseSync(path);
    if (pagesBefore === 1) db.exec('PRAGMA user_version = 1');
    db.exec('PRAGMA cache_size = 2; BEGIN; CREATE TABLE t (a)');
    const fill = db.prepare('INSERT INTO t VALUES (zeroblob(3000))');
    for (let i = 0; i < 20; i++) fill.run();
    copyFileSync(path, file());
    copyFileSync(`${path}-journal`, `${file()}-journal`);
    db.close();
    assert.ok(statSync(file()).size > 0);
  }

  test('holds nothing, and becomes a store', async () => {
    cutOff(0);
    await rejects(SqliteStore.open({ dir, readOnly: true }), 'STORE_UNAVAILABLE');
    await makeStore();
    assert.ok(!existsSync(`${file()}-journal`));
  });

  test('is left alone when it held something before', async () => {
    cutOff(1);
    const before = [readFileSync(file()), readFileSync(`${file()}-journal`)];
    await rejects(SqliteStore.open({ dir }), 'STORE_SCHEMA');
    await rejects(SqliteStore.open({ dir, readOnly: true }), 'STORE_SCHEMA');
    assert.deepEqual([readFileSync(file()), readFileSync(`${file()}-journal`)], before);
  });
});

test('directories are made, and the same one may be opened by many at once', async () => {
  const deep = join(dir, 'a', 'b', 'c');
  const stores = await Promise.all([1, 2, 3].map(() => SqliteStore.open({ dir: deep })));
  for (const [i, store] of stores.entries()) {
    const log = new Model(`n${i}`, (await store.acquire(`n${i}`, 'me')).epoch);
    await log.commit(store, 300);
    await log.check(stores[(i + 1) % 3]!);
  }
  await Promise.all(stores.map((store) => store.close()));
});

test('for reading, there must be a store', async () => {
  await rejects(SqliteStore.open({ dir, readOnly: true }), 'STORE_UNAVAILABLE');
  assert.deepEqual(readdirSync(dir), []);
  await rejects(SqliteStore.open({ dir: join(dir, 'absent'), readOnly: true }), 'STORE_UNAVAILABLE');
  assert.ok(!existsSync(join(dir, 'absent')));
  writeFileSync(file(), '');
  await rejects(SqliteStore.open({ dir, readOnly: true }), 'STORE_UNAVAILABLE');
});

test('a store opened for reading refuses to write and reads on while another writes', async () => {
  const writing = await SqliteStore.open({ dir });
  const log = new Model('n', (await writing.acquire('n', 'me')).epoch);
  const reading = await SqliteStore.open({ dir, readOnly: true });
  await rejects(reading.acquire('m', 'me'), 'STORE_READ_ONLY');
  await rejects(reading.commit(log.batch(1)), 'STORE_READ_ONLY');
  for (const count of [300, 1, 700]) {
    await log.commit(writing, count);
    await log.check(reading);
  }
  await writing.close();
  await log.check(reading);
  await reading.close();
  const again = await SqliteStore.open({ dir });
  log.epoch = (await again.acquire('n', 'me')).epoch;
  await log.commit(again, 300);
  await log.check(again);
  await again.close();
});

test('nobody but its owner may read what a log holds, whatever the umask', async (t) => {
  if (process.platform === 'win32') return t.skip('no such permissions there');
  const umask = process.umask(0o022);
  t.after(() => process.umask(umask));
  chmodSync(dir, 0o755);
  const store = await SqliteStore.open({ dir });
  const log = new Model('n', (await store.acquire('n', 'me')).epoch);
  await log.commit(store, 10);
  const modes = readdirSync(dir).map((name) => [name, (statSync(join(dir, name)).mode & 0o777).toString(8)]);
  assert.deepEqual(
    modes.sort(),
    ['log.db', 'log.db-shm', 'log.db-wal', 'n.holder', 'n.lock'].map((name) => [name, '600']),
  );
  await store.close();
});

test('commits are synced: WAL and synchronous=FULL, or the store does not open', async () => {
  const store = await SqliteStore.open({ dir });
  assert.deepEqual(await store.durability(), { journalMode: 'wal', synchronous: 2 });
  await store.close();
  const db = new DatabaseSync(file());
  checkDurable(db, file());
  db.exec('PRAGMA synchronous = NORMAL');
  assert.throws(() => checkDurable(db, file()), { code: 'STORE_UNAVAILABLE' });
  db.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE');
  assert.throws(() => checkDurable(db, file()), { code: 'STORE_UNAVAILABLE' });
  db.close();
});

describe('a directory that may not be written', () => {
  const root = process.getuid?.() === 0;

  /** Opens in another process; as nobody when this one is root, for whom permissions do not count. */
  function openElsewhere(readOnly: boolean): string {
    const script = fileURLToPath(new URL('open-elsewhere.ts', import.meta.url));
    const user = root ? { uid: 65_534, gid: 65_534 } : {};
    const args = [script, dir, readOnly ? 'read' : 'write'];
    return execFileSync(process.execPath, args, { encoding: 'utf8', ...user }).trim();
  }

  function refused(): RegExp {
    const user = root ? 'nobody' : userInfo().username;
    return new RegExp(`^STORE_READ_ONLY .*: the user ${user} may not write ${dir}; run this as the owner`);
  }

  test('is refused for writing by name, and read', async (t) => {
    if (process.platform === 'win32') return t.skip('no such permissions there');
    await makeStore(300);
    chmodSync(file(), 0o444);
    chmodSync(dir, 0o555);
    assert.match(openElsewhere(false), refused());
    assert.equal(openElsewhere(true), '300 entries');
    chmodSync(dir, 0o755);
  });

  test("says who may not read a log that is another's", async (t) => {
    if (!root) return t.skip('it takes root to be two users');
    await makeStore();
    chmodSync(dir, 0o755);
    assert.match(
      openElsewhere(true),
      /^STORE_UNAVAILABLE .*: the user nobody may not read it; run this as its owner/,
    );
    assert.match(openElsewhere(false), refused());
  });

  test('is refused when there is no store yet', (t) => {
    if (process.platform === 'win32') return t.skip('no such permissions there');
    chmodSync(dir, 0o555);
    assert.match(openElsewhere(false), refused());
    chmodSync(dir, 0o755);
    assert.deepEqual(readdirSync(dir), []);
  });
});

test('a file where the directory should be is refused', async () => {
  writeFileSync(join(dir, 'taken'), '');
  await rejects(SqliteStore.open({ dir: join(dir, 'taken') }), 'STORE_UNAVAILABLE');
  mkdirSync(join(dir, 'x', 'log.db'), { recursive: true });
  await rejects(SqliteStore.open({ dir: join(dir, 'x') }), 'STORE_UNAVAILABLE');
});
