import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { checkpointBody, openCheckpoint, signCheckpoint, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { type ErrorCode, TokenError } from '../../src/errors.ts';
import { emptyRoot } from '../../src/merkle/mod.ts';
import { openSoftwareKey, type SoftwareKeyOptions } from '../../src/tokens/software.ts';

const ALGORITHMS = ['ed25519', 'ecdsa-p256'] as const;
const PASSPHRASE = 'Zwölf Boxkämpfer';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tallystick-token-'));
  file = join(directory, 'seal.key');
});
afterEach(() => rmSync(directory, { recursive: true }));

function refused(options: SoftwareKeyOptions, code: ErrorCode): TokenError {
  let found: unknown;
  try {
    openSoftwareKey(options);
  } catch (error) {
    found = error;
  }
  assert.ok(found instanceof TokenError, `${found}`);
  assert.equal(found.code, code, found.message);
  assert.ok(found.message.includes(options.file));
  if (options.passphrase) assert.ok(!`${found.stack}${found.cause}`.includes(options.passphrase));
  return found;
}

/** A file of mode 0600. */
function write(content: string | Uint8Array, mode = 0o600): void {
  writeFileSync(file, content);
  chmodSync(file, mode);
}

function pem(key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' } as never) as unknown as string;
}

/** The signer signs with the key it names, as Node and as a checkpoint's reader see it. */
async function assertSigns(signer: Signer): Promise<void> {
  const data = new TextEncoder().encode('what is sealed');
  const publicKey = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' });
  const hash = ['ed25519', 'ml-dsa-44'].includes(signer.algorithm) ? null : 'sha256';
  assert.ok(verify(hash, data, publicKey, await signer.sign(data)));
  const vkey = vkeyFromSpki('log/ca1', signer.algorithm, signer.publicKey);
  const body = checkpointBody('log/ca1', 0, emptyRoot());
  const note = `${body}\n${await signCheckpoint(body, 'log/ca1', signer)}`;
  assert.equal((await openCheckpoint(note, [vkey])).verifiedBy[0]?.vkey, vkey);
}

for (const algorithm of ALGORITHMS) {
  describe(`a new key, ${algorithm}`, () => {
    test('is a PKCS#8 file for its owner alone, and nothing is left beside it', async () => {
      const signer = openSoftwareKey({ file, create: algorithm });
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(directory), ['seal.key']);
      assert.match(readFileSync(file, 'utf8'), /^-----BEGIN PRIVATE KEY-----\n/);
      assert.equal(signer.algorithm, algorithm);
      assert.equal(signer.alias, 'seal');
      await assertSigns(signer);
    });

    test('is the same key when it is opened again, by whomever', async () => {
      const one = openSoftwareKey({ file, create: algorithm });
      const bytes = readFileSync(file);
      const other = ALGORITHMS.find((name) => name !== algorithm);
      for (const options of [
        {},
        { create: algorithm },
        { create: other as (typeof ALGORITHMS)[number] },
        { alias: 'a' },
      ]) {
        const again = openSoftwareKey({ file, ...options });
        assert.equal(toHex(again.publicKey), toHex(one.publicKey));
        assert.equal(again.alias, options.alias ?? 'seal');
        await assertSigns(again);
      }
      assert.deepEqual(readFileSync(file), bytes);
    });

    test('is encrypted when there is a passphrase', async () => {
      const one = openSoftwareKey({ file, create: algorithm, passphrase: PASSPHRASE });
      const text = readFileSync(file, 'utf8');
      assert.match(text, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
      assert.throws(() => createPrivateKey(text));
      const again = openSoftwareKey({ file, passphrase: PASSPHRASE });
      assert.equal(toHex(again.publicKey), toHex(one.publicKey));
      await assertSigns(again);
      refused({ file, passphrase: 'Zwolf Boxkampfer' }, 'TOKEN_PASSPHRASE');
      refused({ file, passphrase: '' }, 'TOKEN_PASSPHRASE');
      refused({ file }, 'TOKEN_PASSPHRASE');
    });
  });
}

