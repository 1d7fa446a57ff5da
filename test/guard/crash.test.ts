import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLog } from '../../src/open.ts';
import { Sandbox } from '../cli/harness.ts';

const SCRIPT = fileURLToPath(new URL('run-forever.ts', import.meta.url));

test('a crash leaves an attempt without outcome: verify lists it, a restart invents none', async (t) => {
  const box = new Sandbox(t);
  const state = box.at('state');
  const child = spawn(process.execPath, [SCRIPT, box.data, state], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  assert.deepEqual(await exited, [null, 'SIGKILL']);

  const shallow = (await box.ok(['verify', '--json'])).json;
  assert.deepEqual([shallow.verdict, shallow.size, shallow.attempts], ['intact', 4, null]);
  const restarted = await openLog({ data: box.data, state, index: false });
  await restarted.close();

  const { verdict, size, attempts, findings } = (await box.ok(['verify', '--deep', '--json'])).json;
  assert.deepEqual([verdict, size, findings], ['intact', 4, []]);
  const [{ seq, logged }] = attempts.listed;
  assert.deepEqual(attempts, { sealed: 2, open: 1, unfollowed: 0, listed: [{ seq: 3, logged }] });
  const { out } = await box.ok(['verify', '--deep']);
  assert.match(out, /^intact: .*\n(.*\n)*? {2}no outcome: 1 guarded operation cut off/);
  assert.match(out, /\n {9}3 {2}2\d{3}-\d\d-\d\dT/);
  const { record } = (await box.ok(['get', String(seq), '--json'])).json;
  assert.deepEqual([record.phase, record.outcome, record.details], ['attempt', 'void', { alias: 'k2' }]);
});
