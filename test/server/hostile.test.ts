import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { assertProblem, draft, post, postLines, serverFor, tempLog } from './support.ts';

const log = await tempLog();
const app = serverFor(log);
const good = (): string => JSON.stringify(draft());

/** A record's text with one member replaced or added. */
const having = (members: string): string =>
  `{"time":1,"system":"shop","event":"E","outcome":"success",${members}}`;
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

interface Hostile {
  readonly what: string;
  readonly body: string | Buffer;
  readonly code: ErrorCode;
  readonly status: number;
  readonly path?: string;
  readonly at?: number;
}

const TABLE: readonly Hostile[] = [
  { what: 'nothing', body: ' ', code: 'JSON_INVALID', status: 400 },
  { what: 'no JSON', body: 'hello', code: 'JSON_INVALID', status: 400, at: 0 },
  { what: 'JSON cut off', body: good().slice(0, -1), code: 'JSON_INVALID', status: 400 },
  { what: 'two JSON texts', body: `${good()} ${good()}`, code: 'JSON_INVALID', status: 400 },
  { what: 'a byte order mark', body: `\uFEFF${good()}`, code: 'JSON_INVALID', status: 400 },
  { what: 'a comment', body: having('"id":"x"/**/'), code: 'JSON_INVALID', status: 400 },
  { what: 'a name twice', body: having('"event":"F"'), code: 'JSON_INVALID', status: 400 },
  {
    what: 'a name twice, deep',
    body: having('"details":{"a":[{"b":1,"b":1}]}'),
    code: 'JSON_INVALID',
    status: 400,
  },
  { what: 'a name twice, escaped', body: having('"\\u0065vent":"F"'), code: 'JSON_INVALID', status: 400 },
  {
    what: 'invalid UTF-8',
    body: Buffer.from(having('"id":"\xff\xfe"'), 'latin1'),
    code: 'JSON_INVALID',
    status: 400,
  },
  {
    what: 'UTF-8 of a surrogate',
    body: Buffer.from(having('"id":"\xed\xa0\x80"'), 'latin1'),
    code: 'JSON_INVALID',
    status: 400,
  },
  {
    what: 'overlong UTF-8',
    body: Buffer.from(having('"id":"\xc0\xaf"'), 'latin1'),
    code: 'JSON_INVALID',
    status: 400,
  },
  { what: 'a raw NUL byte', body: Buffer.from(having('"id":"a\0b"')), code: 'JSON_INVALID', status: 400 },
  {
    what: 'an escaped NUL',
    body: having('"id":"a\\u0000b"'),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'id',
  },
  {
    what: 'half a surrogate pair',
    body: having('"id":"\\ud800"'),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'id',
  },
  {
    what: 'half a surrogate pair as a name',
    body: having('"details":{"\\udc00":1}'),
    code: 'RECORD_INVALID',
    status: 400,
  },
  {
    what: 'an integer that loses digits',
    body: having('"details":{"n":9007199254740993}'),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'details.n',
  },
  {
    what: 'infinity',
    body: having('"details":{"n":1e999}'),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'details.n',
  },
  { what: 'deep nesting', body: having(`"details":{"x":${nested(40)}}`), code: 'JSON_INVALID', status: 400 },
  { what: 'very deep nesting', body: nested(500_000), code: 'JSON_INVALID', status: 400 },
  { what: 'null', body: 'null', code: 'RECORD_INVALID', status: 400 },
  { what: 'a string', body: '"record"', code: 'RECORD_INVALID', status: 400 },
  { what: 'an empty object', body: '{}', code: 'RECORD_INVALID', status: 400 },
  { what: 'a time that is text', body: '{"time":"1"}', code: 'RECORD_INVALID', status: 400, path: 'time' },
  {
    what: 'an unknown member',
    body: having('"extra":1'),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'extra',
  },
  { what: 'a number of its own', body: having('"seq":5'), code: 'RECORD_INVALID', status: 400, path: 'seq' },
  {
    what: 'an arrival of its own',
    body: having('"logged":5'),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'logged',
  },
  {
    what: 'a prototype',
    body: having('"__proto__":{"id":"x"}'),
    code: 'RECORD_INVALID',
    status: 400,
    path: '__proto__',
  },
  {
    what: 'a forged reference',
    body: having(`"details":{"payload":"${'0'.repeat(64)}","bytes":1}`),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'details',
  },
  {
    what: 'an over-long member',
    body: having(`"id":"${'x'.repeat(257)}"`),
    code: 'RECORD_INVALID',
    status: 400,
    path: 'id',
  },
  {
    what: "the log's own system",
    body: '{"time":1,"system":"tallystick","event":"E","outcome":"success"}',
    code: 'SYSTEM_RESERVED',
    status: 403,
    path: 'system',
  },
];

