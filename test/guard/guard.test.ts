import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { LateFile } from '../../src/acts/late-file.ts';
import { AuditLog } from '../../src/audit-log.ts';
import { Catalogs } from '../../src/catalog/catalogs.ts';
import { TallystickClient } from '../../src/client/mod.ts';
import { AuditUnavailable, OutcomeUnsealed, StoreError } from '../../src/errors.ts';
import { createServer } from '../../src/server/mod.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { injected } from '../client/support.ts';
import { noKeys } from '../keys/no-keys.ts';
import { checkLog } from '../log/check.ts';
import { NODE, openBench, settle } from '../log/fixture.ts';
import type { StagedStore } from '../log/staged-store.ts';
import { tempDir } from '../store/temp.ts';
import { type Guarded, guardContract } from './contract.ts';
import { vault } from './vault.ts';

const DETAILS = { alias: 'k1' };
const { dir, remove } = tempDir();
after(remove);

interface Embedded extends Guarded {
  readonly log: AuditLog;
}

async function embedded(): Promise<Embedded> {
  const { log: inner, store, disk } = await openBench();
  const late = LateFile.open(join(dir, 'late'));
  const log = await AuditLog.start({
    ...{ data: null, selfTests: false },
    store,
    log: inner,
    index: null,
    catalogs: Catalogs.builtIn,
    late,
    keys: noKeys(dir),
  });
  const records = async () => (await checkLog(new MemoryStore(disk), NODE, inner.vkey)).records;
  return { log, store, records, guard: log.guard.bind(log) };
}

async function overHttp(): Promise<Guarded & { readonly store: StagedStore }> {
  const { log, store, records } = await embedded();
  const fetch = injected(createServer({ log, version: '0' }));
  const client = new TallystickClient({ url: 'http://127.0.0.1:4780', fetch });
  return { store, records, guard: client.guard.bind(client) };
}

describe('embedded', () => {
  guardContract(embedded);

  test('close waits for operations under way and their outcomes, and refuses new ones', async () => {
    const { log, records } = await embedded();
    const operation = Promise.withResolvers<string>();
    const called = Promise.withResolvers<void>();
    const result = log.guard(vault.Generate, DETAILS, () => {
      called.resolve();
      return operation.promise;
    });
    await called.promise;
    let isClosed = false;
    const closing = log.close().then(() => {
      isClosed = true;
    });
    await assert.rejects(
      log.guard(vault.Generate, DETAILS, () => assert.fail('called')),
      AuditUnavailable,
    );
    await settle();
    assert.equal(isClosed, false);
    operation.resolve('made');
    assert.equal(await result, 'made');
    await closing;
    assert.deepEqual(
      (await records()).map(({ phase }) => phase),
      [undefined, 'attempt', 'outcome'],
    );
  });

  test('a log that stopped for good is not waited for', { timeout: 10_000 }, async () => {
    const { guard, store } = await embedded();
    const error = await guard(vault.Generate, DETAILS, () => {
      store.fail('commit', new StoreError('STORE_SYNC_FAILED', 'the disk is broken'));
      return 'made';
    }).catch((reason: unknown) => reason);
    assert.ok(error instanceof OutcomeUnsealed);
    assert.deepEqual(error.done, { result: 'made' });
    await assert.rejects(
      guard(vault.Generate, DETAILS, () => assert.fail('called')),
      AuditUnavailable,
    );
  });
});

describe('over HTTP', () => {
  guardContract(overHttp);

  test('an answer that is lost makes no second outcome', async () => {
    const { log, records } = await embedded();
    const real = injected(createServer({ log, version: '0' }));
    let lost = 0;
    const client = new TallystickClient({
      url: 'http://127.0.0.1:4780',
      async fetch(url, init) {
        const answer = await real(url, init);
        if (url.includes('phase=outcome') && lost++ < 2) throw new TypeError('connection reset');
        return answer;
      },
    });
    assert.equal(await client.guard(vault.Generate, DETAILS, () => 'made'), 'made');
    assert.equal(lost, 3);
    assert.equal((await records()).length, 3);
  });
});
