import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { Digest } from './digest.ts';

/** By the names that JWK has for the curves (RFC 7518 section 6.2.1.1, RFC 8812). */
export const CURVES: ReadonlyMap<string, typeof p256> = new Map([
  ['P-256', p256],
  ['P-384', p384],
  ['P-521', p521],
  ['secp256k1', secp256k1],
]);

/**
 * Whether an ECDSA signature in DER holds over a digest. Node and WebCrypto make the digest themselves of a message.
 *
 * @param point the public key, not compressed: 04 ‖ x ‖ y.
 */
export function holdsEcdsa(
  curve: typeof p256,
  point: Uint8Array,
  { bytes }: Digest,
  signature: Uint8Array,
): boolean {
  if (!isEcdsaSignature(signature)) return false;
  try {
    return curve.verify(signature, bytes, point, { prehash: false, lowS: false, format: 'der' });
  } catch {
    // Numbers that are not of this curve.
    return false;
  }
}

/** The longest ECDSA-Sig-Value: two numbers of P-521. */
const MAX_ECDSA_BYTES = 3 + 2 * (2 + 66);

/** Whether bytes have the form of an ECDSA-Sig-Value (RFC 3279 section 2.2.3): a SEQUENCE of two INTEGERs in DER. */
export function isEcdsaSignature(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_ECDSA_BYTES || bytes[0] !== 0x30) return false;
  const long = bytes[1] === 0x81;
  const length = bytes[long ? 2 : 1] ?? 0;
  let at = long ? 3 : 2;
  if (length !== bytes.length - at || length >= 0x80 !== long) return false;
  for (let i = 0; i < 2; i++) {
    const size = bytes[at + 1] ?? 0;
    const [first = 0x80, second = 0x80] = bytes.subarray(at + 2, at + 2 + size);
    const isShortest = first !== 0 || size === 1 || second >= 0x80;
    if (bytes[at] !== 0x02 || size === 0 || size >= 0x80 || first >= 0x80 || !isShortest) return false;
    at += 2 + size;
  }
  return at === bytes.length;
}