describe('hostile records', () => {
  for (const { what, body, code, status, path, at } of TABLE) {
    test(`${what}, alone`, async () => {
      const before = log.head.size;
      const problem = assertProblem(await post(app, body), code, status);
      if (path !== undefined) assert.equal(problem.path, path);
      if (at !== undefined) assert.equal(problem.at, at);
      assert.equal(log.head.size, before);
    });
  }

  for (const { what, body, code } of TABLE.filter(({ body }) => String(body).trim() !== '')) {
    test(`${what}, between good lines`, async () => {
      const lines = Buffer.concat([
        Buffer.from(`${good()}\n`),
        Buffer.from(body),
        Buffer.from(`\n${good()}`),
      ]);
      const answer = await postLines(app, lines);
      assert.equal(answer.statusCode, 207);
      const { results } = answer.json();
      assert.equal(results.length, 3);
      assert.equal(results[0].receipt.seq + 1, results[2].receipt.seq);
      assert.deepEqual([results[1].line, results[1].error.code], [2, code]);
    });
  }

  test('the last line cut off is an error of that line only', async () => {
    const answer = await postLines(app, `${good()}\n${good()}\n${good().slice(0, 30)}`);
    const { results } = answer.json();
    assert.equal(answer.statusCode, 207);
    assert.ok(results[0].receipt && results[1].receipt);
    assert.deepEqual([results[2].line, results[2].error.code], [3, 'JSON_INVALID']);
  });

  test('bad lines alone are answered line by line, and nothing is sealed', async () => {
    const before = log.head.size;
    const answer = await postLines(app, '{\n[]\n1\n');
    assert.equal(answer.statusCode, 207);
    assert.deepEqual(
      answer.json().results.map((result: { error: { code: string } }) => result.error.code),
      ['JSON_INVALID', 'RECORD_INVALID', 'RECORD_INVALID'],
    );
    assert.equal(log.head.size, before);
  });

  test('answers quote nothing of what was sent', async () => {
    const secret = 'correct-horse-battery';
    for (const body of [
      `{"${secret}`,
      having(`"id":["${secret}"]`),
      having(`"details":{"a":"${secret}","n":1e999}`),
    ]) {
      assert.equal((await post(app, body)).body.includes(secret), false);
      assert.equal((await postLines(app, body)).body.includes(secret), false);
    }
  });
});

describe('hostile bodies', () => {
  test('a body too large is refused by its length, before it is read', async () => {
    const answer = await post(app, Buffer.alloc(16 * 1024 * 1024 + 1, 0x20));
    const { detail } = assertProblem(answer, 'REQUEST_TOO_LARGE', 413);
    assert.match(String(detail), /more than the 16777216 bytes/);
  });

  test('a body of the largest size is read', async () => {
    const padding = 16 * 1024 * 1024 - Buffer.byteLength(good()) - 100;
    const answer = await post(app, good() + ' '.repeat(padding));
    assert.equal(answer.statusCode, 201);
  });

  test('large bodies one after another are no trouble', async () => {
    for (let i = 0; i < 10; i++) {
      assert.equal((await post(app, good().padEnd(1_100_000))).statusCode, 201);
    }
  });

  test('other types are refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'json',
    ]) {
      assertProblem(await post(app, good(), { type }), 'MEDIA_TYPE_UNSUPPORTED', 415);
    }
  });

  test('a packed body is refused, not read as if it were not', async () => {
    const answer = await post(app, good(), { headers: { 'content-encoding': 'gzip' } });
    assertProblem(answer, 'MEDIA_TYPE_UNSUPPORTED', 415);
  });

  test('no body at all', async () => {
    const answer = await app.inject({ method: 'POST', url: '/v1/records' });
    assertProblem(answer, 'REQUEST_INVALID', 400);
  });

  test('NDJSON is read where it is documented, nowhere else', async () => {
    const answer = await post(app, '{}', { url: '/v1/verify', type: 'application/x-ndjson' });
    assertProblem(answer, 'MEDIA_TYPE_UNSUPPORTED', 415);
  });
});
