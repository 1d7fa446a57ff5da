import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '../../src/errors.ts';
import { LIMITS } from '../../src/log/limits.ts';
import { MemoryDisk } from '../../src/store/memory.ts';
import { checkLog } from './check.ts';
import { type Bench, draft, drafts, NODE, openBench, rejects, SOURCE, START } from './fixture.ts';

const HOUR = 3_600_000;

/** `logged` of the records behind the genesis record. */
async function loggedOf({ log, store }: Bench): Promise<number[]> {
  return (await checkLog(store, NODE, log.vkey)).records.slice(1).map(({ logged }) => logged);
}

async function append({ log }: Bench): Promise<void> {
  await log.append([draft()], SOURCE);
}

describe('logged', () => {
  test('is the time of arrival, in whole ms', async () => {
    const bench = await openBench();
    bench.clock.pass(0.9);
    await append(bench);
    bench.clock.pass(10.2);
    await append(bench);
    assert.deepEqual(await loggedOf(bench), [START, START + 11]);
  });

  test('stands still while the clock is behind, and nothing is refused', async () => {
    const bench = await openBench();
    bench.clock.pass(HOUR);
    await append(bench);
    bench.clock.wall -= 2 * HOUR;
    await append(bench);
    bench.clock.pass(HOUR);
    await append(bench);
    bench.clock.pass(2 * HOUR);
    await append(bench);
    assert.deepEqual(await loggedOf(bench), [START + HOUR, START + HOUR, START + HOUR, START + 2 * HOUR]);
  });

  test('goes on when the clock that was set back is set right again', async () => {
    const bench = await openBench();
    bench.clock.wall -= 2 * HOUR;
    await append(bench);
    bench.clock.wall += 2 * HOUR;
    bench.clock.pass(10);
    await append(bench);
    assert.deepEqual(await loggedOf(bench), [START, START + 10]);
  });

  test('follows a clock that drifts', async () => {
    const bench = await openBench();
    const drift = 0.005 * HOUR;
    for (let i = 0; i < 50; i++) {
      bench.clock.pass(HOUR);
      bench.clock.wall += drift;
      await append(bench);
    }
    assert.ok(50 * drift > LIMITS.clockJumpMs);
    assert.equal((await loggedOf(bench)).at(-1), START + 50 * (HOUR + drift));
  });

  test('is not taken from a batch that was not sealed', async () => {
    const bench = await openBench();
    bench.clock.pass(HOUR);
    bench.store.fail('commit', new StoreError('STORE_READ_ONLY', 'made to fail by the test'));
    await rejects(bench.log.append([draft()], SOURCE), 'STORE_READ_ONLY');
    bench.clock.wall = START + 5;
    await append(bench);
    assert.deepEqual(await loggedOf(bench), [START + 5]);
  });

  test('goes on from the newest record when the log is opened while the clock is behind', async () => {
    const disk = new MemoryDisk();
    const one = await openBench({}, disk);
    one.clock.pass(HOUR);
    await append(one);
    await one.log.close();
    const two = await openBench({}, disk);
    await append(two);
    two.clock.pass(2 * HOUR);
    await append(two);
    assert.deepEqual(await loggedOf(two), [START + HOUR, START + HOUR, START + 2 * HOUR]);
  });
});

describe('a clock that jumps ahead', () => {
  test('holds appends until it is set right; nothing of them is sealed', async () => {
    const bench = await openBench();
    await append(bench);
    bench.clock.wall += LIMITS.clockJumpMs + 1;
    const error = await rejects(bench.log.append(drafts(3), SOURCE), 'CLOCK_JUMPED');
    assert.equal(error.context.aheadMs, LIMITS.clockJumpMs + 1);
    bench.clock.pass(HOUR);
    await rejects(bench.log.append([draft({ id: 'a' })], SOURCE), 'CLOCK_JUMPED');
    assert.equal(bench.store.batches.length, 2);
    bench.clock.wall -= LIMITS.clockJumpMs + 1;
    await append(bench);
    assert.equal((await bench.log.append([draft({ id: 'a' })], SOURCE))[0]?.duplicate, false);
    assert.deepEqual(await loggedOf(bench), [START, START + HOUR, START + HOUR]);
  });

  test('by less than the limit is believed', async () => {
    const bench = await openBench();
    bench.clock.wall += LIMITS.clockJumpMs;
    await append(bench);
    assert.deepEqual(await loggedOf(bench), [START + LIMITS.clockJumpMs]);
  });

  test('in many small jumps is noticed as well', async () => {
    const bench = await openBench();
    bench.clock.wall += LIMITS.clockJumpMs / 2;
    await append(bench);
    bench.clock.pass(1_000);
    bench.clock.wall += LIMITS.clockJumpMs / 2;
    await append(bench);
    bench.clock.pass(1_000);
    bench.clock.wall += LIMITS.clockJumpMs / 2;
    await rejects(bench.log.append([draft()], SOURCE), 'CLOCK_JUMPED');
  });

  test('does not hold what needs no time', async () => {
    const bench = await openBench();
    const record = draft({ id: 'a' });
    await bench.log.append([record], SOURCE);
    bench.clock.wall += HOUR;
    assert.equal((await bench.log.append([record], SOURCE))[0]?.duplicate, true);
    await rejects(bench.log.append([draft({ id: 'a' })], SOURCE), 'ID_REUSED');
  });

  test('is accepted by opening the log again', async () => {
    const disk = new MemoryDisk();
    const one = await openBench({}, disk);
    one.clock.wall += HOUR;
    await rejects(one.log.append([draft()], SOURCE), 'CLOCK_JUMPED');
    await one.log.close();
    const two = await openBench({ clock: one.clock }, disk);
    await two.log.append([draft()], SOURCE);
    assert.deepEqual(await loggedOf(two), [START + HOUR]);
  });
});
