import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import {
  checkpointBody,
  cosignaturesOf,
  formatNote,
  readCosignatures,
  signCheckpoint,
} from '../../src/checkpoint/mod.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { formatAddCheckpoint, hashOf } from '../../src/witness/protocol.ts';
import { MAX_CONFLICTS } from '../../src/witness/server/database.ts';
import { WitnessDatabase } from '../../src/witness/server/mod.ts';
import { mlDsaSigner, testSigner } from '../checkpoint/signers.ts';
import { FakeLog } from './fake-log.ts';
import { folder, NOW, type Running, running } from './fixture.ts';

const log = new FakeLog();
const fork = new FakeLog(log.origin, 1);

async function expectConflict(answer: Response, size: number): Promise<void> {
  assert.equal(answer.status, 409);
  assert.equal(answer.headers.get('content-type'), 'text/x.tlog.size');
  assert.equal(await answer.text(), `${size}\n`);
}

async function sizeKnown({ witness }: Running): Promise<number | null> {
  return witness.database.latest(log.origin)?.size ?? null;
}

test('200: a first checkpoint, one that continues it, and the same again with a fresh time', async (t) => {
  let now = NOW;
  const w = await running(t, { now: () => now });
  for (const [old, size] of [
    [0, 7],
    [7, 20],
    [20, 20],
    [20, 33],
  ] as const) {
    now += 1_000;
    const answer = await w.post(await log.request(old, size));
    assert.equal(answer.status, 200, `${old} to ${size}`);
    const [cosignature, ...more] = await readCosignatures(
      log.body(size),
      await answer.text(),
      w.witness.keys,
    );
    assert.equal(cosignature?.time, Math.floor(now / 1_000));
    assert.deepEqual(more, []);
    assert.equal(await sizeKnown(w), size);
  }
});

test('200: with an ML-DSA-44 key there are two lines, one of each kind', async (t) => {
  const w = await running(t, { signers: [testSigner('witness'), mlDsaSigner('pq')] });
  const answer = await (await w.post(await log.request(0, 7))).text();
  const found = await readCosignatures(log.body(7), answer, w.witness.keys);
  assert.deepEqual(
    found.map(({ key }) => key.type),
    [0x04, 0x06],
  );
});

test('200: an empty log', async (t) => {
  const w = await running(t);
  assert.equal((await w.post(await log.request(0, 0))).status, 200);
  assert.equal((await w.post(await log.request(0, 0))).status, 200);
  assert.equal((await w.post(await log.request(0, 5))).status, 200);
});

test('400: an old size above the checkpoint, and whatever is malformed', async (t) => {
  const w = await running(t);
  const good = Buffer.from(await log.request(0, 7)).toString();
  const note = await log.note(7);
  const hash = `${Buffer.alloc(32).toString('base64')}\n`;
  const bad: readonly (string | Uint8Array)[] = [
    await log.request(8, 7),
    ...['', '\n', 'old 0\n', 'old 0\n\n', note, good.slice(0, -1), `${good}x`, `${good}\n`],
    ...[good.replace('old 0', 'old 00'), good.replace('old 0', 'old -1'), good.replace('old 0', 'old  0')],
    ...[good.replace('old 0', 'Old 0'), good.replace('old 0', 'old 9007199254740993')],
    ...[good.replace('old 0\n', 'old 0\r\n'), good.replace('old 0\n', `old 0\n${hash.repeat(64)}`)],
    ...[`old 0\nAAAA\n\n${note}`, `old 0\n${hash.slice(0, -2)}\n\n${note}`, `old 0\n \n\n${note}`],
    ...[good.replace('\n7\n', '\n07\n'), good.replace('\n7\n', '\n7\n\n'), `old 0\n\n${log.body(7)}`],
    Buffer.from([0x6f, 0x6c, 0x64, 0xff]),
  ];
  for (const body of bad) {
    assert.equal((await w.post(body)).status, 400, JSON.stringify(Buffer.from(body).toString()));
  }
  assert.equal(await sizeKnown(w), null);
});

