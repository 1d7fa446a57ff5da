import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { p256 } from '@noble/curves/nist.js';
import { cosignerKeyFromSpki, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import type { Signer } from '../../src/crypto/signer.ts';

/** Keys of the vectors: made of their names, so that everything comes out the same each time. They protect nothing. */

function seedOf(name: string): Buffer {
  return createHash('sha256').update(`tallystick vectors: ${name}`).digest();
}

function signer(
  alias: string,
  algorithm: Signer['algorithm'],
  key: KeyObject,
  by: (data: Uint8Array) => Uint8Array,
): Signer {
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }));
  return { alias, algorithm, publicKey, sign: async (data) => new Uint8Array(by(data)) };
}

function fromSeed(prefix: string, seed: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(prefix, 'hex'), seed]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

export function ed25519(name: string): Signer {
  const key = fromSeed('302e020100300506032b657004220420', seedOf(name));
  return signer(name, 'ed25519', key, (data) => sign(null, data, key));
}

/** Signs as RFC 6979 says, so that a signature repeats. */
export function ecdsa(name: string): Signer {
  const secret = seedOf(name);
  const point = Buffer.from(p256.getPublicKey(secret, false)).subarray(1);
  const jwk = {
    ...{ kty: 'EC', crv: 'P-256', d: secret.toString('base64url') },
    ...{ x: point.subarray(0, 32).toString('base64url'), y: point.subarray(32).toString('base64url') },
  };
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const options = { prehash: false, lowS: false, format: 'der' } as const;
  return signer(name, 'ecdsa-p256', key, (data) =>
    p256.sign(createHash('sha256').update(data).digest(), secret, options),
  );
}

export function rsa(name: string): Signer {
  const jwk = JSON.parse(readFileSync(new URL('rsa.json', import.meta.url), 'utf8'));
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  return signer(name, 'rsa-sha256', key, (data) => sign('sha256', data, key));
}

/**
 * OpenSSL signs with ML-DSA at random. So a signature that stands in the vectors already stays as long as it is good.
 *
 * @param known signatures that there are.
 */
export function mlDsa(name: string, known: readonly Uint8Array[]): Signer {
  const key = fromSeed('3034020100300b060960864801650304031104228020', seedOf(name));
  const made = signer(name, 'ml-dsa-44', key, (data) => sign(null, data, key));
  const cosigner = cosignerKeyFromSpki(name, made.algorithm, made.publicKey);
  return {
    ...made,
    sign: async (data) => {
      for (const each of known) if (await isSignature(cosigner.material, each, data)) return each;
      return made.sign(data);
    },
  };
}

async function isSignature(material: Uint8Array, signature: Uint8Array, data: Uint8Array): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw-public', new Uint8Array(material), 'ML-DSA-44', false, [
    'verify',
  ]);
  return crypto.subtle.verify('ML-DSA-44', key, new Uint8Array(signature), new Uint8Array(data));
}

export function vkeyOf({ algorithm, publicKey }: Signer, origin: string): string {
  return vkeyFromSpki(origin, algorithm, publicKey);
}
