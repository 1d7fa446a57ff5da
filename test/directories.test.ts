import assert from 'node:assert/strict';
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDirectories } from '../src/directories.ts';
import { tempDir } from './store/temp.ts';

function place(t: { after(act: () => void): void }): string {
  const { dir, remove } = tempDir();
  t.after(remove);
  return dir;
}

test('directories are made with those above them, and the uppermost is named', (t) => {
  const dir = place(t);
  assert.equal(makeDirectories(join(dir, 'a', 'b', 'c'), 0o700), join(dir, 'a'));
  assert.equal(statSync(join(dir, 'a')).mode & 0o777, 0o700);
  assert.equal(makeDirectories(join(dir, 'a', 'b', 'd')), join(dir, 'a', 'b', 'd'));
  assert.equal(makeDirectories(join(dir, 'a', 'b')), null);
  assert.equal(makeDirectories('/'), null);
  symlinkSync('a', join(dir, 'link'));
  assert.equal(makeDirectories(join(dir, 'link', 'b')), null);
});

test('what is in the way is named by the file system', (t) => {
  const dir = place(t);
  writeFileSync(join(dir, 'file'), '');
  symlinkSync('nowhere', join(dir, 'dangling'));
  assert.throws(() => makeDirectories(join(dir, 'file')), { code: 'EEXIST' });
  assert.throws(() => makeDirectories(join(dir, 'file', 'a', 'b')), { code: 'ENOTDIR' });
  assert.throws(() => makeDirectories(join(dir, 'dangling')), { code: 'EEXIST' });
  assert.throws(() => makeDirectories(join(dir, 'x'.repeat(300), 'y')), { code: 'ENAMETOOLONG' });
});

test('where nothing can be made, it ends', (t) => {
  if (!existsSync('/proc/self')) return t.skip('there is no /proc here');
  assert.throws(() => makeDirectories('/proc/tallystick/data'), { code: 'ENOENT' });
});