test('403: no signature by a key of the log, or one that is not good', async (t) => {
  const w = await running(t);
  const body = log.body(7);
  const stranger = await signCheckpoint(body, log.origin, testSigner('stranger'));
  const elsewhere = await signCheckpoint(log.body(6), log.origin, log.signer);
  const good = await signCheckpoint(body, log.origin, log.signer);
  for (const lines of [stranger, elsewhere, good + elsewhere]) {
    const request = formatAddCheckpoint({ old: 0, proof: [], note: formatNote(body, lines) });
    assert.equal((await w.post(request)).status, 403);
  }
  const both = formatAddCheckpoint({ old: 0, proof: [], note: formatNote(body, stranger + good) });
  assert.equal((await w.post(both)).status, 200);
});

test('404: an origin that is not known, also one that is known no more', async (t) => {
  const w = await running(t);
  assert.equal((await w.post(await new FakeLog('log.example/b').request(0, 7))).status, 404);
  assert.equal((await w.post(await log.request(0, 7))).status, 200);
  w.witness.database.removeKey(log.vkey);
  assert.equal((await w.post(await log.request(7, 9))).status, 404);
  assert.equal((await w.get(`/${hashOf(log.origin)}/checkpoint`)).status, 200);
});

test('409: an old size that is not the newest one, whatever else is wrong', async (t) => {
  const w = await running(t);
  await expectConflict(await w.post(await log.request(5, 7)), 0);
  await w.post(await log.request(0, 20));
  await expectConflict(await w.post(await log.request(0, 30)), 20);
  await expectConflict(await w.post(await log.request(7, 30)), 20);
  await expectConflict(await w.post(await log.request(5, 10)), 20);
  await expectConflict(await w.post(await fork.request(0, 33)), 20);
  assert.equal(await sizeKnown(w), 20);
});

test('422: a proof that is bad, missing or not asked for; another tree of the same size', async (t) => {
  const w = await running(t);
  const proof = log.proof(7, 20);
  assert.equal((await w.post(await log.request(0, 7, proof))).status, 422);
  const body = checkpointBody(log.origin, 0, log.root(1));
  const empty = formatNote(body, await signCheckpoint(body, log.origin, log.signer));
  assert.equal((await w.post(formatAddCheckpoint({ old: 0, proof: [], note: empty }))).status, 422);
  assert.equal((await w.post(await log.request(0, 7))).status, 200);
  for (const bad of [[], proof.slice(1), proof.slice(0, -1), [...proof, proof[0]!], proof.toReversed()]) {
    assert.equal((await w.post(await log.request(7, 20, bad))).status, 422);
  }
  assert.equal((await w.post(await log.request(7, 7, proof))).status, 422);
  const other = await w.post(await fork.request(7, 7));
  assert.equal(other.status, 422);
  assert.match(await other.text(), /two trees of size 7 have different roots/);
  assert.equal((await w.post(await fork.request(7, 20))).status, 422);
  assert.equal(await sizeKnown(w), 7);
  assert.equal((await w.post(await log.request(7, 20))).status, 200);
});

test('404 and 405 for what is no call of the protocol, 413 for what is too large', async (t) => {
  const w = await running(t);
  assert.equal((await w.get('/nothing')).status, 404);
  assert.equal((await w.get('/..%2f/checkpoint')).status, 404);
  assert.equal((await w.get(`/${hashOf(log.origin)}/checkpoint`)).status, 404);
  const get = await w.get('/add-checkpoint');
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST']);
  assert.equal((await fetch(`${w.url}/`, { method: 'DELETE' })).status, 405);
  assert.equal((await w.post('x'.repeat(128 * 1024 + 1))).status, 413);
  // Without a length said before.
  const sent = httpRequest(`${w.url}/add-checkpoint`, { method: 'POST' });
  sent.on('error', () => {});
  const answered = once(sent, 'response') as Promise<[{ statusCode: number; resume(): void }]>;
  for (let i = 0; i < 3; i++) sent.write(Buffer.alloc(64 * 1024));
  const [answer] = await answered;
  assert.equal(answer.statusCode, 413);
  answer.resume();
  sent.destroy();
});

