import { concatBytes } from '../../crypto/bytes.ts';

/** `ECDSA-Sig-Value` (RFC 3279 section 2.2.3) of what PKCS#11 returns for P-256: r ‖ s, 64 bytes. */
export function derOfP256(raw: Uint8Array): Uint8Array {
  const body = concatBytes(integer(raw.subarray(0, 32)), integer(raw.subarray(32, 64)));
  return concatBytes(Uint8Array.of(0x30, body.length), body);
}

/** DER INTEGER of an unsigned big-endian number: no zeros in front, but one where it would read as negative. */
function integer(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start += 1;
  const digits = value.subarray(start);
  const sign = (digits[0] as number) >= 0x80 ? [0] : [];
  return Uint8Array.of(0x02, sign.length + digits.length, ...sign, ...digits);
}
