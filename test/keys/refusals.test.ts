import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import * as asn1 from 'asn1js';
import fc from 'fast-check';
import type { AuditLog } from '../../src/audit-log.ts';
import { makeCsr } from '../../src/keys/csr.ts';
import { checkSettings } from '../../src/keys/settings.ts';
import { openLog } from '../../src/open.ts';
import { certificatesToPem } from '../../src/tokens/chain.ts';
import { SoftwareToken } from '../../src/tokens/software.ts';
import { codePoint } from '../code-point.ts';
import { issue, selfSigned } from '../tokens/certificates.ts';
import { FaultyToken } from '../tokens/faulty.ts';
import { pinFile } from './kinds.ts';
import { refused } from './life.ts';
import { base64, Ca, missing, openssl } from './openssl.ts';

interface Scene {
  readonly dir: string;
  readonly log: AuditLog;
  /** The newest record of Tallystick's own. */
  last(): Promise<Record<string, unknown>>;
}

async function scene(t: TestContext, more: Parameters<typeof openLog>[0] | object = {}): Promise<Scene> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-keys-'));
  const log = await openLog({ data: join(dir, 'data'), state: join(dir, 'state'), index: false, ...more });
  t.after(async () => {
    await log.close();
    rmSync(dir, { recursive: true });
  });
  const last = async () => (await log.get(log.head.size - 1)).record as unknown as Record<string, unknown>;
  return { dir, log, last };
}

const key = { token: 'software', alias: 'k1' };
const pem = (...chain: readonly { readonly der: Uint8Array }[]) =>
  base64(certificatesToPem(chain.map(({ der }) => der)));

