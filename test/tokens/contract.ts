import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { inspect } from 'node:util';
import {
  checkpointBody,
  formatNote,
  openCheckpoint,
  signCheckpoint,
  vkeyFromSpki,
} from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { type ErrorCode, TokenError } from '../../src/errors.ts';
import { emptyRoot } from '../../src/merkle/mod.ts';
import { testKey } from '../../src/tokens/key-test.ts';
import {
  type CryptoToken,
  isUsable,
  KEY_SPECS,
  type KeySpec,
  type TokenKind,
} from '../../src/tokens/token.ts';
import { issue, selfSigned } from './certificates.ts';

/** A kind of token under test, a new one for each test. */
export interface TokenUnderTest {
  /** Opens the token, any number of times: with its right PIN configured, another one, or none. */
  open(pin?: string | null): Promise<CryptoToken>;
  /** The right PIN. */
  readonly pin: string;
  /** Aliases of the keys that are there at the start, one of each of `specs`, with certificates. Others have none. */
  readonly given?: Partial<Record<KeySpec, string>>;
  /** Makes the token's storage or device unreachable, and gives it back. */
  takeAway(): Promise<void>;
  giveBack(): Promise<void>;
  dispose(): Promise<void>;
}

export interface TokenSuite {
  readonly kind: TokenKind;
  /** Kinds of keys it can hold. */
  readonly specs: readonly KeySpec[];
  /** Whether keys and certificates cannot be changed through it. */
  readonly isReadOnly?: boolean;
  /** Signers go on while the token's storage is away, since the keys are in memory. */
  readonly keysInMemory?: boolean;
  make(): Promise<TokenUnderTest>;
}

/** Rejects with a `TokenError` of this code that holds no PIN. */
export async function refused(act: Promise<unknown>, code: ErrorCode, secret?: string): Promise<TokenError> {
  const error = await act.then(
    (value) => assert.fail(`not refused with ${code}: ${inspect(value)}`),
    (reason) => reason,
  );
  assert.ok(error instanceof TokenError, inspect(error));
  assert.equal(error.code, code, error.message);
  if (secret !== undefined) assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(secret));
  return error;
}

/** The signer signs with the key it names, as Node sees it and as a checkpoint's reader does. */
export async function assertSigns(signer: Signer): Promise<void> {
  const data = randomBytes(100);
  const key = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' });
  const digest = ['ed25519', 'ml-dsa-44'].includes(signer.algorithm) ? null : 'sha256';
  assert.ok(verify(digest, data, key, await signer.sign(data)));
  const vkey = vkeyFromSpki('log/ca1', signer.algorithm, signer.publicKey);
  const body = checkpointBody('log/ca1', 0, emptyRoot());
  const note = formatNote(body, await signCheckpoint(body, 'log/ca1', signer));
  assert.deepEqual(
    (await openCheckpoint(note, [vkey])).verifiedBy.map((by) => by.vkey),
    [vkey],
  );
}

function privateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** What every kind of token promises. */
export function tokenContract(suite: TokenSuite): void {
  describe(`${suite.kind} token`, () => {
    let under: TokenUnderTest;
    let token: CryptoToken;
    const opened: CryptoToken[] = [];

    const open = async (pin?: string | null): Promise<CryptoToken> => {
      const one = await under.open(pin);
      opened.push(one);
      return one;
    };

    /** A key of this kind: a new one, or the one that is there when the token is read only. */
    const key = async (spec: KeySpec): Promise<string> => {
      if (suite.isReadOnly) return under.given?.[spec] as string;
      return (await token.generate(`key-${spec}`, spec)).alias;
    };

    beforeEach(async () => {
      under = await suite.make();
      token = await open();
    });
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
      await under.dispose();
    });

    for (const spec of suite.specs) {
      test(`${spec}: a key is listed, tested, signs, and is the same for whoever opens the token`, async () => {
        const alias = await key(spec);
        const listed = (await token.list()).find((each) => each.alias === alias);
        assert.ok(listed !== undefined && isUsable(listed), inspect(listed));
        assert.equal(listed.spec, spec);
        const signer = await token.signer(alias);
        assert.equal(signer.alias, alias);
        assert.equal(signer.algorithm, listed.algorithm);
        assert.equal(toHex(signer.publicKey), toHex(listed.publicKey));
        await assertSigns(signer);
        await Promise.all(Array.from({ length: 5 }, () => assertSigns(signer)));
        const tested = await testKey(token, alias);
        assert.equal(tested.alias, alias);
        assert.match(tested.publicKeyHash, /^[0-9a-f]{64}$/);

        const again = await open();
        const same = await again.signer(alias);
        assert.equal(toHex(same.publicKey), toHex(signer.publicKey));
        await assertSigns(same);
      });
    }

    const spec = suite.specs[0] as KeySpec;

    test('is active, says who it is, and shows no PIN', async () => {
      assert.deepEqual(await token.status(), { state: 'active' });
      assert.equal(token.kind, suite.kind);
      assert.ok(token.name.length > 0);
      assert.ok(!inspect(token, { depth: 9, showHidden: true }).includes(under.pin));
      assert.ok(!JSON.stringify(token).includes(under.pin));
    });

    test('an alias that is not there is said so, whatever is asked of it', async () => {
      await key(spec);
      for (const alias of ['none', '', '../seal', 'a/b', 'x'.repeat(300), 'no\0ne']) {
        await refused(token.signer(alias), 'KEY_NOT_FOUND');
        await refused(testKey(token, alias), 'KEY_NOT_FOUND');
        await refused(token.certificates(alias), 'KEY_NOT_FOUND');
      }
    });

    test('a wrong PIN is refused, reveals nothing and changes nothing', async () => {
      const alias = await key(spec);
      await token.close();
      const wrong = await open('not-the-PIN-4711');
      await refused(wrong.list(), 'TOKEN_PASSPHRASE', 'not-the-PIN-4711');
      await refused(wrong.signer(alias), 'TOKEN_PASSPHRASE', 'not-the-PIN-4711');
      const status = await wrong.status();
      assert.equal(status.state === 'offline' && status.code, 'TOKEN_PASSPHRASE');
      assert.ok(!JSON.stringify(status).includes('-4711'));
      await refused(wrong.login('also-not-4712'), 'TOKEN_PASSPHRASE', 'also-not-4712');
      await wrong.login(under.pin);
      assert.deepEqual(await wrong.status(), { state: 'active' });
      await assertSigns(await wrong.signer(alias));
    });

    test('without a configured PIN it is offline until somebody logs in', async () => {
      const alias = await key(spec);
      await token.close();
      const silent = await open(null);
      await refused(silent.signer(alias), 'TOKEN_PASSPHRASE');
      const status = await silent.status();
      assert.equal(status.state === 'offline' && status.code, 'TOKEN_PASSPHRASE');
      await silent.login(under.pin);
      await assertSigns(await silent.signer(alias));
      // On an active token nothing is left to do.
      await silent.login();
    });

    test('a logout stops signers until a login, and nothing logs in by itself', async () => {
      const signer = await token.signer(await key(spec));
      await token.logout();
      await refused(signer.sign(new Uint8Array(1)), 'TOKEN_UNAVAILABLE');
      await refused(token.list(), 'TOKEN_UNAVAILABLE');
      const status = await token.status();
      assert.equal(status.state === 'offline' && status.code, 'TOKEN_UNAVAILABLE');
      await token.login();
      await assertSigns(signer);
    });

    test('that went away and came back signs again, with the signer that was given out', async () => {
      const alias = await key(spec);
      const signer = await token.signer(alias);
      for (let i = 0; i < 2; i++) {
        await under.takeAway();
        if (suite.keysInMemory !== true) {
          const error = await refused(signer.sign(new Uint8Array(1)), 'TOKEN_UNAVAILABLE', under.pin);
          assert.ok(error.message.includes(token.name), error.message);
          assert.equal((await token.status()).state, 'offline');
          await refused(signer.sign(new Uint8Array(1)), 'TOKEN_UNAVAILABLE');
        }
        await under.giveBack();
        await assertSigns(signer);
        assert.deepEqual(await token.status(), { state: 'active' });
      }
    });

    test('certificates of a key are kept with it', async () => {
      const alias = await key(spec);
      if (suite.isReadOnly) {
        assert.ok((await token.certificates(alias)).length > 0);
        await refused(token.setCertificates(alias, []), 'TOKEN_UNSUPPORTED');
        return;
      }
      assert.deepEqual(await token.certificates(alias), []);
      const { publicKey } = await token.signer(alias);
      const root = await selfSigned('root');
      const middle = await issue('middle', root);
      const own = await issue('own', middle, publicKey);
      const chain = [own, middle, root].map(({ der }) => der);
      await token.setCertificates(alias, chain);
      assert.deepEqual(await token.certificates(alias), chain);
      assert.deepEqual(await (await open()).certificates(alias), chain);

      const other = await issue('other', middle);
      const wrong: readonly (readonly Uint8Array[])[] = [
        [other.der],
        [middle.der, root.der],
        [own.der, root.der],
        [root.der, middle.der, own.der],
        [own.der, middle.der, other.der],
        [own.der.subarray(0, 100)],
        [Buffer.concat([own.der, Buffer.of(0)])],
        [Buffer.from('-----BEGIN CERTIFICATE-----')],
        Array.from({ length: 11 }, () => own.der),
      ];
      for (const bad of wrong) {
        await refused(token.setCertificates(alias, bad), 'CERTIFICATE_INVALID');
        assert.deepEqual(await token.certificates(alias), chain, 'those before stay');
      }

      const renewed = await issue('renewed', root, publicKey);
      await token.setCertificates(alias, [renewed.der]);
      assert.deepEqual((await token.certificates(alias))[0], renewed.der);
      await token.setCertificates(alias, []);
      assert.deepEqual(await token.certificates(alias), []);
      await assertSigns(await token.signer(alias));
    });

    if (suite.isReadOnly) {
      test('is read only, and says what to do instead', async () => {
        const before = await token.list();
        const error = await refused(token.generate('new', spec), 'TOKEN_UNSUPPORTED');
        assert.match(error.message, /openssl/);
        await refused(token.remove(await key(spec)), 'TOKEN_UNSUPPORTED');
        await refused(token.rename(await key(spec), 'new'), 'TOKEN_UNSUPPORTED');
        await refused(token.importKey('new', privateKey()), 'TOKEN_UNSUPPORTED');
        assert.deepEqual(await token.list(), before);
      });
      return;
    }

    test('starts empty', async () => assert.deepEqual(await token.list(), []));

    test('an alias that is taken stays with its key', async () => {
      const first = await token.generate('seal', spec);
      for (const other of suite.specs) await refused(token.generate('seal', other), 'KEY_EXISTS');
      assert.deepEqual(await token.list(), [first]);
      await assertSigns(await token.signer('seal'));
    });

    test('keys may not be called what a file or a shell would take amiss', async () => {
      for (const alias of ['', '.', '..', '.hidden', '-x', 'a/b', 'a b', 'a\nb', 'ä', 'x'.repeat(65)]) {
        await refused(token.generate(alias, spec), 'USAGE');
      }
      assert.deepEqual(await token.list(), []);
      for (const alias of ['a', '0', 'x'.repeat(64), 'Seal_2026-11.v2']) await token.generate(alias, spec);
      assert.equal((await token.list()).length, 4);
    });

    test('kinds of keys it cannot make are refused', async () => {
      const unknown = ['rsa-1024', 'rsa-2560', 'rsa-', 'ecdsa-p384', 'constructor', ''];
      const others = KEY_SPECS.filter((each) => !suite.specs.includes(each) && !each.startsWith('rsa-'));
      for (const other of [...unknown, ...others]) {
        await refused(token.generate('seal', other as KeySpec), 'TOKEN_UNSUPPORTED');
      }
      assert.deepEqual(await token.list(), []);
    });

    test('a key that was given another alias is the same key, with its certificates', async () => {
      const { publicKey } = await token.generate('old', spec);
      const signer = await token.signer('old');
      const certificate = await issue('own', await selfSigned('root'), publicKey);
      await token.setCertificates('old', [certificate.der]);
      await token.generate('taken', spec);
      await refused(token.rename('old', 'taken'), 'KEY_EXISTS');
      await refused(token.rename('old', 'old'), 'KEY_EXISTS');
      await refused(token.rename('none', 'new'), 'KEY_NOT_FOUND');
      for (const bad of ['', '../x', 'a b']) await refused(token.rename('old', bad), 'USAGE');
      assert.deepEqual(await token.certificates('old'), [certificate.der]);
      await token.rename('old', 'new');
      assert.deepEqual(
        (await token.list()).map(({ alias }) => alias),
        ['new', 'taken'],
      );
      const renamed = await token.signer('new');
      assert.equal(toHex(renamed.publicKey), toHex(publicKey));
      await assertSigns(renamed);
      assert.deepEqual(await token.certificates('new'), [certificate.der]);
      await refused(token.certificates('old'), 'KEY_NOT_FOUND');
      await refused(signer.sign(new Uint8Array(1)), 'KEY_NOT_FOUND');
      assert.deepEqual(await (await open()).certificates('new'), [certificate.der]);
    });

    test('a key from elsewhere is taken in, or it is said that none can be', async () => {
      const key = privateKey();
      if (suite.kind === 'pkcs11') {
        const { message } = await refused(token.importKey('seal', key), 'TOKEN_UNSUPPORTED');
        assert.match(message, /generate one in the device/);
        assert.deepEqual(await token.list(), []);
        return;
      }
      const { publicKey } = await token.importKey('seal', key);
      assert.equal(
        toHex(publicKey),
        createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('hex'),
      );
      await assertSigns(await (await open()).signer('seal'));
      await refused(token.importKey('seal', privateKey()), 'KEY_EXISTS');
      await refused(token.importKey('../seal', privateKey()), 'USAGE');
      const { privateKey: unsuitable } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
      await refused(token.importKey('p384', unsuitable), 'KEY_UNSUITABLE');
      assert.equal((await token.list()).length, 1);
    });

    test('a removed key is gone, with its certificates; a new one of its alias is another', async () => {
      const signer = await token.signer((await token.generate('seal', spec)).alias);
      const { alias } = await token.generate('other', spec);
      const certificate = await issue('own', await selfSigned('root'), signer.publicKey);
      await token.setCertificates('seal', [certificate.der]);
      await token.remove('seal');
      await refused(token.remove('seal'), 'KEY_NOT_FOUND');
      await refused(token.signer('seal'), 'KEY_NOT_FOUND');
      await refused(signer.sign(new Uint8Array(1)), 'KEY_NOT_FOUND');
      assert.deepEqual(
        (await token.list()).map((each) => each.alias),
        [alias],
      );
      const next = await token.generate('seal', spec);
      assert.notEqual(toHex(next.publicKey), toHex(signer.publicKey));
      assert.deepEqual(await token.certificates('seal'), []);
      await refused(signer.sign(new Uint8Array(1)), 'KEY_NOT_FOUND');
      await assertSigns(await token.signer('seal'));
    });
  });
}
