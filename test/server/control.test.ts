import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TallystickError } from '../../src/errors.ts';
import { type RunningServer, socketAddress, startServer } from '../../src/server/mod.ts';
import { socketFetch } from './socket-fetch.ts';
import { atEnd, draft, tempDir, tempLog, VERSION } from './support.ts';

const log = await tempLog({ index: true });

async function start(controlSocket: string): Promise<RunningServer> {
  const server = await startServer({ log, version: VERSION, port: 0, controlSocket });
  atEnd(() => server.close());
  return server;
}

const unavailable = (file: string) => (error: unknown) =>
  error instanceof TallystickError && error.code === 'SERVER_UNAVAILABLE' && error.message.includes(file);

describe('the control socket', () => {
  test('is open to its owner alone, and goes with the server', async () => {
    const file = join(tempDir(), 'control.sock');
    const before = process.umask(0);
    try {
      const server = await start(file);
      assert.ok(lstatSync(file).isSocket());
      assert.equal(lstatSync(file).mode & 0o777, 0o600);
      assert.equal(process.umask(), 0);
      await server.close();
    } finally {
      process.umask(before);
    }
    assert.equal(existsSync(file), false);
  });

  test('of a process that died is replaced', async () => {
    const file = join(tempDir(), 'control.sock');
    const script = join(tempDir(), 'listen.mjs');
    writeFileSync(
      script,
      `import { createServer } from 'node:net';
       createServer().listen(${JSON.stringify(file)}, () => process.send('listening'));`,
    );
    const child = fork(script);
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(lstatSync(file).isSocket());
    await start(file);
    assert.equal((await socketFetch(file)('http://localhost/healthz', {})).status, 200);
  });

  test('of a process that lives is not touched', async () => {
    const file = join(tempDir(), 'control.sock');
    const other = createSocketServer().listen(file);
    await once(other, 'listening');
    atEnd(() => other.close());
    const before = log.head.size;
    await assert.rejects(start(file), unavailable(file));
    const client = connect(file);
    await once(client, 'connect');
    client.destroy();
    assert.equal(log.head.size, before);
  });

  test('does not take the place of anything else', async () => {
    const dir = tempDir();
    const file = join(dir, 'control.sock');
    writeFileSync(file, 'mine');
    await assert.rejects(start(file), unavailable(file));
    const folder = join(dir, 'folder');
    mkdirSync(folder);
    await assert.rejects(start(folder), unavailable(folder));
  });

  test('cannot be where there is no directory', async () => {
    const file = join(tempDir(), 'missing', 'control.sock');
    await assert.rejects(start(file), unavailable(file));
  });

  test('may have a path too long for an address when the working directory is near', async () => {
    const dir = join(tempDir(), 'x'.repeat(120));
    mkdirSync(dir);
    chmodSync(dir, 0o700);
    const file = join(dir, 'control.sock');
    assert.throws(
      () => socketAddress(file),
      (error) => error instanceof TallystickError && error.code === 'USAGE',
    );
    const before = process.cwd();
    process.chdir(dir);
    try {
      const server = await start(file);
      assert.equal((await socketFetch(socketAddress(file))('http://localhost/healthz', {})).status, 200);
      await server.close();
      assert.equal(existsSync(file), false);
    } finally {
      process.chdir(before);
    }
  });
});

describe('routes of the control socket', async () => {
  const file = join(tempDir(), 'control.sock');
  await start(file);
  const send = socketFetch(file);
  const get = (path: string) => send(`http://localhost${path}`, {});
  const post = (path: string, body: unknown) =>
    send(`http://localhost${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('append commits records and state together', async () => {
    const state = [
      { key: 'source/a/1', value: 'eleven' },
      { key: 'source/a/2', value: '' },
      { key: 'source/b', value: '{"n":1}' },
    ];
    const answer = await post('/v1/control/append', {
      records: [draft(), draft()],
      source: 'file:a.log',
      state,
    });
    assert.equal(answer.status, 200);
    const { results } = (await answer.json()) as { results: { receipt: { seq: number } }[] };
    assert.equal(results.length, 2);
    const { record } = await log.get(results[1]?.receipt.seq as number);
    assert.equal(record?.source, 'file:a.log');
    const found = await (await get('/v1/control/state?prefix=source/a/')).json();
    assert.deepEqual(found, { state: { 'source/a/1': 'eleven', 'source/a/2': '' } });
    await post('/v1/control/append', {
      records: [draft()],
      source: 's',
      state: [{ key: 'source/a/1', value: null }],
    });
    const all = (await (await get('/v1/control/state')).json()) as { state: object };
    assert.deepEqual(
      Object.keys(all.state).filter((key) => key.startsWith('source/')),
      ['source/a/2', 'source/b'],
    );
  });

  test('a record that cannot be sealed is refused alone; the state goes with the others', async () => {
    const before = log.head.size;
    const state = [{ key: 'beside-a-bad-one', value: 'x' }];
    const records = [draft(), { ...draft(), seq: 1 }];
    const answer = await post('/v1/control/append', { records, source: 's', state });
    assert.equal(answer.status, 200);
    const { results } = (await answer.json()) as { results: { error?: { code: string; path: string } }[] };
    assert.deepEqual(
      results.map(({ error }) => error && [error.code, error.path]),
      [undefined, ['RECORD_INVALID', 'seq']],
    );
    assert.equal(log.head.size, before + 1);
    assert.equal((await log.state('beside-a-bad-one')).size, 1);
  });

  test('nobody goes by the source of the log itself', async () => {
    const before = log.head.size;
    const answers = [
      await post('/v1/records?source=tallystick', draft()),
      await post('/v1/control/append', { records: [draft()], source: 'tallystick' }),
    ];
    for (const answer of answers) {
      const { code, path } = (await answer.json()) as { code: string; path: string };
      assert.deepEqual([answer.status, code, path], [403, 'SYSTEM_RESERVED', 'source']);
    }
    assert.equal(log.head.size, before);
  });

  test('an id used for other content is refused alone', async () => {
    const records = [draft({ id: 'control-1' }), draft({ id: 'control-1' }), draft()];
    const { results } = (await (await post('/v1/control/append', { records, source: 's' })).json()) as {
      results: { receipt?: object; error?: { code: string } }[];
    };
    assert.ok(results[0]?.receipt && results[2]?.receipt);
    assert.equal(results[1]?.error?.code, 'ID_REUSED');
  });

  test('records may name their source', async () => {
    const answer = await post('/v1/records?source=my-tool', draft());
    const { seq } = (await answer.json()) as { seq: number };
    assert.equal((await log.get(seq)).record?.source, 'my-tool');
  });

  test('status', async () => {
    const status = (await (await get('/v1/control/status')).json()) as Record<string, unknown>;
    const { startedAt, ...rest } = status;
    assert.equal(typeof startedAt, 'number');
    assert.deepEqual(rest, {
      ...{ version: VERSION, pid: process.pid, node: log.node, vkey: log.vkey },
      ...{ origin: log.head.origin, size: log.head.size, certificate: null, stopped: null, rebuilding: null },
    });
  });

  test('index rebuild', async () => {
    const answer = await post('/v1/control/index/rebuild', {});
    assert.deepEqual(await answer.json(), { rebuilt: log.head.size });
    const { count } = (await (await get('/v1/count')).json()) as { count: number };
    assert.equal(count, log.head.size);
  });
});
