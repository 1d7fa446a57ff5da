import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '../../src/errors.ts';
import type { Receipt } from '../../src/log/receipt.ts';
import type { AppendResult } from '../../src/log/unit.ts';
import { MemoryDisk } from '../../src/store/memory.ts';
import { checkLog } from './check.ts';
import { type Bench, draft, drafts, NODE, openBench, rejects, SOURCE, settle } from './fixture.ts';

const readOnly = (): StoreError => new StoreError('STORE_READ_ONLY', 'refused by the test');

async function size({ log, store }: Bench): Promise<number> {
  return (await checkLog(store, NODE, log.vkey)).head.size;
}

function receiptOf(results: readonly Receipt[]): Receipt {
  assert.equal(results.length, 1);
  return results[0] as Receipt;
}

describe('an id that came before', () => {
  test('with the same content adds nothing and gives the first record', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    const first = receiptOf(await bench.log.append([record], SOURCE));
    await bench.log.append(drafts(3), SOURCE);
    const second = receiptOf(await bench.log.append([structuredClone(record)], SOURCE));
    assert.deepEqual(
      { node: second.node, seq: second.seq, leaf: second.leaf, duplicate: second.duplicate },
      { node: first.node, seq: first.seq, leaf: first.leaf, duplicate: true },
    );
    assert.equal(first.duplicate, false);
    assert.equal(second.checkpoint, bench.log.head.note);
    assert.equal(await size(bench), 5);
    assert.equal(bench.store.batches.length, 3);
  });

  test('with other content is refused, and all of its append', async () => {
    const bench = await openBench();
    await bench.log.append([draft({ id: 'a' })], SOURCE);
    const error = await rejects(bench.log.append([draft(), draft({ id: 'a' })], SOURCE), 'ID_REUSED');
    assert.equal(error.context.seq, 1);
    assert.equal(await size(bench), 2);
  });

  test('is another id when another source delivers it', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    const other = draft({ id: 'a' });
    assert.equal(receiptOf(await bench.log.append([record], { source: 'one' })).seq, 1);
    assert.equal(receiptOf(await bench.log.append([other], { source: 'two' })).seq, 2);
    assert.equal(receiptOf(await bench.log.append([record], { source: 'one' })).seq, 1);
    await rejects(bench.log.append([record], { source: 'two' }), 'ID_REUSED');
    // Joined texts that look alike are other pairs still.
    assert.equal(receiptOf(await bench.log.append([draft({ id: 'o1' })], { source: 'tw' })).seq, 3);
    assert.equal(receiptOf(await bench.log.append([draft({ id: '1' })], { source: 'two' })).seq, 4);
  });

  test('is known after a restart', async () => {
    const disk = new MemoryDisk();
    const one = await openBench({}, disk);
    const record = draft({ id: 'a' });
    const first = receiptOf(await one.log.append([record], SOURCE));
    await one.log.close();
    const two = await openBench({}, disk);
    const second = receiptOf(await two.log.append([record], SOURCE));
    assert.deepEqual([second.seq, second.leaf, second.duplicate], [first.seq, first.leaf, true]);
    assert.equal(await size(two), 2);
  });

  test('twice in one append counts once, or refuses it', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    const [first, second] = await bench.log.append([record, record], SOURCE);
    assert.deepEqual([first?.seq, first?.duplicate], [1, false]);
    assert.deepEqual([second?.seq, second?.duplicate, second?.leaf], [1, true, first?.leaf]);
    await rejects(bench.log.append([draft({ id: 'b' }), draft({ id: 'b' })], SOURCE), 'ID_REUSED');
    assert.equal(await size(bench), 2);
    // The refused append has not used the id up.
    assert.equal(receiptOf(await bench.log.append([draft({ id: 'b' })], SOURCE)).seq, 2);
  });

  test('does not write its state again', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    await bench.log.append([record], { ...SOURCE, state: [{ key: 'position', value: '1' }] });
    await bench.log.append([draft()], { ...SOURCE, state: [{ key: 'position', value: '2' }] });
    await bench.log.append([record], { ...SOURCE, state: [{ key: 'position', value: '1' }] });
    assert.equal((await bench.store.state('')).get('position'), '2');
  });

  test('is answered in order with new records beside it', async () => {
    const bench = await openBench();
    const [a, b] = [draft({ id: 'a' }), draft({ id: 'b' })];
    await bench.log.append([a, b], SOURCE);
    const receipts = await bench.log.append([draft(), b, draft({ id: 'c' }), a, draft()], SOURCE);
    assert.deepEqual(
      receipts.map(({ seq, duplicate }) => [seq, duplicate]),
      [
        [3, false],
        [2, true],
        [4, false],
        [1, true],
        [5, false],
      ],
    );
    const { leaves } = await checkLog(bench.store, NODE, bench.log.vkey);
    for (const { seq, leaf } of receipts) assert.equal(leaf, leaves[seq]);
  });
});

