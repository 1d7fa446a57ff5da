import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AuditLog } from '../../src/audit-log.ts';
import {
  cosignaturesOf,
  cosignCheckpoint,
  cosignerKeyFromSpki,
  parseVkey,
} from '../../src/checkpoint/mod.ts';
import { openLog } from '../../src/open.ts';
import { readCosigned, readWitnessState, witnessPrefix } from '../../src/witness/client/kept.ts';
import {
  askWitness,
  Witnesses,
  type WitnessOutcome,
  type WitnessSettings,
  witnessCheck,
} from '../../src/witness/client/mod.ts';
import { mlDsaSigner, testSigner } from '../checkpoint/signers.ts';
import { folder, NAME, NOW, type Running, running } from './fixture.ts';

const DRAFT = { system: 'demo', event: 'KEY_USED', outcome: 'success', time: 1 } as const;

async function open(t: TestContext, data: string): Promise<AuditLog> {
  const log = await openLog({ data, node: 'a', index: false, state: `${data}-state-${Math.random()}` });
  t.after(() => log.close());
  return log;
}

function watch(t: TestContext, log: AuditLog, settings: WitnessSettings = {}): Witnesses {
  const witnesses = new Witnesses(log, settings);
  t.after(() => witnesses.close());
  return witnesses;
}

/** A log with a witness that knows it. */
async function pair(
  t: TestContext,
  settings: WitnessSettings = {},
): Promise<{ log: AuditLog; data: string; w: Running; witnesses: Witnesses }> {
  const data = join(folder(t), 'data');
  const log = await open(t, data);
  const w = await running(t, { logs: [{ origin: log.head.origin, vkey: log.vkey }] });
  const witnesses = watch(t, log, settings);
  await witnesses.add(w.url, w.witness.keys[0]!.vkey);
  return { log, data, w, witnesses };
}

/** A server that is no witness, or a bad one. */
async function pretender(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function events(log: AuditLog): Promise<(string | null)[]> {
  const all: (string | null)[] = [];
  for (let seq = 0; seq < log.head.size; seq++) all.push(await log.ownEvent(seq));
  return all;
}

async function only(outcomes: Promise<WitnessOutcome[]>): Promise<WitnessOutcome> {
  const [outcome, ...more] = await outcomes;
  assert.deepEqual(more, []);
  return outcome!;
}

test('a cosignature is verified, sealed and kept; the next one is asked with a proof', async (t) => {
  const { log, w, witnesses } = await pair(t);
  const { size, note, root } = log.head;
  assert.deepEqual(await only(witnesses.ask()), {
    ...{ name: NAME, size, result: 'cosigned', time: Math.floor(NOW / 1000) },
  });
  const cosigned = (await witnesses.cosigned())[0] ?? assert.fail();
  assert.deepEqual(
    [cosigned.origin, cosigned.size, cosigned.root],
    [log.head.origin, size, Buffer.from(root).toString('hex')],
  );
  assert.ok(cosigned.note.startsWith(note));
  assert.equal((await cosignaturesOf(cosigned.note, w.witness.keys)).length, 1);
  assert.equal((await events(log)).at(-1), 'AUDIT_LOG_SIGNING');
  assert.deepEqual((await log.get(log.head.size - 1)).record?.details, {
    ...{ root: cosigned.root, signed: Math.floor(NOW / 1000) * 1000, signer: NAME, size },
  });
  await log.append(Array.from({ length: 600 }, () => DRAFT));
  assert.equal((await only(witnesses.ask())).size, log.head.size - 1);
  assert.equal((await witnesses.cosigned())[0]?.size, log.head.size - 1);
  assert.ok(((await witnesses.newestAgeMs()) ?? Number.NaN) < 60_000);
});

test('adding, a second key, another address and removing are recorded; bad ones are refused', async (t) => {
  const log = await open(t, join(folder(t), 'data'));
  const pq = mlDsaSigner('pq');
  const w = await running(t, {
    logs: [{ origin: log.head.origin, vkey: log.vkey }],
    signers: [testSigner('witness'), pq],
  });
  const witnesses = watch(t, log);
  const [ed, ml] = w.witness.keys.map(({ vkey }) => vkey) as [string, string];
  await witnesses.add(`${w.url}/`, ed);
  await witnesses.add(w.url, ml);
  await witnesses.add(w.url, ml);
  const [status, ...more] = await witnesses.list();
  assert.deepEqual([status?.url, status?.vkeys, more], [w.url, [ed, ml], []]);
  await witnesses.ask();
  const [cosigned] = await witnesses.cosigned();
  assert.equal((await cosignaturesOf(cosigned!.note, w.witness.keys)).length, 2);
  assert.deepEqual(cosigned?.witnesses.length, 1);
  await witnesses.remove(NAME);
  assert.deepEqual(await witnesses.list(), []);
  assert.equal((await witnesses.cosigned()).length, 1);
  const told = (await events(log)).filter((event) => event === 'CONFIG_TRUSTED_PUBLIC_KEY');
  assert.equal(told.length, 3);
  const config = { name: 'WitnessError', code: 'WITNESS_CONFIG' };
  await assert.rejects(witnesses.remove(NAME), config);
  await assert.rejects(witnesses.add(w.url, log.vkey), config);
  await assert.rejects(witnesses.add(w.url, ed.slice(1)), config);
  for (const url of ['w.example', 'ftp://w', 'http://u:p@w/', 'http://w/?a', 'file:///etc/passwd']) {
    await assert.rejects(witnesses.add(url, ed), config);
  }
});

test('by itself: a log that goes on is shown again, one that holds only cosignatures is not, until a refresh', async (t) => {
  let now = NOW;
  const asked: WitnessOutcome[] = [];
  let wake: () => void = () => {};
  const onAsked = (outcome: WitnessOutcome): void => {
    asked.push(outcome);
    wake();
  };
  const settings = { intervalMs: 20, refreshMs: 3_600_000, now: () => now, onAsked };
  const { log, witnesses } = await pair(t, settings);
  const next = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));
  const first = next();
  witnesses.start();
  await first;
  for (let i = 0; i < 3; i++) {
    now += 60_000;
    await pause();
  }
  assert.equal(asked.length, 1, 'its own record called for another');
  const size = log.head.size;
  await log.append(DRAFT);
  now += 60_000;
  const second = next();
  await second;
  assert.deepEqual([asked.length, asked[1]?.size], [2, size + 1]);
  await pause();
  now += 60_000;
  await pause();
  assert.equal(asked.length, 2);
  now += 3_600_000;
  await next();
  assert.equal(asked[2]?.result, 'cosigned');
});

