import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { continueLog } from '../../src/continue.ts';
import { openLog } from '../../src/open.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { drafts } from '../log/fixture.ts';
import { tempDir } from '../publish/fixture.ts';

const NODE = 'ca1';
const SOURCE = { source: 'test' };

test('a backup that was restored, and declared to be: a new log that quotes the old one', async (t) => {
  const dir = tempDir(t);
  const [data, backup, fresh] = ['data', 'backup', 'fresh'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const state = join(dir, 'state');
  const options = { data, node: NODE, index: false, state } as const;
  const write = async (): Promise<void> => {
    const log = await openLog(options);
    await log.append(drafts(20), SOURCE);
    await log.close();
  };
  await write();
  cpSync(data, backup, { recursive: true });
  await write();
  await continueLog({ previous: backup, data: fresh, reason: 'the disk was lost', state });
  for (const each of [backup, fresh]) {
    const store = await SqliteStore.open({ dir: each, readOnly: true });
    const [node] = await store.nodes();
    const report = await verifyLog(store.source(node as string), { deep: true });
    const codes = report.findings.map((each) => [each.code, each.class]);
    // The new one says what it continues; the old one stands as it was.
    const said = each === fresh ? [['continues', 'notice']] : [];
    assert.deepEqual([report.verdict, codes], ['intact', said], each);
    await store.close();
  }
});