test('what is no HTTP, and requests that are cut off, leave it standing', async (t) => {
  const w = await running(t);
  const port = Number(new URL(w.url).port);
  for (const bytes of [
    'rubbish\r\n\r\n',
    'POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\nold',
  ]) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }
  assert.equal((await w.post(await log.request(0, 7))).status, 200);
});

test('two requests at a time cannot take it back: one is cosigned, the other told the size', async (t) => {
  // Signing takes a turn or more, so that both are judged by the same state.
  const slow = { ...testSigner('witness') };
  const sign = slow.sign;
  let waiting: (() => void)[] = [];
  slow.sign = async (data) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < 2) return;
      // The larger tree first, then the smaller one.
      for (const go of waiting.toReversed()) setTimeout(go);
      waiting = [];
    });
    return sign(data);
  };
  const w = await running(t, { signers: [slow] });
  w.witness.database.addKey(log.origin, log.vkey);
  const [small, large] = await Promise.all([
    log.request(0, 10).then((body) => w.post(body)),
    log.request(0, 20).then((body) => w.post(body)),
  ]);
  const taken = [small, large].filter(({ status }) => status === 200);
  const refused = [small, large].filter(({ status }) => status === 409);
  assert.deepEqual([taken.length, refused.length], [1, 1]);
  const size = await sizeKnown(w);
  await expectConflict(refused[0]!, size as number);
  assert.equal(taken[0], size === 20 ? large : small);
});

test('many clients at once: the size known never goes down, and ends at the largest', async (t) => {
  const w = await running(t);
  let last = 0;
  const push = async (size: number): Promise<void> => {
    for (let old = 0; old < size; ) {
      const answer = await w.post(await log.request(old, size));
      if (answer.status === 200) return;
      assert.equal(answer.status, 409);
      old = Number(await answer.text());
      assert.ok(old >= 0);
    }
  };
  const watch = setInterval(() => {
    const size = w.witness.database.latest(log.origin)?.size ?? 0;
    assert.ok(size >= last);
    last = size;
  }, 1);
  await Promise.all(Array.from({ length: 40 }, (_, i) => push(i + 1)));
  clearInterval(watch);
  assert.equal(await sizeKnown(w), 40);
});

test('the same first checkpoint from many clients at once: all are answered with a cosignature', async (t) => {
  const w = await running(t);
  for (const size of [0, 12]) {
    const body = await log.request(0, size);
    const first = await Promise.all(Array.from({ length: 8 }, () => w.post(body)));
    // Whoever came later is told the size, unless it is the one it named.
    for (const { status } of first) assert.ok(status === 200 || (size > 0 && status === 409), `${status}`);
    assert.ok(first.some(({ status }) => status === 200));
  }
});

test('after a restart it knows what it knew', async (t) => {
  const dir = folder(t);
  const first = await running(t, { dir });
  await first.post(await log.request(0, 20));
  await first.close();
  const second = await running(t, { dir, logs: [] });
  await expectConflict(await second.post(await log.request(0, 30)), 20);
  assert.equal((await second.post(await fork.request(20, 20))).status, 422);
  assert.equal((await second.post(await log.request(20, 30))).status, 200);
});

