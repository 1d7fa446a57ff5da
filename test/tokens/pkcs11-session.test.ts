import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { p256SignatureFromDer } from '../../src/checkpoint/ecdsa.ts';
import { type ErrorCode, TokenError } from '../../src/errors.ts';
import type { Cryptoki } from '../../src/tokens/pkcs11/cryptoki.ts';
import { derOfP256 } from '../../src/tokens/pkcs11/ecdsa.ts';
import { afterLogin } from '../../src/tokens/pkcs11/errors.ts';
import { Library } from '../../src/tokens/pkcs11/library.ts';
import { Session } from '../../src/tokens/pkcs11/session.ts';
import { LIBRARY, missing, PIN, SoftHsm } from './softhsm.ts';

/** What a device may answer when it is gone, half gone or restarted. */
const LOST = {
  CKR_GENERAL_ERROR: 0x05,
  CKR_FUNCTION_FAILED: 0x06,
  CKR_DEVICE_ERROR: 0x30,
  CKR_DEVICE_MEMORY: 0x31,
  CKR_DEVICE_REMOVED: 0x32,
  CKR_KEY_HANDLE_INVALID: 0x60,
  CKR_OBJECT_HANDLE_INVALID: 0x82,
  CKR_OPERATION_ACTIVE: 0x90,
  CKR_SESSION_CLOSED: 0xb0,
  CKR_SESSION_HANDLE_INVALID: 0xb3,
  CKR_TOKEN_NOT_PRESENT: 0xe0,
  CKR_USER_NOT_LOGGED_IN: 0x101,
  CKR_CRYPTOKI_NOT_INITIALIZED: 0x190,
  CKR_VENDOR_DEFINED: 0x80000001,
} as const;

/** A library whose calls fail as they are told to, before they are done or after. */
class FaultyLibrary {
  readonly cryptoki: Cryptoki;
  readonly calls: string[] = [];
  readonly #plan: { call: string; rv: [string, number]; isDone: boolean }[] = [];

  constructor() {
    const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Cryptoki };
    const real = new PKCS11() as unknown as Record<string, (...args: unknown[]) => unknown>;
    this.cryptoki = new Proxy(real, {
      get:
        (_, call: string) =>
        (...args: unknown[]) =>
          this.#act(call, () => real[call]?.(...args)),
    }) as unknown as Cryptoki;
  }

  fail(call: keyof Cryptoki, rv: string, number: number, { times = 1, isDone = false } = {}): void {
    for (let i = 0; i < times; i++) this.#plan.push({ call, rv: [rv, number], isDone });
  }

  #act(call: string, act: () => unknown): unknown {
    this.calls.push(call);
    const at = this.#plan.findIndex((fault) => fault.call === call);
    const [fault] = at < 0 ? [] : this.#plan.splice(at, 1);
    const result = fault?.isDone === false ? undefined : act();
    if (fault === undefined) return result;
    const [rv, number] = fault.rv;
    throw Object.assign(new Error(`${rv}:${number}`), { name: 'Pkcs11Error', code: number });
  }
}

