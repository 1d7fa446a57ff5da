import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPin } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { altered, assertProblem, draft, post, postLines, serverFor, tempLog } from './support.ts';

const log = await tempLog({ index: true });
const app = serverFor(log);

const START = Date.UTC(2026, 0, 1);
const lines = Array.from({ length: 30 }, (_, i) =>
  JSON.stringify(
    draft({
      time: START + i * 1_000,
      event: i % 3 === 0 ? 'KEYGEN' : 'SIGN',
      outcome: i % 5 === 0 ? 'failure' : 'success',
      actor: { name: `user ${i % 2}` },
      details: { words: `needle-${i}` },
    }),
  ),
);
await postLines(app, lines.join('\n'));

describe('GET /v1/records', () => {
  test('newest first, verified, with the sealed state it is complete for', async () => {
    const { records, through, next } = (await app.inject('/v1/records?limit=3')).json();
    assert.deepEqual(
      records.map((view: { seq: number; status: string }) => [view.seq, view.status]),
      [30, 29, 28].map((seq) => [seq, 'verified']),
    );
    assert.deepEqual(through, [{ node: 'ca1', origin: log.head.origin, size: log.head.size }]);
    assert.equal(typeof next, 'string');
  });

  test('by query, page by page', async () => {
    const seqs: number[] = [];
    let cursor = '';
    do {
      const url = `/v1/records?query=${encodeURIComponent('event:KEYGEN')}&order=oldest&limit=4${cursor}`;
      const { records, next } = (await app.inject(url)).json();
      seqs.push(...records.map((view: { seq: number }) => view.seq));
      cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== '');
    assert.deepEqual(seqs, [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
  });

  test('by free text', async () => {
    const { records } = (await app.inject('/v1/records?query=needle-17')).json();
    assert.deepEqual(
      records.map((view: { seq: number }) => view.seq),
      [18],
    );
  });

  test('a query that does not parse is refused at its place', async () => {
    const answer = await app.inject(`/v1/records?query=${encodeURIComponent('event:KEYGEN (')}`);
    const problem = assertProblem(answer, 'QUERY_INVALID', 400);
    assert.equal(typeof problem.at, 'number');
  });

  test('a cursor that no search gave is refused', async () => {
    assertProblem(await app.inject('/v1/records?cursor=bm8'), 'QUERY_INVALID', 400);
  });
});

describe('GET /v1/count, /v1/histogram, /v1/facets', () => {
  test('count', async () => {
    assert.deepEqual((await app.inject('/v1/count?query=event:SIGN')).json(), { count: 20 });
    assert.deepEqual((await app.inject('/v1/count')).json(), { count: log.head.size });
  });

  test('what only reading finds is not counted', async () => {
    assertProblem(await app.inject('/v1/count?query=needle'), 'QUERY_INVALID', 400);
  });

  test('histogram', async () => {
    const url = `/v1/histogram?query=outcome:failure&from=${START}&to=${START + 29_999}&bucketMs=15000`;
    const { buckets } = (await app.inject(url)).json();
    assert.deepEqual(buckets, [
      { start: START, outcome: 'failure', count: 3 },
      { start: START + 15_000, outcome: 'failure', count: 3 },
    ]);
  });

  test('facets', async () => {
    const { values } = (await app.inject('/v1/facets?query=system:shop&field=event&limit=1')).json();
    assert.deepEqual(values, [{ value: 'SIGN', count: 20 }]);
  });
});

describe('GET /v1/records/{node}/{seq}', () => {
  test('one record with its proof', async () => {
    const answer = (await app.inject('/v1/records/ca1/7')).json();
    const { leaf, record } = await log.get(7);
    assert.deepEqual({ ...answer.record }, { ...record });
    assert.equal(answer.leaf, leaf);
    assert.equal(answer.status, 'verified');
    assert.equal(answer.proof.checkpoint, log.head.note);
    const { proof } = await log.reader.prove(7);
    assert.deepEqual(answer.proof.hashes, proof.map(toHex));
  });

  test('one that is not there', async () => {
    assertProblem(await app.inject(`/v1/records/ca1/${log.head.size}`), 'LOG_NOT_FOUND', 404);
    assertProblem(await app.inject('/v1/records/other/0'), 'LOG_NOT_FOUND', 404);
  });

  test('a number that is none', async () => {
    for (const seq of ['-1', '1.0', '01', '9007199254740993', 'x']) {
      assertProblem(await app.inject(`/v1/records/ca1/${seq}`), 'REQUEST_INVALID', 400);
    }
  });
});

describe('the logs', () => {
  test('GET /v1/checkpoint is the signed note', async () => {
    const answer = await app.inject('/v1/checkpoint?node=ca1');
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(answer.body, log.head.note);
    assertProblem(await app.inject('/v1/checkpoint?node=other'), 'LOG_NOT_FOUND', 404);
  });

  test('GET /v1/nodes', async () => {
    const { origin, size, root } = log.head;
    assert.deepEqual((await app.inject('/v1/nodes')).json(), {
      nodes: [{ node: 'ca1', origin, size, root: toHex(root), vkey: log.vkey }],
    });
  });
});

describe('POST /v1/verify', () => {
  const verify = (body: object) => post(app, JSON.stringify(body), { url: '/v1/verify' });

  test('reports what was checked, and on whose trust', async () => {
    const report = (await verify({ keys: [log.vkey] })).json();
    assert.equal(report.verdict, 'intact');
    assert.equal(report.trust, 'given-key');
    assert.equal(report.checked.records, log.head.size);
    assert.equal(report.checked.rows, log.head.size);
    assert.deepEqual(report.findings, []);
  });

  test('asks nothing more without a body', async () => {
    const report = (await app.inject({ method: 'POST', url: '/v1/verify' })).json();
    assert.equal(report.trust, 'log-key');
  });

  test('holds the log against a pin', async () => {
    const { origin, size, root, note } = log.head;
    const pin = formatPin({
      origin,
      keys: [log.vkey],
      size,
      root: toHex(root),
      checkpoint: note,
      savedAt: 1,
    });
    assert.equal((await verify({ pin })).json().trust, 'pinned-key');
    assertProblem(await verify({ pin: pin.replace('"v": 1', '"v": 2') }), 'PIN_INVALID', 422);
  });

  test('refuses what it does not know', async () => {
    assert.equal(assertProblem(await verify({ deeper: true }), 'REQUEST_INVALID', 400).path, 'deeper');
    assertProblem(await verify({ deep: 'true' }), 'REQUEST_INVALID', 400);
    assertProblem(await verify({ keys: ['no vkey'] }), 'KEY_INVALID', 422);
    assertProblem(await verify({ node: 'other' }), 'LOG_NOT_FOUND', 404);
  });

  test('runs one at a time, and again when it is done', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const reader = Object.create(log.reader, {
      verify: {
        value: async () => {
          await gate;
          return log.reader.verify();
        },
      },
    });
    const slow = serverFor(altered(log, { reader }));
    const first = slow.inject({ method: 'POST', url: '/v1/verify' });
    await slow.ready();
    const second = await slow.inject({ method: 'POST', url: '/v1/verify' });
    assertProblem(second, 'SERVER_BUSY', 429);
    assert.ok(Number(second.headers['retry-after']) > 0);
    open();
    assert.equal((await first).json().verdict, 'intact');
    assert.equal((await slow.inject({ method: 'POST', url: '/v1/verify' })).statusCode, 200);
  });
});
