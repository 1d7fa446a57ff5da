import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CKK } from './cryptoki.ts';

/** OID of P-256, DER. */
export const P256_PARAMS: Buffer = Buffer.from('06082a8648ce3d030107', 'hex');
/** PrintableString `edwards25519`: the form of PKCS#11 v3.0 that most libraries take. */
export const ED25519_PARAMS: Buffer = Buffer.from('130c656477617264733235353139', 'hex');

/** Attributes of a public key object; absent ones are empty. */
export interface PublicAttributes {
  readonly keyType: number;
  readonly modulus: Buffer;
  readonly exponent: Buffer;
  readonly params: Buffer;
  readonly point: Buffer;
}

/** The public key that the attributes of its object describe; null when it is none that could seal. */
export function publicKeyOf(attributes: PublicAttributes): KeyObject | null {
  const jwk = jwkOf(attributes);
  if (jwk === null) return null;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return null;
  }
}

/** The public key of a certificate (DER), or null. */
export function publicKeyOfCertificate(der: Buffer): KeyObject | null {
  try {
    return new X509Certificate(der).publicKey;
  } catch {
    return null;
  }
}

function jwkOf({ keyType, modulus, exponent, params, point }: PublicAttributes): JsonWebKey | null {
  if (keyType === CKK.RSA) return { kty: 'RSA', n: number(modulus), e: number(exponent) };
  if (keyType === CKK.EC && params.equals(P256_PARAMS)) {
    const raw = unwrap(point, 65);
    if (raw === null || raw[0] !== 0x04) return null;
    return { kty: 'EC', crv: 'P-256', x: text(raw.subarray(1, 33)), y: text(raw.subarray(33)) };
  }
  if (keyType !== CKK.EC_EDWARDS) return null;
  const raw = unwrap(point, 32);
  return raw && { kty: 'OKP', crv: 'Ed25519', x: text(raw) };
}

/** A point of so many bytes: in an OCTET STRING as PKCS#11 asks for, or bare as some libraries have it. */
function unwrap(point: Buffer, length: number): Buffer | null {
  if (point.length === length) return point;
  const isWrapped = point.length === length + 2 && point[0] === 0x04 && point[1] === length;
  return isWrapped ? point.subarray(2) : null;
}

function number(big: Buffer): string {
  const first = big.findIndex((byte) => byte !== 0);
  return text(first < 0 ? big : big.subarray(first));
}

function text(bytes: Buffer): string {
  return bytes.toString('base64url');
}
