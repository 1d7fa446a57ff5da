import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { ID_BYTES, IdTable, isKey, packIds, packKeys, unpackId } from '../../../src/store/sqlite/ids.ts';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import type { IdWrite } from '../../../src/store/store.ts';
import { hex, idOf, Model } from '../model.ts';
import { tempDir } from '../temp.ts';

const digits = (length: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: length / 2, maxLength: length / 2 }).map((b) => Buffer.from(b).toString('hex'));

test('ids packed by bucket come back as they were', () => {
  const id = fc.record(
    {
      key: digits(32),
      content: digits(32),
      seq: fc.integer({ min: 5_000_000_000, max: 5_000_010_000 }),
      bucket: fc.integer({ min: 20_000, max: 20_002 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(id, { maxLength: 30 }), (ids) => {
      const found: IdWrite[] = packIds(ids, 5_000_000_000).flatMap(({ bucket, rows }) =>
        Array.from({ length: rows.length / ID_BYTES }, (_, at) => {
          const key = Buffer.from(rows).toString('hex', at * ID_BYTES, at * ID_BYTES + 16);
          assert.ok(isKey(rows, at, packKeys([key])));
          return { key, bucket, ...unpackId(rows, at, 5_000_000_000) };
        }),
      );
      const byBucket = ids.toSorted((a, b) => {
        const first = (bucket: number): number => ids.findIndex((each) => each.bucket === bucket);
        return first(a.bucket) - first(b.bucket);
      });
      assert.deepEqual(found, byBucket);
    }),
  );
});

test('a table leads to every id it was given, however alike their keys', () => {
  const table = new IdTable();
  const keys = Array.from({ length: 5_000 }, (_, i) => i.toString(16).padStart(32, '0'));
  for (let from = 0; from < keys.length; from += 100) {
    const ids = keys
      .slice(from, from + 100)
      .map((key, i) => ({ key, content: hex('', 32), seq: from + i, bucket: 1 }));
    table.addRow(from, packIds(ids, from)[0]!.rows);
  }
  const view = new DataView(packKeys(keys).buffer);
  let others = 0;
  for (let i = 0; i < keys.length; i++) {
    const found = table.candidates(view, 16 * i);
    assert.ok(
      found.some(({ seq, at }) => seq + at === i),
      keys[i],
    );
    others += found.length - 1;
  }
  assert.ok(others < 50, `${others} false leads`);
});

test('ids are found after a restart, and forgotten ones are removed bit by bit', async () => {
  const { dir, remove } = tempDir();
  let store = await SqliteStore.open({ dir });
  const log = new Model('n', (await store.acquire('n', 'me')).epoch);
  for (let i = 0; i < 60; i++) await log.commit(store, 2, { ids: [idOf(`old ${i}`, log.size, 1)] });
  await log.commit(store, 1, { ids: [idOf('new', log.size, 5)] });
  await store.close();

  store = await SqliteStore.open({ dir });
  const keys = ['old 3', 'new'].map((name) => idOf(name, 0, 0).key);
  assert.deepEqual([...(await store.findIds('n', keys)).keys()], [keys[1]]);
  log.epoch = (await store.acquire('n', 'me')).epoch;
  const rows = (): number => {
    const db = new DatabaseSync(`${dir}/log.db`, { readOnly: true });
    const count = Number(db.prepare('SELECT count(*) AS n FROM ids').get()?.n);
    db.close();
    return count;
  };
  const counts = [rows()];
  for (let i = 0; i < 5; i++) {
    await log.commit(store, 1, { ids: [idOf(`newer ${i}`, log.size, 5)] });
    counts.push(rows());
  }
  assert.deepEqual(counts, [45, 30, 15, 4, 5, 6]);
  await store.close();
  remove();
});
