import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Log } from '../../src/log/log.ts';
import type { Receipt } from '../../src/log/receipt.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { tempDir } from '../store/temp.ts';
import { checkLog } from './check.ts';
import { draft, drafts, NODE, rejects, SOURCE } from './fixture.ts';

// What the other suites show in memory, here where commits and look-ups of ids run in threads of their own.
describe('a log in SQLite', () => {
  let dir: string;
  let remove: () => void;
  beforeEach(() => {
    ({ dir, remove } = tempDir());
  });
  afterEach(() => remove());

  async function open(
    holder = 'the test',
  ): Promise<{ log: Log; store: SqliteStore; close: () => Promise<void> }> {
    const store = await SqliteStore.open({ dir });
    try {
      const log = await Log.open({ store, signers: [testSigner('the sealing key')], node: NODE, holder });
      const close = async (): Promise<void> => {
        await log.close();
        await store.close();
      };
      return { log, store, close };
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  test('seals an id once, however often and however closely it comes', async () => {
    const told = new Map<string, Receipt>();
    const fresh: Receipt[] = [];
    const made = Array.from({ length: 300 }, (_, i): RecordDraft => draft({ id: `id ${i}` }));
    for (let round = 0; round < 3; round++) {
      const { log, store, close } = await open();
      const appends: Promise<void>[] = [];
      for (let i = 0; i < 900; i++) {
        const one = made[Math.floor(Math.random() * made.length)] as RecordDraft;
        const append = async (): Promise<void> => {
          const [receipt] = await log.append([one], SOURCE);
          const before = told.get(one.id as string);
          assert.deepEqual(
            [receipt?.seq, receipt?.leaf],
            [before?.seq ?? receipt?.seq, before?.leaf ?? receipt?.leaf],
          );
          told.set(one.id as string, receipt as Receipt);
          if (receipt?.duplicate === false) fresh.push(receipt);
        };
        appends.push(append());
        if (Math.random() < 0.1) await appends[Math.floor(Math.random() * appends.length)];
      }
      await Promise.all(appends);
      const { records, leaves } = await checkLog(store, NODE, log.vkey);
      assert.equal(records.length, 1 + told.size);
      for (const { seq, leaf } of told.values()) assert.equal(leaves[seq], leaf);
      await close();
    }
    assert.equal(fresh.length, told.size);
  });

  test('numbers appends in the order of the calls, over many batches', async () => {
    const { log, store, close } = await open();
    const appends: Promise<Receipt[]>[] = [];
    for (let i = 0; i < 400; i++) {
      appends.push(log.append(drafts(1 + (i % 40)), SOURCE));
      if (i % 50 === 0) await appends[0];
    }
    const seqs = (await Promise.all(appends)).flat().map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
    await checkLog(store, NODE, log.vkey);
    await close();
  });

  test('refuses a second writer and names the first', async () => {
    const { close } = await open('the first one');
    const error = await rejects(open(), 'LOG_HELD');
    assert.match(error.message, /the first one/);
    await close();
    await (await open()).close();
  });
});
