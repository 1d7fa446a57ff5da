import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCheckpoint, parseNote } from '../../src/checkpoint/mod.ts';
import { LogError } from '../../src/errors.ts';
import { checkMaxBatch } from '../../src/log/limits.ts';
import { Log } from '../../src/log/log.ts';
import type { Receipt } from '../../src/log/receipt.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { assertIntact } from '../verify/expect.ts';
import { drafts, NODE, rejects, SOURCE } from './fixture.ts';
import { STORES } from './stores.ts';

/** One record for each seal: as SignServer's sequential device has it, without its gaps. */
describe('batches of one record', () => {
  for (const [driver, open] of STORES) {
    test(`each size is signed, none is skipped: ${driver}`, async () => {
      const { store, remove } = await open();
      try {
        const limits = { batchRecords: checkMaxBatch(1) };
        const log = await Log.open({ store, signers: [testSigner('one')], node: NODE, limits });
        const heads: number[] = [];
        log.subscribe(({ head }) => heads.push(head.size));
        await rejects(log.append(drafts(2), SOURCE), 'RECORD_TOO_LARGE');
        const single = Array.from({ length: 20 }, () => log.append(drafts(1), SOURCE));
        const state = [{ key: 'at', value: '7' }];
        const each = await log.appendEach(drafts(7), { ...SOURCE, state });
        const receipts = [
          ...(await Promise.all(single)).flat(),
          ...each.map((result) => (result as { receipt: Receipt }).receipt),
        ];
        await log.changeKeys({ signers: [testSigner('two')] });
        await log.append(drafts(1), SOURCE);
        assert.deepEqual(
          heads,
          Array.from({ length: 29 }, (_, i) => i + 2),
        );
        for (const { seq, checkpoint } of receipts) {
          assert.equal(parseCheckpoint(parseNote(checkpoint).text).size, seq + 1);
        }
        assert.equal((await store.state('at')).get('at'), '7');
        assertIntact(await verifyLog(store.source(NODE), { deep: true }));
        await log.close();
      } finally {
        await remove();
      }
    });
  }

  test('the number is checked', () => {
    for (const bad of [0, -1, 1.5, Number.NaN, 10_001, Number.POSITIVE_INFINITY]) {
      assert.throws(() => checkMaxBatch(bad), LogError);
    }
    assert.equal(checkMaxBatch(10_000), 10_000);
  });
});
