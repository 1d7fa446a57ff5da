import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LogStore } from '../../src/store/store.ts';
import { all, type Model } from './model.ts';

/** Entries, tiles and checkpoints of one log. */
export function contentsContract(store: () => LogStore, newLog: (node: string) => Promise<Model>): void {
  test('a log that is not there has nothing to read', async () => {
    const source = store().source('absent');
    assert.equal(await store().head('absent'), null);
    assert.equal(await source.head(), null);
    assert.deepEqual(await all(source.bundles(0, 10)), []);
    assert.deepEqual(await all(source.tiles(0, 0, 1)), [{ index: 0, hashes: null }]);
    assert.deepEqual(await all(source.checkpoints()), []);
    assert.deepEqual(await all(source.payloads(0, 10)), []);
    assert.equal(await store().payload('absent', '00'.repeat(32)), null);
    assert.equal((await store().findIds('absent', ['00'.repeat(16)])).size, 0);
  });

  test('an acquired log has an empty head', async () => {
    const log = await newLog('empty');
    await log.check(store());
    assert.ok((await store().nodes()).includes('empty'));
  });

  for (const size of [1, 255, 256, 257, 511, 512, 1000, 2561]) {
    test(`${size} entries in one batch, and on in batches of one`, async () => {
      const log = await newLog(`size-${size}`);
      await log.commit(store(), size);
      await log.check(store());
      for (let i = 0; i < 3; i++) await log.commit(store(), 1);
      await log.check(store());
    });
  }

  test('batches of any sizes, read in any ranges', async () => {
    let run = 0;
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 600 })), {
      minLength: 1,
      maxLength: 12,
    });
    const cuts = fc.array(fc.tuple(fc.nat(3000), fc.nat(3000)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sizes, cuts, async (counts, reads) => {
        const log = await newLog(`any-${run++}`);
        for (const count of counts) await log.commit(store(), count);
        await log.check(store());
        for (const [a, b] of reads) {
          await log.checkEntries(store().source(log.node), Math.min(a, b), Math.max(a, b));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('entries of the longest kind', async () => {
    const log = await newLog('long');
    const batch = log.batch(2);
    const entries = new Uint8Array(2 * (2 + 65_535)).fill(7);
    for (const at of [0, 65_537]) entries.fill(255, at, at + 2);
    await store().commit({ ...batch, entries });
    const [bundle] = await all(store().source('long').bundles(0, 2));
    assert.deepEqual(bundle?.entries, entries);
  });

  test('of the checkpoints of 256 entries the last one stays, and those to be kept', async () => {
    const log = await newLog('thin');
    const steps = [100, 100, 56, 1, 200, 55, 1, 300, 1, 1, 1];
    for (const [i, count] of steps.entries())
      await log.commit(store(), count, { keepCheckpoint: i % 3 === 1 });
    await log.check(store());
  });
}
