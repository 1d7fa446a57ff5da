import assert from 'node:assert/strict';
import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  sign,
  X509Certificate,
} from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DIGESTS } from '../../src/signatures/digest.ts';
import { isEcdsaSignature } from '../../src/signatures/ecdsa.ts';
import { type PublicKey, publicKeyOf } from '../../src/signatures/public-key.ts';
import { certificate } from './keys.ts';

const MESSAGE = Buffer.from('what was signed');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** Its encoded message for PSS is a byte shorter than the modulus. */
const oddRsa = generateKeyPairSync('rsa', { modulusLength: 1537 });
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

function read(key: KeyObject): PublicKey | null {
  return publicKeyOf(new X509Certificate(certificate(key)));
}

function digest(algorithm: string): { bytes: Uint8Array; algorithm: string } {
  return { bytes: createHash(algorithm).update(MESSAGE).digest(), algorithm };
}

/** A signature that Node makes of a message holds over its digest, over no other, and under no other key. */
function assertHolds(
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  other: PublicKey,
  options: object = {},
  digests: Iterable<string> = DIGESTS.keys(),
): void {
  const key = read(publicKey) as PublicKey;
  for (const algorithm of digests) {
    const signature = sign(algorithm, MESSAGE, { key: privateKey, ...options });
    const over = digest(algorithm);
    assert.ok(key.holds(over, signature), algorithm);
    assert.equal(other.holds(over, signature), false, algorithm);
    const bytes = over.bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
    assert.equal(key.holds({ bytes, algorithm }, signature), false, algorithm);
    for (const i of [0, 1, signature.length >> 1, signature.length - 1]) {
      const changed = signature.map((byte, at) => (at === i ? byte ^ 1 : byte));
      assert.equal(key.holds(over, changed), false, `${algorithm}, byte ${i}`);
    }
    assert.equal(key.holds(over, signature.subarray(1)), false);
    assert.equal(key.holds(over, Buffer.concat([signature, Buffer.of(0)])), false);
  }
}

describe('signatures made by Node hold', () => {
  const otherRsa = read(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey) as PublicKey;

  test('RSA PKCS#1 v1.5', () => {
    assertHolds(rsa, otherRsa);
    assertHolds(oddRsa, otherRsa);
  });

  for (const saltLength of [0, 1, 20, constants.RSA_PSS_SALTLEN_DIGEST, constants.RSA_PSS_SALTLEN_MAX_SIGN]) {
    test(`RSA-PSS, salt ${saltLength}`, () => {
      const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
      assertHolds(rsa, otherRsa, options);
      assertHolds(oddRsa, otherRsa, options);
      assertHolds(pss, otherRsa, options);
    });
  }

  for (const curve of ['P-256', 'P-384', 'P-521', 'secp256k1']) {
    test(`ECDSA ${curve}`, () => {
      assertHolds(ec(curve), read(ec(curve).publicKey) as PublicKey);
    });
  }
});

describe('an RSA encoding holds only whole', () => {
  const key = read(rsa.publicKey) as PublicKey;
  const over = digest('sha256');
  const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), over.bytes]);

  function encoded(...parts: readonly (number | Uint8Array)[]): boolean {
    const bytes = Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)));
    assert.equal(bytes.length, 256);
    return key.holds(over, privateEncrypt({ key: rsa.privateKey, padding: constants.RSA_NO_PADDING }, bytes));
  }
  const ff = (length: number) => Buffer.alloc(length, 0xff);

  test('as it is made', () => {
    assert.equal(encoded(0, 1, ff(253 - info.length), 0, info), true);
  });

  test('not with bytes behind, a short or broken padding, another type, another digest, or none named', () => {
    assert.equal(encoded(0, 1, ff(8), 0, info, Buffer.alloc(256 - 11 - info.length, 7)), false);
    assert.equal(encoded(0, 1, ff(252 - info.length), 0, info, 0), false);
    assert.equal(encoded(0, 1, ff(252 - info.length), 0xfe, 0, info), false);
    assert.equal(encoded(0, 2, ff(253 - info.length), 0, info), false);
    assert.equal(encoded(0, 0, ff(253 - info.length), 0, info), false);
    assert.equal(encoded(0, 1, ff(253 - 32), 0, over.bytes), false);
    const other = Buffer.from(info);
    other[14] = 4;
    assert.equal(encoded(0, 1, ff(253 - info.length), 0, other), false);
  });
});

describe('what is not checked here', () => {
  test('is no key', () => {
    assert.equal(read(generateKeyPairSync('ed25519').publicKey), null);
    assert.equal(read(ec('brainpoolP256r1').publicKey), null);
  });

  test('is known by its key, whatever the certificate', () => {
    assert.equal(read(rsa.publicKey)?.id, read(rsa.publicKey)?.id);
    assert.notEqual(read(rsa.publicKey)?.id, read(oddRsa.publicKey)?.id);
  });
});

describe('any bytes', () => {
  const keys = [rsa, ec('P-256'), ec('P-521')].map(({ publicKey }) => read(publicKey) as PublicKey);

  test('are a signature of none, and do no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const key of keys) assert.equal(key.holds(digest('sha256'), bytes), false);
      }),
    );
    for (const byte of [0, 1, 0xff]) {
      assert.equal(keys[0]?.holds(digest('sha256'), Buffer.alloc(256, byte)), false);
    }
    // Numbers 0 and 1, which once passed for signatures elsewhere.
    for (const text of ['3006020100020100', '3006020101020101', '3006020100020101']) {
      for (const key of keys) assert.equal(key.holds(digest('sha256'), Buffer.from(text, 'hex')), false);
    }
  });

  test('have the form of an ECDSA signature only in DER', () => {
    const good = (text: string) => isEcdsaSignature(Buffer.from(text, 'hex'));
    for (const text of ['3006020101020101', '30070202008002017f']) assert.equal(good(text), true, text);
    for (const text of [
      ...['', '30', '3000', '3003020101', '3006020101020181', '300602010102020001', '3106020101020101'],
      ...['308106020101020101', '300602010102010100', '3008020101020101', '3009020101020101020101'],
      ...['300702020001020101', '3006030101020101', '3080020101020101', '30060200020201ff'],
    ]) {
      assert.equal(good(text), false, text);
    }
    const { privateKey } = ec('P-521');
    for (let i = 0; i < 20; i++) assert.ok(isEcdsaSignature(sign('sha512', MESSAGE, privateKey)));
  });
});
