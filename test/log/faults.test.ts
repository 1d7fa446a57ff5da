import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ErrorCode, StoreError, TokenError } from '../../src/errors.ts';
import type { Batch } from '../../src/store/store.ts';
import { checkLog } from './check.ts';
import { type Bench, draft, drafts, NODE, openBench, rejects, SOURCE, settle } from './fixture.ts';

/** Three tries. */
const IMPATIENT = { limits: { retryMs: 2_500 } };

const broken = (code: ErrorCode): StoreError => new StoreError(code, 'made to fail by the test');
const FOREVER = 1_000_000;

async function size({ log, store }: Bench): Promise<number> {
  return (await checkLog(store, NODE, log.vkey)).head.size;
}

/** The batches are one batch, byte for byte, but for the epoch. */
function assertSame(batches: readonly Batch[]): void {
  const [first, ...others] = batches.map(({ epoch: _, ...batch }) => batch);
  for (const other of others) assert.deepEqual(other, first);
}

describe('a commit that fails for a moment', () => {
  const cases: readonly { code: ErrorCode; applied: boolean; renewed: boolean }[] = [
    { code: 'STORE_UNAVAILABLE', applied: false, renewed: false },
    { code: 'STORE_FULL', applied: false, renewed: false },
    { code: 'STORE_OUTCOME_UNKNOWN', applied: false, renewed: true },
    { code: 'STORE_OUTCOME_UNKNOWN', applied: true, renewed: true },
    // A store that says so breaks its contract; the log finds out all the same.
    { code: 'STORE_UNAVAILABLE', applied: true, renewed: true },
    { code: 'STORE_CONFLICT', applied: true, renewed: true },
  ];
  for (const { code, applied, renewed } of cases) {
    test(`${code}, ${applied ? 'but was applied' : 'not applied'}`, async () => {
      const bench = await openBench();
      const epoch = bench.disk.logs.get(NODE)?.head.epoch as number;
      bench.store.fail('commit', broken(code), { applied });
      const receipts = await bench.log.append(drafts(3), SOURCE);
      assert.deepEqual(
        receipts.map(({ seq }) => seq),
        [1, 2, 3],
      );
      const tries = bench.store.batches.slice(1);
      assertSame(tries);
      assert.equal(bench.signer.calls, 2, 'genesis and this batch');
      assert.equal(bench.disk.logs.get(NODE)?.head.epoch, renewed ? epoch + 1 : epoch);
      assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 4);
      assert.equal(await size(bench), 5);
    });
  }

  test('an error that is not the store’s own leaves the outcome open, and is looked into', async () => {
    for (const applied of [false, true]) {
      const bench = await openBench();
      bench.store.fail('commit', new TypeError('made to fail by the test'), { applied });
      assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
      assert.equal(await size(bench), 2);
    }
  });

  test('appends that wait meanwhile are sealed behind it', async () => {
    const bench = await openBench();
    const gate = bench.store.hold('commit');
    bench.store.fail('commit', broken('STORE_OUTCOME_UNKNOWN'), { applied: true });
    const first = bench.log.append([draft()], SOURCE);
    await gate.entered;
    const second = bench.log.append([draft()], SOURCE);
    gate.open();
    assert.deepEqual([(await first)[0]?.seq, (await second)[0]?.seq], [1, 2]);
    assert.equal(await size(bench), 3);
  });
});

describe('a commit that goes on failing', () => {
  for (const code of ['STORE_UNAVAILABLE', 'STORE_FULL', 'STORE_OUTCOME_UNKNOWN'] as const) {
    test(`${code}: its appends are refused, the log is as before and goes on when it passes`, async () => {
      const bench = await openBench(IMPATIENT);
      bench.store.fail('commit', broken(code), { times: FOREVER });
      const refused = code === 'STORE_OUTCOME_UNKNOWN' ? 'STORE_UNAVAILABLE' : code;
      await rejects(bench.log.append(drafts(2), SOURCE), refused);
      assert.equal(bench.store.batches.length, 1 + 3);
      assertSame(bench.store.batches.slice(1));
      assert.equal(bench.log.head.size, 1);
      assert.equal(await size(bench), 1);
      bench.store.heal('commit');
      assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
      assert.equal(await size(bench), 2);
    });
  }

  test('each append after the first refusal has one try, until one succeeds', async () => {
    const bench = await openBench(IMPATIENT);
    bench.store.fail('commit', broken('STORE_FULL'), { times: FOREVER });
    await rejects(bench.log.append([draft()], SOURCE), 'STORE_FULL');
    for (let i = 0; i < 3; i++) {
      const before = bench.store.batches.length;
      await rejects(bench.log.append([draft()], SOURCE), 'STORE_FULL');
      assert.equal(bench.store.batches.length, before + 1);
    }
    bench.store.heal('commit');
    await bench.log.append([draft()], SOURCE);
    bench.store.fail('commit', broken('STORE_FULL'), { times: 1 });
    await bench.log.append([draft()], SOURCE);
    assert.equal(await size(bench), 3);
  });

  test('what cannot pass is not tried again', async () => {
    for (const code of ['STORE_READ_ONLY', 'INTERNAL'] as const) {
      const bench = await openBench();
      bench.store.fail('commit', broken(code));
      await rejects(bench.log.append([draft()], SOURCE), code);
      assert.equal(bench.store.batches.length, 2);
      assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
      assert.equal(await size(bench), 2);
    }
  });

  test('the appends behind it start anew from the right number, in order', async () => {
    // 3 records are in the open batch then, 3 in the queue, and the others wait for room.
    const bench = await openBench({ limits: { batchRecords: 5, queueRecords: 4 } });
    const gate = bench.store.hold('commit');
    bench.store.fail('commit', broken('STORE_READ_ONLY'));
    const failing = rejects(
      bench.log.append(drafts(5), { ...SOURCE, state: [{ key: 'k', value: 'no' }] }),
      'STORE_READ_ONLY',
    );
    await gate.entered;
    const behind = [1, 2, 3, 4, 1].map((count) => bench.log.append(drafts(count), SOURCE));
    await settle();
    gate.open();
    await failing;
    const seqs = (await Promise.all(behind)).map((receipts) => receipts.map(({ seq }) => seq));
    assert.deepEqual(seqs, [[1], [2, 3], [4, 5, 6], [7, 8, 9, 10], [11]]);
    assert.equal((await bench.store.state('')).size, 0);
    assert.equal(await size(bench), 12);
  });
});

