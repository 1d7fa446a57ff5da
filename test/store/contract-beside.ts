import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogStore } from '../../src/store/store.ts';
import { all, idOf, Model, payloadOf } from './model.ts';
import { rejects } from './rejects.ts';

/** Several logs, and what is committed beside the entries. */
export function besideContract(store: () => LogStore, newLog: (node: string) => Promise<Model>): void {
  test('logs of several nodes grow beside each other', async () => {
    const logs = await Promise.all(['n-a', 'n-b', 'n-c'].map(newLog));
    for (let round = 0; round < 4; round++) {
      await Promise.all(logs.map((log, i) => log.commit(store(), 100 * i + 1)));
    }
    for (const log of logs) await log.check(store());
    const nodes = await store().nodes();
    assert.deepEqual(nodes, nodes.toSorted());
    assert.deepEqual(
      nodes.filter((node) => node.startsWith('n-')),
      ['n-a', 'n-b', 'n-c'],
    );
  });

  test('payloads of any size are kept with their record', async () => {
    const log = await newLog('payloads');
    const sizes = [0, 1, 100, 8_193, 70_000, 70_001, 3_000_000];
    const payloads = sizes.map((bytes, i) => payloadOf(`p${i}`, bytes, i));
    await log.commit(store(), 10, { payloads: [...payloads, payloadOf('second of one record', 50, 3)] });
    const many = Array.from({ length: 700 }, (_, i) => payloadOf(`many ${i}`, 30, 10 + (i % 20)));
    await log.commit(store(), 20, { payloads: many });
    await log.check(store());
    const some = await all(store().source('payloads').payloads(3, 5));
    assert.deepEqual(
      some.map(({ seq }) => seq),
      [3, 3, 4],
    );
    assert.equal(await store().payload('n-a', payloads[0]!.digest), null);
  });

  test('ids are remembered for the newest bucket and the one before', async () => {
    const log = await newLog('ids');
    const find = async (...names: string[]): Promise<(number | undefined)[]> => {
      const keys = names.map((name) => idOf(name, 0, 0).key);
      const found = await store().findIds('ids', keys);
      return keys.map((key) => found.get(key)?.seq);
    };
    await log.commit(store(), 4, { ids: [idOf('a', 0, 7), idOf('b', 3, 7)] });
    assert.deepEqual(await find('a', 'b', 'c', 'a'), [0, 3, undefined, 0]);
    await log.commit(store(), 2, { ids: [idOf('c', 4, 7), idOf('d', 5, 8)] });
    assert.deepEqual(await find('d', 'c', 'b', 'a'), [5, 4, 3, 0]);
    assert.deepEqual(
      [...(await store().findIds('ids', [idOf('d', 5, 8).key])).values()],
      [{ seq: 5, content: idOf('d', 5, 8).content }],
    );
    await log.commit(store(), 1, { ids: [idOf('e', 6, 9)] });
    assert.deepEqual((await find('c', 'd', 'e')).slice(1), [5, 6]);
    assert.equal((await store().findIds('n-a', [idOf('e', 6, 9).key])).size, 0);
    await rejects(store().findIds('ids', ['ABC']), 'INTERNAL');
  });

  test('of two rows for one key the first is remembered', async () => {
    const log = await newLog('ids-twice');
    const { key, content } = idOf('twice', 0, 7);
    const found = async () => (await store().findIds('ids-twice', [key])).get(key);
    await log.commit(store(), 3, { ids: [idOf('twice', 0, 7), idOf('twice', 2, 7)] });
    assert.deepEqual(await found(), { seq: 0, content });
    await log.commit(store(), 1, { ids: [idOf('twice', 3, 8)] });
    assert.deepEqual(await found(), { seq: 0, content });
    await log.commit(store(), 1, { ids: [idOf('other', 4, 9)] });
    assert.equal((await found())?.seq, 3);
  });

  test('many ids, asked for while more come', async () => {
    const log = await newLog('ids-many');
    const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => `m${from + i}`);
    for (const count of [1, 1, 1000, 10, 2500]) {
      const ids = names(log.size, count).map((name, i) => idOf(name, log.size + i, 20_000));
      await log.commit(store(), count, { ids });
      const keys = names(0, log.size + 5).map((name) => idOf(name, 0, 0).key);
      const found = await store().findIds('ids-many', keys);
      assert.deepEqual(
        keys.map((key) => found.get(key)?.seq ?? -1),
        [...Array.from({ length: log.size }, (_, i) => i), ...[-1, -1, -1, -1, -1]],
      );
    }
  });

  test('state is written with the batch, by prefix, in order of the bytes', async () => {
    const log = await newLog('state');
    const put = (key: string, value: string | null) => ({ key: `st/${key}`, value });
    const keys = ['a', 'a\0', 'ab', 'b', '\uffff', '\u{1f600}', ''];
    await log.commit(store(), 1, { state: keys.map((key) => put(key, `"${key}"`)) });
    assert.deepEqual(
      [...(await store().state('st/'))],
      [...['', 'a', 'a\0', 'ab', 'b', '\uffff', '\u{1f600}'].map((key) => [`st/${key}`, `"${key}"`])],
    );
    await log.commit(store(), 1, {
      state: [put('a', null), put('b', 'new'), put('absent', null), put('b', 'newer')],
    });
    assert.deepEqual([...(await store().state('st/a')).keys()], ['st/a\0', 'st/ab']);
    assert.equal((await store().state('st/b')).get('st/b'), 'newer');
    assert.equal((await store().state('st/%')).size, 0);
  });

  test('a batch without entries changes state only, under the same conditions', async () => {
    const log = await newLog('state-only');
    await log.commit(store(), 7, { keepCheckpoint: true });
    const batch = log.batch(0, { state: [{ key: 'only', value: '1' }] });
    await store().commit({ ...batch, root: new Uint8Array(32), signatures: 'other' });
    await rejects(store().commit({ ...batch, epoch: log.epoch + 1 }), 'STORE_CONFLICT');
    await rejects(store().commit({ ...batch, from: 6 }), 'STORE_CONFLICT');
    assert.equal((await store().state('only')).get('only'), '1');
    await log.commit(store(), 300);
    await log.check(store());
  });

  test('readers see whole batches, and of those a prefix', async () => {
    const log = await newLog('read-while');
    const step = 77;
    let writing = true;
    const read = async (): Promise<void> => {
      let last = 0;
      while (writing) {
        const { size } = (await store().source('read-while').head()) ?? { size: 0 };
        assert.ok(size >= last && size % step === 0, `size ${size} after ${last}`);
        const reading = new Model('read-while', log.epoch);
        reading.size = size;
        await reading.checkEntries(store().source('read-while'), Math.max(0, size - 700), size);
        last = size;
      }
    };
    const readers = [read(), read()];
    for (let i = 0; i < 25; i++) await log.commit(store(), step);
    writing = false;
    await Promise.all(readers);
    await log.check(store());
  });
}