describe('appendEach', () => {
  const outcome = (result: AppendResult): unknown =>
    'error' in result ? result.error.code : [result.receipt.seq, result.receipt.duplicate];

  test('refuses alone the records whose id was used', async () => {
    const bench = await openBench();
    const known = draft({ id: 'a' });
    await bench.log.append([known], SOURCE);
    const twice = draft({ id: 'b' });
    const results = await bench.log.appendEach(
      [draft({ id: 'a' }), draft(), known, twice, draft({ id: 'b' }), twice],
      SOURCE,
    );
    assert.deepEqual(results.map(outcome), [
      'ID_REUSED',
      [2, false],
      [1, true],
      [3, false],
      'ID_REUSED',
      [3, true],
    ]);
    assert.equal(await size(bench), 4);
  });

  test('of nothing but refused records seals nothing', async () => {
    const bench = await openBench();
    await bench.log.append([draft({ id: 'a' })], SOURCE);
    const results = await bench.log.appendEach([draft({ id: 'a' }), draft({ id: 'a' })], SOURCE);
    assert.deepEqual(results.map(outcome), ['ID_REUSED', 'ID_REUSED']);
    assert.equal(bench.store.batches.length, 2);
  });

  test('refuses alone what breaks a rule; the state goes with the others', async () => {
    const bench = await openBench();
    const bad = { ...draft(), outcome: 'maybe' } as never;
    const long = draft({ objects: Array.from({ length: 99 }, () => ({ kind: 'x', id: 'x'.repeat(1_000) })) });
    const state = [{ key: 'at', value: '7' }];
    const results = await bench.log.appendEach(
      [bad, draft(), draft({ system: 'tallystick' }), draft(), long],
      {
        ...SOURCE,
        state,
      },
    );
    assert.deepEqual(results.map(outcome), [
      'RECORD_INVALID',
      [1, false],
      'SYSTEM_RESERVED',
      [2, false],
      'RECORD_TOO_LARGE',
    ]);
    assert.equal((await bench.store.state('at')).get('at'), '7');
    assert.equal(bench.store.batches.length, 2);
    assert.deepEqual((await bench.log.appendEach([bad, long], SOURCE)).map(outcome), [
      'RECORD_INVALID',
      'RECORD_TOO_LARGE',
    ]);
    assert.equal(await size(bench), 3);
  });

  test('throws what is wrong with the append itself', async () => {
    const bench = await openBench();
    await rejects(bench.log.appendEach([draft()], { source: '' }), 'RECORD_INVALID');
    await bench.log.close();
    await rejects(bench.log.appendEach([draft()], SOURCE), 'LOG_CLOSED');
  });
});

describe('the source of producers', () => {
  test('is never that of the log', async () => {
    const bench = await openBench();
    const own = { source: 'tallystick' };
    for (const refused of [bench.log.append([draft()], own), bench.log.appendEach([draft()], own)]) {
      const error = await rejects(refused, 'SYSTEM_RESERVED');
      assert.equal(error.context.path, 'source');
    }
    assert.equal(await size(bench), 1);
  });
});

