import { generateKeyPair, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { SignatureAlgorithm } from '../crypto/signer.ts';
import { KEY_SPECS, type KeySpec } from './token.ts';

/** Keys that seal, as Node's cryptography has them. */

const RSA_BITS = { min: 2_048, max: 4_096 } as const;

/** The digest Node is told to make; of the others it makes none before signing. */
const DIGEST: Readonly<Record<SignatureAlgorithm, string | null>> = {
  ed25519: null,
  'ecdsa-p256': 'sha256',
  'rsa-sha256': 'sha256',
  'ml-dsa-44': null,
};

export const SEALING_KEYS = 'Ed25519, ECDSA P-256, RSA of 2048 to 4096 bits, ML-DSA-44';

export interface KeyKind {
  readonly algorithm: SignatureAlgorithm;
  readonly spec: KeySpec;
}

/** What kind of key this is, or null when it is none that seals. */
export function keyKind(key: KeyObject): KeyKind | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519' || type === 'ml-dsa-44') return { algorithm: type, spec: type };
  if (type === 'ec' && details?.namedCurve === 'prime256v1') {
    return { algorithm: 'ecdsa-p256', spec: 'ecdsa-p256' };
  }
  const bits = details?.modulusLength ?? 0;
  return type === 'rsa' && bits >= RSA_BITS.min && bits <= RSA_BITS.max
    ? { algorithm: 'rsa-sha256', spec: `rsa-${bits}` }
    : null;
}

export function isKeySpec(spec: string): spec is (typeof KEY_SPECS)[number] {
  return (KEY_SPECS as readonly string[]).includes(spec);
}

/** A new private key. */
export async function newKey(spec: (typeof KEY_SPECS)[number]): Promise<KeyObject> {
  if (spec === 'ed25519') return generateKeyPairSync('ed25519').privateKey;
  if (spec === 'ml-dsa-44') return generateKeyPairSync('ml-dsa-44').privateKey;
  if (spec === 'ecdsa-p256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  // Up to seconds: in a thread of the pool.
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: Number(spec.slice(4)) });
  return privateKey;
}

const signInPool = promisify(sign) as (
  digest: string | null,
  data: Uint8Array,
  key: KeyObject,
) => Promise<Buffer>;

/** Signs as `Signer.sign` is specified for the algorithm. */
export async function signWith(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
): Promise<Uint8Array> {
  const digest = DIGEST[algorithm];
  // Elliptic curves take tens of microseconds: less than handing the work to another thread and back.
  const isQuick = algorithm === 'ed25519' || algorithm === 'ecdsa-p256';
  return new Uint8Array(isQuick ? sign(digest, data, key) : await signInPool(digest, data, key));
}

/** Whether this is what `Signer.sign` is to resolve with. False for malformed signatures too. */
export function isSignature(
  publicKey: KeyObject,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verify(DIGEST[algorithm], data, publicKey, signature);
}

/** SubjectPublicKeyInfo of a public key. */
export function spkiOf(publicKey: KeyObject): Uint8Array {
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
}
