import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { Signer } from '../../src/crypto/signer.ts';

/** The Ed25519 key of a name: always the same, so that tests repeat. */
export function testSigner(name: string): Signer {
  const seed = createHash('sha256').update(`seed of ${name}`).digest();
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return signer(name, 'ed25519', key, (data) => sign(null, data, key));
}

/** A P-256 key, new at each call. */
export function p256Signer(name: string, key: KeyObject): Signer {
  return signer(name, 'ecdsa-p256', key, (data) => sign('sha256', data, key));
}

/** A new RSA key. */
export function rsaSigner(name: string, bits: number): Signer {
  const key = generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
  return signer(name, 'rsa-sha256', key, (data) => sign('sha256', data, key));
}

/** A new ML-DSA-44 key. */
export function mlDsaSigner(name: string): Signer {
  const key = generateKeyPairSync('ml-dsa-44').privateKey;
  return signer(name, 'ml-dsa-44', key, (data) => sign(null, data, key));
}

function signer(
  alias: string,
  algorithm: Signer['algorithm'],
  key: KeyObject,
  signNow: (data: Uint8Array) => Uint8Array,
): Signer {
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }));
  return { alias, algorithm, publicKey, sign: async (data) => new Uint8Array(signNow(data)) };
}
