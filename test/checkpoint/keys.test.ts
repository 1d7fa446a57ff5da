import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { p256SignatureFromDer } from '../../src/checkpoint/ecdsa.ts';
import { Keyring, parseVkey, VerifierKey, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import { p256Signer, rsaSigner, testSigner } from './signers.ts';

const INVALID = { name: 'ProofError', code: 'KEY_INVALID' };
const P256 = p256Signer('p256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

const RSA = rsaSigner('rsa', 2048);

for (const signer of [testSigner('ed'), P256, RSA]) {
  test(`${signer.algorithm}: a signature verifies with the vkey of its key, nothing else does`, async () => {
    const vkey = vkeyFromSpki('log.example/a', signer.algorithm, signer.publicKey);
    const key = parseVkey(vkey);
    assert.equal(key.vkey, vkey);
    assert.equal(key.name, 'log.example/a');
    assert.equal(key.canVerify, true);
    const data = utf8('what is signed\n');
    const signature = await signer.sign(data);
    assert.equal(await key.verify(data, signature), true);
    assert.equal(await key.verify(utf8('what is signed'), signature), false);
    for (const bad of [new Uint8Array(0), signature.subarray(1), concatBytes(signature, Uint8Array.of(0))]) {
      assert.equal(await key.verify(data, bad), false);
    }
    for (let i = 0; i < signature.length; i++) {
      const changed = signature.slice();
      changed[i] = (changed[i] as number) ^ 1;
      assert.equal(await key.verify(data, changed), false, `byte ${i}`);
    }
    assert.equal(
      await parseVkey(vkeyFromSpki('b', 'ed25519', testSigner('x').publicKey)).verify(data, signature),
      false,
    );
  });
}

test('ECDSA signatures of every length are understood', async () => {
  const key = parseVkey(vkeyFromSpki('p', P256.algorithm, P256.publicKey));
  for (let i = 0; i < 200; i++) {
    const data = utf8(`text ${i}`);
    assert.equal(await key.verify(data, await P256.sign(data)), true);
  }
});

test('DER that is not the one form of a P-256 signature is refused', () => {
  const integer = (...value: number[]) => Uint8Array.of(0x02, value.length, ...value);
  const sequence = (...parts: Uint8Array[]) => {
    const body = concatBytes(...parts);
    return concatBytes(Uint8Array.of(0x30, body.length), body);
  };
  const one = integer(1);
  const full = integer(0, ...Array(32).fill(0xff));
  assert.deepEqual(p256SignatureFromDer(sequence(one, integer(2)))?.slice(62), Uint8Array.of(0, 2));
  assert.deepEqual(p256SignatureFromDer(sequence(full, full)), new Uint8Array(64).fill(0xff));
  const bad = [
    new Uint8Array(0),
    Uint8Array.of(0x30),
    sequence(),
    sequence(one),
    sequence(one, one, one),
    concatBytes(sequence(one, one), Uint8Array.of(0)),
    sequence(integer(), one),
    sequence(integer(0, 1), one),
    sequence(integer(0x80), one),
    sequence(one, integer(0, ...Array(33).fill(0xff))),
    sequence(one, integer(...Array(33).fill(0x11))),
    Uint8Array.of(0x31, 6, ...one, ...one),
    Uint8Array.of(0x30, 0x81, 6, ...one, ...one),
    Uint8Array.of(0x30, 6, ...one, 0x03, 1, 1),
    Uint8Array.of(0x30, 6, ...one, 0x02, 2, 1),
  ];
  for (const der of bad) assert.equal(p256SignatureFromDer(der), null, Buffer.from(der).toString('hex'));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (der) => {
      const raw = p256SignatureFromDer(der);
      assert.ok(raw === null || raw.length === 64);
    }),
  );
});

