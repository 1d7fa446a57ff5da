import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { TallystickClient } from '../../src/client/mod.ts';
import { LogError, StoreError } from '../../src/errors.ts';
import { createServer, operatingLog } from '../../src/server/mod.ts';
import { injected } from '../client/support.ts';
import { altered, assertProblem, atEnd, draft, post, serverFor, tempLog, VERSION } from './support.ts';

const log = await tempLog();
const app = serverFor(log);

describe('paths and methods', () => {
  test('an unknown path', async () => {
    assertProblem(await app.inject('/v1/nothing'), 'ROUTE_NOT_FOUND', 404);
    assertProblem(await post(app, '{}', { url: '/v1/nothing' }), 'ROUTE_NOT_FOUND', 404);
  });

  test('control routes are not there over TCP', async () => {
    for (const url of ['/v1/control/status', '/v1/control/state']) {
      assertProblem(await app.inject(url), 'ROUTE_NOT_FOUND', 404);
    }
    const answer = await post(app, '{}', { url: '/v1/control/append' });
    assertProblem(answer, 'ROUTE_NOT_FOUND', 404);
  });

  test('a method that a path does not take', async () => {
    const answer = await app.inject({ method: 'DELETE', url: '/v1/records' });
    assertProblem(answer, 'METHOD_NOT_ALLOWED', 405);
    assert.equal(answer.headers.allow, 'GET, HEAD, POST');
    const record = await app.inject({ method: 'PUT', url: '/v1/records/ca1/0', payload: 'x' });
    assertProblem(record, 'METHOD_NOT_ALLOWED', 405);
  });

  test('a path that is none', async () => {
    assertProblem(await app.inject('/%zz'), 'REQUEST_INVALID', 400);
    assertProblem(await app.inject(`/v1/records/${'x'.repeat(101)}/0`), 'REQUEST_INVALID', 400);
  });
});

describe('parameters are taken as they are or refused', () => {
  const REFUSED = {
    limit: ['0', '1001', '-1', '1.5', '05', '%2B5', '%205', '5%20', '0x5', '1e2', '', 'ten', '5&limit=6'],
    order: ['NEWEST', '', 'newest&order=oldest'],
    unknown: ['1'],
    Query: ['x'],
  };
  for (const [name, values] of Object.entries(REFUSED)) {
    for (const value of values) {
      test(`${name}=${value}`, async () => {
        const answer = await app.inject(`/v1/records?${name}=${value}`);
        assert.equal(assertProblem(answer, 'REQUEST_INVALID', 400).path, name);
      });
    }
  }

  test('one that is missing is named', async () => {
    const answer = await app.inject('/v1/facets?limit=3');
    assert.equal(assertProblem(answer, 'REQUEST_INVALID', 400).path, 'field');
  });

  test('a histogram has its order and its bounds', async () => {
    const ask = (from: number, to: number, bucketMs: number) =>
      app.inject(`/v1/histogram?from=${from}&to=${to}&bucketMs=${bucketMs}`);
    assert.equal(assertProblem(await ask(2, 1, 1), 'REQUEST_INVALID', 400).path, 'from');
    assert.equal(assertProblem(await ask(0, 5_000, 1), 'REQUEST_INVALID', 400).path, 'bucketMs');
    assert.equal(assertProblem(await ask(0, 1, 0), 'REQUEST_INVALID', 400).path, 'bucketMs');
  });
});

describe('pages of other sites are kept out', () => {
  const read = (headers: Record<string, string>) => app.inject({ url: '/v1/nodes', headers });
  const write = (headers: Record<string, string>) => post(app, JSON.stringify(draft()), { headers });

  test('a Host that is not this machine', async () => {
    const foreign = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'xlocalhost'];
    for (const host of [...foreign, '10.0.0.1', '[::2]', '0.0.0.0', 'localhost:x', 'a@localhost']) {
      assertProblem(await read({ host }), 'REQUEST_REFUSED', 403);
      assertProblem(await write({ host }), 'REQUEST_REFUSED', 403);
    }
    assertProblem(
      await app.inject({ url: '/nothing', headers: { host: 'evil.example' } }),
      'REQUEST_REFUSED',
      403,
    );
  });

  test('a Host that is', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST:4780',
      '127.0.0.1:4780',
      '127.1.2.3',
      '[::1]:4780',
      '[::1]',
    ]) {
      assert.equal((await read({ host })).statusCode, 200);
    }
  });

  test('an Origin that is another', async () => {
    const host = 'localhost:4780';
    const foreign = ['http://evil.example', 'http://localhost:3000', 'https://localhost:4780', 'null'];
    for (const origin of [...foreign, 'http://127.0.0.1:4780']) {
      assertProblem(await write({ host, origin }), 'REQUEST_REFUSED', 403);
    }
    assert.equal((await write({ host, origin: 'http://localhost:4780' })).statusCode, 201);
  });

  test('what the browser says of its page', async () => {
    for (const site of ['cross-site', 'same-site']) {
      assertProblem(await write({ 'sec-fetch-site': site }), 'REQUEST_REFUSED', 403);
    }
    assertProblem(
      await read({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }),
      'REQUEST_REFUSED',
      403,
    );
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    assert.equal((await read(link)).statusCode, 200);
    assertProblem(await write(link), 'REQUEST_REFUSED', 403);
    for (const site of ['same-origin', 'none']) {
      assert.equal((await write({ 'sec-fetch-site': site })).statusCode, 201);
    }
  });

  test('no answer may be read or framed by another page', async () => {
    for (const url of ['/', '/v1/nodes', '/nothing']) {
      const { headers } = await app.inject({ url, headers: { origin: 'http://evil.example' } });
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
      assert.equal(headers['cache-control'], 'no-store');
    }
  });
});

