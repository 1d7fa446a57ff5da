import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError, TokenError } from '../../src/errors.ts';
import {
  diskCheck,
  expiryCheck,
  indexCheck,
  lateActsCheck,
  sealCheck,
  selfTestsCheck,
  timeSyncCheck,
  tokensCheck,
} from '../../src/health/checks.ts';
import { examine, type HealthCheck, type State } from '../../src/health/health.ts';
import { SelfTests } from '../../src/health/self-tests.ts';
import { timeSync } from '../../src/health/time-sync.ts';
import { draft, openBench, rejects } from '../log/fixture.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 9, 5);
const MIB = 1024 * 1024;

async function stateOf({ check }: HealthCheck): Promise<State> {
  return (await check()).state;
}

describe('health', () => {
  const check = (name: string, state: State): HealthCheck => ({
    name,
    check: () => ({ state, detail: name }),
  });

  test('is as bad as the worst check; what is unknown does not count', async () => {
    for (const [states, status] of [
      [['ok', 'unknown'], 'ok'],
      [['ok', 'warning', 'unknown'], 'warning'],
      [['warning', 'failed', 'ok'], 'failed'],
      [[], 'ok'],
    ] as const) {
      assert.equal((await examine(states.map((state) => check(state, state)))).status, status);
    }
  });

  test('is told although a check fails or does not answer', async () => {
    const { status, checks } = await examine(
      [
        { name: 'throws', check: () => Promise.reject(new Error('broken')) },
        { name: 'hangs', check: () => new Promise(() => {}) },
        check('fine', 'ok'),
      ],
      20,
    );
    assert.equal(status, 'ok');
    assert.deepEqual(
      checks.map(({ name, state, detail }) => [name, state, detail]),
      [
        ['throws', 'unknown', 'it could not be told: broken'],
        ['hangs', 'unknown', 'it could not be told within 20 ms'],
        ['fine', 'ok', 'fine'],
      ],
    );
  });
});

describe('the seal', () => {
  test('fails from the first try that fails until a batch is sealed', async () => {
    const { log, signer, clock } = await openBench();
    const check = sealCheck(log, () => null);
    assert.equal(await stateOf(check), 'ok');
    clock.pass(1_000);
    const since = clock.wall;
    signer.fail(new TokenError('TOKEN_UNAVAILABLE', 'the token is logged out'), 20);
    await rejects(log.append([draft()], { source: 'test' }), 'TOKEN_UNAVAILABLE');
    clock.pass(60_000);
    await rejects(log.append([draft()], { source: 'test' }), 'TOKEN_UNAVAILABLE');
    const found = await check.check();
    assert.deepEqual([found.state, found.detail], ['failed', 'the token is logged out']);
    assert.ok(found.since !== undefined && found.since >= since && found.since <= since + 1_000);
    await log.writeState([{ key: 'k', value: 'v' }]);
    assert.equal(await stateOf(check), 'failed', 'a commit without records proves nothing of the token');
    signer.fail(null, 0);
    await log.append([draft()], { source: 'test' });
    assert.equal(await stateOf(check), 'ok');
  });

  test('fails while a batch is tried again', async () => {
    const { log, store } = await openBench();
    store.fail('commit', new StoreError('STORE_FULL', 'no space left'), { times: 2 });
    const appending = log.append([draft()], { source: 'test' });
    const gate = store.hold('commit');
    gate.open();
    while (log.trouble === null) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await stateOf(sealCheck(log, () => null)), 'failed');
    await appending;
    assert.equal(log.trouble, null);
  });

  test('fails once the log has stopped', async () => {
    const reason = new StoreError('STORE_SYNC_FAILED', 'the disk refused');
    const found = await sealCheck({ trouble: null }, () => reason).check();
    assert.equal(found.state, 'failed');
    assert.match(found.detail, /the disk refused/);
  });
});

