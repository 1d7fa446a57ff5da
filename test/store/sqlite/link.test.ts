import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Link } from '../../../src/store/sqlite/link.ts';
import { packBatch } from '../../../src/store/sqlite/pack.ts';
import type { WriterCalls } from '../../../src/store/sqlite/protocol.ts';
import { Model } from '../model.ts';
import { rejects } from '../rejects.ts';
import { tempDir } from '../temp.ts';

test('when a thread ends, nobody waits for ever, and an unanswered commit is of unknown outcome', async () => {
  const { dir, remove } = tempDir();
  const link = new Link<WriterCalls>('writer-thread');
  await link.call('open', dir);
  const { epoch } = await link.call('acquire', { node: 'n', holder: 'me' });
  const batch = packBatch(new Model('n', epoch).batch(1)).packed;
  // A defect: no such call.
  const defect = link.call('nonsense' as 'durability', null);
  const commit = link.call('commit', batch);
  const release = link.call('release', 'n');
  await rejects(defect, 'STORE_UNAVAILABLE');
  await rejects(commit, 'STORE_OUTCOME_UNKNOWN');
  await rejects(release, 'STORE_UNAVAILABLE');
  await rejects(link.call('commit', batch), 'STORE_UNAVAILABLE');
  await link.close();

  const again = new Link<WriterCalls>('writer-thread');
  await again.call('open', dir);
  assert.equal((await again.call('acquire', { node: 'n', holder: 'me' })).head.size, 0);
  await again.close();
  remove();
});
