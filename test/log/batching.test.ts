import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countEntries } from '../../src/merkle/mod.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { checkLog } from './check.ts';
import { type Bench, draft, drafts, NODE, openBench, rejects, SOURCE, settle } from './fixture.ts';

/** Records in each batch, the genesis record's left out. */
function batchSizes({ store }: Bench): number[] {
  return store.batches.slice(1).map(({ entries }) => countEntries(entries));
}

async function size({ log, store }: Bench): Promise<number> {
  return (await checkLog(store, NODE, log.vkey)).head.size;
}

describe('group commit', () => {
  test('of an idle log waits for no timer', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const bench = await openBench();
    for (let i = 0; i < 5; i++) await bench.log.append([draft()], SOURCE);
    assert.deepEqual(batchSizes(bench), [1, 1, 1, 1, 1]);
    assert.equal(await size(bench), 6);
  });

  test('takes all appends of one turn', async () => {
    const bench = await openBench();
    await Promise.all(Array.from({ length: 100 }, (_, i) => bench.log.append(drafts(1 + (i % 3)), SOURCE)));
    assert.deepEqual(batchSizes(bench), [199]);
    assert.equal(bench.signer.calls, 2);
    assert.equal(await size(bench), 200);
  });

  test('gathers exactly one batch while another is being committed, however the appends come', async () => {
    const bench = await openBench();
    const gate = bench.store.hold('commit');
    const appends = [bench.log.append([draft()], SOURCE)];
    await gate.entered;
    for (let i = 0; i < 30; i++) {
      appends.push(bench.log.append([draft(i % 2 === 0 ? {} : { id: `${i}` })], SOURCE));
      if (i % 7 === 0) await settle(2);
    }
    await settle();
    assert.deepEqual(batchSizes(bench), [1]);
    gate.open();
    await Promise.all(appends);
    assert.deepEqual(batchSizes(bench), [1, 30]);
    assert.equal(await size(bench), 32);
  });

  test('numbers appends in the order of the calls', async () => {
    const bench = await openBench({ limits: { batchRecords: 7, queueRecords: 11 } });
    const appends = Array.from({ length: 60 }, (_, i) =>
      bench.log.append(i % 4 === 0 ? [draft({ id: `${i}` }), draft()] : drafts(1 + (i % 5)), SOURCE),
    );
    const seqs = (await Promise.all(appends)).flat().map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
    assert.ok(batchSizes(bench).every((count) => count <= 7));
    assert.equal(await size(bench), seqs.length + 1);
  });
});

