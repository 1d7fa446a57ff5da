import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { xroad } from '../../src/catalog/mod.ts';
import { ControlClient, type Fetch, TallystickClient } from '../../src/client/mod.ts';
import {
  ERROR_CODES,
  type ErrorCode,
  LogError,
  ProofError,
  QueryError,
  RecordError,
  TallystickError,
  UsageError,
} from '../../src/errors.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { buildApp } from '../../src/server/app.ts';
import { Service } from '../../src/server/service.ts';
import { altered, atEnd, draft, serverFor, tempLog, VERSION } from '../server/support.ts';
import { injected } from './support.ts';

const ADDRESS = 'http://127.0.0.1:4780';
const log = await tempLog({ index: true });
const client = new TallystickClient({ url: ADDRESS, fetch: injected(serverFor(log)) });

/** A client of a server that always gives this answer. */
function answering(body: string, status = 200, type = 'application/json'): TallystickClient {
  const fetch: Fetch = async () => new Response(body, { status, headers: { 'content-type': type } });
  return new TallystickClient({ url: ADDRESS, fetch });
}

type ErrorClass = new (...parameters: never[]) => TallystickError;
const fails = (Class: ErrorClass, code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof Class, String(error));
  assert.equal(error.code, code);
  return true;
};

describe('append', () => {
  test('an event of a catalog, whose fields the compiler knows', async () => {
    const { seq } = await client.record(
      xroad['security-server']['Log in user'],
      {},
      { actor: { name: 'ann' } },
    );
    const { record } = await client.get('ca1', seq);
    assert.deepEqual([record?.event, record?.component], ['Log in user', 'security-server']);
  });

  test('one record', async () => {
    const receipt = await client.append(draft({ id: 'client-1' }));
    assert.equal(receipt.seq, log.head.size - 1);
    assert.equal(receipt.checkpoint, log.head.note);
    assert.equal(receipt.duplicate, false);
  });

  test('several, each answered in its place', async () => {
    const results = await client.append([
      draft(),
      draft({ outcome: 'maybe' as 'void' }),
      draft({ id: 'client-2' }),
      draft({ id: 'client-2' }),
      draft({ system: 'tallystick' }),
      draft(),
    ]);
    assert.deepEqual(
      results.map((result) => ('receipt' in result ? 'in' : result.error.code)),
      ['in', 'RECORD_INVALID', 'in', 'ID_REUSED', 'SYSTEM_RESERVED', 'in'],
    );
    const refused = results[3];
    assert.ok(refused && 'error' in refused && refused.error instanceof RecordError);
  });

  test('one that is longer than a server takes is refused alone', async () => {
    const long = draft({ details: { A: '鍵'.repeat(3_000_000), B: '鍵'.repeat(3_000_000) } });
    await assert.rejects(client.append(long), fails(RecordError, 'RECORD_TOO_LARGE'));
    const results = await client.append([draft(), long, draft()]);
    assert.deepEqual(
      results.map((result) => ('receipt' in result ? 'in' : result.error.code)),
      ['in', 'RECORD_TOO_LARGE', 'in'],
    );
  });

  test('what JSON would change is refused, not changed', async () => {
    const before = log.head.size;
    const odd = [{ when: new Date(0) }, { n: Number.NaN }, { f: undefined }, { m: new Map() }];
    for (const details of odd as unknown as NonNullable<RecordDraft['details']>[]) {
      await assert.rejects(client.append(draft({ details })), fails(RecordError, 'RECORD_INVALID'));
      const [result] = await client.append([draft({ details })]);
      assert.ok(result && 'error' in result);
    }
    assert.equal(log.head.size, before);
  });

  test('more than one request holds', async () => {
    const requests: number[] = [];
    const fetch = injected(serverFor(log));
    const counting = new TallystickClient({
      url: ADDRESS,
      fetch: (url, init) => {
        requests.push(String(init.body).split('\n').length - 1);
        return fetch(url, init);
      },
    });
    const records = Array.from({ length: 10_002 }, () => draft());
    const bad = { ...draft(), extra: 1 };
    const before = log.head.size;
    const results = await counting.append([bad, ...records]);
    assert.deepEqual(requests, [10_000, 2]);
    assert.ok(results[0] && 'error' in results[0]);
    const last = results.at(-1);
    assert.ok(last && 'receipt' in last);
    assert.equal(last.receipt.seq, before + 10_001);
  });

  test('nothing asks nothing', async () => {
    const never = new TallystickClient({ url: ADDRESS, fetch: () => assert.fail('asked') });
    assert.deepEqual(await never.append([]), []);
  });
});

