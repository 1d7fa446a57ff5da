import { fromBase64, fromHex } from '../crypto/bytes.ts';
import type { SignatureInfo } from '../record/mod.ts';
import { DIGESTS, type Digest } from './digest.ts';
import { isEcdsaSignature } from './ecdsa.ts';
import type { PublicKey } from './public-key.ts';

/** What a record says of a signature, as bytes. */
export interface LoggedSignature {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  /** What the named algorithm is made with; null when none is named. */
  readonly kind: PublicKey['kind'] | null;
}

/** Why a signature can't be checked, whatever the key. */
export interface Unusable {
  readonly verdict: 'malformed' | 'unsupported-algorithm';
  readonly message: string;
}

/** Longest signature that is looked at, as text: RSA with 16,384 bits in hex with colons is shorter. */
const MAX_TEXT = 8_192;

/** Reads a signature whose value is there. */
export function readLogged(info: SignatureInfo & { readonly value: string }): LoggedSignature | Unusable {
  const kind = kindOf(info.algorithm);
  if (kind === 'other') return unsupported('the algorithm named is neither RSA nor ECDSA');
  const digest = readDigest(info);
  if ('verdict' in digest) return digest;
  const bytes = info.value.length > MAX_TEXT ? null : fromText(info.value);
  if (bytes === null || bytes.length === 0) return malformed('the signature is neither hex nor base64');
  if (kind === 'ecdsa' && !isEcdsaSignature(bytes)) {
    return malformed('the signature has not the form of one by ECDSA (DER)');
  }
  return { digest, bytes, kind };
}

/** `EC P-256`, `SHA256withECDSA`, `RSA 3072`, `SHA256withRSAandMGF1`, `RSASSA-PSS`. */
function kindOf(algorithm: string | undefined): LoggedSignature['kind'] | 'other' {
  if (algorithm === undefined || algorithm.trim() === '') return null;
  if (/RSA/i.test(algorithm)) return 'rsa';
  return /ECDSA|\bEC\b|\bECC\b|\bP-?(256|384|521)\b|secp|prime256v1/i.test(algorithm) ? 'ecdsa' : 'other';
}

/** The length tells the algorithm; where one is named besides, both must agree. */
function readDigest({ hash, hashAlgorithm }: SignatureInfo): Digest | Unusable {
  if (hash === undefined || hash === '') return malformed('no hash is logged with it');
  const bytes = fromHex(hash);
  if (bytes === null) return malformed('the hash is not lower-case hex');
  const byLength = [...DIGESTS].find(([, length]) => length === bytes.length)?.[0];
  if (byLength === undefined) return malformed(`the hash has ${bytes.length} bytes, which no digest has`);
  const named = hashAlgorithm?.toLowerCase().replaceAll(/[^a-z0-9]/g, '') ?? '';
  if (named === '' || named === byLength) return { bytes, algorithm: byLength };
  if (DIGESTS.has(named))
    return malformed(`the hash has ${bytes.length} bytes, which the digest named has not`);
  return unsupported('the digest named is none of SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512');
}

/** Bytes of hex, in any case, with or without colons, or of base64; null for anything else. */
function fromText(text: string): Uint8Array | null {
  const dense = text.replaceAll(/\s/g, '');
  return fromHex(dense.replaceAll(':', '').toLowerCase()) ?? fromBase64(dense);
}

function malformed(message: string): Unusable {
  return { verdict: 'malformed', message };
}

function unsupported(message: string): Unusable {
  return { verdict: 'unsupported-algorithm', message };
}
