import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { createServer } from '../../src/server/mod.ts';
import { injected } from '../client/support.ts';
import { Ca, missing, openssl } from '../keys/openssl.ts';
import { tempLog } from '../server/support.ts';
import { Sandbox } from './harness.ts';

test('keys and certificates: files, standard input, text', {
  skip: missing ?? false,
  timeout: 60_000,
}, async (t) => {
  const box = new Sandbox(t);
  assert.equal(await box.refused(['keys', 'list'], 2), 'LOG_NOT_FOUND');
  assert.equal(existsSync(box.data), false);
  await box.fill(1);
  const { privateKey } = generateKeyPairSync('ed25519');
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'sesame' };
  writeFileSync(box.at('old.key'), privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }));
  const from = ['keys', 'import', 'software', 'old', '--file', 'old.key', '--passphrase', 'env:OLD'];
  assert.equal(await box.refused(from, 2), 'TOKEN_PASSPHRASE');
  assert.equal(await box.refused(from, 2, { env: { OLD: 'wrong' } }), 'TOKEN_PASSPHRASE');
  const imported = await box.ok(from, { env: { OLD: 'sesame' } });
  assert.equal(
    imported.out,
    'Took in the key software/old, ed25519. Its file is still there: delete it, or keep it safe.\n',
  );
  await box.ok(['keys', 'rename', 'software', 'old', 'new']);
  const csr = ['keys', 'csr', '--default-key', '--subject', 'CN=log'];
  assert.equal(await box.refused(csr.slice(0, 3), 2), 'USAGE');
  assert.match((await box.run([...csr, '--der'])).err, /--der needs --output/);
  await box.ok([...csr, '--der', '-o', 'log.csr']);
  assert.match(openssl(['req', '-inform', 'DER', '-in', 'log.csr', '-noout', '-verify'], box.dir), /OK/);
  const ca = new Ca(box.dir);
  const certificate = ca.issue((await box.ok(csr)).out);
  const install = ['keys', 'install-certificate', '--default-key', '--file', '-'];
  const { out } = await box.ok(install, { stdin: certificate });
  assert.match(out, /^software\/seal has a certificate of CN=log, to .*; it is active\.\n$/);
  assert.equal((await box.ok(['checkpoint', '--json'])).json.certificate, certificate);
  assert.match(
    (await box.ok(['keys', 'list'])).out,
    /software +seal +ed25519 +seals +[0-9a-f]{16} +CN=log, to .*, active\n/,
  );
  assert.equal(await box.refused(['keys', 'remove', 'software', 'seal'], 1), 'KEY_IN_USE');
  assert.equal(await box.refused(['keys', 'generate', 'software', 'x', '--spec', 'dsa'], 2), 'USAGE');
  assert.equal(await box.refused(['keys', 'select', 'software', 'new', '--also', 'seal'], 2), 'USAGE');
  assert.equal(await box.refused(['tokens', 'init', 'x', '--kind', 'pkcs11', '--pin', '1234'], 2), 'USAGE');
  const log = (await box.ok(['export'])).out;
  for (const secret of ['sesame', '1234"']) assert.ok(!log.includes(secret));
  assert.equal(readFileSync(box.at('tallystick-data', 'new.key'), 'utf8').includes('ENCRYPTED'), false);
});

test('nobody administers over TCP', async () => {
  const fetch = injected(createServer({ log: await tempLog(), version: '0' }));
  const body = JSON.stringify({ act: 'keys/list', user: 'x', given: {} });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('http://127.0.0.1:4780/v1/control/administer', {
    method: 'POST',
    headers,
    body,
  });
  assert.equal(answer.status, 404);
});
