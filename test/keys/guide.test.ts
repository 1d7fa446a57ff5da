/** docs/keys.md, as a user would type it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../src/cli/commands.ts';
import { Sandbox } from '../cli/harness.ts';
import { LIBRARY, missing } from '../tokens/softhsm.ts';
import { missing as noOpenssl } from './openssl.ts';

const GUIDE = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8');
const LAUNCHER = fileURLToPath(new URL('../../bin/tallystick.js', import.meta.url));

test('its steps run, one after the other', { skip: missing ?? noOpenssl ?? false, timeout: 300_000 }, (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.at('bin'));
  writeFileSync(box.at('bin', 'tallystick'), `#!/bin/sh\nexec "${process.execPath}" "${LAUNCHER}" "$@"\n`);
  chmodSync(box.at('bin', 'tallystick'), 0o755);
  mkdirSync(box.at('work'));
  const steps = [...GUIDE.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text as string);
  // Where this system has it.
  const script = steps.join('').replaceAll('/usr/lib/softhsm/libsofthsm2.so', LIBRARY);
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', script], {
    cwd: box.at('work'),
    encoding: 'utf8',
    env: { ...process.env, ...box.env, PATH: `${box.at('bin')}${delimiter}${process.env.PATH}` },
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /Token hsm is there/);
  assert.match(stdout, /hsm\/seal-2026 seals the log from now on/);
  assert.match(stdout, /seal-2026 +ecdsa-p256 +seals .*CN=audit log.*, active/);
  assert.match(stdout, /-----BEGIN CERTIFICATE-----/);
  assert.equal(stdout.match(/^intact: /gm)?.length, 2);
  assert.match(stdout, /The key hsm\/seal-2026 is gone/);
  assert.ok(!stdout.includes('471147') && !stderr.includes('471147'));
});

test('it names no command that is not there', () => {
  const named = [...GUIDE.matchAll(/(?<!:)tallystick ((?:tokens|keys) [a-z-]+|[a-z]+)/g)].map(
    ([, name]) => name as string,
  );
  assert.ok(named.length > 20);
  for (const name of named)
    assert.ok(
      COMMANDS.some((command) => command.name === name),
      name,
    );
});