test('two witnesses are shown the same checkpoint, and one that is late holds up neither sealing nor the other', async (t) => {
  const { log, witnesses } = await pair(t, { timeoutMs: 400 });
  const late = await pretender(t, () => {});
  const { publicKey } = testSigner('late');
  await witnesses.add(late, cosignerKeyFromSpki('late.example', 'ed25519', publicKey).vkey);
  const asking = witnesses.ask();
  const began = performance.now();
  await log.append(DRAFT);
  assert.ok(performance.now() - began < 350);
  const outcomes = new Map((await asking).map((outcome) => [outcome.name, outcome]));
  assert.equal(outcomes.get(NAME)?.result, 'cosigned');
  const failed = outcomes.get('late.example');
  assert.deepEqual(
    [failed?.result, failed?.result === 'failed' && failed.code],
    ['failed', 'WITNESS_UNAVAILABLE'],
  );
  const status = (await witnesses.list()).find(({ name }) => name === 'late.example');
  assert.equal(status?.failing?.times, 1);
});

test('what is no good cosignature is refused: rubbish, another text, another key, no time, too much', async (t) => {
  const { log, w, witnesses } = await pair(t);
  const signer = testSigner('witness');
  const body = log.head.note.slice(0, log.head.note.indexOf('\n\n') + 1);
  const otherBody = body.replace(/\n\d+\n/, '\n9999\n');
  const stranger = await cosignCheckpoint(body, 'stranger', testSigner('stranger'), 1);
  const elsewhere = await cosignCheckpoint(otherBody, NAME, signer, 1);
  const answers: readonly (readonly [number, string, string])[] = [
    [200, '', 'WITNESS_WRONG'],
    [200, 'ok\n', 'WITNESS_WRONG'],
    [200, stranger, 'WITNESS_WRONG'],
    [200, elsewhere, 'WITNESS_WRONG'],
    [200, 'x'.repeat(100_000), 'WITNESS_UNAVAILABLE'],
    [302, '', 'WITNESS_UNAVAILABLE'],
    [400, 'no\n', 'WITNESS_REFUSED'],
    [403, 'no\n', 'WITNESS_REFUSED'],
    [404, 'no\n', 'WITNESS_REFUSED'],
    [409, 'many\n', 'WITNESS_REFUSED'],
    [409, '0\n', 'WITNESS_REFUSED'],
    [422, 'no\n', 'WITNESS_REFUSED'],
    [500, '<html>', 'WITNESS_REFUSED'],
  ];
  let at = 0;
  const url = await pretender(t, (_request, response) => {
    const [status, text] = answers[at]!;
    response.writeHead(status, status === 302 ? { location: w.url } : {}).end(text);
  });
  await witnesses.add(url, w.witness.keys[0]!.vkey);
  const before = log.head.size;
  for (; at < answers.length; at++) {
    const outcome = await only(witnesses.ask());
    assert.equal(
      outcome.result === 'failed' ? outcome.code : outcome.result,
      answers[at]![2],
      answers[at]![1],
    );
  }
  assert.equal(log.head.size, before);
  assert.deepEqual(await witnesses.cosigned(), []);
});