describe('reading', () => {
  test('search by text, by filter, and page by page', async () => {
    const { seq } = await client.append(draft({ event: 'CLIENT_SEARCH' }));
    const byText = await client.search({ query: 'event:CLIENT_SEARCH' });
    assert.deepEqual(
      byText.records.map((view) => view.seq),
      [seq],
    );
    const filter = { kind: 'text', field: 'event', pattern: 'CLIENT_SEARCH', wildcard: false } as const;
    assert.deepEqual(await client.search({ query: filter }), byText);
    const first = await client.search({ limit: 2, order: 'oldest' });
    const second = await client.search({ limit: 2, order: 'oldest', cursor: first.next as string });
    assert.deepEqual(
      [...first.records, ...second.records].map((view) => view.seq),
      [0, 1, 2, 3],
    );
  });

  test('count, histogram, facets', async () => {
    await client.append([
      draft({ time: 5, event: 'CLIENT_COUNT' }),
      draft({ time: 15, event: 'CLIENT_COUNT' }),
    ]);
    const query = 'event:CLIENT_COUNT';
    assert.equal(await client.count(query), 2);
    assert.deepEqual(await client.histogram(query, { from: 0, to: 19, bucketMs: 10 }), [
      { start: 0, outcome: 'success', count: 1 },
      { start: 10, outcome: 'success', count: 1 },
    ]);
    assert.deepEqual(await client.facets(query, 'system', 1), [{ value: 'shop', count: 2 }]);
  });

  test('nodes, checkpoint, health, verify', async () => {
    const [node] = await client.nodes();
    assert.equal(node?.vkey, log.vkey);
    assert.equal(await client.checkpoint('ca1'), log.head.note);
    assert.equal((await client.health()).version, VERSION);
    const report = await client.verify({ keys: [log.vkey] });
    assert.deepEqual([report.verdict, report.trust], ['intact', 'given-key']);
  });
});

describe('errors', () => {
  test('are those of the library', async () => {
    await assert.rejects(client.search({ query: '(' }), fails(QueryError, 'QUERY_INVALID'));
    await assert.rejects(client.get('other', 0), fails(LogError, 'LOG_NOT_FOUND'));
    await assert.rejects(client.search({ limit: 0 }), fails(UsageError, 'REQUEST_INVALID'));
    await assert.rejects(client.verify({ keys: ['x'] }), fails(ProofError, 'KEY_INVALID'));
  });

  test('say where', async () => {
    await assert.rejects(client.search({ query: 'event:x (' }), (error: QueryError) => {
      assert.equal(typeof error.context.at, 'number');
      return true;
    });
  });

  test('of every code come back as they were thrown', async () => {
    const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => code !== 'INTERNAL');
    let next = 0;
    const failing = altered(log, {
      append: async () => {
        const code = codes[next] as ErrorCode;
        throw new TallystickError(code, `message of ${code}`);
      },
    });
    const its = new TallystickClient({ url: ADDRESS, fetch: injected(serverFor(failing)) });
    for (const [i, code] of codes.entries()) {
      next = i;
      await assert.rejects(its.append(draft()), (error: TallystickError) => {
        assert.deepEqual([error.code, error.message], [code, `message of ${code}`]);
        return true;
      });
    }
  });

  test('nobody answers', async () => {
    const cause = new TypeError('fetch failed');
    const alone = new TallystickClient({ url: ADDRESS, fetch: () => Promise.reject(cause) });
    await assert.rejects(alone.health(), (error: UsageError) => {
      assert.equal(error.cause, cause);
      return fails(UsageError, 'SERVER_UNAVAILABLE')(error);
    });
  });

  test('somebody else answers', async () => {
    const strangers = [
      answering('<html>', 200, 'text/html'),
      answering('{', 200),
      answering('{"error":"x"}', 404),
      answering('', 502, 'text/plain'),
      answering('null', 500),
      answering('{"code":"toString","detail":"x"}', 400),
    ];
    for (const stranger of strangers) {
      await assert.rejects(stranger.health(), fails(UsageError, 'SERVER_UNAVAILABLE'));
    }
    await assert.rejects(
      answering('{"results":[]}').append([draft()]),
      fails(UsageError, 'SERVER_UNAVAILABLE'),
    );
  });

  test('an address that is none', () => {
    for (const url of [
      '',
      'localhost',
      'ftp://localhost',
      'http://',
      'http://localhost/path',
      'http://h?x',
    ]) {
      assert.throws(() => new TallystickClient({ url }), fails(UsageError, 'USAGE'), url);
    }
  });

  test('an aborted request rejects with the reason', async () => {
    const reason = new Error('enough');
    const waiting: Fetch = (_url, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const slow = new TallystickClient({ url: ADDRESS, fetch: waiting });
    const controller = new AbortController();
    const search = slow.search({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(search, (error) => error === reason);
  });
});

describe('ControlClient', () => {
  const app = buildApp(new Service(log, VERSION), 'control');
  atEnd(() => app.close());
  const control = new ControlClient({ url: 'http://localhost', fetch: injected(app) });

  test('names the source', async () => {
    const { seq } = await control.appendAs('tool', draft());
    assert.equal((await log.get(seq)).record?.source, 'tool');
    const [result] = await control.appendAs('tool', [draft()]);
    assert.ok(result && 'receipt' in result);
  });

  test('commits records with state', async () => {
    const state = [{ key: 'client/__proto__', value: 'x' }];
    const results = await control.appendEach([draft(), draft()], { source: 'file', state });
    assert.equal(results.length, 2);
    assert.deepEqual([...(await control.state('client/'))], [['client/__proto__', 'x']]);
  });

  test('a record that breaks a rule is refused alone', async () => {
    const bad = { ...draft(), node: 'x' } as RecordDraft;
    const results = await control.appendEach([draft(), bad, draft()], { source: 's', state: [] });
    assert.deepEqual(
      results.map((result) => ('error' in result ? result.error.code : result.receipt.duplicate)),
      [false, 'RECORD_INVALID', false],
    );
  });

  test('status', async () => {
    assert.equal((await control.status()).size, log.head.size);
  });

  test('is not served over TCP', async () => {
    const tcp = new ControlClient({ url: ADDRESS, fetch: injected(serverFor(log)) });
    await assert.rejects(tcp.status(), fails(UsageError, 'ROUTE_NOT_FOUND'));
  });
});
