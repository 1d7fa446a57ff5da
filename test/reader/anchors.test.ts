import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openLog, openReader } from '../../src/index.ts';
import { OpensslAuthority } from '../timestamps/support/openssl.ts';
import { ca, stamper } from '../timestamps/support/pki.ts';
import { answering, serve } from '../timestamps/support/server.ts';

/** What a log keeps of others who saw it is held against it, whoever verifies. */

const RECORD = { system: 'shop', event: 'SALE', outcome: 'success', time: 1_790_000_000_000 } as const;

/** A data directory as it was, and the same after a time stamp over more. */
async function dated(t: TestContext): Promise<{ before: string; after: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const [before, after] = [join(dir, 'before'), join(dir, 'after')];
  const root = await ca('Root');
  const authority = new OpensslAuthority(await stamper('Stamps', root), []);
  const stamps = await serve(answering({ current: authority }));
  const env = process.env.TALLYSTICK_STATE;
  process.env.TALLYSTICK_STATE = join(dir, 'state');
  try {
    const first = await openLog({ data: after, node: 'ca1', index: false });
    await first.append(RECORD);
    await first.close();
    cpSync(after, before, { recursive: true });
    const log = await openLog({ data: after, index: false });
    const timestamps = log.beDated();
    await timestamps.set({ url: stamps.url, roots: [root.der], policy: null });
    const [outcome] = await timestamps.stamp();
    assert.ok(outcome !== undefined && 'report' in outcome);
    const health = await log.watch.health();
    assert.match(
      health.checks.find(({ name }) => name === 'timestamps')?.detail ?? '',
      /^dated by 1 of 1 authorities; the newest time stamp is \d+ seconds? old$/,
    );
    await log.close();
  } finally {
    if (env === undefined) delete process.env.TALLYSTICK_STATE;
    else process.env.TALLYSTICK_STATE = env;
    await stamps.close();
    authority.remove();
  }
  return { before, after };
}

/** Takes what a store keeps beside its log over into another. */
function copyState(from: string, to: string): void {
  const database = new DatabaseSync(join(to, 'log.db'));
  database.exec(`ATTACH '${join(from, 'log.db')}' AS newer`);
  database.exec('INSERT OR REPLACE INTO state SELECT * FROM newer.state');
  database.close();
}

test('a log that was put back contradicts the checkpoints that were dated', async (t) => {
  const { before, after } = await dated(t);
  const codes = async (data: string): Promise<string[]> => {
    const reader = await openReader({ data, index: false });
    try {
      return (await reader.verify()).findings.map(({ code }) => code);
    } finally {
      await reader.close();
    }
  };
  assert.deepEqual(await codes(after), []);
  assert.deepEqual(await codes(before), []);
  copyState(after, before);
  assert.deepEqual(await codes(before), ['rolled-back']);
});