test('a witness that names another size each time is given up', async (t) => {
  const { log, w, witnesses } = await pair(t);
  await log.append(Array.from({ length: 20 }, () => DRAFT));
  let size = 1;
  const url = await pretender(t, (_request, response) => void response.writeHead(409).end(`${++size}\n`));
  await witnesses.add(url, w.witness.keys[0]!.vkey);
  const outcome = await only(witnesses.ask());
  assert.equal(outcome.result === 'failed' && outcome.code, 'WITNESS_WRONG');
});

/** The log goes on to be cosigned, then stands again as it stood before. */
async function rolledBack(t: TestContext): Promise<{ log: AuditLog; w: Running; witnesses: Witnesses }> {
  const { log, data, w, witnesses } = await pair(t);
  await log.append(Array.from({ length: 300 }, () => DRAFT));
  await witnesses.ask();
  await log.close();
  cpSync(data, `${data}-older`, { recursive: true });
  const again = await open(t, data);
  await again.append(Array.from({ length: 100 }, () => DRAFT));
  await watch(t, again).ask();
  await again.close();
  rmSync(data, { recursive: true });
  cpSync(`${data}-older`, data, { recursive: true });
  const older = await open(t, data);
  return { log: older, w, witnesses: watch(t, older) };
}

test('a witness that knows a larger tree: the log was rolled back, the evidence is kept, once', async (t) => {
  const { log, witnesses } = await rolledBack(t);
  const { size } = log.head;
  const outcome = await only(witnesses.ask());
  assert.equal(outcome.result, 'alarm');
  const alarm = outcome.result === 'alarm' ? outcome.alarm : assert.fail();
  assert.deepEqual([alarm.kind, alarm.proven], ['rolled-back', true]);
  assert.ok(alarm.size > size);
  assert.match(alarm.answer, /^409\n\d+\n$/);
  assert.ok(alarm.seen?.includes(log.head.origin));
  const record = (await log.get(log.head.size - 1)).record;
  assert.deepEqual([record?.event, record?.outcome], ['SET_STATUS_PROPERTY', 'failure']);
  assert.match(String(record?.reason), /has seen \d+ records of this log, and was then shown \d+ records/);
  const sealed = log.head.size;
  await witnesses.ask();
  assert.equal(log.head.size, sealed);
  assert.equal((await witnesses.list())[0]?.alarms.length, 1);
});

test('a log that went on from an older copy: once it is as long, the split view shows with both notes', async (t) => {
  const { log, w, witnesses } = await rolledBack(t);
  const { size } = w.witness.database.latest(log.head.origin)!;
  await log.append(Array.from({ length: size - log.head.size }, () => ({ ...DRAFT, event: 'OTHER' })));
  const same = await only(witnesses.ask());
  assert.deepEqual(same.result === 'alarm' && [same.alarm.kind, same.alarm.proven], ['split-view', true]);
  const [conflict] = w.witness.database.conflicts(log.head.origin);
  assert.equal(conflict?.kind, 'split-view');
  await log.append(DRAFT);
  const longer = await only(witnesses.ask());
  assert.deepEqual(longer.result === 'alarm' && [longer.alarm.kind, longer.alarm.proven], [
    'split-view',
    true,
  ]);
});

