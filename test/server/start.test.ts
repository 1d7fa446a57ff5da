import assert from 'node:assert/strict';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { AuditLog } from '../../src/audit-log.ts';
import { LogError, TallystickError } from '../../src/errors.ts';
import { type RunningServer, type ServedLog, type StartOptions, startServer } from '../../src/server/mod.ts';
import { altered, atEnd, draft, tempDir, tempLog, VERSION } from './support.ts';

const log = await tempLog();

async function start(
  options: Partial<StartOptions> & { readonly log?: ServedLog } = {},
): Promise<RunningServer> {
  const server = await startServer({ log, version: VERSION, port: 0, ...options });
  atEnd(() => server.close());
  return server;
}

const refused = (code: string) => (error: unknown) => error instanceof TallystickError && error.code === code;

/** What comes back for bytes that need not be HTTP. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(text);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

describe('where a server listens', () => {
  test('on 127.0.0.1 unless told otherwise', async () => {
    const { url } = await start();
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  test('on localhost, which is loopback', async () => {
    const { url } = await start({ host: 'localhost' });
    assert.match(url, /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
  });

  test('nowhere but on loopback', async () => {
    const foreign = [
      '0.0.0.0',
      '::',
      '192.0.2.1',
      '::ffff:0.0.0.0',
      '::ffff:192.0.2.1',
      'example.com',
      '',
      '*',
    ];
    for (const host of [
      ...foreign,
      '127.0.0.1.example.com',
      'fe80::1%eth0',
      '0',
      '2130706433',
      '128.0.0.1',
    ]) {
      await assert.rejects(start({ host }), refused('USAGE'), host);
    }
  });

  test('not on a port that another has, and nothing is recorded then', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    atEnd(() => other.close());
    const { port } = other.address() as { port: number };
    const before = log.head.size;
    await assert.rejects(start({ port }), refused('SERVER_UNAVAILABLE'));
    assert.equal(log.head.size, before);
  });

  test('not when the start cannot be recorded', async () => {
    const closed = new LogError('LOG_CLOSED', 'closed');
    const controlSocket = join(tempDir(), 'control.sock');
    const acts = { waitingState: () => undefined, record: () => Promise.reject(closed) };
    const unable = altered(log, { acts });
    await assert.rejects(start({ log: unable, controlSocket }), refused('LOG_CLOSED'));
    await assert.rejects(once(connect(controlSocket), 'connect'));
  });
});

describe('what a server records of itself', () => {
  const events = async (of: AuditLog): Promise<[string, unknown][]> =>
    Promise.all(
      Array.from({ length: of.head.size - 1 }, async (_, i) => {
        const { record } = await of.get(i + 1);
        return [String(record?.event), record?.details] as [string, unknown];
      }),
    );

  test('its start, its self-tests and its stop', async () => {
    const log = await tempLog();
    const server = await start({ log });
    const started = (await log.get(1)).record;
    assert.deepEqual(
      [started?.system, started?.event, started?.outcome, started?.actor],
      ['tallystick', 'AUDIT_LOG_STARTUP', 'success', { name: 'tallystick' }],
    );
    await server.close();
    await server.close();
    assert.deepEqual(await events(log), [
      ['AUDIT_LOG_STARTUP', { version: VERSION, listen: [server.url] }],
      ['SELFTESTS_EXECUTION', { checks: ['token', 'store', 'head', 'clock'] }],
      ['AUDIT_LOG_SHUTDOWN', { version: VERSION }],
    ]);
  });

  test('whether the last stop was recorded', async () => {
    const log = await tempLog();
    const unclean = async (): Promise<unknown> => {
      const { record } = await log.get(log.head.size - 2);
      assert.equal(record?.event, 'AUDIT_LOG_STARTUP');
      return (record.details as { unclean?: unknown }).unclean;
    };
    const first = await start({ log });
    assert.equal(await unclean(), undefined);
    // The first is not closed: to the second it has ended without a word.
    const second = await start({ log });
    assert.equal(await unclean(), true);
    await second.close();
    const third = await start({ log });
    assert.equal(await unclean(), undefined);
    await third.close();
    await first.close();
  });

  test('no stop when the log itself has stopped', async () => {
    const log = await tempLog();
    const stopped = Promise.resolve(new LogError('LOG_HELD', 'taken over'));
    const server = await start({ log: altered(log, { stopped }) });
    await server.close();
    assert.deepEqual(
      (await events(log)).map(([event]) => event),
      ['AUDIT_LOG_STARTUP', 'SELFTESTS_EXECUTION'],
    );
  });

  test('a stop that cannot be recorded does not keep it from stopping', async () => {
    const log = await tempLog();
    const server = await start({ log });
    await log.close();
    await server.close();
    await assert.rejects(fetch(server.url));
  });

  test('late, when nothing can be sealed: it is served all the same', async () => {
    const data = tempDir();
    const log = await tempLog({ data });
    renameSync(join(data, 'log.db'), join(data, 'away.db'));
    await log.watch.selfTest({ name: 'somebody' });
    const server = await start({ log });
    assert.equal((await fetch(`${server.url}/healthz`)).status, 503);
    assert.equal(log.head.size, 1);
    renameSync(join(data, 'away.db'), join(data, 'log.db'));
    await log.watch.selfTest({ name: 'somebody' });
    await server.close();
    const told = await Promise.all(
      [1, 2, 3, 4].map(async (seq) => {
        const { record } = await log.get(seq);
        return [record?.event, record?.outcome, record?.flags];
      }),
    );
    assert.deepEqual(told, [
      ['SELFTESTS_EXECUTION', 'failure', ['late']],
      ['AUDIT_LOG_STARTUP', 'success', ['late']],
      ['SELFTESTS_EXECUTION', 'success', undefined],
      ['AUDIT_LOG_SHUTDOWN', 'success', undefined],
    ]);
  });

  test('what soon expires, at its start', async () => {
    const log = await tempLog();
    let told = 0;
    const { health, selfTest, recordSelfTests } = log.watch;
    const watch = {
      health,
      selfTest,
      recordSelfTests: recordSelfTests.bind(log.watch),
      tellExpiries: async () => void told++,
    };
    await start({ log: altered(log, { watch }) });
    assert.equal(told, 1);
  });
});

describe('closing', () => {
  test('finishes what has begun and takes nothing new', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const server = await start({
      log: altered(log, {
        append: async (record, settings) => {
          begin();
          await gate;
          return log.append(record, settings);
        },
      }),
    });
    const appending = fetch(`${server.url}/v1/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(draft()),
    });
    await begun;
    const closing = server.close();
    await assert.rejects(once(connect(Number(new URL(server.url).port), '127.0.0.1'), 'connect'));
    open();
    const answer = await appending;
    assert.equal(answer.status, 201);
    const { seq } = (await answer.json()) as { seq: number };
    await closing;
    assert.equal((await log.get(seq + 1)).record?.event, 'AUDIT_LOG_SHUTDOWN');
  });

  // The limit is half of what a server waits before it cuts connections.
  test('does not wait for a connection that was never used', { timeout: 5_000 }, async () => {
    const server = await start();
    const { hostname, port } = new URL(server.url);
    const unused = connect(Number(port), hostname);
    await once(unused, 'connect');
    await (await fetch(`${server.url}/healthz`)).text();
    const closed = once(unused, 'close');
    await Promise.all([server.close(), closed]);
  });
});

describe('long work', () => {
  test('ends when its caller hangs up, and not before', async () => {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const reader = Object.create(log.reader, {
      verify: {
        value: async ({ deep, signal }: { deep: boolean; signal: AbortSignal }) => {
          if (!deep) return { aborted: signal.aborted };
          begin();
          await once(signal, 'abort');
          abort();
          throw signal.reason;
        },
      },
    });
    const { url } = await start({ log: altered(log, { reader }) });
    const verify = (deep: boolean, signal?: AbortSignal) =>
      fetch(`${url}/v1/verify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ deep }),
        ...(signal ? { signal } : {}),
      });
    assert.deepEqual(await (await verify(false)).json(), { aborted: false });
    const caller = new AbortController();
    const asked = verify(true, caller.signal);
    await begun;
    caller.abort();
    await assert.rejects(asked);
    await aborted;
    assert.deepEqual(await (await verify(false)).json(), { aborted: false });
  });

  test('large bodies are taken a few at a time', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let waiting = 0;
    const { promise: full, resolve: fill } = Promise.withResolvers<void>();
    const { url } = await start({
      log: altered(log, {
        append: async (record, settings) => {
          if (++waiting === 8) fill();
          await gate;
          return log.append(record, settings);
        },
      }),
    });
    const send = (bytes: number) =>
      fetch(`${url}/v1/records`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(draft()).padEnd(bytes),
      });
    const large = Array.from({ length: 8 }, () => send(1_100_000));
    await full;
    const refused = await send(1_100_000);
    assert.equal(refused.status, 429);
    const small = send(0);
    open();
    for (const answer of await Promise.all([...large, small])) assert.equal(answer.status, 201);
    assert.equal((await send(1_100_000)).status, 201);
  });
});

describe('what is not a request', () => {
  test('is answered with a problem, and hung up on', async () => {
    const { url } = await start();
    const cases = {
      'hello\r\n\r\n': 400,
      [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`]: 413,
      'POST /v1/records HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n': 400,
    };
    for (const [text, status] of Object.entries(cases)) {
      const answer = await raw(url, text);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(answer, /content-type: application\/problem\+json/);
      const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
      assert.equal(problem.status, status);
    }
  });

  test('a Host that is empty, of another port, or missing', async () => {
    const { url } = await start();
    const { port } = new URL(url);
    for (const host of ['', 'localhost', 'localhost:1', `evil.example:${port}`]) {
      const answer = await raw(url, `GET /healthz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 403 /, host);
      assert.match(answer, /"REQUEST_REFUSED"/);
    }
    assert.match(await raw(url, 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /);
    // A page that is answered at once: whoever has hung up on its side by then hears nothing.
    const good = `GET / HTTP/1.1\r\nhost: localhost:${port}\r\nconnection: close\r\n\r\n`;
    assert.match(await raw(url, good), /^HTTP\/1\.1 200 /);
  });

  test('a body cut off appends nothing', async () => {
    const { url } = await start();
    const before = log.head.size;
    const { host } = new URL(url);
    const lines = `${JSON.stringify(draft())}\n${JSON.stringify(draft())}\n`;
    await raw(
      url,
      `POST /v1/records HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${lines.length + 10}\r\n\r\n${lines}`,
    );
    assert.equal(log.head.size, before);
  });
});
