/** A file whose bytes were changed behind the store's back: what is damaged is named, the rest is read. */

import assert from 'node:assert/strict';
import { closeSync, copyFileSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { type ErrorCode, TallystickError } from '../../../src/errors.ts';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { packBatch } from '../../../src/store/sqlite/pack.ts';
import { Reader } from '../../../src/store/sqlite/reader.ts';
import { Writer } from '../../../src/store/sqlite/writer.ts';
import type { LogSource } from '../../../src/verify/source.ts';
import { all, idOf, Model, payloadOf, ranges } from '../model.ts';
import { rejects } from '../rejects.ts';
import { tempDir } from '../temp.ts';

const SIZE = 4 * 256 + 90;
let dir: string;
let remove: () => void;
let log: Model;

const file = (): string => join(dir, 'log.db');
const original = (): string => join(dir, 'original.db');

/** Four full bundles, and an edge of three rows: 40, 30 and 20 entries. */
before(async () => {
  ({ dir, remove } = tempDir());
  const store = await SqliteStore.open({ dir });
  log = new Model('n', (await store.acquire('n', 'me')).epoch);
  const extras = {
    payloads: [payloadOf('compressible', 9_000, 5), payloadOf('noise', 31, 700)],
    ids: [idOf('a', 3, 1)],
    state: [{ key: 'k', value: 'v' }],
  };
  for (const count of [1000, 24 + 40, 30, 20]) await log.commit(store, count, count === 1000 ? extras : {});
  await store.close();
  copyFileSync(file(), original());
});
after(() => remove());

/** The file as it was, without what a damaged one left behind. */
function restore(): void {
  for (const side of ['-wal', '-shm']) rmSync(file() + side, { force: true });
  copyFileSync(original(), file());
}

/** Runs SQL over a fresh copy of the file, then `use` on the store. */
async function altered(
  sql: string,
  use: (store: SqliteStore, source: LogSource) => Promise<void>,
): Promise<void> {
  restore();
  const db = new DatabaseSync(file());
  db.exec(sql);
  db.close();
  const store = await SqliteStore.open({ dir });
  try {
    await use(store, store.source('n'));
  } finally {
    await store.close();
  }
}

async function read(source: LogSource): Promise<string[]> {
  const bundles = await all(source.bundles(0, SIZE));
  for (const { entries, damage } of bundles)
    assert.equal(typeof damage, entries === null ? 'string' : 'undefined');
  return ranges(bundles);
}

const FLIP = (column: string, at: number): string =>
  `${column} = CAST(substr(${column}, 1, ${at}) || x'ff00ff' || substr(${column}, ${at + 4}) AS BLOB)`;
const WHOLE = ['0-256', '256-512', '512-768', '768-1024', '1024-1114'];

describe('damage is yielded as damage of just that range', () => {
  const bundle2 = ['0-256', '256-512', '512-768 damaged', '768-1024', '1024-1114'];
  const edge2 = [...WHOLE.slice(0, 4), '1024-1064', '1064-1094 damaged', '1094-1114'];
  const cases: [string, string, string[]][] = [
    ['nothing', 'SELECT 1', WHOLE],
    ['bytes within a bundle', `UPDATE bundles SET ${FLIP('entries', 2000)} WHERE idx = 2`, bundle2],
    ['a bundle cut off', 'UPDATE bundles SET entries = substr(entries, 1, 500) WHERE idx = 2', bundle2],
    ['an empty bundle', "UPDATE bundles SET entries = x'' WHERE idx = 2", bundle2],
    ['a bundle that is gone', 'DELETE FROM bundles WHERE idx = 2', bundle2],
    [
      'an edge row in the place of a bundle: given as it is, for the verifier to tell',
      'UPDATE bundles SET entries = (SELECT entries FROM edge) WHERE idx = 2',
      WHOLE,
    ],
    ['bytes within an edge row', `UPDATE edge SET ${FLIP('entries', 60)} WHERE seq = 1064`, edge2],
    ['an edge row that is gone', 'DELETE FROM edge WHERE seq = 1064', edge2],
    [
      'an edge row that counts wrong',
      'UPDATE edge SET count = 29 WHERE seq = 1064',
      [...WHOLE.slice(0, 4), '1024-1064', '1064-1093 damaged', '1093-1094 damaged', '1094-1114'],
    ],
    [
      'the last edge row gone',
      'DELETE FROM edge WHERE seq = 1094',
      [...WHOLE.slice(0, 4), '1024-1094', '1094-1114 damaged'],
    ],
    ['all bundles gone', 'DELETE FROM bundles; DELETE FROM edge', WHOLE.map((range) => `${range} damaged`)],
  ];
  for (const [name, sql, expected] of cases) {
    test(name, () => altered(sql, async (_, source) => assert.deepEqual(await read(source), expected)));
  }

  test('hashes that are no hashes are not there', async () => {
    const tiles = async (source: LogSource): Promise<number[]> =>
      (await all(source.tiles(0, 0, 5))).map((tile) => (tile.hashes?.length ?? 0) / 32);
    await altered('UPDATE bundles SET hashes = substr(hashes, 2) WHERE idx = 1', async (_, source) =>
      assert.deepEqual(await tiles(source), [256, 0, 256, 256, 90]),
    );
    await altered(
      'DELETE FROM bundles WHERE idx = 3; UPDATE tiles SET hashes = zeroblob(40)',
      async (_, source) => {
        assert.deepEqual(await tiles(source), [256, 256, 256, 0, 90]);
        assert.deepEqual(await all(source.tiles(1, 0, 1)), [{ index: 0, hashes: null }]);
      },
    );
  });

  test('a payload that does not decode is yielded without bytes, and asked for by name it is damage', async () => {
    const { digest } = payloadOf('compressible', 9_000, 5);
    await altered(`UPDATE payloads SET ${FLIP('bytes', 10)} WHERE zstd = 1`, async (store, source) => {
      const found = await all(source.payloads(0, SIZE));
      assert.deepEqual(
        found.map(({ seq, bytes }) => [seq, bytes?.length ?? null]),
        [
          [5, null],
          [700, 31],
        ],
      );
      await rejects(store.payload('n', digest), 'STORE_DAMAGED');
    });
  });
});

describe('a head that cannot be is damage', () => {
  const heads = ['size = -1', 'epoch = 9007199254740993', "root = x'00'", 'size = 9223372036854775807'];
  for (const change of heads) {
    test(change, () =>
      altered(`UPDATE heads SET ${change}`, async (store, source) => {
        await rejects(store.head('n'), 'STORE_DAMAGED');
        await rejects(source.head(), 'STORE_DAMAGED');
        await rejects(store.acquire('n', 'me'), 'STORE_DAMAGED');
      }),
    );
  }
});

test('a batch is not put behind an edge that does not decode', async () => {
  for (const sql of [
    `UPDATE edge SET ${FLIP('entries', 60)} WHERE seq = 1064`,
    'DELETE FROM edge WHERE seq = 1094',
  ]) {
    await altered(sql, async (store) => {
      log.epoch = (await store.acquire('n', 'me')).epoch;
      await rejects(store.commit(log.batch(1)), 'STORE_DAMAGED');
      assert.equal((await store.head('n'))?.size, SIZE);
    });
  }
});

/** Small and fast, and the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Overwrites some bytes somewhere in the file. */
function spoil(seed: number): void {
  restore();
  const next = random(seed);
  const fd = openSync(file(), 'r+');
  // Half of the runs aim at the first bytes of a page, where SQLite's own structures are.
  const pages = statSync(file()).size / 4096;
  for (let i = 0; i <= next(6); i++) {
    const at = next(2) === 0 ? next(pages) * 4096 + next(120) : next(pages * 4096);
    writeSync(fd, Uint8Array.of(next(256)), 0, 1, at);
  }
  closeSync(fd);
}

/** Errors that are an answer: none of them is a defect of ours. */
const ANSWERS: readonly ErrorCode[] = [
  'STORE_DAMAGED',
  'STORE_SCHEMA',
  // When the header asks for a newer SQLite to write.
  'STORE_READ_ONLY',
  'STORE_UNAVAILABLE',
  'STORE_OUTCOME_UNKNOWN',
  // When the head's row answers to another name now.
  'STORE_CONFLICT',
];

function answers(act: () => void): void {
  try {
    act();
  } catch (error) {
    const isAnswer = error instanceof TallystickError && ANSWERS.includes(error.code);
    assert.ok(isAnswer, `${(error as Error).stack}`);
  }
}

/** Opens the file, or is refused, and closes it in any case. */
function using<T extends { close(): void }>(open: () => T, use: (opened: T) => void): void {
  answers(() => {
    const opened = open();
    try {
      use(opened);
    } finally {
      opened.close();
    }
  });
}

function readAll(reader: Reader): void {
  answers(() => reader.nodes());
  answers(() => reader.head('n'));
  answers(() => reader.state(''));
  answers(() => reader.findIds({ node: 'n', keys: new Uint8Array(32) }));
  answers(() => reader.payload({ node: 'n', digest: payloadOf('noise', 31, 700).digest }));
  answers(() => reader.checkpoints({ node: 'n', after: 0 }));
  answers(() => reader.payloads({ node: 'n', from: 0, to: SIZE, after: '' }));
  answers(() => {
    for (let from: number | null = 0, at = 0; from !== null; ) {
      const { items, next } = reader.bundles({ node: 'n', from, to: SIZE });
      for (const item of items) {
        assert.ok(item.from === at && item.to > at);
        at = item.to;
      }
      assert.ok(next === null || next === at);
      from = next;
    }
  });
  assert.equal(reader.tiles({ node: 'n', level: 0, from: 0, to: 5 }).items.length, 5);
}

test('random bytes in random places: read to the end, or refused by name', () => {
  for (let seed = 1; seed <= 150; seed++) {
    spoil(seed);
    using(() => new Reader(dir), readAll);
  }
});

test('random bytes in random places: written on, or refused by name', () => {
  for (let seed = 1001; seed <= 1080; seed++) {
    spoil(seed);
    using(
      () => new Writer(dir),
      (writer) => {
        log.epoch = writer.acquire({ node: 'n', holder: 'me' }).epoch;
        writer.commit(packBatch(log.batch(300)).packed);
      },
    );
  }
});

test('a file cut short is read as far as it goes, or refused', () => {
  const { size } = statSync(original());
  for (const length of [4096, 3 * 4096 + 100, size - 4096]) {
    restore();
    truncateSync(file(), length);
    using(() => new Reader(dir), readAll);
  }
});
