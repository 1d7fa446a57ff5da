import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { toHex } from '../../src/crypto/bytes.ts';
import { PinSource } from '../../src/tokens/pin.ts';
import { openSoftwareKey, SoftwareToken } from '../../src/tokens/software.ts';
import { isUsable, KEY_SPECS } from '../../src/tokens/token.ts';
import { issue, selfSigned } from './certificates.ts';
import { assertSigns, refused, tokenContract } from './contract.ts';

const PIN = 'Zwölf Boxkämpfer';

tokenContract({
  kind: 'software',
  specs: KEY_SPECS.filter((spec) => spec !== 'rsa-3072' && spec !== 'rsa-4096'),
  keysInMemory: true,
  make: async () => {
    const root = mkdtempSync(join(tmpdir(), 'tallystick-token-'));
    const path = join(root, 'keys');
    return {
      pin: PIN,
      open: async (pin = PIN) => {
        const passphrase = pin === null ? {} : { passphrase: PinSource.callback(() => pin) };
        return new SoftwareToken({ name: 'soft', path, ...passphrase });
      },
      takeAway: async () => renameSync(path, `${path}.away`),
      giveBack: async () => renameSync(`${path}.away`, path),
      dispose: async () => rmSync(root, { recursive: true }),
    };
  },
});

describe('key files', () => {
  let directory: string;
  let token: SoftwareToken;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tallystick-token-'));
    token = new SoftwareToken({ name: 'soft', path: directory });
  });
  afterEach(async () => {
    await token.close();
    rmSync(directory, { recursive: true });
  });

  test('are PKCS#8 for the owner alone, and a certificate stands beside its key', async () => {
    const { publicKey } = await token.generate('seal', 'ed25519');
    await token.setCertificates('seal', [(await issue('own', await selfSigned('root'), publicKey)).der]);
    assert.deepEqual(readdirSync(directory).sort(), ['seal.crt', 'seal.key']);
    assert.equal(statSync(join(directory, 'seal.key')).mode & 0o777, 0o600);
    assert.match(readFileSync(join(directory, 'seal.key'), 'utf8'), /^-----BEGIN PRIVATE KEY-----\n/);
    assert.match(readFileSync(join(directory, 'seal.crt'), 'utf8'), /^-----BEGIN CERTIFICATE-----\n/);
    await token.remove('seal');
    assert.deepEqual(readdirSync(directory), []);
  });

  test('of a data directory are a token: its sealing key is the key `seal`', async () => {
    const key = openSoftwareKey({ file: join(directory, 'seal.key'), create: 'ed25519' });
    writeFileSync(join(directory, 'log.db'), '');
    const [listed, ...more] = await token.list();
    assert.ok(listed !== undefined && isUsable(listed));
    assert.deepEqual([listed.alias, toHex(listed.publicKey)], ['seal', toHex(key.publicKey)]);
    assert.deepEqual(more, []);
    await assertSigns(await token.signer('seal'));
  });

  test('may be a single one, whose name is the only alias', async () => {
    const one = new SoftwareToken({ name: 'one', path: join(directory, 'seal.key') });
    assert.deepEqual(await one.list(), []);
    await refused(one.generate('other', 'ed25519'), 'TOKEN_UNSUPPORTED');
    await one.generate('seal', 'ecdsa-p256');
    copyFileSync(join(directory, 'seal.key'), join(directory, 'other.key'));
    assert.deepEqual(
      (await one.list()).map((key) => key.alias),
      ['seal'],
    );
    await refused(one.signer('other'), 'KEY_NOT_FOUND');
    await assertSigns(await one.signer('seal'));
  });

  test('that cannot be used are listed with the reason, and the others stay usable', async () => {
    await token.generate('good', 'ed25519');
    await token.generate('open', 'ed25519');
    chmodSync(join(directory, 'open.key'), 0o644);
    writeFileSync(join(directory, 'junk.key'), 'no key', { mode: 0o600 });
    copyFileSync(join(directory, 'good.key'), join(directory, '.hidden.key'));
    const listed = await (await fresh()).list();
    assert.deepEqual(
      listed.map((key) => [key.alias, isUsable(key)]),
      [
        ['good', true],
        ['junk', false],
        ['open', false],
      ],
    );
    await refused((await fresh()).signer('open'), 'TOKEN_UNAVAILABLE');
  });

  test('encrypted ones need the passphrase; of two passphrases each opens its own', async () => {
    const locked = new SoftwareToken({
      name: 'locked',
      path: directory,
      passphrase: PinSource.callback(() => PIN),
    });
    await locked.generate('a', 'ed25519');
    assert.match(readFileSync(join(directory, 'a.key'), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    openSoftwareKey({ file: join(directory, 'b.key'), create: 'ed25519', passphrase: 'another' });
    openSoftwareKey({ file: join(directory, 'c.key'), create: 'ed25519' });
    assert.deepEqual(
      (await locked.list()).map((key) => [key.alias, isUsable(key)]),
      [
        ['a', true],
        ['b', false],
        ['c', false],
      ],
    );
    await refused((await fresh()).list(), 'TOKEN_PASSPHRASE');
  });

  test('a certificate of another key beside a key is told, not shown', async () => {
    await token.generate('seal', 'ed25519');
    const { certificatesToPem } = await import('../../src/tokens/chain.ts');
    writeFileSync(join(directory, 'seal.crt'), certificatesToPem([(await selfSigned('other')).der]));
    await refused(token.certificates('seal'), 'CERTIFICATE_INVALID');
  });

  async function fresh(): Promise<SoftwareToken> {
    return new SoftwareToken({ name: 'soft', path: directory });
  }
});
