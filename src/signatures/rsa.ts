import { constants, createHash, type KeyObject, publicDecrypt } from 'node:crypto';
import { equalBytes } from '../crypto/bytes.ts';
import type { Digest } from './digest.ts';

/** What stands before the digest in a DigestInfo: RFC 8017 section 9.2, note 1. Hex. */
const DIGEST_INFO: Readonly<Record<string, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha224: '302d300d06096086480165030402040500041c',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/**
 * Whether a signature over a digest holds under an RSA key, as RSASSA-PKCS1-v1_5 or as RSASSA-PSS (RFC 8017 section 8)
 * with MGF1 over the same digest algorithm and salt of any length. Logs name the key's algorithm, rarely the
 * padding; no bytes are good in both ways.
 */
export function holdsRsa(key: KeyObject, digest: Digest, signature: Uint8Array): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (signature.length !== Math.ceil(bits / 8)) return false;
  let encoded: Uint8Array;
  try {
    encoded = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    // A number that is not below the modulus; a modulus larger than OpenSSL takes.
    return false;
  }
  return isPkcs1(encoded, digest) || isPss(encoded, bits - 1, digest);
}

/** 00 01 FF … FF 00 DigestInfo: compared whole, so that nothing can hide in it. */
function isPkcs1(encoded: Uint8Array, { bytes, algorithm }: Digest): boolean {
  const info = Buffer.concat([Buffer.from(DIGEST_INFO[algorithm] ?? '', 'hex'), bytes]);
  const padding = encoded.length - info.length - 3;
  if (padding < 8) return false;
  const wanted = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(padding, 0xff), Buffer.of(0), info]);
  return equalBytes(encoded, wanted);
}

/** EMSA-PSS-VERIFY (RFC 8017 section 9.1.2); the salt begins where the padding ends. */
function isPss(message: Uint8Array, bits: number, { bytes: digest, algorithm }: Digest): boolean {
  const length = Math.ceil(bits / 8);
  // A modulus of 8n + 1 bits has a byte in front that is not part of it.
  if (message.length > length && message[0] !== 0) return false;
  const encoded = message.subarray(message.length - length);
  const size = digest.length;
  if (length < size + 2 || encoded.at(-1) !== 0xbc) return false;
  const masked = encoded.subarray(0, length - size - 1);
  const hash = encoded.subarray(length - size - 1, length - 1);
  const unused = 0xff >> (8 * length - bits);
  if (((masked[0] as number) & ~unused) !== 0) return false;
  const mask = mgf1(hash, masked.length, algorithm);
  const block = masked.map((byte, i) => byte ^ (mask[i] as number));
  block[0] = (block[0] as number) & unused;
  const one = block.findIndex((byte) => byte !== 0);
  if (one < 0 || block[one] !== 1) return false;
  const again = createHash(algorithm)
    .update(new Uint8Array(8))
    .update(digest)
    .update(block.subarray(one + 1));
  return equalBytes(hash, again.digest());
}

/** RFC 8017 appendix B.2.1. */
function mgf1(seed: Uint8Array, length: number, algorithm: string): Uint8Array {
  const parts: Buffer[] = [];
  for (let counter = 0, made = 0; made < length; counter++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    const part = createHash(algorithm).update(seed).update(number).digest();
    parts.push(part);
    made += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}