describe('ids that race', () => {
  test('within a batch: the first one is sealed', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    const [one, two, three] = await Promise.allSettled([
      bench.log.append([record], SOURCE),
      bench.log.append([record], SOURCE),
      bench.log.append([draft({ id: 'a' })], SOURCE),
    ]);
    assert.equal(one.status === 'fulfilled' && receiptOf(one.value).duplicate, false);
    assert.equal(two.status === 'fulfilled' && receiptOf(two.value).duplicate, true);
    assert.equal(three.status === 'rejected' && three.reason.code, 'ID_REUSED');
    assert.equal(await size(bench), 2);
    assert.equal(bench.store.batches.length, 2);
  });

  test('with a batch that is being committed: they wait for it', async () => {
    const bench = await openBench();
    const gate = bench.store.hold('commit');
    const record = draft({ id: 'a' });
    const first = bench.log.append([record], SOURCE);
    await gate.entered;
    let answered = 0;
    const second = bench.log.append([record], SOURCE).finally(() => answered++);
    const third = rejects(bench.log.append([draft({ id: 'a' })], SOURCE), 'ID_REUSED').finally(
      () => answered++,
    );
    await settle();
    assert.equal(answered, 0);
    gate.open();
    assert.equal(receiptOf(await first).duplicate, false);
    const duplicate = receiptOf(await second);
    assert.deepEqual(
      [duplicate.seq, duplicate.duplicate, duplicate.leaf],
      [1, true, receiptOf(await first).leaf],
    );
    await third;
    assert.equal(await size(bench), 2);
  });

  test('with a batch that fails: the id is free again', async () => {
    for (const again of [draft({ id: 'a', event: 'X' }), draft({ id: 'a', event: 'Y' })]) {
      const bench = await openBench();
      const gate = bench.store.hold('commit');
      bench.store.fail('commit', readOnly());
      const first = rejects(bench.log.append([draft({ id: 'a', event: 'X' })], SOURCE), 'STORE_READ_ONLY');
      await gate.entered;
      const second = bench.log.append([again], SOURCE);
      await settle();
      gate.open();
      await first;
      const receipt = receiptOf(await second);
      assert.deepEqual([receipt.seq, receipt.duplicate], [1, false]);
      assert.equal(await size(bench), 2);
    }
  });

  test('with a look-up that began before the commit and ended after it', async () => {
    const bench = await openBench();
    const commit = bench.store.hold('commit');
    const record = draft({ id: 'a' });
    const first = bench.log.append([record], SOURCE);
    await commit.entered;
    const lookUp = bench.store.hold('findIds');
    const second = bench.log.append([record], SOURCE);
    await lookUp.entered;
    commit.open();
    await first;
    await settle();
    lookUp.open();
    assert.equal(receiptOf(await second).duplicate, true);
    assert.equal(await size(bench), 2);
  });

  // The look-up is older than the commit of the id, and its append is numbered twice since a batch before it fails.
  test('with an old look-up, while another batch fails', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    const commit6 = bench.store.hold('commit');
    const first = bench.log.append([record], SOURCE);
    await commit6.entered;
    const between = rejects(bench.log.append([draft()], SOURCE), 'STORE_READ_ONLY');
    const lookUp = bench.store.hold('findIds');
    const second = bench.log.append([draft(), record], SOURCE);
    await lookUp.entered;
    const commit7 = bench.store.hold('commit');
    commit6.open();
    await first;
    await commit7.entered;
    lookUp.open();
    await settle();
    bench.store.fail('commit', readOnly());
    commit7.open();
    await between;
    const [fresh, duplicate] = await second;
    assert.deepEqual([fresh?.seq, fresh?.duplicate], [2, false]);
    assert.deepEqual([duplicate?.seq, duplicate?.duplicate], [1, true]);
    assert.equal(await size(bench), 3);
  });
});

describe('when the store cannot say which ids it knows', () => {
  const unavailable = (): StoreError => new StoreError('STORE_UNAVAILABLE', 'refused by the test');

  test('the append is refused, and nothing of it sealed', async () => {
    const bench = await openBench();
    bench.store.fail('findIds', unavailable());
    const record = draft({ id: 'a' });
    await rejects(bench.log.append([draft(), record], SOURCE), 'STORE_UNAVAILABLE');
    assert.equal(await size(bench), 1);
    assert.equal(receiptOf(await bench.log.append([record], SOURCE)).seq, 1);
  });

  test('the same when it cannot say how they were sealed', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    await bench.log.append([record], SOURCE);
    bench.store.fail('tiles', unavailable());
    await rejects(bench.log.append([draft(), record], SOURCE), 'STORE_UNAVAILABLE');
    assert.equal(await size(bench), 2);
  });

  test('appends without ids are not concerned, and keep their order', async () => {
    const bench = await openBench();
    const gate = bench.store.hold('findIds');
    const slow = bench.log.append([draft({ id: 'a' })], SOURCE);
    const quick = bench.log.append([draft()], SOURCE);
    await gate.entered;
    await settle();
    assert.equal(bench.log.head.size, 1);
    gate.open();
    assert.deepEqual([receiptOf(await slow).seq, receiptOf(await quick).seq], [1, 2]);
    assert.equal(await size(bench), 3);
  });
});
