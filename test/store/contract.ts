import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Batch, LogStore } from '../../src/store/store.ts';
import { besideContract } from './contract-beside.ts';
import { contentsContract } from './contract-contents.ts';
import { all, idOf, Model, payloadOf } from './model.ts';
import { rejects } from './rejects.ts';

/** A place where a driver keeps its data. */
export interface StoreHome {
  /** Opens another store object on the same data, beside those that are open. */
  open(): Promise<LogStore>;
  /** Removes the data. All stores are closed by then. */
  remove(): Promise<void>;
}

/** The contract of `LogStore`, run over a driver. Each test has a log of its own in one store. */
export function storeContract(name: string, makeHome: () => Promise<StoreHome>): void {
  describe(`store contract: ${name}`, () => {
    let home: StoreHome;
    let store: LogStore;
    before(async () => {
      home = await makeHome();
      store = await home.open();
    });
    after(async () => {
      await store.close();
      await home.remove();
    });
    const newLog = async (node: string): Promise<Model> =>
      new Model(node, (await store.acquire(node, 'the test')).epoch);

    contentsContract(() => store, newLog);
    fencing(
      () => store,
      () => home.open(),
      newLog,
    );
    besideContract(() => store, newLog);
    lifetime(makeHome);
  });
}

function fencing(
  store: () => LogStore,
  openAnother: () => Promise<LogStore>,
  newLog: (node: string) => Promise<Model>,
): void {
  test('a batch for another head changes nothing and is told the real one', async () => {
    const log = await newLog('cas');
    await log.commit(store(), 10);
    const state = [{ key: 'cas', value: 'no' }];
    const ids = [idOf('cas', 10, 1)];
    const payloads = [payloadOf('cas', 100, 10)];
    const good = log.batch(5, { state, ids, payloads });
    const wrong: Partial<Batch>[] = [
      { epoch: log.epoch + 1 },
      { epoch: log.epoch - 1 },
      { node: 'cas-absent' },
    ];
    for (const change of wrong) await rejects(store().commit({ ...good, ...change }), 'STORE_CONFLICT');
    const early = new Model('cas', log.epoch).batch(5, { state });
    const { context } = await rejects(store().commit(early), 'STORE_CONFLICT');
    assert.equal(context.size, 10);
    assert.equal(context.epoch, log.epoch);
    await log.check(store());
    assert.equal((await store().state('cas')).size, 0);
    assert.equal((await store().findIds('cas', [ids[0]!.key])).size, 0);
    assert.equal(await store().head('cas-absent'), null);
  });

  test('ownership that was renewed shuts out commits made before', async () => {
    const log = await newLog('renewed');
    await log.commit(store(), 3);
    const old = log.batch(1);
    const renewed = await store().acquire('renewed', 'the test');
    assert.equal(renewed.epoch, log.epoch + 1);
    assert.equal(renewed.head.size, 3);
    await rejects(store().commit(old), 'STORE_CONFLICT');
    log.epoch = renewed.epoch;
    await log.commit(store(), 1);
    await log.check(store());
  });

  test('commits posted at once apply in order; after one that fails, none does', async () => {
    const log = await newLog('posted');
    const posted: Promise<void>[] = [];
    const post = (count: number, change: Partial<Batch> = {}): void => {
      const batch = log.batch(count);
      log.applied(batch);
      posted.push(store().commit({ ...batch, ...change }));
    };
    for (const count of [1, 300, 20]) post(count);
    await Promise.all(posted);
    await log.check(store());
    const before = log.size;
    posted.length = 0;
    post(5, { epoch: log.epoch + 7 });
    post(5);
    post(5);
    for (const commit of posted) await rejects(commit, 'STORE_CONFLICT');
    assert.equal((await store().head('posted'))?.size, before);
  });

  test('a second owner is refused by the name of the first, and let in when it has left', async () => {
    await store().acquire('owned', 'pid 1 on host one');
    const other = await openAnother();
    try {
      const { message } = await rejects(other.acquire('owned', 'pid 2 on host two'), 'LOG_HELD');
      assert.match(message, /pid 1 on host one/);
      await other.acquire('owned-by-other', 'pid 2 on host two');
      await rejects(store().acquire('owned-by-other', 'me'), 'LOG_HELD');
      await store().release('owned');
      assert.equal((await other.acquire('owned', 'pid 2 on host two')).epoch, 2);
      await rejects(store().acquire('owned', 'me'), 'LOG_HELD');
    } finally {
      await other.close();
    }
    assert.equal((await store().acquire('owned', 'me')).epoch, 3);
  });

  test('a node id that is none is refused', async () => {
    for (const node of ['', '.', '..', 'a/b', '../x', 'a b', 'ä', 'x'.repeat(65), 'a\0']) {
      await rejects(store().acquire(node, 'me'), 'USAGE');
      await rejects(store().release(node), 'USAGE');
      assert.equal(await store().head(node), null);
    }
    await store().acquire('x'.repeat(64), 'me');
    await store().acquire('...', 'me');
  });

  test('a batch that breaks its contract is refused whole', async () => {
    const log = await newLog('refused');
    const good = log.batch(2, { ids: [idOf('a', 0, 1)], payloads: [payloadOf('a', 10, 1)] });
    const bad: Partial<Batch>[] = [
      { entries: good.entries.subarray(0, -1) },
      { entries: new Uint8Array(4) },
      { leaves: good.leaves.subarray(32) },
      { root: good.root.subarray(1) },
      { from: -1 },
      { from: 0.5 },
      { epoch: Number.NaN },
      { tiles: [{ level: 0, index: 0, hashes: new Uint8Array(32) }] },
      { tiles: [{ level: 1, index: 0, hashes: new Uint8Array(33) }] },
      { tiles: [{ level: 1, index: 0, hashes: new Uint8Array(257 * 32) }] },
      { payloads: [{ ...good.payloads[0]!, seq: 2 }] },
      { payloads: [{ ...good.payloads[0]!, digest: 'A'.repeat(64) }] },
      { payloads: [{ ...good.payloads[0]!, salt: new Uint8Array(15) }] },
      { ids: [{ ...good.ids[0]!, key: 'zz' }] },
      { ids: [{ ...good.ids[0]!, content: 'F'.repeat(32) }] },
      { ids: [{ ...good.ids[0]!, seq: 2 }] },
      { ids: [{ ...good.ids[0]!, bucket: 1.5 }] },
      { state: [{ key: '\ud800', value: 'x' }] },
      { state: [{ key: 'x', value: '\udc00' }] },
    ];
    for (const change of bad) await rejects(store().commit({ ...good, ...change }), 'INTERNAL');
    await log.check(store());
    await store().commit(good);
    log.applied(good);
    await log.check(store());
  });
}

function lifetime(makeHome: () => Promise<StoreHome>): void {
  test('close lets what was called finish and refuses what comes after', async () => {
    const home = await makeHome();
    const store = await home.open();
    const log = new Model('closing', (await store.acquire('closing', 'me')).epoch);
    const commits = [500, 1, 300].map((count) => {
      const batch = log.batch(count);
      log.applied(batch);
      return store.commit(batch);
    });
    const head = store.head('closing');
    await Promise.all([store.close(), store.close()]);
    await Promise.all([...commits, head]);
    const next = log.batch(1);
    await rejects(store.commit(next), 'STORE_UNAVAILABLE');
    await rejects(store.acquire('closing', 'me'), 'STORE_UNAVAILABLE');
    await rejects(store.head('closing'), 'STORE_UNAVAILABLE');
    await rejects(all(store.source('closing').bundles(0, 10)), 'STORE_UNAVAILABLE');
    await store.close();

    const again = await home.open();
    log.epoch = (await again.acquire('closing', 'me')).epoch;
    await log.check(again);
    await log.commit(again, 1);
    await log.check(again);
    await again.close();
    await home.remove();
  });
}
