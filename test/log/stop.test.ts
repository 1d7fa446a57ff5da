import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ErrorCode, LogError, StoreError, type TallystickError } from '../../src/errors.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { checkLog } from './check.ts';
import { type Bench, draft, drafts, NODE, openBench, rejects, SOURCE, settle } from './fixture.ts';

const IMPATIENT = { limits: { retryMs: 2_500 } };
const FOREVER = 1_000_000;

const broken = (code: ErrorCode): TallystickError => new StoreError(code, 'made to fail by the test');
const unknown = (): TallystickError => broken('STORE_OUTCOME_UNKNOWN');

/** The log has stopped for this reason and takes nothing more. */
async function assertStopped({ log, store }: Bench, code: ErrorCode): Promise<void> {
  const reason = await log.stopped;
  assert.equal(reason.code, code);
  const tries = store.batches.length;
  const error = await rejects(log.append([draft()], SOURCE), 'LOG_CLOSED');
  assert.equal(error.cause, reason);
  assert.equal(store.batches.length, tries);
}

/** What a restart finds. */
async function sizeAfterRestart(bench: Bench): Promise<number> {
  bench.disk.owners.clear();
  const again = await openBench({}, bench.disk);
  const { head } = await checkLog(again.store, NODE, again.log.vkey);
  await again.log.append([draft()], SOURCE);
  return head.size;
}

describe('an unknown outcome', () => {
  test('is asked about again while the store does not answer', async () => {
    for (const applied of [false, true]) {
      const bench = await openBench();
      bench.store.fail('commit', unknown(), { applied });
      bench.store.fail('acquire', broken('STORE_UNAVAILABLE'), { times: 2 });
      assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
      assert.equal((await checkLog(bench.store, NODE, bench.log.vkey)).head.size, 2);
    }
  });

  test('is asked about again when the renewal happened but was reported as failed', async () => {
    for (const applied of [false, true]) {
      const bench = await openBench();
      bench.store.fail('commit', unknown(), { applied });
      bench.store.fail('acquire', unknown(), { applied: true });
      assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
      assert.equal((await checkLog(bench.store, NODE, bench.log.vkey)).head.size, 2);
    }
  });

  test('is asked about again while the tree cannot be read', async () => {
    const bench = await openBench();
    bench.store.fail('commit', unknown(), { applied: true });
    bench.store.fail('tiles', broken('STORE_UNAVAILABLE'), { times: 2 });
    assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
    assert.equal(bench.store.batches.length, 2);
  });

  // Each of these once said "not in the log" of a record that was.
  const doubts: readonly { name: string; spoil: (bench: Bench) => void }[] = [
    {
      name: 'ownership cannot be renewed',
      spoil: ({ store }) => store.fail('acquire', broken('STORE_UNAVAILABLE'), { times: FOREVER }),
    },
    {
      name: 'the store may not be written any more',
      spoil: ({ store }) => store.fail('acquire', broken('STORE_READ_ONLY'), { times: FOREVER }),
    },
    {
      name: 'the store does nothing any more',
      spoil: ({ store }) => {
        store.fail('acquire', broken('STORE_UNAVAILABLE'), { times: FOREVER });
        store.fail('commit', broken('STORE_UNAVAILABLE'), { times: FOREVER });
      },
    },
    {
      name: 'the tree cannot be read',
      spoil: ({ store }) => store.fail('tiles', broken('STORE_UNAVAILABLE'), { times: FOREVER }),
    },
    {
      name: 'the tree is damaged',
      spoil: ({ store }) => store.fail('tiles', broken('STORE_DAMAGED'), { times: FOREVER }),
    },
    {
      name: 'another has the log',
      spoil: ({ store }) => store.fail('acquire', new LogError('LOG_HELD', 'by another'), { times: FOREVER }),
    },
  ];
  for (const { name, spoil } of doubts) {
    test(`that stays unknown, since ${name}, stops the log and is told as such`, async () => {
      const bench = await openBench(IMPATIENT);
      bench.store.fail('commit', unknown(), { applied: true });
      spoil(bench);
      await rejects(bench.log.append([draft()], SOURCE), 'STORE_OUTCOME_UNKNOWN');
      await assertStopped(bench, 'STORE_OUTCOME_UNKNOWN');
      assert.equal(await sizeAfterRestart(bench), 2);
    });
  }
});

