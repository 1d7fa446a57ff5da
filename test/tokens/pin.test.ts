import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { PinGuard, PinSource } from '../../src/tokens/pin.ts';
import { refused } from './contract.ts';

test('a PIN comes from the environment, a file or a callback, and is never shown', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tallystick-pin-'));
  const file = join(directory, 'pin');
  writeFileSync(file, 'geheim-4711\n', { mode: 0o600 });
  process.env.TALLYSTICK_TEST_PIN = 'geheim-4711';
  const sources = [
    PinSource.environment('TALLYSTICK_TEST_PIN'),
    PinSource.file(file),
    PinSource.callback(async () => 'geheim-4711'),
  ];
  for (const source of sources) {
    assert.equal(await source.read('hsm'), 'geheim-4711');
    for (const shown of [
      `${source}`,
      JSON.stringify({ source }),
      inspect({ source }, { showHidden: true }),
    ]) {
      assert.match(shown, /_MASKED_/);
      assert.ok(!shown.includes('4711'));
    }
  }
  delete process.env.TALLYSTICK_TEST_PIN;
  chmodSync(file, 0o640);
  await refused(sources[0]?.read('hsm') as Promise<string>, 'TOKEN_PASSPHRASE');
  assert.match((await refused(PinSource.file(file).read('hsm'), 'TOKEN_UNAVAILABLE')).message, /chmod 600/);
  await refused(PinSource.file(join(directory, 'none')).read('hsm'), 'TOKEN_PASSPHRASE');
  for (const bad of [undefined, '', 'x'.repeat(1_025), 'a\0b']) {
    await refused(PinSource.callback(() => bad).read('hsm'), 'TOKEN_PASSPHRASE');
  }
  rmSync(directory, { recursive: true });
});

test('a refused PIN is not tried again by itself; another one, or one that is given, is', async () => {
  let pin = 'wrong';
  const guard = new PinGuard(
    'hsm',
    PinSource.callback(() => pin),
  );
  assert.equal(await guard.automatic(), 'wrong');
  guard.tried('wrong', 'refused');
  await refused(guard.automatic(), 'TOKEN_PASSPHRASE', 'wrong');
  assert.equal(await guard.asked(undefined), 'wrong');
  pin = 'right';
  assert.equal(await guard.automatic(), 'right');
  guard.tried('right', 'accepted');
  assert.equal(await guard.automatic(), 'right');
});
