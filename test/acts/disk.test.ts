import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../store/temp.ts';

test('on a full disk a repair is still kept before it begins, and its record is the first when there is room', (t) => {
  const { dir, remove } = tempDir();
  t.after(remove);
  const script = fileURLToPath(new URL('fill-disk.ts', import.meta.url));
  const mount = 'mkdir "$1" "$2" && mount -t tmpfs -o size=3m tmpfs "$1" && exec "$3" "$4" "$1" "$2"';
  const [data, state] = [join(dir, 'data'), join(dir, 'state')];
  const args = ['-rm', 'sh', '-c', mount, 'sh', data, state, process.execPath, script];
  const { status, stdout, stderr, error } = spawnSync('unshare', args, { encoding: 'utf8', timeout: 60_000 });
  if (error !== undefined || /unshare|mount/.test(stderr)) {
    t.skip(`no small disk can be made here: ${error?.message ?? stderr.trim()}`);
    return;
  }
  assert.equal(status, 0, stderr);
  assert.equal(stdout, 'STORE_FULL\n0\ntrue\nREPAIR success late\n');
});
