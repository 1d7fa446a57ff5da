import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AuditLog } from '../../src/audit-log.ts';
import { ControlClient, type RecordAnswer } from '../../src/client/mod.ts';
import { type RunningServer, startServer } from '../../src/server/mod.ts';
import { Timestamps } from '../../src/timestamps/mod.ts';
import { OpensslAuthority } from '../timestamps/support/openssl.ts';
import { ca, type Holder, stamper } from '../timestamps/support/pki.ts';
import { answering, serve, type TestServer } from '../timestamps/support/server.ts';
import { socketFetch } from './socket-fetch.ts';
import { tempDir, tempLog, VERSION } from './support.ts';

/** Time stamp authorities through the control socket of a running server. */

let root: Holder;
let authority: OpensslAuthority;
let stamps: TestServer;
let log: AuditLog;
let timestamps: Timestamps;
let server: RunningServer;
let client: ControlClient;

before(async () => {
  root = await ca('Root');
  authority = new OpensslAuthority(await stamper('Stamps', root), []);
  stamps = await serve(answering({ current: authority }));
  log = await tempLog();
  timestamps = new Timestamps(log);
  const controlSocket = join(tempDir(), 'control.sock');
  server = await startServer({ log, version: VERSION, port: 0, controlSocket, timestamps });
  client = new ControlClient({ url: 'http://localhost', fetch: socketFetch(controlSocket) });
});
after(async () => {
  await timestamps.close();
  await server.close();
  await stamps.close();
  authority.remove();
});

describe('time stamps of a served log', () => {
  test('set, dated, listed, removed', async () => {
    assert.deepEqual(await client.timestamps(), []);
    await client.setAuthority({ url: stamps.url, roots: [root.der], policy: null }, 'CLI user alice');
    const [outcome] = await client.stampNow();
    assert.ok(outcome && 'notLaterThan' in outcome);
    assert.deepEqual([outcome.by, outcome.trust], ['CN=Stamps', 'given-root']);
    const { record } = await log.get(outcome.size - 1);
    assert.deepEqual([record?.event, record?.actor?.name], ['CONFIG_SIGNED_AUDIT', 'CLI user alice']);
    const [status] = await client.timestamps();
    assert.deepEqual([status?.tokens, status?.newest?.size, status?.failing], [1, outcome.size, null]);
    const bound = async (seq: number) => {
      const answer = await fetch(`${server.url}/v1/records/${log.node}/${seq}`);
      return ((await answer.json()) as RecordAnswer).bound;
    };
    const { notLaterThan } = outcome;
    const { root: hash, ...shown } = (await bound(0)) ?? assert.fail('no bound');
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(shown, { size: outcome.size, notLaterThan, by: 'CN=Stamps', trust: 'given-root' });
    assert.equal(await bound(outcome.size), null);
    await client.removeAuthority(stamps.url, 'CLI user alice');
    assert.deepEqual(await client.timestamps(), []);
    assert.deepEqual(await client.stampNow(), []);
  });

  test('what is unfit is refused with its code; nothing is kept', async () => {
    const unfit = { name: 'TimestampError', code: 'TIMESTAMP_AUTHORITY' };
    const set = (url: string) => client.setAuthority({ url, roots: [], policy: null }, 'x');
    await assert.rejects(set('ftp://tsa/'), unfit);
    await assert.rejects(client.removeAuthority('http://tsa/', 'x'), unfit);
    assert.deepEqual(await client.timestamps(), []);
  });

  test('not over TCP', async () => {
    const answer = await fetch(`${server.url}/v1/control/timestamps`);
    assert.equal(answer.status, 404);
  });
});