test('the newest checkpoint can be read, with the cosignature and without what strangers wrote', async (t) => {
  const w = await running(t);
  const body = log.body(7);
  const lines = await signCheckpoint(body, 'stranger', testSigner('stranger'));
  const note = formatNote(body, lines + (await signCheckpoint(body, log.origin, log.signer)));
  await w.post(formatAddCheckpoint({ old: 0, proof: [], note }));
  const answer = await w.get(`/${hashOf(log.origin)}/checkpoint`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  const shown = await answer.text();
  assert.ok(shown.startsWith(await log.note(7)));
  assert.equal((await cosignaturesOf(shown, w.witness.keys)).length, 1);
  assert.doesNotMatch(shown, /stranger/);
});

test('a split view is kept with both notes, told on the page and in JSON, once', async (t) => {
  const w = await running(t);
  await w.post(await log.request(0, 20));
  for (let i = 0; i < 3; i++) assert.equal((await w.post(await fork.request(20, 20))).status, 422);
  await expectConflict(await w.post(await fork.request(0, 20)), 20);
  const { logs } = (await (await w.get('/logs')).json()) as {
    logs: { conflicts: { kind: string; known: string; offered: string; time: number }[] }[];
  };
  assert.deepEqual(logs[0]?.conflicts, [
    {
      kind: 'split-view',
      time: Math.floor(NOW / 1_000),
      known: await log.note(20),
      offered: await fork.note(20),
    },
  ]);
  const page = await (await w.get('/')).text();
  assert.match(page, /the log signed two different trees of one size/);
  assert.ok(page.includes(fork.body(20)));
  assert.match(
    page,
    /<td role="cell" data-head="Conflicts"><a href="#conflicts">1<\/a>[\s\S]*<h2 id="conflicts">/,
  );
});

test('a checkpoint without proof is kept as what it is, until its proof comes; only so many are', async (t) => {
  const w = await running(t);
  await w.post(await log.request(0, 1));
  for (let size = 2; size <= 40; size++) await w.post(await log.request(1, size, []));
  const kinds = (): string[] => w.witness.database.conflicts(log.origin).map(({ kind }) => kind);
  assert.deepEqual(kinds(), Array(MAX_CONFLICTS).fill('unproven'));
  assert.equal((await w.post(await log.request(1, 5))).status, 200);
  assert.equal(kinds().length, MAX_CONFLICTS - 1);
});

test('the page says what it shows without a script, inert whatever a log calls itself', async (t) => {
  const name = `<script>alert(1)</script>&"\u202e\u200be${'\u0301'.repeat(60)}`;
  const hostile = new FakeLog(name);
  const w = await running(t, { logs: [hostile] });
  await w.post(await hostile.request(0, 7));
  const answer = await w.get('/');
  assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'; style-src 'sha256-/);
  const page = await answer.text();
  assert.doesNotMatch(page, /<script|\u202e|\u200b|\u0301{7}/u);
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;&quot;\\u\{202e\}\\u\{200b\}e\u0301/);
  assert.match(page, /<html lang="en">[\s\S]*<main>[\s\S]*<caption>[\s\S]*<th scope="col" /);
  assert.match(page, /color-scheme: light dark/);
});

test('when it cannot store or sign, it answers 503 and has vouched for nothing', async (t) => {
  const broken = { ...testSigner('witness'), sign: () => Promise.reject(new Error('no device')) };
  const w = await running(t, { signers: [broken] });
  assert.equal((await w.post(await log.request(0, 7))).status, 500);
  assert.equal(await sizeKnown(w), null);
  const v = await running(t);
  v.witness.database.close();
  const answer = await v.post(await log.request(0, 7));
  assert.ok(answer.status >= 500);
});

test('a file that is no witness database is refused and left as it is', async (t) => {
  const dir = folder(t);
  WitnessDatabase.open(dir).close();
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(`${dir}/witness.db`);
  db.exec('PRAGMA user_version = 7');
  db.close();
  assert.throws(() => WitnessDatabase.open(dir), { code: 'STORE_SCHEMA' });
  assert.throws(() => WitnessDatabase.open(`${dir}/witness.db`), { code: 'STORE_UNAVAILABLE' });
});

test('any octets are answered with 400', async (t) => {
  const w = await running(t);
  const seed = Buffer.from(await log.request(7, 20));
  for (let i = 0; i < 150; i++) {
    const body = Buffer.from(seed);
    // Any byte but those of signatures, where a change is refused as such.
    const at = (i * 7919) % (seed.lastIndexOf('\n\n') + 2);
    body[at] = (body[at] as number) ^ (1 << (i % 8));
    const { status } = await w.post(body);
    assert.ok([400, 403, 404, 409].includes(status), `${status} for byte ${at}`);
  }
  assert.equal((await w.post(utf8('\0'.repeat(1000)))).status, 400);
});