describe('another writer', () => {
  test('that took the log and wrote: the log stops, and nothing is doubled', async () => {
    const bench = await openBench(IMPATIENT);
    bench.disk.owners.clear();
    const other = await openBench({}, bench.disk);
    await other.log.append(drafts(2), SOURCE);
    await rejects(bench.log.append([draft()], SOURCE), 'STORE_OUTCOME_UNKNOWN');
    await assertStopped(bench, 'STORE_OUTCOME_UNKNOWN');
    assert.equal((await other.log.append([draft()], SOURCE))[0]?.seq, 3);
    assert.equal((await checkLog(other.store, NODE, other.log.vkey)).head.size, 4);
  });

  test('that wrote and has left: the conflict is told', async () => {
    const bench = await openBench();
    bench.disk.owners.clear();
    const other = await openBench({}, bench.disk);
    await other.log.append(drafts(2), SOURCE);
    await other.log.close();
    await rejects(bench.log.append([draft()], SOURCE), 'STORE_CONFLICT');
    await assertStopped(bench, 'STORE_CONFLICT');
    assert.equal(await sizeAfterRestart(bench), 3);
  });

  test('that went on from a batch of unknown outcome: it is there, and the next one meets the conflict', async () => {
    const bench = await openBench();
    const gate = bench.store.hold('acquire');
    bench.store.fail('commit', unknown(), { applied: true });
    const append = bench.log.append([draft()], SOURCE);
    await gate.entered;
    bench.disk.owners.clear();
    const other = await openBench({}, bench.disk);
    await other.log.append(drafts(300), SOURCE);
    await other.log.close();
    gate.open();
    assert.equal((await append)[0]?.seq, 1);
    await rejects(bench.log.append([draft()], SOURCE), 'STORE_CONFLICT');
    await assertStopped(bench, 'STORE_CONFLICT');
    assert.equal(await sizeAfterRestart(bench), 302);
  });

  test('that only renewed ownership through the same store is overruled', async () => {
    const bench = await openBench();
    await bench.store.acquire(NODE, 'a mistake');
    assert.equal((await bench.log.append([draft()], SOURCE))[0]?.seq, 1);
    assert.equal((await checkLog(bench.store, NODE, bench.log.vkey)).head.size, 2);
  });
});

describe('a disk that refuses to make writes durable', () => {
  test('stops the log: whoever is in the batch hears it, whoever waits is refused', async () => {
    for (const applied of [false, true]) {
      const bench = await openBench();
      const gate = bench.store.hold('commit');
      bench.store.fail('commit', broken('STORE_SYNC_FAILED'), { applied });
      const inBatch = rejects(bench.log.append([draft()], SOURCE), 'STORE_SYNC_FAILED');
      await gate.entered;
      const behind = rejects(bench.log.append([draft()], SOURCE), 'LOG_CLOSED');
      const lookUp = bench.store.hold('findIds');
      const waiting = rejects(bench.log.append([draft({ id: 'a' })], SOURCE), 'LOG_CLOSED');
      await settle();
      gate.open();
      await Promise.all([inBatch, behind, waiting]);
      lookUp.open();
      assert.equal(bench.store.batches.length, 2, 'it is not tried again');
      await assertStopped(bench, 'STORE_SYNC_FAILED');
      assert.equal(await sizeAfterRestart(bench), applied ? 2 : 1);
    }
  });

  test('also when it shows while ownership is renewed', async () => {
    const bench = await openBench();
    bench.store.fail('commit', unknown(), { applied: true });
    bench.store.fail('acquire', broken('STORE_SYNC_FAILED'), { times: FOREVER });
    await rejects(bench.log.append([draft()], SOURCE), 'STORE_SYNC_FAILED');
    await assertStopped(bench, 'STORE_SYNC_FAILED');
  });
});

describe('a log that has stopped', () => {
  test('can be closed, which gives ownership back', async () => {
    const bench = await openBench();
    bench.store.fail('commit', broken('STORE_SYNC_FAILED'));
    await rejects(bench.log.append([draft()], SOURCE), 'STORE_SYNC_FAILED');
    await bench.log.close();
    assert.equal(bench.disk.owners.size, 0);
    await new MemoryStore(bench.disk).acquire(NODE, 'the next one');
  });

  test('has answered every append, those that waited for room too', async () => {
    const bench = await openBench({ limits: { queueRecords: 2 } });
    const gate = bench.store.hold('commit');
    bench.store.fail('commit', broken('STORE_SYNC_FAILED'));
    const appends = Array.from({ length: 20 }, () => bench.log.append([draft()], SOURCE));
    await gate.entered;
    appends.push(...Array.from({ length: 20 }, () => bench.log.append([draft()], SOURCE)));
    gate.open();
    const codes = (await Promise.allSettled(appends)).map((r) => r.status === 'rejected' && r.reason.code);
    assert.ok(codes.every((code) => code === 'STORE_SYNC_FAILED' || code === 'LOG_CLOSED'));
    assert.equal(codes[0], 'STORE_SYNC_FAILED');
    assert.equal(codes.at(-1), 'LOG_CLOSED');
  });
});
