import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { Ca, missing, openssl } from '../keys/openssl.ts';
import { type Json, prepared, type Sandbox } from './harness.ts';

/** Certificates as the openssl program makes them, installed through the command line, and what verify says of them. */

const RECORD = `${JSON.stringify({ system: 'signserver', event: 'KEYGEN', outcome: 'success', time: 1_790_000_000_000 })}\n`;
const VERIFY = ['verify', '--trust-anchor', 'ca.crt'];

const begun = prepared((box) => box.ok(['append', '--node', 'ca1'], { stdin: RECORD }));

/** A log of one record, and a root in its folder. */
async function sandbox(t: TestContext): Promise<{ box: Sandbox; ca: Ca }> {
  const box = await begun(t);
  return { box, ca: new Ca(box.dir) };
}

/** The certificate of the sealing key, by the root or another authority in the folder, with extensions. */
async function issue(box: Sandbox, by = 'ca', extensions = ''): Promise<string> {
  const csr = await box.ok(['keys', 'csr', '--default-key', '--subject', 'CN=ca1 seal']);
  writeFileSync(box.at('seal.csr'), csr.out);
  writeFileSync(box.at('seal.ext'), extensions);
  const from = ['-in', 'seal.csr', '-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial'];
  openssl(['x509', '-req', ...from, '-days', '7', '-extfile', 'seal.ext', '-out', 'seal.crt'], box.dir);
  return readFileSync(box.at('seal.crt'), 'utf8');
}

/** An authority below the root. */
function between(box: Sandbox): string {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'sub.key'];
  openssl(['req', '-new', ...key, '-out', 'sub.csr', '-subj', '/CN=Sub CA'], box.dir);
  writeFileSync(box.at('sub.ext'), 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign');
  const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '20', '-extfile', 'sub.ext'];
  openssl(['x509', '-req', '-in', 'sub.csr', ...by, '-out', 'sub.crt'], box.dir);
  return readFileSync(box.at('sub.crt'), 'utf8');
}

async function install(box: Sandbox, command: string, pem: string): Promise<void> {
  await box.ok(['keys', command, '--default-key', '--file', '-'], { stdin: pem });
}

function statuses({ certified }: Json): string[] {
  return certified.spans.map(({ status }: Json) => status);
}

describe('verify --trust-anchor', { skip: missing ?? false }, () => {
  test('a chain: which records, on whose word; before it, none', async (t) => {
    const { box } = await sandbox(t);
    const none = await box.run(VERIFY);
    assert.equal(none.code, 1);
    assert.match(none.out, /^intact/);
    assert.match(none.out, /no record stands on a certificate that leads to the trust anchor given/);
    assert.match(none.out, /not checked: the certificate of the sealing key .* \(none was installed\)/);
    const sub = between(box);
    await install(
      box,
      'install-chain',
      (await issue(box, 'sub', 'keyUsage=critical,digitalSignature')) + sub,
    );
    await box.ok(['append'], { stdin: RECORD });
    const good = await box.ok(VERIFY);
    assert.match(
      good.out,
      /\n {2}records? .* sealed by CN=ca1 seal, trust anchor CN=Test CA,C=SE \(by the log's own clock\)\n/,
    );
    assert.match(good.out, /not checked: revocation of the certificates/);
    const { json } = await box.ok([...VERIFY, '--json']);
    assert.deepEqual([statuses(json), json.certified.beyond], [['none', 'holds'], 0]);
    assert.equal((await box.ok(['verify', '--json'])).json.certified, null);
  });

  test('another root, another purpose: a notice, and exit code 1', async (t) => {
    const { box } = await sandbox(t);
    await install(box, 'install-certificate', await issue(box, 'ca', 'extendedKeyUsage=serverAuth'));
    const purpose = await box.run(VERIFY);
    assert.equal(purpose.code, 1);
    assert.match(purpose.out, /notice certificate-unfit: .*extended key usage/);
    await install(box, 'install-certificate', await issue(box));
    await box.ok(VERIFY);
    writeFileSync(box.at('own.crt'), readFileSync(box.at('ca.crt')));
    new Ca(box.dir);
    const other = await box.run(VERIFY);
    assert.equal(other.code, 1);
    assert.match(other.out, /notice certificate-unfit: .* for record \d+: the certificate of an issuer /);
    // Several roots in one file, in any order.
    const both = readFileSync(box.at('ca.crt'), 'utf8') + readFileSync(box.at('own.crt'), 'utf8');
    writeFileSync(box.at('both.pem'), both);
    await box.ok(['verify', '--trust-anchor', 'both.pem']);
  });

  test('an expired one, installed on purpose', async (t) => {
    const { box, ca } = await sandbox(t);
    const csr = await box.ok(['keys', 'csr', '--default-key', '--subject', 'CN=ca1 seal']);
    const pem = ca.issue(csr.out, true);
    const args = ['keys', 'install-certificate', '--default-key', '--file', '-', '--expired'];
    await box.ok(args, { stdin: pem });
    const ran = await box.run(VERIFY);
    assert.equal(ran.code, 1);
    assert.match(ran.out, /notice certificate-expired: .* was valid only until 20/);
  });

  test('a new key, with a certificate and before it has one', async (t) => {
    const { box, ca } = await sandbox(t);
    await install(box, 'install-certificate', await issue(box));
    await box.ok(['keys', 'generate', 'software', 'next', '--spec', 'ecdsa-p256']);
    await box.ok(['keys', 'select', 'software', 'next']);
    await box.ok(['append'], { stdin: RECORD });
    const without = await box.ok([...VERIFY, '--json']);
    assert.deepEqual(statuses(without.json), ['none', 'holds', 'none']);
    assert.ok(without.json.certified.beyond >= 1);
    assert.match((await box.ok(VERIFY)).out, /the newest \d+ records stand on no certificate that held/);
    const csr = await box.ok(['keys', 'csr', '--default-key', '--subject', 'CN=ca1 seal']);
    await install(box, 'install-certificate', ca.issue(csr.out));
    const { json } = await box.ok([...VERIFY, '--json']);
    assert.deepEqual([statuses(json), json.certified.beyond], [['none', 'holds', 'none', 'holds'], 0]);
  });

  test('what can not be asked for', async (t) => {
    const { box } = await sandbox(t);
    assert.equal(await box.refused(['verify', '--trust-anchor', 'nowhere.pem'], 2), 'FILE_UNREADABLE');
    writeFileSync(box.at('key.pem'), readFileSync(box.at('ca.key')));
    assert.equal(await box.refused(['verify', '--trust-anchor', 'key.pem'], 2), 'FILE_UNREADABLE');
    const pem = readFileSync(box.at('ca.crt'), 'utf8').replace(/\n.{64}\n/, '\n');
    writeFileSync(box.at('cut.pem'), pem);
    assert.equal(await box.refused(['verify', '--trust-anchor', 'cut.pem'], 2), 'USAGE');
    assert.equal(await box.refused([...VERIFY, '--from', '1'], 2), 'USAGE');
  });
});
