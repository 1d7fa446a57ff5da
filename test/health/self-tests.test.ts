import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tallystick } from '../../src/catalog/mod.ts';
import { StoreError, TallystickError, TokenError } from '../../src/errors.ts';
import { logTests } from '../../src/health/log-tests.ts';
import { type SelfTestReport, SelfTests } from '../../src/health/self-tests.ts';
import type { TimeSync } from '../../src/health/time-sync.ts';
import { openLog } from '../../src/open.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { type Bench, draft, NODE, openBench, START } from '../log/fixture.ts';
import { tempDir } from '../store/temp.ts';

const NAMES = ['token', 'store', 'head', 'clock'];

function testsOf({ log, store }: Bench, sync: TimeSync = 'unknown', checkFiles?: () => void): SelfTests {
  return new SelfTests(
    logTests(log, store, checkFiles, async () => sync),
    () => START,
    100,
  );
}

/** What failed, and the words of it. */
function failures({ tests }: SelfTestReport): string[] {
  return tests.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${problem}`]));
}

describe('the self-tests of a log', () => {
  test('pass on a log that is well, and leave no record behind', async () => {
    const bench = await openBench();
    const tests = testsOf(bench);
    const report = await tests.run();
    assert.deepEqual(
      report,
      { at: START, tests: NAMES.map((name) => ({ name, problem: null })) },
      JSON.stringify(report),
    );
    assert.doesNotThrow(() => tests.check());
    assert.equal(bench.log.head.size, 1);
  });

  test('pass while records are sealed, and between them', async () => {
    const bench = await openBench();
    const tests = testsOf(bench);
    const work = Array.from({ length: 20 }, async (_, i) => {
      await bench.log.append([draft()], { source: 'test' });
      return i % 5 === 0 ? failures(await tests.run()) : [];
    });
    assert.deepEqual((await Promise.all(work)).flat(), []);
    assert.equal(bench.log.head.size, 21);
  });

  test('a token that is away fails, and passes when it is back', async () => {
    const bench = await openBench();
    const tests = testsOf(bench);
    bench.signer.fail(new TokenError('TOKEN_UNAVAILABLE', 'the token is logged out'));
    assert.deepEqual(failures(await tests.run()), ['token: the token is logged out']);
    assert.throws(
      () => tests.check(),
      (error) =>
        error instanceof TallystickError &&
        error.code === 'SELF_TEST_FAILED' &&
        /token: the token is logged out.*tallystick self-test/.test(error.message),
    );
    assert.deepEqual(tests.failed, ['token']);
    await tests.run();
    assert.doesNotThrow(() => tests.check());
  });

  test('a token that signs wrongly fails', async () => {
    const bench = await openBench();
    const { signer } = bench;
    const sign = signer.sign.bind(signer);
    signer.sign = async (data) => {
      const signature = await sign(data);
      signature[7]! ^= 1;
      return signature;
    };
    assert.match(
      failures(await testsOf(bench).run()).join(),
      /^token: what a token signed .* does not verify/,
    );
  });

  test('what the token signs is no checkpoint', async () => {
    const bench = await openBench();
    const { signer } = bench;
    const sign = signer.sign.bind(signer);
    const texts: string[] = [];
    signer.sign = (data) => {
      texts.push(new TextDecoder().decode(data));
      return sign(data);
    };
    await testsOf(bench).run();
    assert.equal(texts.length, 1);
    assert.match(texts[0] as string, /^Test of a signing key, nothing else\.\n[0-9a-f]{64}\n$/);
  });

  test('a token that does not answer fails in time', async () => {
    const bench = await openBench();
    const gate = bench.signer.hold();
    assert.deepEqual(failures(await testsOf(bench).run()), ['token: it did not answer within 100 ms']);
    gate.open();
  });

  test('a store that does not take a write fails', async () => {
    const bench = await openBench();
    bench.store.fail('commit', new StoreError('STORE_FULL', 'no space left'), { times: 100 });
    assert.deepEqual(failures(await testsOf(bench).run()), ['store: no space left']);
    bench.store.heal('commit');
    await bench.log.append([draft()], { source: 'test' });
  });

  test('a store that gives back something else fails', async () => {
    for (const state of [new Map(), new Map([['self-test', 'other']])]) {
      const bench = await openBench();
      bench.store.state = async () => state;
      assert.match(
        failures(await testsOf(bench).run()).join(),
        /^store: what was written .* not what is read/,
      );
    }
  });

  test('a store whose file was moved fails', async (t) => {
    const { dir: data, remove } = tempDir();
    t.after(remove);
    const log = await openLog({ data, node: 'n', index: false, state: join(data, 'state') });
    assert.deepEqual(log.watch.selfTests && failures(log.watch.selfTests), []);
    renameSync(join(data, 'log.db'), join(data, 'away.db'));
    assert.match(
      failures(await log.watch.selfTest({ name: 'me' })).join(),
      /^store: .*log\.db was moved or replaced/,
    );
    await assert.rejects(log.append(draft()), /self-test failed .*log\.db/);
    renameSync(join(data, 'away.db'), join(data, 'log.db'));
    await log.watch.selfTest({ name: 'me' });
    await log.append(draft({ event: 'after' }));
    const events = await Promise.all([1, 2, 3].map(async (seq) => (await log.get(seq)).record));
    assert.deepEqual(
      events.map((record) => [record?.event, record?.outcome, record?.flags, record?.details]),
      [
        ['SELFTESTS_EXECUTION', 'failure', ['late'], { checks: NAMES, failed: ['store'] }],
        ['SELFTESTS_EXECUTION', 'success', undefined, { checks: NAMES }],
        ['after', 'success', undefined, undefined],
      ],
    );
    await log.close();
    rmSync(data, { recursive: true });
  });

  test('a head that is not the one sealed last fails', async () => {
    const bench = await openBench();
    await bench.log.append([draft(), draft()], { source: 'test' });
    const { store, disk } = bench;
    const { head } = disk.logs.get(NODE)!;
    const run = async (): Promise<string> => failures(await testsOf(bench).run()).join();
    const row = disk.logs.get(NODE)!;
    row.head = { ...head, signatures: head.signatures.replace(/.{8}\n$/, 'AAAAAAA=\n') };
    assert.match(await run(), /^head: .*no good signature/);
    const older = new MemoryStore(disk);
    row.head = head;
    store.head = async (node) => {
      const stored = await older.head(node);
      return stored && { ...stored, size: 1 };
    };
    assert.match(await run(), /^head: /);
    store.head = async () => null;
    assert.match(await run(), /^head: .*no head/);
  });

  test('a clock that is far ahead or behind fails, unless it is known to be right', async () => {
    const bench = await openBench();
    const { clock } = bench;
    clock.pass(1_000);
    await bench.log.append([draft()], { source: 'test' });
    clock.wall += 299_000;
    assert.deepEqual(failures(await testsOf(bench).run()), []);
    clock.wall += 2_000;
    assert.match(failures(await testsOf(bench).run()).join(), /^clock: the clock jumped ahead by 301 s/);
    assert.match(failures(await testsOf(bench, 'synchronised').run()).join(), /^clock: /);
    clock.setRight();
    clock.wall -= 299_000;
    assert.deepEqual(failures(await testsOf(bench).run()), []);
    clock.wall -= 2_000;
    for (const sync of ['unknown', 'unsynchronised'] as const) {
      assert.match(
        failures(await testsOf(bench, sync).run()).join(),
        /^clock: the clock is 301 s behind the newest/,
      );
    }
    assert.deepEqual(failures(await testsOf(bench, 'synchronised').run()), []);
  });
});

describe('a log whose self-tests failed', () => {
  test('goes on by itself when a repair, or time, has helped', async (t) => {
    const { dir: data, remove } = tempDir();
    t.after(remove);
    const log = await openLog({ data, node: 'n', index: false, state: join(data, 'state') });
    const [file, away] = [join(data, 'log.db'), join(data, 'away.db')];
    renameSync(file, away);
    await log.watch.selfTest({ name: 'me' });
    await log.acts.repair(
      tallystick.REPAIR,
      { Op: 'put the file back', since: 1 },
      () => renameSync(away, file),
      { actor: { name: 'me' } },
    );
    assert.ok(log.acts.isSettled);
    assert.equal(log.head.size, 4);

    renameSync(file, away);
    await log.watch.selfTest({ name: 'me' });
    renameSync(away, file);
    await assert.rejects(log.append(draft()), /self-test failed/, 'they do not run again at once');
    t.mock.method(performance, 'now', () => 1e9);
    await Promise.all([log.append(draft()), log.append(draft())]);
    assert.equal(log.head.size, 8);
    const told = await Promise.all(
      [1, 2, 3, 4, 5].map(async (seq) => {
        const { record } = await log.get(seq);
        return [record?.event, record?.outcome, record?.flags?.join()];
      }),
    );
    assert.deepEqual(told, [
      ['SELFTESTS_EXECUTION', 'failure', 'late'],
      ['REPAIR', 'success', 'late'],
      ['SELFTESTS_EXECUTION', 'success', undefined],
      ['SELFTESTS_EXECUTION', 'failure', 'late'],
      ['SELFTESTS_EXECUTION', 'success', undefined],
    ]);
    await log.close();
  });

  test('refuses every append, also after a restart, and keeps one record of the same failure', async (t) => {
    const { dir: data, remove } = tempDir();
    t.after(remove);
    const options = { data, node: 'n', index: false, state: join(data, 'state') };
    const log = await openLog(options);
    renameSync(join(data, 'log.db'), join(data, 'away.db'));
    for (let n = 0; n < 3; n++) await log.watch.selfTest({ name: 'me' });
    for (const append of [
      () => log.append(draft()),
      () => log.append([draft()]),
      () => log.appendEach([draft()]),
      () => log.appendOwn(draft({ system: 'tallystick' })),
    ]) {
      await assert.rejects(append(), (error) => (error as TallystickError).code === 'SELF_TEST_FAILED');
    }
    assert.equal(log.head.size, 1);
    assert.equal(log.acts.waiting.length, 1);
    const health = await log.watch.health();
    assert.equal(health.status, 'failed');
    assert.deepEqual(
      health.checks.filter(({ state }) => state === 'failed' || state === 'warning').map(({ name }) => name),
      ['self-tests', 'late-acts'],
    );
    renameSync(join(data, 'away.db'), join(data, 'log.db'));
    await log.close();

    const again = await openLog(options);
    assert.equal((await again.get(1)).record?.event, 'SELFTESTS_EXECUTION');
    assert.equal(again.head.size, 2);
    await again.append(draft());
    await again.close();
  });
});
