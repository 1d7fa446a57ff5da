import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog } from '../../src/open.ts';
import { witnessCheck } from '../../src/witness/client/mod.ts';
import { folder, NAME, running } from './fixture.ts';

test('openLog({ witnesses }): the log is cosigned while it is open, and health says how it stands', async (t) => {
  const data = join(folder(t), 'data');
  const options = { data, node: 'a', index: false, state: `${data}-state` };
  const first = await openLog(options);
  const { vkey, head } = first;
  const health = async (log: typeof first, at = Date.now()): Promise<readonly [string, string]> => {
    const { state, detail } = await witnessCheck(
      'a',
      (prefix) => log.state(prefix),
      () => at,
    ).check();
    return [state, detail];
  };
  assert.deepEqual(await health(first), ['ok', 'no witness is set']);
  await first.close();
  const w = await running(t, { logs: [{ origin: head.origin, vkey }] });
  const witnesses = [{ url: w.url, vkey: w.witness.keys[0]!.vkey }];
  const log = await openLog({ ...options, witnesses });
  while ((await log.state('witness/a/newest/')).size === 0) await new Promise((go) => setTimeout(go, 10));
  await log.close();
  const again = await openLog(options);
  assert.equal(await again.ownEvent(again.head.size - 1), 'AUDIT_LOG_SIGNING');
  const fresh = await health(again, Date.now() + 180_000);
  assert.deepEqual(fresh, ['ok', 'cosigned by 1 of 1 witnesses; the newest cosignature is 3 minutes old']);
  const stale = await health(again, Date.now() + 3 * 3_600_000);
  assert.equal(stale[0], 'warning');
  assert.ok(stale[1].startsWith(`not cosigned for 3 hours by ${NAME}`));
  await again.close();
  const bad = openLog({ ...options, witnesses: [{ url: w.url, vkey }] });
  await assert.rejects(bad, { code: 'WITNESS_CONFIG' });
  // Nothing holds it.
  await (await openLog(options)).close();
});