if (missing !== undefined) {
  test('a session with a PKCS#11 device', { skip: missing }, () => undefined);
} else {
  describe('a session with a PKCS#11 device', () => {
    const hsm = new SoftHsm();
    let faulty: FaultyLibrary;
    let library: Library;
    let session: Session;
    let now: number;

    const open = (logsIn = true, label = hsm.make()): Session =>
      new Session(library, { slot: { label }, token: 'hsm', logsIn });

    /** As the token does: logs in when it is asked to. */
    const withLogin = <T>(act: () => T): T => {
      try {
        return act();
      } catch (error) {
        if (!(error instanceof TokenError) || error.context.pinNeeded !== true) throw error;
        session.login(PIN);
      }
      try {
        return act();
      } catch (error) {
        throw afterLogin('hsm', error);
      }
    };

    const refuses = (act: () => unknown, code: ErrorCode): TokenError => {
      let found: unknown;
      try {
        withLogin(act);
      } catch (error) {
        found = error;
      }
      assert.ok(found instanceof TokenError, `${found}`);
      assert.equal(found.code, code, found.message);
      return found;
    };

    beforeEach(() => {
      now = 0;
      faulty = new FaultyLibrary();
      library = new Library(faulty.cryptoki, LIBRARY, () => now);
      session = open();
    });
    afterEach(() => {
      session.close();
      library.close();
    });

    const data = new TextEncoder().encode('what is sealed');
    const assertSigns = (alias: string): void => {
      const { publicKey } = withLogin(() => session.key(alias));
      const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
      assert.ok(
        verify(
          'sha256',
          data,
          key,
          withLogin(() => session.sign(alias, data)),
        ),
      );
    };

    test('opens anew whatever a device that was away answers, and signs in the same call', () => {
      withLogin(() => session.generate('seal', 'ecdsa-p256'));
      for (const [rv, number] of Object.entries(LOST)) {
        for (const call of ['C_SignInit', 'C_Sign', 'C_GetSessionInfo'] as const) {
          faulty.fail(call, rv, number);
          faulty.calls.length = 0;
          assertSigns('seal');
          assert.ok(faulty.calls.includes('C_OpenSession'), `${call} ${rv}: ${faulty.calls}`);
        }
      }
    });

    test('gives up for now when it fails again, and names the answer', () => {
      withLogin(() => session.generate('seal', 'ecdsa-p256'));
      for (const [rv, number] of Object.entries(LOST)) {
        // Logged in, in a session that was open, and after the login that the new session needs.
        faulty.fail('C_Sign', rv, number, { times: 2 });
        const { message } = refuses(() => session.sign('seal', data), 'TOKEN_UNAVAILABLE');
        assert.ok(message.includes(rv), message);
        assertSigns('seal');
      }
    });

    test('does not make a key twice when it is not known whether the first was made', () => {
      withLogin(() => session.list());
      faulty.fail('C_GenerateKeyPair', 'CKR_DEVICE_REMOVED', LOST.CKR_DEVICE_REMOVED, { isDone: true });
      refuses(() => session.generate('seal', 'ecdsa-p256'), 'TOKEN_UNAVAILABLE');
      assert.equal(faulty.calls.filter((call) => call === 'C_GenerateKeyPair').length, 1);
      assert.deepEqual(
        withLogin(() => session.list()).map((key) => key.alias),
        ['seal'],
      );
      refuses(() => session.generate('seal', 'ecdsa-p256'), 'KEY_EXISTS');
      assertSigns('seal');
    });

    test('a certificate that could not be written leaves those before, and nothing of itself', async () => {
      const { issue, selfSigned } = await import('./certificates.ts');
      const { publicKey } = withLogin(() => session.generate('seal', 'ecdsa-p256'));
      const root = await selfSigned('root');
      const before = [(await issue('before', root, publicKey)).der];
      withLogin(() => session.setCertificates('seal', before));
      const own = await issue('own', root, publicKey);
      const real = faulty.calls.length;
      // The second of two.
      let nth = 0;
      const create = faulty.cryptoki.C_CreateObject;
      const failing = new Proxy(faulty.cryptoki, {
        get: (target, name: keyof Cryptoki) => {
          if (name !== 'C_CreateObject') return target[name];
          return (...args: Parameters<Cryptoki['C_CreateObject']>) => {
            nth += 1;
            if (nth === 2)
              throw Object.assign(new Error('CKR_DEVICE_MEMORY:49'), { name: 'Pkcs11Error', code: 49 });
            return create(...args);
          };
        },
      });
      Object.assign(library, { cryptoki: failing });
      refuses(() => session.setCertificates('seal', [own.der, root.der]), 'TOKEN_UNAVAILABLE');
      assert.ok(faulty.calls.length > real);
      assert.deepEqual(
        withLogin(() => session.certificates()),
        before,
      );
    });

    test('says what a device says of PINs, keys and abilities', () => {
      const answers: readonly [keyof Cryptoki, string, number, ErrorCode][] = [
        ['C_Login', 'CKR_PIN_INCORRECT', 0xa0, 'TOKEN_PASSPHRASE'],
        ['C_Login', 'CKR_PIN_LEN_RANGE', 0xa2, 'TOKEN_PASSPHRASE'],
        ['C_Login', 'CKR_USER_PIN_NOT_INITIALIZED', 0x102, 'TOKEN_PASSPHRASE'],
        ['C_Login', 'CKR_PIN_LOCKED', 0xa4, 'TOKEN_LOCKED'],
        ['C_Login', 'CKR_PIN_EXPIRED', 0xa3, 'TOKEN_LOCKED'],
        ['C_GenerateKeyPair', 'CKR_MECHANISM_INVALID', 0x70, 'TOKEN_UNSUPPORTED'],
        ['C_GenerateKeyPair', 'CKR_TOKEN_WRITE_PROTECTED', 0xe2, 'TOKEN_UNSUPPORTED'],
        ['C_SignInit', 'CKR_KEY_FUNCTION_NOT_PERMITTED', 0x68, 'KEY_UNSUITABLE'],
      ];
      withLogin(() => session.generate('seal', 'ecdsa-p256'));
      for (const [call, rv, number, code] of answers) {
        if (call === 'C_Login') session.logout();
        faulty.fail(call, rv, number);
        const act =
          call === 'C_GenerateKeyPair'
            ? () => session.generate('k', 'ed25519')
            : () => session.sign('seal', data);
        const { message } = refuses(act, code);
        assert.ok(message.includes(rv) && message.includes('hsm'), message);
        assert.ok(!message.includes(PIN));
        // Unlocked, and allowed: it goes on.
        assertSigns('seal');
      }
    });

    test('a defect is not taken for a token that is away', () => {
      withLogin(() => session.list());
      Object.assign(library, {
        cryptoki: new Proxy(faulty.cryptoki, {
          get: (target, name: keyof Cryptoki) => {
            if (name === 'C_FindObjectsInit') throw new TypeError('a defect');
            return target[name];
          },
        }),
      });
      assert.throws(() => session.list(), { name: 'TypeError' });
      Object.assign(library, { cryptoki: faulty.cryptoki });
    });

    test('a restart of the library spares a neighbour that cannot log in again, and others for ten seconds', () => {
      withLogin(() => session.list());
      const restarts = () => faulty.calls.filter((call) => call === 'C_Finalize').length;
      const absent = open(true, 'not there');
      const look = () => assert.throws(() => absent.ready(), { code: 'TOKEN_UNAVAILABLE' });

      look();
      assert.equal(restarts(), 1);
      assert.equal(session.isOpen, false);
      withLogin(() => session.list());
      now = 9_999;
      look();
      assert.equal(restarts(), 1);
      assert.equal(session.isOpen, true);
      now = 10_000;
      look();
      assert.equal(restarts(), 2);

      const typed = open(false);
      typed.login(PIN);
      const before = restarts();
      now = 100_000;
      look();
      assert.equal(restarts(), before);
      assert.equal(typed.isOpen, true);
      typed.close();
      look();
      look();
      assert.equal(restarts(), before + 2);
      absent.close();
    });
  });
}

test('r ‖ s of every length becomes the one DER there is, and back', () => {
  // Zero is no part of a signature.
  const scalar = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .filter((bytes) => bytes.some((byte) => byte > 0));
  const small = fc
    .tuple(fc.integer({ min: 0, max: 31 }), scalar)
    .map(([zeros, bytes]) => bytes.map((byte, i) => (i < zeros ? 0 : Math.max(byte, 1))));
  fc.assert(
    fc.property(fc.oneof(scalar, small), fc.oneof(scalar, small), (r, s) => {
      const raw = Uint8Array.from([...r, ...s]);
      assert.deepEqual(p256SignatureFromDer(derOfP256(raw)), raw);
    }),
  );
});
