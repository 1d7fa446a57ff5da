/** Bytes of a P-256 coordinate or scalar. */
const SCALAR = 32;

/**
 * The signature form WebCrypto takes (r ‖ s, 64 bytes) of an ASN.1 DER `ECDSA-Sig-Value` (RFC 3279 section 2.2.3)
 * over P-256, or null when the bytes are not exactly its DER: lengths in short form, shortest positive integers, no
 * bytes behind.
 */
export function p256SignatureFromDer(der: Uint8Array): Uint8Array | null {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 2 + 2 * (2 + SCALAR + 1)) return null;
  const out = new Uint8Array(2 * SCALAR);
  let at = 2;
  for (const end of [SCALAR, 2 * SCALAR]) {
    const length = der[at + 1];
    if (der[at] !== 0x02 || length === undefined || at + 2 + length > der.length) return null;
    const scalar = unsigned(der.subarray(at + 2, at + 2 + length));
    if (scalar === null) return null;
    out.set(scalar, end - scalar.length);
    at += 2 + length;
  }
  return at === der.length ? out : null;
}

/** Value bytes of a DER INTEGER that is positive and at most 32 bytes, without the zero in front; else null. */
function unsigned(integer: Uint8Array): Uint8Array | null {
  const [first = 0x80, second = 0] = integer;
  if (first >= 0x80) return null;
  if (first === 0 && second < 0x80) return null;
  const value = first === 0 ? integer.subarray(1) : integer;
  return value.length <= SCALAR ? value : null;
}
