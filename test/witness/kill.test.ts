import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WitnessDatabase } from '../../src/witness/server/mod.ts';
import { FakeLog } from './fake-log.ts';
import { folder, NAME, running } from './fixture.ts';

const DIES = fileURLToPath(new URL('die-after-store.ts', import.meta.url));
const log = new FakeLog();
const fork = new FakeLog(log.origin, 1);

test('killed between store and answer: what was stored is known, and the client gets on from there', async (t) => {
  const dir = folder(t);
  const database = WitnessDatabase.open(dir);
  database.addKey(log.origin, log.vkey);
  database.close();
  for (const [old, size] of [
    [0, 10],
    [10, 25],
  ] as const) {
    const child = spawn(process.execPath, [DIES, dir, NAME], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const ended = once(child, 'exit');
    const body = Buffer.from(await log.request(old, size));
    await assert.rejects(fetch(`${line.toString().trim()}/add-checkpoint`, { method: 'POST', body }));
    assert.deepEqual(await ended, [null, 'SIGKILL']);
  }
  const w = await running(t, { dir, logs: [] });
  // The client, which heard nothing, asks again as before, and is told.
  const again = await w.post(await log.request(10, 25));
  assert.deepEqual([again.status, await again.text()], [409, '25\n']);
  // What was vouched for, heard or not, cannot be replaced.
  assert.equal((await w.post(await fork.request(25, 25))).status, 422);
  assert.equal((await w.post(await log.request(25, 25))).status, 200);
  assert.equal((await w.post(await log.request(25, 30))).status, 200);
});