describe('a key file', () => {
  test('made elsewhere is taken', async () => {
    const keys = {
      'ecdsa-p256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      'rsa-sha256': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      'ml-dsa-44': generateKeyPairSync('ml-dsa-44').privateKey,
    };
    for (const [algorithm, key] of Object.entries(keys)) {
      write(pem(key));
      assert.equal(openSoftwareKey({ file }).algorithm, algorithm);
      await assertSigns(openSoftwareKey({ file }));
    }
  });

  test('that is not there is an error, unless one is to be made', () => {
    refused({ file }, 'TOKEN_UNAVAILABLE');
    refused({ file: join(directory, 'no', 'such', 'seal.key') }, 'TOKEN_UNAVAILABLE');
    assert.deepEqual(readdirSync(directory), []);
    file = join(directory, 'made', 'on', 'demand', 'seal.key');
    openSoftwareKey({ file, create: 'ed25519' });
    assert.equal(statSync(join(directory, 'made')).mode & 0o777, 0o700);
  });

  test('that is not encrypted takes no passphrase', () => {
    openSoftwareKey({ file, create: 'ed25519' });
    refused({ file, passphrase: PASSPHRASE }, 'TOKEN_PASSPHRASE');
  });

  test('is not made with an empty passphrase', () => {
    refused({ file, create: 'ed25519', passphrase: '' }, 'TOKEN_PASSPHRASE');
    assert.deepEqual(readdirSync(directory), []);
  });

  test('that others may use is refused, whoever asks', () => {
    openSoftwareKey({ file, create: 'ed25519' });
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660, 0o644, 0o777]) {
      chmodSync(file, mode);
      const error = refused({ file }, 'TOKEN_UNAVAILABLE');
      assert.match(error.message, /chmod 600/);
    }
    for (const mode of [0o600, 0o400, 0o700]) {
      chmodSync(file, mode);
      openSoftwareKey({ file });
    }
  });

  test('of a kind that seals no log is refused', () => {
    const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
    const keys = [
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
      ec('P-384'),
      ec('secp256k1'),
      generateKeyPairSync('x25519').privateKey,
      generateKeyPairSync('ed448').privateKey,
    ];
    for (const key of keys) {
      write(pem(key));
      refused({ file }, 'KEY_UNSUITABLE');
    }
    write(pem(ec('P-256'), 'sec1'));
    refused({ file }, 'TOKEN_UNAVAILABLE');
  });

  test('that is no key is refused, and never replaced', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const good = pem(privateKey);
    const garbage = [
      '',
      'no key',
      Buffer.alloc(1_000, 0xff),
      good.slice(0, 60),
      good.replace('MC4', 'MC5'),
      good.replace('PRIVATE', 'ENCRYPTED PRIVATE'),
      publicKey.export({ type: 'spki', format: 'pem' }) as string,
      '\0'.repeat(70_000),
    ];
    for (const content of garbage) {
      write(content);
      const before = readFileSync(file);
      for (const options of [{ file }, { file, create: 'ed25519' as const }]) {
        assert.throws(() => openSoftwareKey(options), TokenError);
      }
      assert.deepEqual(readFileSync(file), before);
    }
    rmSync(file);
    mkdirSync(file, { mode: 0o700 });
    refused({ file, create: 'ed25519' }, 'TOKEN_UNAVAILABLE');
  });

  test('that cannot be made is an error that leaves nothing behind', () => {
    write('in the way');
    refused({ file: join(file, 'seal.key'), create: 'ed25519' }, 'TOKEN_UNAVAILABLE');
    assert.deepEqual(readdirSync(directory), ['seal.key']);
  });

  test('is made where an earlier try was cut off', () => {
    // What a process of the same number left when it was killed while it made a key.
    writeFileSync(`${file}.${process.pid}.new`, 'half a key');
    openSoftwareKey({ file, create: 'ed25519' });
    assert.ok(existsSync(file));
  });
});

test('processes that make the same key at once end up with one', async () => {
  const script = `
    import { openSoftwareKey } from ${JSON.stringify(new URL('../../src/tokens/software.ts', import.meta.url).href)};
    while (Date.now() < Number(process.argv[2]));
    const key = openSoftwareKey({ file: process.argv[1], create: 'ed25519' });
    console.log(Buffer.from(key.publicKey).toString('hex'));`;
  // So that all of them are up by then; when one is not, there is less of a race, but still one key.
  const start = String(Date.now() + 700);
  const run = async (): Promise<string> => {
    const args = ['--input-type=module', '--no-warnings', '-e', script, file, start];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  };
  const keys = await Promise.all([run(), run(), run(), run()]);
  const { publicKey } = openSoftwareKey({ file });
  assert.deepEqual([...new Set(keys)], [`${toHex(publicKey)}\n`]);
  assert.deepEqual(readdirSync(directory), ['seal.key']);
});