test('a witness that claims more than it can show is said to claim it', async (t) => {
  const { log, w, witnesses } = await pair(t);
  const url = await pretender(t, (request, response) => {
    if (request.method === 'POST') response.writeHead(409).end('5000\n');
    else response.writeHead(404).end();
  });
  await witnesses.add(url, w.witness.keys[0]!.vkey);
  const outcome = await only(witnesses.ask());
  const alarm = outcome.result === 'alarm' ? outcome.alarm : assert.fail();
  assert.deepEqual([alarm.kind, alarm.proven, alarm.size, alarm.seen], ['rolled-back', false, 5000, null]);
  const told = String((await log.get(log.head.size - 1)).record?.reason);
  assert.match(
    told,
    /^the witness \S+ says that it has seen 5,000 records of this log, and was then shown \d/,
  );
  assert.match(told, /shown nothing that this log has signed/);
});

test('an alarm that is not proven, of a witness that is not set, is none', async (t) => {
  const { log, witnesses } = await rolledBack(t);
  await witnesses.ask();
  const state = await log.state(witnessPrefix('a'));
  const kept = (proven: boolean) => {
    const [[key, value] = assert.fail()] = [...state].filter(([each]) => each.includes('/alarm/'));
    const alarm = { ...JSON.parse(value), name: 'gone.example', proven };
    return readWitnessState(new Map([...state, [key, JSON.stringify(alarm)]]), 'a').alarms.length;
  };
  assert.deepEqual([kept(true), kept(false)], [1, 0]);
});

/** What health says of the witnesses of a log, `later` ms from now. */
async function health(log: AuditLog, later = 0): Promise<readonly [string, string]> {
  const now = (): number => Date.now() + later;
  const { state, detail } = await witnessCheck('a', (prefix) => log.state(prefix), now).check();
  return [state, detail];
}

test('a witness that was added and has cosigned nothing is not said to be late until it is', async (t) => {
  const { log } = await pair(t);
  const words = `${NAME} has cosigned nothing since it was added`;
  const [state, detail] = await health(log);
  assert.match(
    `${state}: ${detail}`,
    new RegExp(`^ok: cosigned by 0 of 1 witnesses; ${words} \\d+ seconds? ago$`),
  );
  assert.deepEqual(await health(log, 3 * 3_600_000), [
    'warning',
    `${words} 3 hours ago; "tallystick witness ask" says why`,
  ]);
});

test('an alarm on the word of a witness alone hides no other, and is over when the witness is removed', async (t) => {
  const { log, witnesses } = await rolledBack(t);
  const url = await pretender(t, (_request, response) => void response.writeHead(409).end('900719925\n'));
  const key = cosignerKeyFromSpki('another.example', 'ed25519', testSigner('another').publicKey).vkey;
  await witnesses.add(url, key);
  await witnesses.ask();
  const alarms = async (): Promise<readonly (readonly [string, string])[]> => {
    const list = await witnesses.list();
    return list.flatMap((each) => each.alarms.map(({ name, kind }) => [name, kind] as const));
  };
  assert.deepEqual(await alarms(), [
    ['another.example', 'rolled-back'],
    [NAME, 'rolled-back'],
  ]);
  const [state, detail] = await health(log);
  assert.match(
    `${state}: ${detail}`,
    /^warning: .*another\.example says that it has seen 900,719,925 records/,
  );
  assert.match(detail, new RegExp(`the witness ${NAME} has seen .* now contradicts`));
  const kept = await log.state('witness/a/alarm/');
  await witnesses.remove('another.example');
  assert.deepEqual(await alarms(), [[NAME, 'rolled-back']]);
  assert.doesNotMatch((await health(log))[1], /another/);
  // The bytes stay, and are no alarm again when the witness is.
  const past = [...(await log.state('witness/a/past-alarm/')).values()];
  assert.deepEqual(
    past,
    [...kept.values()].filter((each) => each.includes('another.example')),
  );
  await witnesses.add(url, key);
  assert.deepEqual(await alarms(), [[NAME, 'rolled-back']]);
  // What it says again is one again; and what is proven is over for nobody.
  await witnesses.ask();
  assert.equal((await alarms()).length, 2);
  await witnesses.remove(NAME);
  await witnesses.remove('another.example');
  const [removed, ...more] = await witnesses.list();
  assert.deepEqual([removed?.name, removed?.url, removed?.alarms.length, more], [NAME, null, 1, []]);
  assert.match((await health(log))[1], /now contradicts$/);
});

