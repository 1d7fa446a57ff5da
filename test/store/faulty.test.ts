import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../src/store/memory.ts';
import { FaultyStore } from './faulty.ts';
import { Model } from './model.ts';
import { rejects } from './rejects.ts';

async function started(): Promise<{ inner: MemoryStore; store: FaultyStore; log: Model }> {
  const inner = new MemoryStore();
  const store = new FaultyStore(inner, [{ call: 'commit', nth: 2, applied: false, code: 'STORE_FULL' }]);
  return { inner, store, log: new Model('f', (await store.acquire('f', 'me')).epoch) };
}

test('a planned commit fails without being applied, and can be tried again', async () => {
  const { store, log } = await started();
  await log.commit(store, 1);
  await rejects(log.commit(store, 1), 'STORE_FULL');
  await log.check(store);
  await log.commit(store, 1);
  await log.check(store);
  assert.equal(store.calls.commit, 3);
});

test('a commit that is applied but reported as failed is there', async () => {
  const { store, log } = await started();
  store.failNext('commit', { applied: true });
  const batch = log.batch(3);
  await rejects(store.commit(batch), 'STORE_OUTCOME_UNKNOWN');
  log.applied(batch);
  await log.check(store);
});

test('acquire that is applied but reported as failed has raised the epoch', async () => {
  const { store, log } = await started();
  store.failNext('acquire', { applied: true });
  store.failNext('acquire', { applied: false, skip: 1 });
  await rejects(store.acquire('f', 'me'), 'STORE_UNAVAILABLE');
  await rejects(store.acquire('f', 'me'), 'STORE_UNAVAILABLE');
  assert.equal((await store.head('f'))?.epoch, log.epoch + 1);
});

test('reads fail once and then answer', async () => {
  const { store } = await started();
  store.failNext('head', { applied: false });
  store.failNext('findIds', { applied: false });
  await rejects(store.head('f'), 'STORE_UNAVAILABLE');
  await rejects(store.findIds('f', []), 'STORE_UNAVAILABLE');
  assert.equal((await store.head('f'))?.size, 0);
  assert.equal((await store.findIds('f', [])).size, 0);
});