describe('single checks', () => {
  test('self-tests', async () => {
    let problem: Error | null = null;
    const run = async (): Promise<void> => {
      if (problem) throw problem;
    };
    const tests = new SelfTests([{ name: 'store', run }], () => 7);
    const check = selfTestsCheck(tests);
    assert.equal(await stateOf(check), 'unknown');
    await tests.run();
    assert.deepEqual(await check.check(), { state: 'ok', detail: 'passed: store', since: 7 });
    problem = new Error('no space');
    await tests.run();
    assert.equal(await stateOf(check), 'failed');
  });

  test('tokens: that of a sealing key is needed, others are not', async () => {
    const away = { state: 'offline', code: 'TOKEN_UNAVAILABLE', reason: 'pulled out' } as const;
    const token = (name: string, isAway: boolean) => ({
      name,
      status: async () => (isAway ? away : ({ state: 'active' } as const)),
    });
    const check = (hsm: boolean, file: boolean) =>
      tokensCheck(
        () => [token('hsm', hsm), token('file', file)],
        () => ['hsm'],
      );
    assert.deepEqual(await check(false, false).check(), { state: 'ok', detail: 'active: hsm, file' });
    assert.deepEqual(await check(true, false).check(), { state: 'failed', detail: 'hsm: pulled out' });
    assert.deepEqual(await check(false, true).check(), { state: 'warning', detail: 'file: pulled out' });
    const gone = {
      name: 'hsm',
      status: () => Promise.reject(new TokenError('TOKEN_UNAVAILABLE', 'no library')),
    };
    const found = await tokensCheck(
      () => [gone],
      () => ['hsm'],
    ).check();
    assert.deepEqual(found, { state: 'failed', detail: 'hsm: no library' });
  });

  test('disk', async () => {
    for (const [free, state, way] of [
      [80_000, 'ok', /free for/],
      [1_000, 'warning', /before it is full/],
      // Records are taken all the same, in the room that the store's files have; when they are not, the seal fails.
      [63, 'warning', /free some now/],
      [0, 'warning', /free some now/],
    ] as const) {
      const found = await diskCheck('/data', async () => free * MIB).check();
      assert.equal(found.state, state);
      assert.match(found.detail, way);
    }
    assert.match((await diskCheck('/').check()).detail, /^[0-9,]+ MiB free for \//);
  });

  test('index', async () => {
    assert.equal(
      await stateOf(
        indexCheck(
          async () => 10,
          () => 20,
        ),
      ),
      'ok',
    );
    assert.equal(
      await stateOf(
        indexCheck(
          async () => 10,
          () => 200_000,
        ),
      ),
      'warning',
    );
    assert.equal(
      await stateOf(
        indexCheck(
          () => Promise.reject(new Error('damaged')),
          () => 1,
        ),
      ),
      'warning',
    );
  });

  test('late acts', async () => {
    assert.equal(await stateOf(lateActsCheck(() => 0)), 'ok');
    assert.equal(await stateOf(lateActsCheck(() => 2)), 'warning');
  });

  test('what expires', async () => {
    const at = (days: number) => ({
      type: 'certificate',
      id: 'ab',
      name: 'CN=Seal',
      expires: NOW + days * DAY,
    });
    const check = (...days: number[]) =>
      expiryCheck(
        () => days.map(at),
        () => NOW,
      );
    assert.equal(await stateOf(check()), 'ok');
    assert.equal(await stateOf(check(30.1)), 'ok');
    const soon = await check(365, 29).check();
    assert.equal(soon.state, 'warning');
    assert.match(soon.detail, /^certificate CN=Seal expires 2026-11-03T/);
    assert.match((await check(-1).check()).detail, /expired 2026-10-04T/);
  });

  test('time source, asked once a minute', async () => {
    let asked = 0;
    for (const [answer, state] of [
      ['synchronised', 'ok'],
      ['unsynchronised', 'warning'],
      ['unknown', 'unknown'],
    ] as const) {
      const check = timeSyncCheck(async () => {
        asked++;
        return answer;
      });
      assert.deepEqual([await stateOf(check), await stateOf(check)], [state, state]);
    }
    assert.equal(asked, 3);
  });
});

describe('whether the clock is kept in step', () => {
  const nowhere = '/nonexistent/synchronized';
  const answers = (of: Record<string, string>) => async (command: string) => {
    const answer = of[command];
    if (answer === undefined) throw new Error(`spawn ${command} ENOENT`);
    return answer;
  };
  const CHRONY = 'Reference ID    : C0A80101 (192.168.1.1)\nStratum         : 3\nLeap status     : ';

  test('is told by whoever knows', async () => {
    for (const [of, expected] of [
      [{}, 'unknown'],
      [{ timedatectl: 'yes\n' }, 'synchronised'],
      [{ timedatectl: 'no\n' }, 'unsynchronised'],
      [{ timedatectl: '' }, 'unknown'],
      [{ chronyc: `${CHRONY}Normal\n` }, 'synchronised'],
      [{ chronyc: `${CHRONY}Not synchronised\n` }, 'unsynchronised'],
      [{ timedatectl: 'n/a\n', chronyc: `${CHRONY}Insert second\n` }, 'synchronised'],
      [{ ntpq: 'leap=00' }, 'synchronised'],
      [{ ntpq: 'associd=0 status=c016 leap_alarm,\nleap=11\n' }, 'unsynchronised'],
      [{ ntpq: 'ntpq: read: Connection refused' }, 'unknown'],
    ] as const) {
      assert.equal(await timeSync(answers(of), nowhere), expected, JSON.stringify(of));
    }
    assert.equal(
      await timeSync(answers({ timedatectl: 'no' }), '/'),
      'synchronised',
      'the flag of timesyncd',
    );
  });

  test('is an answer here, too, whatever it is', async () => {
    assert.match(await timeSync(), /^(synchronised|unsynchronised|unknown)$/);
  });
});