describe('limits of a batch', () => {
  test('in records: an append is never split, and refused when it is larger', async () => {
    const bench = await openBench({ limits: { batchRecords: 10 } });
    const [one, , three] = await Promise.all(
      [4, 5, 6, 10].map((count) => bench.log.append(drafts(count), SOURCE)),
    );
    assert.deepEqual(batchSizes(bench), [9, 6, 10]);
    assert.equal(new Set(one?.map(({ checkpoint }) => checkpoint)).size, 1);
    assert.notEqual(one?.[0]?.checkpoint, three?.[0]?.checkpoint);
    await rejects(bench.log.append(drafts(11), SOURCE), 'RECORD_TOO_LARGE');
    assert.equal(await size(bench), 26);
    // Records that do not belong together are sealed by as many batches as they take.
    const each = await bench.log.appendEach(drafts(25), SOURCE);
    assert.deepEqual(
      each.map((result) => 'receipt' in result && result.receipt.seq),
      Array.from({ length: 25 }, (_, i) => 26 + i),
    );
    assert.deepEqual(batchSizes(bench).slice(3), [10, 10, 5]);
  });

  test('in records: 10,000 by default', async () => {
    const bench = await openBench();
    await rejects(bench.log.append(drafts(10_001), SOURCE), 'RECORD_TOO_LARGE');
    await bench.log.append(drafts(10_000), SOURCE);
    assert.deepEqual(batchSizes(bench), [10_000]);
  });

  test('in bytes of entries and payloads, as they are written', async () => {
    const bench = await openBench({ limits: { batchBytes: 30_000, appendBytes: 40_000 } });
    // 3 bytes of UTF-8 a character, 2 of UTF-16.
    const wide = draft({ reason: '鍵'.repeat(2_500) });
    await Promise.all(Array.from({ length: 6 }, () => bench.log.append([wide], SOURCE)));
    assert.deepEqual(batchSizes(bench), [3, 3]);
    // What is sealed as one has a batch for itself when it is more than one gathers.
    await Promise.all([bench.log.append([wide, wide, wide, wide], SOURCE), bench.log.append([wide], SOURCE)]);
    assert.deepEqual(batchSizes(bench).slice(2), [4, 1]);
    const error = await rejects(bench.log.append(new Array(6).fill(wide), SOURCE), 'RECORD_TOO_LARGE');
    assert.match(error.message, /^these 6 records .* at most 10000 records and 40000 bytes/);
    const sealed = draft({ reason: 'x'.repeat(16_000) });
    await rejects(bench.log.append([sealed, sealed, sealed], SOURCE), 'RECORD_TOO_LARGE');
    assert.equal(await size(bench), 12);
  });

  test('records that do not belong together are sealed in parts, by bytes as by number', async () => {
    const bench = await openBench({ limits: { batchRecords: 10, batchBytes: 20_000, appendBytes: 20_000 } });
    const large = (): RecordDraft => draft({ reason: 'x'.repeat(9_000) });
    const [some, larger] = [drafts(2), draft({ reason: 'x'.repeat(30_000) })];
    const state = [{ key: 'at', value: '7' }];
    const each = await bench.log.appendEach([...some, large(), larger, large(), large(), large()], {
      ...SOURCE,
      state,
    });
    assert.deepEqual(
      each.map((result) => 'receipt' in result && result.receipt.seq),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.deepEqual(batchSizes(bench), [3, 1, 2, 1]);
    assert.deepEqual(
      bench.store.batches.map(({ state }) => state.length),
      [0, 0, 0, 0, 1],
    );
    assert.equal(await size(bench), 8);
  });

  test('let a lone record through that is as large as records get', async () => {
    const bench = await openBench();
    const member = 'x'.repeat(16 * 1024 * 1024 - 2);
    await Promise.all([
      bench.log.append(drafts(2), SOURCE),
      bench.log.append([draft({ reason: member, details: { A: member.slice(0, 9_000_000) } })], SOURCE),
      bench.log.append(drafts(3), SOURCE),
    ]);
    assert.deepEqual(batchSizes(bench), [2, 1, 3]);
    const larger = draft({ reason: member, details: { A: member, B: member, C: member } });
    const each = await bench.log.appendEach([draft(), larger, draft()], SOURCE);
    assert.deepEqual(
      each.map((result) => ('error' in result ? result.error.code : result.receipt.seq)),
      [7, 'RECORD_TOO_LARGE', 8],
    );
    assert.match((each[1] as { error: Error }).error.message, /^the record has .* with its long members/);
    assert.equal(await size(bench), 9);
  });
});

describe('back-pressure', () => {
  test('the caller waits for room, or is told', async () => {
    const bench = await openBench({ limits: { queueRecords: 5, batchRecords: 5 } });
    const gate = bench.store.hold('commit');
    const first = bench.log.append([draft()], SOURCE);
    await gate.entered;
    // Five fill the open batch, five the queue, and four wait for room.
    const others = Array.from({ length: 7 }, () => bench.log.append(drafts(2), SOURCE));
    await settle();
    await rejects(bench.log.append([draft()], { ...SOURCE, whenFull: 'refuse' }), 'LOG_BUSY');
    const last = bench.log.append([draft()], { ...SOURCE, whenFull: 'wait' });
    gate.open();
    const seqs = (await Promise.all([first, ...others, last])).flat().map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      Array.from({ length: 16 }, (_, i) => i + 1),
    );
    const [told] = await bench.log.append([draft()], { ...SOURCE, whenFull: 'refuse' });
    assert.equal(told?.seq, 17);
    assert.equal(await size(bench), 18);
  });

  test('counts bytes too', async () => {
    const bench = await openBench({ limits: { queueBytes: 30_000, batchBytes: 30_000 } });
    const gate = bench.store.hold('commit');
    const large = (): ReturnType<typeof draft>[] => [draft({ reason: 'x'.repeat(16_000) })];
    const appends = [bench.log.append(large(), SOURCE)];
    await gate.entered;
    for (let i = 0; i < 2; i++) appends.push(bench.log.append(large(), { ...SOURCE, whenFull: 'refuse' }));
    await settle();
    await rejects(bench.log.append(large(), { ...SOURCE, whenFull: 'refuse' }), 'LOG_BUSY');
    gate.open();
    await Promise.all(appends);
    assert.equal(await size(bench), 4);
  });

  test('an append larger than the queue is taken when nothing waits', async () => {
    const bench = await openBench({ limits: { queueRecords: 5 } });
    await bench.log.append(drafts(50), { ...SOURCE, whenFull: 'refuse' });
    assert.equal(await size(bench), 51);
  });

  test('any number of appends may wait for room', async () => {
    const bench = await openBench({ limits: { queueRecords: 1 } });
    const gate = bench.store.hold('commit');
    const appends = [bench.log.append([draft({ id: 'first' })], SOURCE)];
    await gate.entered;
    const lookUp = bench.store.hold('findIds');
    appends.push(bench.log.append([draft({ id: 'second' })], SOURCE));
    await lookUp.entered;
    for (let i = 0; i < 9_000; i++) appends.push(bench.log.append([draft()], SOURCE));
    gate.open();
    await settle();
    lookUp.open();
    const seqs = (await Promise.all(appends)).map(([receipt]) => receipt?.seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
  });
});

describe('closing', () => {
  test('seals what waits, also for room, and refuses what comes after', async () => {
    const bench = await openBench({ limits: { queueRecords: 3, batchRecords: 3 } });
    const appends = Array.from({ length: 20 }, (_, i) =>
      bench.log.append([draft(i % 3 === 0 ? { id: `${i}` } : {})], SOURCE),
    );
    const closing = bench.log.close();
    await rejects(bench.log.append([draft()], SOURCE), 'LOG_CLOSED');
    await rejects(bench.log.appendOwn(draft({ system: 'tallystick' })), 'LOG_CLOSED');
    await closing;
    assert.equal(bench.log.head.size, 21);
    assert.deepEqual(
      (await Promise.all(appends)).map(([receipt]) => receipt?.seq),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    await rejects(bench.log.append([draft()], SOURCE), 'LOG_CLOSED');
    assert.equal(bench.disk.owners.size, 0);
    assert.equal(await size(bench), 21);
  });

  test('twice is closing once', async () => {
    const bench = await openBench();
    await Promise.all([bench.log.close(), bench.log.close()]);
    await bench.log.close();
    assert.equal(bench.disk.owners.size, 0);
  });

  test('is no stop', async () => {
    const bench = await openBench();
    await bench.log.close();
    const none = Symbol('none');
    assert.equal(await Promise.race([bench.log.stopped, settle().then(() => none)]), none);
  });

  test('leaves the store open', async () => {
    const bench = await openBench();
    await bench.log.close();
    assert.deepEqual(await bench.store.nodes(), [NODE]);
  });
});