test('a witness that was put back itself is found out, once, and asked from what it says', async (t) => {
  const { log, w, witnesses } = await pair(t);
  await witnesses.ask();
  cpSync(w.dir, `${w.dir}-older`, { recursive: true });
  t.after(() => rmSync(`${w.dir}-older`, { recursive: true }));
  await log.append(Array.from({ length: 1_200 }, () => DRAFT));
  await witnesses.ask();
  const before = (await witnesses.cosigned())[0] ?? assert.fail();
  await w.close();
  const older = await running(t, {
    dir: `${w.dir}-older`,
    logs: [{ origin: log.head.origin, vkey: log.vkey }],
  });
  await witnesses.add(older.url, older.witness.keys[0]!.vkey);
  const claimed = older.witness.database.latest(log.head.origin)?.size ?? assert.fail();
  const outcome = await only(witnesses.ask());
  assert.ok(outcome.result === 'cosigned');
  const { alarm = assert.fail() } = outcome;
  assert.deepEqual(
    [alarm.kind, alarm.proven, alarm.size, alarm.seen],
    ['put-back', false, claimed, before.note],
  );
  assert.equal(alarm.answer, `409\n${claimed}\n`);
  const [refused] = await records(log, 2);
  assert.deepEqual([refused?.event, refused?.outcome], ['SET_STATUS_PROPERTY', 'failure']);
  assert.match(
    String(refused?.reason),
    /says that it has seen no more than \d records? of this log, though it had cosigned 1,2\d\d/,
  );
  const [state, detail] = await health(log);
  assert.match(`${state}: ${detail}`, /^warning: .*it was put back itself/);
  const { size } = log.head;
  // From then on it knows as much as any.
  await log.append(DRAFT);
  const next = await only(witnesses.ask());
  assert.deepEqual([next.result, 'alarm' in next, log.head.size], ['cosigned', false, size + 2]);
  assert.equal((await witnesses.list())[0]?.alarms.length, 1);
  await witnesses.remove(NAME);
  assert.deepEqual(await health(log), ['ok', 'no witness is set']);
});

/** The records before the last one. */
async function records(log: AuditLog, count: number) {
  const all = [];
  for (let seq = log.head.size - count; seq < log.head.size; seq++) all.push((await log.get(seq)).record);
  return all;
}

test('a cosignature that the log lost is no alarm: the witness says what it knows, and the log proves from there', async (t) => {
  const { log, w, witnesses } = await pair(t);
  const fresh = watch(t, log);
  await witnesses.ask();
  await log.append(DRAFT);
  // As a witness that was killed between store and answer: it knows more than the log was told.
  const { head } = log;
  const shown = { origin: head.origin, size: head.size, root: head.root, note: head.note };
  await askWitness(
    { name: NAME, url: w.url, vkeys: [w.witness.keys[0]!.vkey] },
    { ...shown, readTile: log.readTile, vkey: log.vkey, isOwn: (of) => log.isOwn(of) },
    0,
  );
  assert.equal(w.witness.database.latest(head.origin)?.size, head.size);
  assert.equal((await only(fresh.ask())).result, 'cosigned');
  await log.append(DRAFT);
  assert.equal((await only(fresh.ask())).result, 'cosigned');
});

test('kept: the newest of each witness, the first of each day, and those of 400 days', async (t) => {
  let now = NOW;
  const { log, witnesses } = await pair(t, { now: () => now });
  for (let day = 0; day < 3; day++) {
    for (let i = 0; i < 2; i++) {
      await log.append(DRAFT);
      await witnesses.ask();
      now += 1_000;
    }
    now += 86_400_000;
  }
  const sizes = (await witnesses.cosigned()).map(({ size }) => size);
  assert.equal(sizes.length, 4);
  assert.deepEqual(
    sizes.toSorted((a, b) => b - a),
    sizes,
  );
  now += 401 * 86_400_000;
  await witnesses.ask();
  assert.equal((await witnesses.cosigned()).length, 1);
  // What somebody has changed in the store is as if it were not there.
  for (const value of ['{', 'null', '{}', '{"note":"x","lines":"y","name":"z","time":1}', '{"note":7}']) {
    assert.deepEqual(readCosigned(new Map([['witness/a/newest/x', value]]), 'a'), [], value);
  }
  const { newest } = readWitnessState(await log.state(witnessPrefix('a')), 'a');
  assert.equal(newest.length, 1);
  assert.equal(parseVkey((await witnesses.list())[0]!.vkeys[0]!).cosigns, true);
});
