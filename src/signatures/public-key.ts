import { createHash, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import type { Digest } from './digest.ts';
import { CURVES, holdsEcdsa } from './ecdsa.ts';
import { holdsRsa } from './rsa.ts';

/** A key that checks a signature over a digest that is at hand; Node's own API wants the message. */
export interface PublicKey {
  /** Lower-case hex SHA-256 of SubjectPublicKeyInfo: equal for equal keys. */
  readonly id: string;
  readonly kind: 'rsa' | 'ecdsa';
  /** False also for bytes that are no signature at all. */
  holds(digest: Digest, signature: Uint8Array): boolean;
}

/** The key of a certificate; null for a kind that is not checked here. */
export function publicKeyOf(certificate: X509Certificate): PublicKey | null {
  try {
    const key = certificate.publicKey;
    const id = createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    if (key.asymmetricKeyType === 'ec') return ecdsaKey(id, key);
    const { modulus, exponent } = certificate.toLegacyObject() as { modulus?: string; exponent?: string };
    if (modulus === undefined || exponent === undefined) return null;
    return rsaKey(id, modulus, exponent);
  } catch {
    // OpenSSL reads no key in it, or one that it has no JWK for: other curves, newer algorithms.
    return null;
  }
}

const MAX_MODULUS_BYTES = 2_048;
const MAX_EXPONENT_BYTES = 8;

/** @param modulus and exponent: hex, also of a key that is for RSA-PSS alone, which Node would not hand out. */
function rsaKey(id: string, modulus: string, exponent: string): PublicKey | null {
  const n = Buffer.from(modulus.padStart(modulus.length + (modulus.length % 2), '0'), 'hex');
  const digits = exponent.replace(/^0x/, '');
  const e = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  // OpenSSL refuses to work with larger ones, which must not look like a signature that does not hold.
  if (n.length > MAX_MODULUS_BYTES || e.length > MAX_EXPONENT_BYTES) return null;
  const jwk = { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return { id, kind: 'rsa', holds: (digest, signature) => holdsRsa(key, digest, signature) };
}

function ecdsaKey(id: string, key: KeyObject): PublicKey | null {
  const { crv, x, y } = key.export({ format: 'jwk' });
  const curve = CURVES.get(crv ?? '');
  if (curve === undefined || x === undefined || y === undefined) return null;
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return { id, kind: 'ecdsa', holds: (digest, signature) => holdsEcdsa(curve, point, digest, signature) };
}