describe('what is refused', () => {
  test('certificates that do not fit are named, and those before stay', async (t) => {
    const { log, last } = await scene(t);
    await log.keys.generate({ ...key, spec: 'ecdsa-p256' });
    await log.keys.generate({ ...key, alias: 'k2', spec: 'ed25519' });
    const [k1, k2] = await Promise.all(['k1', 'k2'].map((alias) => publicKey(log, alias)));
    const root = await selfSigned('root');
    const middle = await issue('middle', root);
    const own = await issue('own', middle, k1);
    await log.keys.installChain({ ...key, file: pem(own, middle, root) });
    const [kept] = await log.keys.list({ token: 'software' });
    const wrong: [file: string, says: RegExp][] = [
      [pem(await issue('other', root, k2)), /another public key/],
      [pem(root, middle, own), /own certificate comes first/],
      [pem(own, root, middle), /without a gap/],
      [pem(own, root), /without a gap/],
      [base64('no certificate'), /neither PEM nor the DER/],
      [
        base64('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
        /holds a PRIVATE KEY, and no certificate/,
      ],
      [base64(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n-----END CERTIFICATE-----\n`), /malformed/],
      [base64(own.der.subarray(0, 100)), /neither PEM nor the DER/],
      [base64(''), /neither PEM nor the DER/],
      [base64('x'.repeat(300_000)), /larger than/],
    ];
    for (const [file, says] of wrong) {
      await refused(log.keys.installChain({ ...key, file }), 'CERTIFICATE_INVALID', says);
      const { event, outcome, reason } = await last();
      assert.deepEqual([event, outcome], ['CERTCHAININSTALLED', 'failure']);
      assert.match(String(reason), says);
    }
    await refused(
      log.keys.installCertificate({ ...key, file: pem(own, middle) }),
      'CERTIFICATE_INVALID',
      /install-chain/,
    );
    assert.deepEqual((await log.keys.list({ token: 'software' }))[0], kept);
    // DER, too, and a chain in any text around.
    await log.keys.installCertificate({ ...key, file: base64(own.der) });
    await refused(
      log.keys.installChain({ ...key, alias: 'k9', file: pem(own) }),
      'KEY_NOT_FOUND',
      /list its keys/,
    );
  });

  test('an expired certificate, unless it is meant', { skip: missing ?? false }, async (t) => {
    const { dir, log } = await scene(t);
    const ca = new Ca(dir);
    const csr = await log.keys.csr({ subject: 'CN=log' });
    const file = base64(ca.issue(csr.pem, true));
    await refused(log.keys.installCertificate({ file }), 'CERTIFICATE_INVALID', /expired on .*renewed/);
    const { certificate } = await log.keys.installCertificate({ file, allowExpired: true });
    assert.equal(certificate?.subject, 'CN=log');
  });

  test('a wrong PIN, a token that is away, a name or place that is taken: nothing is configured', async (t) => {
    const { dir, log, last } = await scene(t);
    const at = join(dir, 'keys');
    const other = new SoftwareToken({ name: 'x', path: at });
    await other.login('the right one');
    await other.generate('k', 'ed25519');
    await other.close();
    const settings = { kind: 'software', path: at, pin: pinFile(dir, 'not-the-right-4711') } as const;
    await refused(log.tokens.init({ name: 'a', settings }), 'TOKEN_PASSPHRASE');
    const failed = await last();
    assert.deepEqual([failed.event, failed.outcome], ['Initialize token', 'failure']);
    assert.ok(!inspect(failed, { depth: 9 }).includes('-4711'));
    await refused(log.tokens.init({ name: '../a', settings }), 'USAGE');
    const away = { kind: 'pkcs12', path: join(dir, 'none.p12'), pin: settings.pin } as const;
    await refused(log.tokens.init({ name: 'a', settings: away }), 'TOKEN_UNAVAILABLE', /there is no file/);
    pinFile(dir, 'the right one');
    assert.deepEqual(
      (await log.tokens.list()).map(({ name }) => name),
      ['software'],
    );
    await log.tokens.init({ name: 'a', settings });
    await refused(log.tokens.init({ name: 'a', settings: away }), 'TOKEN_EXISTS', /another name/);
    await refused(log.tokens.init({ name: 'b', settings }), 'TOKEN_EXISTS', /token a is the same/);
    await refused(log.tokens.rename({ name: 'a', to: 'software' }), 'TOKEN_EXISTS');
    await refused(log.tokens.rename({ name: 'none', to: 'c' }), 'TOKEN_NOT_FOUND', /there is a, software/);
    await refused(log.tokens.login({ name: 'none' }), 'TOKEN_NOT_FOUND');
    await refused(log.tokens.logout({ name: 'none' }), 'TOKEN_NOT_FOUND');
    await refused(log.tokens.remove({ name: 'software' }), 'TOKEN_IN_USE');
    await log.tokens.remove({ name: 'a' });
  });

  test('keys: an alias that is taken or absent, a request for none, keys of another kind', async (t) => {
    const { log, last } = await scene(t);
    await log.keys.generate({ ...key, spec: 'ed25519' });
    await refused(log.keys.generate({ ...key, spec: 'ed25519' }), 'KEY_EXISTS', /another alias/);
    const absent = { token: 'software', alias: 'none' };
    await refused(log.keys.csr({ ...absent, subject: 'CN=x' }), 'KEY_NOT_FOUND');
    const failed = await last();
    assert.deepEqual([failed.event, failed.outcome], ['GENCSR', 'failure']);
    await refused(log.keys.csr({ ...key, token: 'none', subject: 'CN=x' }), 'TOKEN_NOT_FOUND');
    await refused(log.keys.remove(absent), 'KEY_NOT_FOUND');
    await refused(log.keys.rename({ ...absent, to: 'x' }), 'KEY_NOT_FOUND');
    await refused(log.keys.rename({ token: 'software', alias: 'seal', to: 'x' }), 'KEY_IN_USE');
    await refused(log.keys.select({ keys: [absent] }), 'KEY_NOT_FOUND');
    await refused(log.keys.select({ keys: [] }), 'USAGE');
    await refused(
      log.keys.select({ keys: [{ token: 'software', alias: 'seal' }] }),
      'USAGE',
      /seal the log already/,
    );
    await refused(log.keys.select({ keys: [key], withoutOld: true }), 'KEY_NOT_STANDBY');
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const text = p384.export({ type: 'pkcs8', format: 'pem' }) as string;
    await refused(log.keys.import({ ...absent, pem: text }), 'KEY_UNSUITABLE', /these can: Ed25519/);
    const sec1 = p384.export({ type: 'sec1', format: 'pem' }) as string;
    await refused(log.keys.import({ ...absent, pem: sec1 }), 'USAGE', /openssl pkcs8/);
    const secret = { cipher: 'aes-256-cbc', passphrase: 'right' } as const;
    const { privateKey } = generateKeyPairSync('ed25519');
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', ...secret }) as string;
    await refused(log.keys.import({ ...absent, pem: encrypted }), 'TOKEN_PASSPHRASE');
    await refused(log.keys.import({ ...absent, pem: encrypted, passphrase: 'wrong' }), 'TOKEN_PASSPHRASE');
    const { spec } = await log.keys.import({ ...absent, pem: encrypted, passphrase: 'right' });
    assert.equal(spec, 'ed25519');
    assert.equal((await log.verify()).verdict, 'intact');
  });

  test('settings that are none, whatever they are', () => {
    const good = { kind: 'pkcs11', library: '/lib.so', slot: { label: 'x' }, pin: 'env:PIN' };
    assert.deepEqual(checkSettings(good), good);
    const bad = [
      { ...good, pin: '1234' },
      { ...good, pin: undefined },
      { ...good, slot: { label: 'x', number: 1 } },
      { ...good, slot: { index: -1 } },
      { ...good, path: '/x' },
      { ...good, kind: 'tpm' },
      { ...good, more: 1 },
      { kind: 'software' },
      { kind: 'software', path: '/x', library: '/y' },
      { kind: 'pkcs12', path: '/x' },
    ];
    for (const each of bad) {
      assert.throws(
        () => checkSettings(each),
        (error: Error) => !error.message.includes('1234'),
      );
    }
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        assert.throws(() => checkSettings(anything), { code: 'USAGE' });
      }),
    );
  });
});

describe('certificate signing requests', () => {
  test('of every kind of key, ML-DSA too, are signed by that key over what they say', {
    skip: missing ?? false,
  }, async (t) => {
    const { dir, log } = await scene(t);
    const token = new SoftwareToken({ name: 'x', path: join(dir, 'specs') });
    for (const spec of ['ed25519', 'ecdsa-p256', 'rsa-3072', 'ml-dsa-44'] as const) {
      await token.generate(spec, spec);
      const signer = await token.signer(spec);
      const der = await makeCsr('x', signer, 'CN=a b, O=x\\2Cy + OU=\\c3\\a9,C=se');
      const [info, , signature] = (asn1.fromBER(new Uint8Array(der).buffer).result as asn1.Sequence)
        .valueBlock.value;
      const signed = Buffer.from((info as asn1.Sequence).valueBeforeDecodeView);
      const spki = { key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' } as const;
      const digest =
        spec.startsWith('e') && spec !== 'ecdsa-p256' ? null : spec === 'ml-dsa-44' ? null : 'sha256';
      const bits = Buffer.from((signature as asn1.BitString).valueBlock.valueHexView);
      assert.ok(verify(digest, signed, spki, bits), spec);
      if (spec === 'ml-dsa-44') continue;
      writeFileSync(join(dir, 'csr.der'), der);
      const said = openssl(
        [
          'req',
          '-inform',
          'DER',
          '-in',
          'csr.der',
          '-noout',
          '-verify',
          '-subject',
          '-nameopt',
          'RFC2253,-esc_msb,utf8',
        ],
        dir,
      );
      assert.match(said, /verify OK/);
      assert.match(said, /CN=a b,(O=x\\,y\+OU=é|OU=é\+O=x\\,y),C=se/);
    }
    await token.close();
    const wrong = [
      '',
      'x',
      'CN=',
      'CN',
      'FOO=x',
      'C=SWE',
      'CN=#0401',
      'CN=a\\',
      'CN=\\ff',
      'CN=a\nb',
      'CN="a"',
      `CN=${'x'.repeat(200)}`,
      'CN=x,',
    ];
    for (const subject of wrong) await refused(log.keys.csr({ subject }), 'USAGE', /distinguished name/);
  });

  test('any text as a subject gives a request or says why not', async () => {
    const { privateKey, publicKey: made } = generateKeyPairSync('ed25519');
    const { sign } = await import('node:crypto');
    const spki = new Uint8Array(made.export({ type: 'spki', format: 'der' }));
    const signer = { alias: 'k', algorithm: 'ed25519', publicKey: spki } as const;
    const signing = {
      ...signer,
      sign: async (data: Uint8Array) => new Uint8Array(sign(null, data, privateKey)),
    };
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: codePoint }),
          fc.string().map((text) => `CN=${text}`),
        ),
        async (subject) => {
          const made = await makeCsr('t', signing, subject).catch((error: { code?: string }) => error.code);
          assert.ok(made === 'USAGE' || made instanceof Uint8Array, String(made));
        },
      ),
    );
  });
});

describe('keys that seal', () => {
  test('two at once; one that stands by takes over from one that is lost', async (t) => {
    const own = new FaultyToken(
      new SoftwareToken({ name: 'mine', path: mkdtempSync(join(tmpdir(), 'tallystick-keys-')) }),
    );
    const { log } = await scene(t, { tokens: [own] });
    const mine = { token: 'mine', alias: 'a' };
    await log.keys.generate({ ...mine, spec: 'ecdsa-p256' });
    await log.keys.generate({ ...key, spec: 'ed25519' });
    await log.keys.select({ keys: [mine, key] });
    assert.deepEqual(roles(await log.keys.list()), { a: 'seals', k1: 'seals', seal: null });
    await log.keys.select({ keys: [{ token: 'software', alias: 'seal' }], standBy: true });
    assert.deepEqual(roles(await log.keys.list()), { a: 'seals', k1: 'seals', seal: 'stands by' });
    await refused(log.keys.remove({ token: 'software', alias: 'seal' }), 'KEY_IN_USE', /stands by/);
    own.goAway();
    await assert.rejects(log.append({ system: 't', event: 'E', outcome: 'void', time: 1 }), {
      code: 'TOKEN_UNAVAILABLE',
    });
    await log.keys.select({ keys: [{ token: 'software', alias: 'seal' }], withoutOld: true });
    await log.append({ system: 't', event: 'E', outcome: 'void', time: 1 });
    own.comeBack();
    assert.deepEqual(roles(await log.keys.list()), { a: null, k1: null, seal: 'seals' });
    assert.equal((await log.verify()).verdict, 'intact');
    await log.keys.select({ keys: [key], standBy: true });
    await log.keys.select({ keys: [], standBy: true });
    await log.keys.remove(key);
  });

  test('their token is not needed to open the log: it is read, and appends wait for a login', async (t) => {
    const { dir, log } = await scene(t);
    const settings = { kind: 'software', path: join(dir, 'keys'), pin: 'prompt' } as const;
    await log.tokens.init({ name: 'vault', settings, pin: 'open sesame' });
    await log.keys.generate({ token: 'vault', alias: 'a', spec: 'ed25519' });
    await log.keys.select({ keys: [{ token: 'vault', alias: 'a' }] });
    await log.close();
    const again = await openLog({
      data: join(dir, 'data'),
      state: join(dir, 'state'),
      index: false,
      selfTests: false,
    });
    t.after(() => again.close());
    const record = { system: 't', event: 'E', outcome: 'void', time: 1 } as const;
    await assert.rejects(again.append(record), { code: 'TOKEN_PASSPHRASE' });
    assert.equal((await again.get(0)).record?.event, 'GENESIS');
    await refused(again.tokens.login({ name: 'vault', pin: 'wrong-4711' }), 'TOKEN_PASSPHRASE');
    await again.tokens.login({ name: 'vault', pin: 'open sesame' });
    const { seq } = await again.append(record);
    const records = await Promise.all([seq - 2, seq - 1].map(async (at) => (await again.get(at)).record));
    assert.deepEqual(
      records.map((each) => [each?.event, each?.outcome, each?.flags]),
      [
        ['Log in to token', 'failure', ['late']],
        ['Log in to token', 'success', ['late']],
      ],
    );
    assert.ok(!JSON.stringify(records).includes('-4711'));
    await again.tokens.logout({ name: 'vault' });
    await assert.rejects(again.append(record), { code: 'TOKEN_UNAVAILABLE' });
    await again.tokens.login({ name: 'vault', pin: 'open sesame' });
    await again.append(record);
    assert.equal((await again.verify()).verdict, 'intact');
  });
});

function roles(keys: Awaited<ReturnType<AuditLog['keys']['list']>>): Record<string, unknown> {
  return Object.fromEntries(keys.map(({ alias, role }) => [alias, role]));
}

async function publicKey(log: AuditLog, alias: string): Promise<Uint8Array> {
  const { der } = await log.keys.csr({ token: 'software', alias, subject: 'CN=x' });
  const [info] = (asn1.fromBER(new Uint8Array(Buffer.from(der, 'base64')).buffer).result as asn1.Sequence)
    .valueBlock.value;
  return new Uint8Array((info as asn1.Sequence).valueBlock.value[2]?.valueBeforeDecodeView ?? []);
}
