import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Acts } from '../../src/acts/acts.ts';
import { LateFile } from '../../src/acts/late-file.ts';
import { AuditLog } from '../../src/audit-log.ts';
import { Catalogs } from '../../src/catalog/catalogs.ts';
import { tallystick } from '../../src/catalog/mod.ts';
import { AuditUnavailable, StoreError, TokenError } from '../../src/errors.ts';
import type { AuditRecord } from '../../src/record/mod.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { noKeys } from '../keys/no-keys.ts';
import { checkLog } from '../log/check.ts';
import { type Bench, draft, NODE, openBench, rejects } from '../log/fixture.ts';
import { tempDir } from '../store/temp.ts';

const { dir, remove } = tempDir();
after(remove);
let files = 0;

const LOG_IN = tallystick['Log in to token'];
const TOKEN = { tokenId: 'hsm1' };
const ADMIN = { actor: { name: 'CLI user' } };
const AWAY = 1_000;

interface Scene extends Bench {
  readonly audit: AuditLog;
  readonly acts: Acts;
  readonly file: string;
  records(): Promise<readonly AuditRecord[]>;
}

async function open(disk = new MemoryDisk(), file = join(dir, `${files++}.late`)): Promise<Scene> {
  const bench = await openBench({}, disk);
  const audit = await AuditLog.start({
    ...{ data: null, selfTests: false },
    ...{ store: bench.store, log: bench.log, index: null, catalogs: Catalogs.builtIn },
    late: LateFile.open(file),
    keys: noKeys(dir),
  });
  const records = async () => (await checkLog(new MemoryStore(disk), NODE, bench.log.vkey)).records;
  return { ...bench, audit, acts: audit.acts, file, records };
}

/** The program is gone, without a word; what was on the disk is there for the next one. */
function restart({ disk, file }: Scene): Promise<Scene> {
  disk.owners.clear();
  return open(disk, file);
}

function takeAway({ signer }: Scene): void {
  signer.fail(new TokenError('TOKEN_UNAVAILABLE', 'the token is logged out'), AWAY);
}

function giveBack({ signer }: Scene): void {
  signer.fail(null, 0);
}

const told = (record: AuditRecord | undefined) => [record?.event, record?.outcome, record?.flags];

describe('repairs', () => {
  test('of a log that is well: one record, with what the act noted', async () => {
    const { acts, records } = await open();
    const result = await acts.repair(
      LOG_IN,
      TOKEN,
      ({ note }) => {
        note({ tokenSerialNumber: '17' });
        return 7;
      },
      ADMIN,
    );
    assert.equal(result, 7);
    const all = await records();
    assert.equal(all.length, 2);
    assert.deepEqual(told(all[1]), ['Log in to token', 'success', undefined]);
    assert.deepEqual(all[1]?.details, { tokenId: 'hsm1', tokenSerialNumber: '17' });
    assert.deepEqual([all[1]?.actor, all[1]?.system], [ADMIN.actor, 'tallystick']);
    assert.ok(acts.isSettled);
  });

  test('that fail are recorded with the reason, and throw what was thrown', async () => {
    const { acts, records } = await open();
    const error = new Error('wrong PIN');
    await assert.rejects(
      acts.repair(LOG_IN, TOKEN, () => Promise.reject(error), ADMIN),
      (thrown) => thrown === error,
    );
    const [, record] = await records();
    assert.deepEqual(
      [...told(record), record?.reason],
      ['Log in to token', 'failure', undefined, 'wrong PIN'],
    );
  });

  test('that bring the log back are its first records afterwards, flagged late, with their own time', async () => {
    const scene = await open();
    const { audit, acts, records } = scene;
    takeAway(scene);
    await rejects(audit.append(draft()), 'TOKEN_UNAVAILABLE');
    const before = Date.now();
    await acts.repair(LOG_IN, TOKEN, () => giveBack(scene), ADMIN);
    await audit.append(draft({ event: 'after' }));
    const [, first, second, ...more] = await records();
    assert.deepEqual(told(first), ['Log in to token', 'success', ['late']]);
    assert.ok(first !== undefined && first.time >= before && first.time <= Date.now());
    assert.deepEqual([second?.event, more], ['after', []]);
  });

  test('that do not help wait, in order, and keep appends waiting for them', async () => {
    const scene = await open();
    const { audit, acts, file, records } = scene;
    takeAway(scene);
    await rejects(audit.append(draft()), 'TOKEN_UNAVAILABLE');
    for (const tokenId of ['a', 'b']) await acts.repair(LOG_IN, { tokenId }, () => {}, ADMIN);
    assert.equal(acts.isSettled, false);
    assert.deepEqual(
      acts.waiting.map(({ details }) => details),
      [{ tokenId: 'a' }, { tokenId: 'b' }],
    );
    assert.equal(LateFile.read(file).acts.length, 2);
    await rejects(audit.append(draft()), 'TOKEN_UNAVAILABLE');
    await rejects(audit.appendOwn(draft({ system: 'tallystick' })), 'TOKEN_UNAVAILABLE');
    giveBack(scene);
    await Promise.all([audit.append(draft({ event: 'x' })), audit.appendEach([draft({ event: 'x' })])]);
    const all = await records();
    assert.deepEqual(
      all.slice(1).map(({ event, details }) => (details as { tokenId?: string })?.tokenId ?? event),
      ['a', 'b', 'x', 'x'],
    );
    assert.deepEqual(LateFile.read(file).acts, []);
  });

  test('wait across restarts, and are sealed once before anything else', async () => {
    const scene = await open();
    takeAway(scene);
    await rejects(scene.audit.append(draft()), 'TOKEN_UNAVAILABLE');
    await scene.acts.repair(LOG_IN, TOKEN, () => {}, ADMIN);
    const kept = readFileSync(scene.file);

    const next = await restart(scene);
    assert.deepEqual((await next.records()).slice(1).map(told), [['Log in to token', 'success', ['late']]]);
    // As if the program had ended between the sealing and its note of it.
    writeFileSync(scene.file, kept);
    const third = await restart(next);
    assert.equal((await third.records()).length, 2);
    assert.ok(third.acts.isSettled);
  });

  test('that were sealed when nobody could tell are not sealed again, flagged or not', async () => {
    const scene = await open();
    const { acts, store } = scene;
    const unknown = new StoreError('STORE_OUTCOME_UNKNOWN', 'no answer');
    store.fail('commit', unknown, { applied: true });
    store.fail('acquire', new StoreError('STORE_UNAVAILABLE', 'no answer'), { times: 1_000 });
    await acts.repair(LOG_IN, TOKEN, () => {}, ADMIN);
    assert.deepEqual(
      acts.waiting.map(({ flags }) => flags),
      [['late']],
    );
    const next = await restart(scene);
    assert.deepEqual((await next.records()).slice(1).map(told), [['Log in to token', 'success', undefined]]);
    assert.ok(next.acts.isSettled);
  });

  test('that a crash cuts off are told as unknown', async () => {
    const scene = await open();
    takeAway(scene);
    void scene.acts.repair(LOG_IN, TOKEN, () => new Promise(() => {}), ADMIN);
    assert.ok(scene.acts.isSettled, 'one that is under way holds nothing up');
    const next = await restart(scene);
    const [, record] = await next.records();
    assert.deepEqual(told(record), ['Log in to token', 'void', ['late']]);
    assert.match(String(record?.reason), /not known/);
  });

  test('are not begun when their record can be kept nowhere, or breaks a rule', async () => {
    const scene = await open();
    const file = join(dir, 'unwritable.late');
    mkdirSync(`${file}.new/in the way`, { recursive: true });
    const unwritable = await open(undefined, file);
    let called = 0;
    await assert.rejects(
      unwritable.acts.repair(LOG_IN, TOKEN, () => called++, ADMIN),
      AuditUnavailable,
    );
    await rejects(
      scene.acts.repair(LOG_IN, { tokenId: 'a\0' }, () => called++, ADMIN),
      'RECORD_INVALID',
    );
    assert.equal(called, 0);
    assert.ok(scene.acts.isSettled);
  });

  test('are waited for by close', async () => {
    const { audit, acts, records } = await open();
    const { promise, resolve } = Promise.withResolvers<void>();
    const acting = acts.repair(LOG_IN, TOKEN, () => promise, ADMIN);
    const closing = audit.close();
    resolve();
    await Promise.all([acting, closing]);
    assert.deepEqual(told((await records())[1]), ['Log in to token', 'success', undefined]);
  });

  test('answer at a deadline when a token does not answer at all', async () => {
    const scene = await open();
    const gate = scene.signer.hold();
    await scene.acts.repair(LOG_IN, TOKEN, () => {}, { ...ADMIN, deadlineMs: 20 });
    assert.equal(LateFile.read(scene.file).acts.length, 1);
    gate.open();
    await scene.audit.append(draft({ event: 'after' }));
    assert.deepEqual(
      (await scene.records()).map(({ event }) => event),
      ['GENESIS', 'Log in to token', 'after'],
    );
  });
});

