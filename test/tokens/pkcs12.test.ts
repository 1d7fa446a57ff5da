import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { TokenError } from '../../src/errors.ts';
import { certificatesToPem } from '../../src/tokens/chain.ts';
import { spkiOf } from '../../src/tokens/key-kind.ts';
import { PinSource } from '../../src/tokens/pin.ts';
import { readKeyStore } from '../../src/tokens/pkcs12/read.ts';
import { Pkcs12Token } from '../../src/tokens/pkcs12.ts';
import { isUsable } from '../../src/tokens/token.ts';
import { issue, selfSigned, type TestCertificate } from './certificates.ts';
import { assertSigns, refused, tokenContract } from './contract.ts';

const PIN = 'Zwölf Boxkämpfer';
const missing =
  spawnSync('openssl', ['version']).error === undefined ? undefined : 'the openssl program is not installed';
assert.ok(process.env.CI === undefined || missing === undefined, `needed here: ${missing}`);

const directory = mkdtempSync(join(tmpdir(), 'tallystick-p12-'));
after(() => rmSync(directory, { recursive: true }));
let files = 0;

interface Entry {
  readonly key: KeyObject;
  readonly name?: string;
  readonly chain?: readonly TestCertificate[];
}

const ec = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const root = await selfSigned('root');

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { env: { ...process.env, PIN } });
  assert.equal(status, 0, `openssl ${args.join(' ')}: ${stderr}`);
}

/** A key store as `openssl pkcs12 -export` writes it. */
async function store({ key, name, chain }: Entry, options: readonly string[] = []): Promise<string> {
  const file = join(directory, `${++files}.p12`);
  const { createPublicKey } = await import('node:crypto');
  const certificates = chain ?? [await issue('own', root, spkiOf(createPublicKey(key))), root];
  writeFileSync(`${file}.key`, key.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(`${file}.crt`, certificatesToPem(certificates.map(({ der }) => der)));
  const named = name === undefined ? [] : ['-name', name];
  const input = ['-inkey', `${file}.key`, '-in', `${file}.crt`];
  openssl(['pkcs12', '-export', ...input, ...named, '-passout', 'env:PIN', '-out', file, ...options]);
  chmodSync(file, 0o600);
  return file;
}

function open(file: string, pin: string | null = PIN): Pkcs12Token {
  const passphrase = pin === null ? {} : { passphrase: PinSource.callback(() => pin) };
  return new Pkcs12Token({ name: 'store', file, ...passphrase });
}

if (missing !== undefined) {
  test('PKCS#12 tokens', { skip: missing }, () => undefined);
} else {
  const keys = { ed25519: generateKeyPairSync('ed25519').privateKey, 'ecdsa-p256': ec(), 'rsa-2048': rsa() };
  for (const [spec, key] of Object.entries(keys) as [keyof typeof keys, KeyObject][]) {
    tokenContract({
      kind: 'pkcs12',
      specs: [spec],
      isReadOnly: true,
      keysInMemory: true,
      make: async () => {
        const file = await store({ key, name: 'seal' });
        return {
          pin: PIN,
          given: { [spec]: 'seal' },
          open: async (pin) => open(file, pin),
          takeAway: async () => renameSync(file, `${file}.away`),
          giveBack: async () => renameSync(`${file}.away`, file),
          dispose: async () => rmSync(file),
        };
      },
    });
  }

  describe('PKCS#12 files', () => {
    test('a key without a friendly name is key-1; its chain comes with it', async () => {
      const middle = await issue('middle', root);
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const own = await issue('own', middle, spkiOf(publicKey));
      const token = open(await store({ key: privateKey, chain: [own, root, middle] }));
      assert.deepEqual(
        (await token.list()).map((key) => key.alias),
        ['key-1'],
      );
      assert.deepEqual(
        await token.certificates('key-1'),
        [own, middle, root].map(({ der }) => der),
      );
    });

    test('keys that cannot seal are named with the reason', async () => {
      for (const key of [generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, rsa(1024)]) {
        const token = open(await store({ key, name: 'Übergröße' }));
        const [listed] = await token.list();
        assert.ok(listed !== undefined && !isUsable(listed));
        assert.equal(listed.alias, 'Übergröße');
        await refused(token.signer('Übergröße'), 'KEY_UNSUITABLE');
      }
    });

    const old: Readonly<Record<string, readonly string[]>> = {
      'triple DES': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
      'triple DES for the key alone': ['-keypbe', 'PBE-SHA1-3DES'],
      'RC2 for certificates': ['-legacy'],
      'PBES2 with triple DES': ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'DES-EDE3-CBC'],
      'no integrity check': ['-nomac'],
      'too many iterations': ['-iter', '100001'],
    };
    for (const [what, options] of Object.entries(old)) {
      test(`${what}: refused, and the commands of the message convert it`, async () => {
        const key = ec();
        const file = await store({ key, name: 'seal' }, options);
        const { message } = await refused(open(file).list(), 'TOKEN_UNSUPPORTED', PIN);
        const commands = message.split('\n').filter((line) => /^(\(umask|openssl|rm) /.test(line));
        assert.equal(commands.length, 3, message);
        // What a person types at the prompts.
        const script = commands
          .join(' && ')
          .replaceAll('openssl pkcs12 ', 'openssl pkcs12 -passin env:PIN -passout env:PIN ');
        const { status, stderr } = spawnSync('sh', ['-c', script], { env: { ...process.env, PIN } });
        assert.equal(status, 0, String(stderr));
        chmodSync(`${file}.new`, 0o600);
        const token = open(`${file}.new`);
        await assertSigns(await token.signer('seal'));
        assert.equal((await token.certificates('seal')).length, 2);
      });
    }

    test('that others may read, or that are none, are refused', async () => {
      const file = await store({ key: ec(), name: 'seal' });
      chmodSync(file, 0o640);
      assert.match((await refused(open(file).list(), 'TOKEN_UNAVAILABLE')).message, /chmod 600/);
      chmodSync(file, 0o600);
      for (const content of [
        '',
        'no key store',
        readFileSync(`${file}.key`),
        Buffer.alloc(1024 * 1024 + 1),
      ]) {
        writeFileSync(file, content);
        await refused(open(file).list(), 'TOKEN_UNAVAILABLE');
      }
      rmSync(file);
      await refused(open(file).list(), 'TOKEN_UNAVAILABLE');
    });

    test('a new file counts from the next login on', async () => {
      const file = await store({ key: ec(), name: 'old' });
      const token = open(file);
      const signer = await token.signer('old');
      renameSync(await store({ key: ec(), name: 'new' }), file);
      await assertSigns(signer);
      await token.logout();
      await token.login();
      await refused(signer.sign(new Uint8Array(1)), 'KEY_NOT_FOUND');
      await assertSigns(await token.signer('new'));
    });

    test('changed anywhere, they are refused with an error of ours', async () => {
      const good = readFileSync(await store({ key: ec(), name: 'seal' }));
      await fc.assert(
        fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
          const bad = Buffer.from(good);
          bad[at] = (bad[at] as number) ^ flip;
          const cut = good.subarray(0, at);
          for (const der of [bad, cut]) {
            await readKeyStore(der, 'bad.p12', PIN).catch((error) =>
              assert.ok(error instanceof TokenError, error),
            );
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