describe('the key', () => {
  const gone = (): TokenError => new TokenError('TOKEN_UNAVAILABLE', 'made to fail by the test');

  test('failing for a moment is asked again, and nobody notices', async () => {
    const bench = await openBench();
    bench.signer.fail(gone(), 3);
    assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
    assert.equal(bench.signer.calls, 1 + 4);
    assert.equal(bench.store.batches.length, 2);
    assert.equal(await size(bench), 2);
  });

  test('failing on and on refuses appends; nothing reaches the store, and it goes on when the key is back', async () => {
    const bench = await openBench(IMPATIENT);
    bench.signer.fail(gone(), FOREVER);
    await rejects(bench.log.append([draft()], SOURCE), 'TOKEN_UNAVAILABLE');
    const before = bench.signer.calls;
    await rejects(bench.log.append([draft()], SOURCE), 'TOKEN_UNAVAILABLE');
    assert.equal(bench.signer.calls, before + 1, 'one try while the trouble lasts');
    assert.equal(bench.store.batches.length, 1);
    bench.signer.fail(null, 0);
    assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
    assert.equal(await size(bench), 2);
  });

  test('that needs its passphrase is not asked again', async () => {
    const bench = await openBench();
    bench.signer.fail(new TokenError('TOKEN_PASSPHRASE', 'made to fail by the test'));
    await rejects(bench.log.append([draft()], SOURCE), 'TOKEN_PASSPHRASE');
    assert.equal(bench.signer.calls, 2);
    assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
  });

  test('that does not answer is asked again, then appends are refused; and it goes on when it answers', async () => {
    const bench = await openBench({ limits: { retryMs: 2_500, signMs: 20 } });
    bench.signer.hang();
    assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
    const { trouble } = bench.log;
    assert.equal(trouble, null);
    bench.signer.hang(FOREVER);
    const error = await rejects(bench.log.append([draft()], SOURCE), 'TOKEN_UNAVAILABLE');
    assert.match(error.message, /^the sealing key seal did not sign within 20 ms/);
    assert.equal(bench.log.trouble?.error, error);
    const before = bench.signer.calls;
    await rejects(bench.log.append([draft()], SOURCE), 'TOKEN_UNAVAILABLE');
    assert.equal(bench.signer.calls, before + 1, 'one try while the trouble lasts');
    bench.signer.hang(0);
    assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 2);
    assert.equal(await size(bench), 3);
  });

  test('that answers too late: that signature is used for nothing', async () => {
    const bench = await openBench({ limits: { retryMs: 0, signMs: 20 } });
    const gate = bench.signer.hold();
    await rejects(bench.log.append([draft()], SOURCE), 'TOKEN_UNAVAILABLE');
    const after = draft();
    gate.open();
    assert.equal((await bench.log.append([after], SOURCE))[0]?.seq, 1);
    await settle();
    assert.equal(bench.store.batches.length, 2);
    const { records } = await checkLog(bench.store, NODE, bench.log.vkey);
    assert.deepEqual(
      records.slice(1).map(({ event }) => event),
      [after.event],
    );
  });

  test('that does not answer keeps nobody from closing', async () => {
    const bench = await openBench({ limits: { retryMs: 0, signMs: 20 } });
    bench.signer.hang(FOREVER);
    const append = rejects(bench.log.append([draft()], SOURCE), 'TOKEN_UNAVAILABLE');
    await bench.log.close();
    await append;
    assert.equal(bench.disk.owners.size, 0);
  });

  test('that is slow only makes the next batch larger', async () => {
    const bench = await openBench();
    const gate = bench.signer.hold();
    const first = bench.log.append([draft()], SOURCE);
    await gate.entered;
    const others = Array.from({ length: 50 }, () => bench.log.append([draft()], SOURCE));
    await settle();
    assert.equal(bench.store.batches.length, 1);
    gate.open();
    await Promise.all([first, ...others]);
    assert.equal(bench.signer.calls, 3);
    assert.equal(bench.store.batches.length, 3);
    assert.equal(await size(bench), 52);
  });
});