describe('other acts', () => {
  test('are guarded: attempt and outcome', async () => {
    const { acts, records } = await open();
    await acts.perform(tallystick.KEYREMOVE, { KEYALIAS: 'k', CRYPTOTOKEN: 't' }, () => {}, ADMIN);
    const [, attempt, outcome] = await records();
    assert.deepEqual(
      [attempt?.event, attempt?.phase, attempt?.source],
      ['KEYREMOVE', 'attempt', 'tallystick'],
    );
    assert.deepEqual([outcome?.event, outcome?.phase, outcome?.outcome], ['KEYREMOVE', 'outcome', 'success']);
  });

  test('are refused when they cannot be recorded', async () => {
    const scene = await open();
    takeAway(scene);
    let called = 0;
    const act = scene.acts.perform(tallystick.KEYREMOVE, { KEYALIAS: 'k' }, () => called++, ADMIN);
    await assert.rejects(act, AuditUnavailable);
    assert.equal(called, 0);
    assert.ok(scene.acts.isSettled);
  });
});

describe('what has happened', () => {
  const START = { version: '1' };

  test('is sealed with its state, or kept with it', async () => {
    const scene = await open();
    const { acts, store } = scene;
    const state = (value: string) => ({ ...ADMIN, state: [{ key: 'run', value }] });
    const place = await acts.record(tallystick.AUDIT_LOG_STARTUP, START, state('1'));
    assert.equal(place?.seq, 1);
    assert.equal(acts.waitingState('run'), undefined);
    takeAway(scene);
    assert.equal(await acts.record(tallystick.AUDIT_LOG_STARTUP, START, state('2')), null);
    assert.deepEqual([acts.waitingState('run'), acts.waitingState('other')], ['2', undefined]);
    assert.deepEqual(await store.state('run'), new Map([['run', '1']]));
    const next = await restart(scene);
    assert.deepEqual(await next.store.state('run'), new Map([['run', '2']]));
    assert.equal(next.acts.waitingState('run'), undefined);
  });

  test('is refused when it breaks a rule', async () => {
    const { acts } = await open();
    await rejects(acts.record(tallystick.AUDIT_LOG_STARTUP, { version: '\0' }, ADMIN), 'RECORD_INVALID');
    assert.ok(acts.isSettled);
  });
});
