import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { AuditLog } from '../../src/audit-log.ts';
import { openLog } from '../../src/open.ts';
import { parseTimestamped, verifyTimestamped } from '../../src/timestamps/mod.ts';
import { type Stamping, type TimestampSettings, Timestamps } from '../../src/timestamps/timestamps.ts';
import { OpensslAuthority } from './support/openssl.ts';
import { ca, DAY, type Holder, stamper } from './support/pki.ts';
import { answering, serve, type TestServer } from './support/server.ts';

/** A log that is dated by an authority, over hours and days of a clock of its own. */

const HOUR = 3_600_000;

let root: Holder;
const current: { current: OpensslAuthority } = { current: null as never };
let server: TestServer;

before(async () => {
  root = await ca('Root');
  current.current = new OpensslAuthority(await stamper('Stamps', root), []);
  server = await serve(answering(current));
});
after(async () => {
  current.current.remove();
  await server.close();
});

interface Bench {
  readonly log: AuditLog;
  readonly timestamps: Timestamps;
  readonly outcomes: Stamping[];
  clock: number;
  append(): Promise<void>;
  tokens(): Promise<ReadonlyMap<string, string>>;
}

async function bench(t: TestContext, settings: TimestampSettings = {}): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-'));
  const log = await openLog({ data: join(dir, 'data'), state: join(dir, 'state'), index: false, node: 'n' });
  const outcomes: Stamping[] = [];
  const it: Bench = {
    log,
    outcomes,
    clock: Date.now(),
    timestamps: new Timestamps(log, {
      now: () => it.clock,
      onStamped: (outcome) => outcomes.push(outcome),
      ...settings,
    }),
    append: async () => {
      await log.append({ system: 'signserver', event: 'PROCESS', outcome: 'success', time: Date.now() });
    },
    tokens: () => log.state('timestamps/n/token/'),
  };
  t.after(async () => {
    await it.timestamps.close();
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return it;
}

const authority = (): { url: string; roots: Uint8Array[]; policy: null } => ({
  url: server.url,
  roots: [root.der],
  policy: null,
});

describe('timestamps of a log', () => {
  test('a token is verified, kept, and sealed with its digest', async (t) => {
    const { log, timestamps, tokens } = await bench(t);
    await timestamps.set(authority());
    const [outcome] = await timestamps.stamp();
    assert.ok(outcome && 'report' in outcome);
    assert.equal(outcome.report.verdict, 'verified');
    const [kept] = [...(await tokens()).values()].map(parseTimestamped);
    assert.ok(kept);
    assert.equal(kept.size, outcome.size);
    assert.equal((await verifyTimestamped(kept, { roots: [root.der] })).verdict, 'verified');
    const { record } = await log.get(kept.size);
    assert.equal(record?.event, 'AUDIT_LOG_SIGNING');
    const details = record?.details as Record<string, unknown> | undefined;
    assert.ok(details);
    const { size, root: hash, signer, signed, digest } = details;
    assert.deepEqual([size, hash, signer], [kept.size, kept.root, 'CN=Stamps']);
    assert.equal(signed, outcome.report.time?.genTime);
    const sha = await crypto.subtle.digest('SHA-256', new Uint8Array(kept.token));
    assert.equal(digest, Buffer.from(sha).toString('hex'));
  });

  test('once in an interval, and only of a log that goes on: its own records make no loop', async (t) => {
    const it = await bench(t);
    await it.timestamps.set(authority());
    assert.equal((await it.timestamps.stampDue()).length, 1);
    for (let hour = 0; hour < 5; hour++) {
      it.clock += HOUR;
      assert.deepEqual(await it.timestamps.stampDue(), []);
    }
    await it.append();
    assert.equal((await it.timestamps.stampDue()).length, 1);
    await it.append();
    assert.deepEqual(await it.timestamps.stampDue(), []);
    assert.equal((await it.tokens()).size, 2);
  });

  test('another process goes on where one ended', async (t) => {
    const it = await bench(t);
    await it.timestamps.set(authority());
    await it.timestamps.stampDue();
    await it.append();
    const next = new Timestamps(it.log, { now: () => it.clock });
    assert.deepEqual(await next.stampDue(), []);
    it.clock += HOUR;
    assert.equal((await next.stampDue()).length, 1);
  });

  test('one that fails is asked again ever more rarely, and in the end', async (t) => {
    const it = await bench(t);
    const silent = await serve((_body, answer) => void answer.writeHead(503).end());
    t.after(() => silent.close());
    await it.timestamps.set({ ...authority(), url: silent.url });
    const at: number[] = [];
    for (let minute = 0; minute < 240; minute++) {
      if ((await it.timestamps.stampDue()).length > 0) at.push(minute);
      it.clock += 60_000;
    }
    assert.deepEqual(at, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    const [status] = await it.timestamps.list();
    assert.equal(status?.failing?.code, 'TIMESTAMP_UNAVAILABLE');
    assert.equal(status?.failing?.times, 9);
    assert.equal(status?.overdue, true);
    assert.equal(it.outcomes.length, 9);
  });

  test('one that fails keeps no other from being asked', async (t) => {
    const it = await bench(t);
    await it.timestamps.set(authority());
    await it.timestamps.set({ ...authority(), url: 'http://127.0.0.1:9/' });
    const outcomes = await it.timestamps.stamp();
    assert.deepEqual(outcomes.map((outcome) => 'report' in outcome).sort(), [false, true]);
    const list = await it.timestamps.list();
    assert.deepEqual(
      list.map(({ url, tokens, failing }) => [url, tokens, failing?.times ?? 0]).sort(),
      [
        ['http://127.0.0.1:9/', 0, 1],
        [server.url, 1, 0],
      ].sort(),
    );
  });

  test('before a certificate ages a token is covered by a new one, though the log stands still', async (t) => {
    const it = await bench(t);
    await it.timestamps.set(authority());
    await it.timestamps.stampDue();
    const [status] = await it.timestamps.list();
    assert.equal(status?.renewal?.why, 'certificate');
    it.clock = (status?.renewal?.at ?? 0) - 1;
    assert.deepEqual(await it.timestamps.stampDue(), []);
    it.clock += 1;
    const [renewed] = await it.timestamps.stampDue();
    assert.ok(renewed && 'report' in renewed);
    // The record that seals the digest of the first token is among those that the second covers.
    assert.ok(renewed.size > (status?.newest?.size ?? 0));
    // The same certificate again: no more than once a day.
    it.clock += HOUR;
    assert.deepEqual(await it.timestamps.stampDue(), []);
    it.clock += DAY;
    assert.equal((await it.timestamps.stampDue()).length, 1);
  });

  test('a token of another authority is not taken', async (t) => {
    const it = await bench(t);
    const other = await ca('Other root');
    await it.timestamps.set({ ...authority(), roots: [other.der] });
    const before = it.log.head.size;
    const [outcome] = await it.timestamps.stamp();
    assert.ok(outcome && 'error' in outcome);
    assert.equal(outcome.error.code, 'TIMESTAMP_INVALID');
    assert.equal((await it.tokens()).size, 0);
    assert.equal(it.log.head.size, before);
  });

  test('no append waits for an authority', async (t) => {
    const it = await bench(t);
    const slow = await serve(() => new Promise(() => {}));
    t.after(() => slow.close());
    await it.timestamps.set({ ...authority(), url: slow.url });
    it.timestamps.start();
    while (slow.count === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await it.append();
    await it.append();
    // And closing breaks it off.
    await it.timestamps.close();
    assert.equal(it.outcomes.length, 1);
  });

  test('setting, changing and removing are records; what is unfit is refused', async (t) => {
    const it = await bench(t);
    const { url } = authority();
    await it.timestamps.set(authority());
    await it.timestamps.set({ ...authority(), policy: '1.2.3.4.5' });
    await it.timestamps.remove(url);
    const found: string[][] = [];
    for (let seq = 1; seq < it.log.head.size; seq++) {
      found.push(Object.keys((await it.log.get(seq)).record?.details ?? {}));
    }
    assert.deepEqual(found, [['added:timestamps'], ['changed:timestamps'], ['removed:timestamps']]);
    assert.deepEqual(await it.timestamps.list(), []);
    const unfit = { code: 'TIMESTAMP_AUTHORITY' };
    await assert.rejects(it.timestamps.remove(url), unfit);
    for (const bad of ['ftp://a/', 'tsa.example', 'http://user:secret@a/', 'http://a/#b']) {
      await assert.rejects(it.timestamps.set({ ...authority(), url: bad }), unfit);
    }
    await assert.rejects(it.timestamps.set({ ...authority(), policy: '1.2.x' as never }), unfit);
    await assert.rejects(it.timestamps.set({ ...authority(), roots: [Uint8Array.of(0x30, 0)] }), unfit);
  });
});
