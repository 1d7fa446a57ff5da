import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { onSmallDisk } from '../store/small-disk.ts';
import { Sandbox } from './harness.ts';

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

test('a log in a directory that may not be written is searched; writing it says who may not, where, and what to do', async (t) => {
  if (process.platform === 'win32') return t.skip('no such permissions there');
  const box = new Sandbox(t);
  await box.fill(5);
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const name = process.getuid?.() === 0 ? 'nobody' : userInfo().username;
  const temporary = box.at('tmp');
  mkdirSync(temporary);
  chmodSync(temporary, 0o777);
  chmodSync(box.dir, 0o755);
  chmodSync(join(box.data, 'log.db'), 0o444);
  chmodSync(box.data, 0o555);
  const before = readdirSync(box.data);

  const commands = [
    ['search', 'EVENT_1', '--json'],
    ['verify', '--json'],
    ['index', 'rebuild'],
    ...['append', 'self-test'].map((command) => [command]),
  ].map((argv) => [...argv, '--data', box.data]);
  const script = fileURLToPath(new URL('as-reader.ts', import.meta.url));
  const env = { ...process.env, TMPDIR: temporary };
  let text: string;
  try {
    const args = [script, JSON.stringify(commands)];
    text = execFileSync(process.execPath, args, { env, encoding: 'utf8', ...user });
  } finally {
    chmodSync(box.data, 0o755);
  }
  const [found, verified, rebuilt, ...written] = JSON.parse(text) as Result[];

  assert.equal(found?.code, 0, found?.err);
  assert.equal(JSON.parse(found?.out ?? '').records.length, 2);
  assert.match(
    found?.err ?? '',
    new RegExp(`: the user ${name} may not write .*A temporary index is made for this command`),
  );
  assert.equal(verified?.code, 0, verified?.out);
  assert.equal(rebuilt?.code, 2);
  assert.match(
    rebuilt?.err ?? '',
    new RegExp(`: the user ${name} may not write ${box.data}.*; run this as the owner`),
  );
  for (const { code, err } of written) {
    assert.equal(code, 2, err);
    assert.match(
      err,
      new RegExp(`^tallystick: [^\n]*: the user ${name} may not write ${box.data}; run this as the owner`),
    );
  }
  assert.equal(written.length, 2);
  assert.deepEqual(readdirSync(temporary), [], 'nothing stays behind');
  assert.deepEqual(readdirSync(box.data), before);
});

test('on a full disk a log is searched, shown and verified, and writing it says what to do', (t) => {
  const box = new Sandbox(t);
  const ran = onSmallDisk(t, box.data, 8, fileURLToPath(new URL('on-full-disk.ts', import.meta.url)));
  if (ran === null) return;
  assert.equal(ran.status, 0, ran.stderr);
  const results = JSON.parse(ran.stdout) as Record<string, Result>;
  for (const command of ['search', 'get', 'verify']) {
    assert.equal(results[command]?.code, 0, `${command}: ${results[command]?.err}`);
  }
  assert.match(results.search?.err ?? '', /No space left .*A temporary index is made for this command/);
  assert.equal(results.search?.out.match(/EVENT_1/g)?.length, 4);
  for (const command of ['append', 'self-test']) {
    const { code, err } = results[command] as Result;
    assert.equal(code, 1, err);
    assert.match(err, /no space is left; free some/);
  }
});
