import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tilePath, tilesOf } from '../../src/merkle/mod.ts';
import { HttpFiles, PublishedLog } from '../../src/published/mod.ts';
import { buildApp } from '../../src/server/app.ts';
import { startServer } from '../../src/server/mod.ts';
import { Service } from '../../src/server/service.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { assertProblem, atEnd, draft, NODE, tempLog, VERSION } from './support.ts';

const log = await tempLog();
await log.append(Array.from({ length: 300 }, () => draft()));
await log.append([draft({ details: { long: 'x'.repeat(10_000) } })]);
const app = buildApp(new Service(log, VERSION), 'public');
const local = buildApp(new Service(log, VERSION), 'local');
atEnd(() => Promise.all([app.close(), local.close()]));
const get = (path: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url: `/log/${NODE}/${path}`, headers });

describe('the port for everybody', () => {
  test('has the checkpoint, the key changes and every hash tile, as the local one', async () => {
    const paths = ['checkpoint', 'key-changes', ...[...tilesOf(log.head.size)].map(tilePath)];
    for (const path of paths.filter((path) => !path.includes('entries'))) {
      const answer = await get(path);
      assert.equal(answer.statusCode, 200, path);
      const same = await local.inject({
        method: 'GET',
        url: `/log/${NODE}/${path}`,
        headers: { host: 'localhost' },
      });
      assert.deepEqual(answer.rawPayload, same.rawPayload, path);
    }
  });

  test('refuses entries and payloads, there or not, in both views, and no byte of one is in the answer', async () => {
    const paths = [
      'tile/entries/000',
      'tile/entries/001.p/45',
      'tile/entries/999',
      `payload/ab/${'ab'.repeat(32)}`,
    ];
    for (const path of [...paths, ...paths.map((path) => `cosigned/${path}`)]) {
      const answer = await get(path);
      assertProblem(answer, 'ENTRIES_PRIVATE', 403);
      assert.doesNotMatch(answer.body, /shop|xxxx/);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
  });

  test('has no other route of the local one or the control socket, in any method', async () => {
    const paths = Object.keys((await control()).paths).filter((path) => !path.startsWith('/log/'));
    assert.ok(paths.length > 15);
    for (const path of paths.filter((path) => path !== '/openapi.json')) {
      const url = path.replaceAll(/\{[^}]*\}/g, '1');
      for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
        assertProblem(
          await app.inject({ method, url, payload: method === 'GET' ? '' : '{}' }),
          'ROUTE_NOT_FOUND',
          404,
        );
      }
    }
    const served = Object.keys((await app.inject('/openapi.json')).json().paths);
    assert.deepEqual(
      served.filter((path) => !path.startsWith('/log/')),
      ['/openapi.json'],
    );
  });

  test('is reached under any name', async () => {
    for (const host of ['log.example', 'log.example:443', '192.0.2.7:4781']) {
      assert.equal((await get('checkpoint', { host })).statusCode, 200);
    }
  });

  test('is on no address unless asked for; where it is, the hashes verify and the records do not leave', async () => {
    const closed = await startServer({ log, version: VERSION, port: 0 });
    assert.equal(closed.publicUrl, null);
    await closed.close();
    const server = await startServer({
      log,
      version: VERSION,
      port: 0,
      public: { host: '0.0.0.0', port: 0 },
    });
    atEnd(() => server.close());
    assert.match(server.publicUrl ?? '', /^http:\/\/0\.0\.0\.0:[0-9]+$/);
    const source = new PublishedLog(new HttpFiles(`${server.publicUrl}/log/${NODE}`));
    const report = await verifyLog(source, { keys: [log.vkey], hashesOnly: true });
    assert.equal(report.verdict, 'intact');
    await assert.rejects(verifyLog(source, { keys: [log.vkey] }), /403.*only hashes/s);
  });
});

async function control(): Promise<{ paths: Record<string, unknown> }> {
  const all = buildApp(new Service(log, VERSION), 'control');
  const { paths } = (await all.inject('/openapi.json')).json();
  await all.close();
  return { paths };
}
