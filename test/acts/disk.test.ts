import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { onSmallDisk } from '../store/small-disk.ts';
import { tempDir } from '../store/temp.ts';

test('on a full disk a repair is still kept before it begins, and its record is the first when there is room', (t) => {
  const { dir, remove } = tempDir();
  t.after(remove);
  const script = fileURLToPath(new URL('fill-disk.ts', import.meta.url));
  const ran = onSmallDisk(t, join(dir, 'data'), 3, script, join(dir, 'state'));
  if (ran === null) return;
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(ran.stdout, 'STORE_FULL\n0\ntrue\nREPAIR success late\n');
});