test('keys that cannot sign notes are refused', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const spki = new Uint8Array(p384.export({ format: 'der', type: 'spki' }));
  assert.throws(() => vkeyFromSpki('a', 'ecdsa-p256', spki), INVALID);
  assert.throws(() => vkeyFromSpki('a', 'ed25519', P256.publicKey), INVALID);
  assert.throws(() => vkeyFromSpki('a', 'ecdsa-p256', testSigner('a').publicKey), INVALID);
  assert.throws(() => vkeyFromSpki('a b', 'ed25519', testSigner('a').publicKey), INVALID);
  assert.throws(() => new VerifierKey('a', 0x01, new Uint8Array(31)), INVALID);
  assert.throws(() => new VerifierKey('a', 0x03, new Uint8Array(32)), INVALID);
  assert.throws(() => new VerifierKey('a', 0x06, new Uint8Array(1311)), INVALID);
  assert.throws(() => vkeyFromSpki('a', 'ml-dsa-44', RSA.publicKey), INVALID);
  assert.throws(() => new VerifierKey('a', 0xff, RSA.publicKey), INVALID);
  const other = concatBytes(utf8('tallystick/rsa-pkcs1-sha256/v2'), RSA.publicKey);
  assert.throws(() => new VerifierKey('a', 0xff, other), INVALID);
});

test('a point that is not on the curve is a bad key, not a bad signature', async () => {
  const spki = P256.publicKey.slice();
  spki.fill(0xff, 27);
  const key = new VerifierKey('a', 0x02, spki);
  await assert.rejects(key.verify(utf8('x'), await P256.sign(utf8('x'))), INVALID);
});

test('an RSA key has one vkey, under the name of its type', () => {
  const key = parseVkey(vkeyFromSpki('log.example/a', 'rsa-sha256', RSA.publicKey));
  assert.equal(key.type, 0xff);
  const material = concatBytes(utf8('tallystick/rsa-pkcs1-sha256/v1'), RSA.publicKey);
  assert.deepEqual(key.material, material);
  const id = createHash('sha256').update('log.example/a\n').update(Uint8Array.of(0xff)).update(material);
  assert.equal(key.id, id.digest('hex').slice(0, 8));
});

test('RSA keys of other sizes and kinds, and other encodings of a key, are bad keys', async () => {
  const spki = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  const long = RSA.publicKey.slice();
  // The same with the length of the algorithm's identifier in a longer form than DER has it.
  const ber = concatBytes(Uint8Array.of(0x30, 0x82, 0x01, 0x23, 0x30, 0x81, 0x0d), long.subarray(6));
  assert.deepEqual([...long.subarray(0, 6)], [0x30, 0x82, 0x01, 0x22, 0x30, 0x0d]);
  const bad = [
    rsaSigner('small', 1024).publicKey,
    rsaSigner('large', 4104).publicKey,
    spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
    P256.publicKey,
    ber,
    concatBytes(RSA.publicKey, Uint8Array.of(0)),
  ];
  for (const [i, publicKey] of bad.entries()) {
    const key = parseVkey(vkeyFromSpki('a', 'rsa-sha256', publicKey));
    await assert.rejects(key.verify(utf8('x'), await RSA.sign(utf8('x'))), INVALID, `key ${i}`);
  }
});

test('a keyring refuses two keys of one name and id, and takes one key twice', () => {
  const vkey = vkeyFromSpki('a', 'ed25519', testSigner('a').publicKey);
  assert.equal(new Keyring([vkey, vkey]).keys.length, 1);
  assert.throws(() => new Keyring([vkey, 'nonsense']), INVALID);

  // Found by trying some 30,000 keys: all it takes for two of one id.
  const [one, other] = [5_569, 32_734].map((n) => {
    const material = new Uint8Array(32);
    new DataView(material.buffer).setUint32(0, n);
    return new VerifierKey('a', 0x01, material);
  }) as [VerifierKey, VerifierKey];
  assert.equal(one.id, other.id);
  assert.throws(() => new Keyring([one.vkey, other.vkey]), INVALID);
});