/** A watch that says nothing by itself. */
const quiet = {
  selfTest: () => assert.fail('not asked for'),
  recordSelfTests: async () => {},
  tellExpiries: async () => {},
};

describe('GET /healthz', () => {
  test('while records are taken', async () => {
    const answer = await app.inject('/healthz');
    assert.equal(answer.statusCode, 200);
    const { checks, ...rest } = answer.json();
    assert.deepEqual(rest, { status: 'ok', version: VERSION, node: 'ca1', size: log.head.size });
    assert.deepEqual(checks[0], { name: 'seal', state: 'ok', detail: 'the last batch was sealed' });
    assert.deepEqual(
      checks.map(({ name }: { name: string }) => name),
      ['seal', 'self-tests', 'tokens', 'late-acts', 'disk', 'expiry', 'time-sync', 'witnesses', 'timestamps'],
    );
  });

  test('while none are', async () => {
    const checks = [{ name: 'seal', state: 'failed', detail: 'the token is logged out', since: 7 }] as const;
    const watch = { ...quiet, health: async () => ({ status: 'failed', checks }) as const };
    const failing = serverFor(altered(log, { watch }));
    const answer = await failing.inject('/healthz');
    assert.equal(answer.statusCode, 503);
    assert.deepEqual(answer.json(), {
      ...{ status: 'failed', version: VERSION, node: 'ca1', size: log.head.size, checks },
    });
    const { status } = await new TallystickClient({
      url: 'http://localhost',
      fetch: injected(failing),
    }).health();
    assert.equal(status, 'failed');
  });

  test('while somebody must look', async () => {
    const checks = [{ name: 'disk', state: 'warning', detail: '700 MiB free' }] as const;
    const watch = { ...quiet, health: async () => ({ status: 'warning', checks }) as const };
    const answer = await serverFor(altered(log, { watch })).inject('/healthz');
    assert.deepEqual([answer.statusCode, answer.json().status], [200, 'warning']);
  });
});

describe('GET /', () => {
  test('says what this is, in both themes, with no style but its own', async () => {
    const answer = await app.inject('/');
    assert.equal(answer.statusCode, 200);
    assert.match(answer.body, /<html lang="en">/);
    assert.match(answer.body, /color-scheme:light dark/);
    assert.match(answer.body, /href="\/openapi.json"/);
    assert.match(String(answer.headers['content-security-policy']), /style-src 'sha256-[^']+'/);
  });
});

describe('errors', () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const failing = createServer({
    log: altered(log, {
      append: () => Promise.reject(new TypeError('secret of the defect')),
      appendEach: () => Promise.reject(new LogError('INTERNAL', 'secret of the defect')),
    }),
    version: VERSION,
    logger: operatingLog('debug', stream),
  });
  atEnd(() => failing.close());

  test('a defect is answered with an id under which the operating log says more', async () => {
    for (const body of [draft(), [draft()]]) {
      lines.length = 0;
      const answer = await post(failing, JSON.stringify(body));
      const problem = assertProblem(answer, 'INTERNAL', 500);
      assert.equal(answer.body.includes('secret'), false);
      assert.match(String(problem.instance), /^urn:uuid:[0-9a-f-]{36}$/);
      const told = lines.map((line) => JSON.parse(line)).find((line) => line.instance === problem.instance);
      assert.equal(told.err.message, 'secret of the defect');
      assert.equal(told.level, 50);
    }
  });

  test('what the disk cannot do is told to the operator, too', async () => {
    const full = new StoreError('STORE_FULL', 'no space left');
    const unable = createServer({
      log: altered(log, { append: () => Promise.reject(full) }),
      version: VERSION,
      logger: operatingLog('info', stream),
    });
    atEnd(() => unable.close());
    lines.length = 0;
    assertProblem(await post(unable, JSON.stringify(draft())), 'STORE_FULL', 507);
    assertProblem(await post(unable, '{'), 'JSON_INVALID', 400);
    const told = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      told.map(({ level, code }) => [level, code]),
      [[40, 'STORE_FULL']],
    );
  });

  test('the operating log holds neither records nor queries', async () => {
    lines.length = 0;
    await post(failing, JSON.stringify(draft({ event: 'private-event' })));
    await post(failing, JSON.stringify({ ...draft(), bad: 'private-member' }));
    await failing.inject('/v1/records?query=private-query');
    await failing.inject('/v1/records?limit=private-limit');
    assert.ok(lines.length >= 4);
    assert.equal(lines.join('').includes('private'), false);
  });
});
