import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../temp.ts';

const SCRIPT = fileURLToPath(new URL('commit-forever.ts', import.meta.url));

test('the system calls: every answer comes after a sync that came after the answer before', async (t) => {
  if (spawnSync('strace', ['-V']).error !== undefined) return t.skip('strace is not installed');
  const { dir, remove } = tempDir();
  const trace = join(dir, 'trace');
  const args = [
    '-f',
    '-o',
    trace,
    '-e',
    'trace=write,fsync,fdatasync',
    process.execPath,
    SCRIPT,
    join(dir, 'store'),
  ];
  // In a group of its own: killing strace alone would leave the program running.
  const child = spawn('strace', args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const lines = createInterface({ input: child.stdout });
  for (let answers = 0; answers < 30; answers++) await once(lines, 'line');
  const exited = once(child, 'exit');
  process.kill(-child.pid!, 'SIGKILL');
  await exited;

  let synced = false;
  let answers = 0;
  for (const call of readFileSync(trace, 'utf8').split('\n')) {
    // A call that another thread interrupted is shown in two lines; the second one has the result.
    if (/(fsync|fdatasync)(\(| resumed).*= 0$/.test(call)) synced = true;
    if (!/ write\(1, "\d+\\n"/.test(call)) continue;
    assert.ok(synced, call);
    synced = false;
    answers++;
  }
  assert.ok(answers >= 30);
  remove();
});
