import { concatBytes } from '../crypto/bytes.ts';
import { type Element, explicit, Items, inner, objectId, readElement, small, TAG, unsigned } from './asn1.ts';
import { Unfit } from './unfit.ts';

/** Hashes that a signature or an imprint may rest on. */
export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512';

const HASHES: ReadonlyMap<string, Hash> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'SHA-256'],
  ['2.16.840.1.101.3.4.2.2', 'SHA-384'],
  ['2.16.840.1.101.3.4.2.3', 'SHA-512'],
]);
const OIDS: ReadonlyMap<Hash, string> = new Map([...HASHES].map(([oid, hash]) => [hash, oid]));

/** Named, so that the refusal can say what is wrong with them. */
const WEAK: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.5', 'MD5'],
  ['1.3.14.3.2.26', 'SHA-1'],
  ['2.16.840.1.101.3.4.2.4', 'SHA-224'],
  ['1.2.840.113549.1.1.4', 'RSA with MD5'],
  ['1.2.840.113549.1.1.5', 'RSA with SHA-1'],
  ['1.2.840.10045.4.1', 'ECDSA with SHA-1'],
]);

/** Hash of a length, for bytes that are compared with an imprint. */
export const HASH_BYTES: Readonly<Record<Hash, number>> = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 };

const RSA = '1.2.840.113549.1.1.1';
const RSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const EC = '1.2.840.10045.2.1';
const ED25519 = '1.3.101.112';
const RSA_WITH: ReadonlyMap<string, Hash> = new Map([
  ['1.2.840.113549.1.1.11', 'SHA-256'],
  ['1.2.840.113549.1.1.12', 'SHA-384'],
  ['1.2.840.113549.1.1.13', 'SHA-512'],
]);
const ECDSA_WITH: ReadonlyMap<string, Hash> = new Map([
  ['1.2.840.10045.4.3.2', 'SHA-256'],
  ['1.2.840.10045.4.3.3', 'SHA-384'],
  ['1.2.840.10045.4.3.4', 'SHA-512'],
]);
/** Named curves and the bytes of their scalars. */
const CURVES: ReadonlyMap<string, readonly [name: string, scalar: number]> = new Map([
  ['1.2.840.10045.3.1.7', ['P-256', 32]],
  ['1.3.132.0.34', ['P-384', 48]],
  ['1.3.132.0.35', ['P-521', 66]],
]);
/** Shortest RSA modulus in bits. */
const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 16_384;

export function hashOid(hash: Hash): string {
  return OIDS.get(hash) as string;
}

/** The hash that an AlgorithmIdentifier names. Throws `Unfit`. */
export function hashOf(algorithm: Element): Hash {
  const oid = objectId(new Items(algorithm, 'an algorithm').any());
  return HASHES.get(oid) ?? refuse(oid, 'the hash');
}

function refuse(oid: string, what: string): never {
  const weak = WEAK.get(oid);
  if (weak !== undefined) throw new Unfit('weak-algorithm', `${what} is ${weak}`);
  throw new Unfit('unsupported-algorithm', `${what} ${oid} is not known here`);
}

export async function digest(hash: Hash | 'SHA-1', bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(hash, new Uint8Array(bytes)));
}

/** How a signature is made. */
type Scheme =
  | { readonly name: 'RSASSA-PKCS1-v1_5' | 'ECDSA'; readonly hash: Hash }
  | { readonly name: 'RSA-PSS'; readonly hash: Hash; readonly saltLength: number }
  | { readonly name: 'Ed25519' };

/**
 * Whether a signature over bytes holds under a key (SubjectPublicKeyInfo).
 *
 * @param algorithm AlgorithmIdentifier of the signature.
 * @param hash the one named beside it, for algorithms that name none.
 * @throws Unfit weak-algorithm, unsupported-algorithm; Malformed.
 */
export async function holds(
  spki: Uint8Array,
  algorithm: Element,
  hash: Hash | null,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const scheme = schemeOf(algorithm, hash);
  const key = new Items(readElement(spki, 'a public key'), 'a public key');
  const kind = key.next(TAG.sequence);
  const items = new Items(kind, 'the kind of a public key');
  const kindOid = objectId(items.next(TAG.oid));
  const value = key.next(TAG.bitString).value;
  if (scheme.name === 'ECDSA') {
    const parameters = kindOid === EC && !items.done ? items.any() : null;
    const [curve, scalar] = CURVES.get(parameters?.tag === TAG.oid ? objectId(parameters) : '') ?? [];
    if (curve === undefined || scalar === undefined) {
      throw new Unfit('unsupported-algorithm', 'the key is not on P-256, P-384 or P-521');
    }
    const plain = plainSignature(signature, scalar);
    if (plain === null) return false;
    return verify(
      spki,
      { name: 'ECDSA', namedCurve: curve },
      { name: 'ECDSA', hash: scheme.hash },
      plain,
      bytes,
    );
  }
  if (scheme.name === 'Ed25519') {
    if (kindOid !== ED25519) return false;
    return verify(spki, { name: 'Ed25519' }, { name: 'Ed25519' }, signature, bytes);
  }
  if (kindOid !== RSA)
    throw new Unfit('unsupported-algorithm', 'the key is no RSA key, but the signature is');
  const modulus = new Items(readElement(value.subarray(1), 'an RSA key'), 'an RSA key').next(TAG.integer);
  const size = unsigned(modulus, 'an RSA modulus').length * 8;
  if (size < MIN_RSA_BITS) throw new Unfit('weak-algorithm', `an RSA key has less than ${MIN_RSA_BITS} bits`);
  if (size > MAX_RSA_BITS)
    throw new Unfit('unsupported-algorithm', `an RSA key has more than ${MAX_RSA_BITS} bits`);
  return verify(spki, { name: scheme.name, hash: scheme.hash }, scheme, signature, bytes);
}

async function verify(
  spki: Uint8Array,
  keyKind: { readonly name: string; readonly hash?: Hash; readonly namedCurve?: string },
  scheme: { readonly name: string; readonly hash?: Hash; readonly saltLength?: number },
  signature: Uint8Array,
  bytes: Uint8Array,
): Promise<boolean> {
  let key: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
  try {
    key = await crypto.subtle.importKey('spki', new Uint8Array(spki), keyKind, false, ['verify']);
  } catch {
    throw new Unfit(
      'unsupported-algorithm',
      'the key can not be read, or is of a kind this platform does not know',
    );
  }
  return crypto.subtle.verify(scheme, key, new Uint8Array(signature), new Uint8Array(bytes));
}

function schemeOf(algorithm: Element, beside: Hash | null): Scheme {
  const items = new Items(algorithm, 'an algorithm');
  const oid = objectId(items.next(TAG.oid));
  const rsa = RSA_WITH.get(oid);
  if (rsa !== undefined) return { name: 'RSASSA-PKCS1-v1_5', hash: rsa };
  if (oid === RSA && beside !== null) return { name: 'RSASSA-PKCS1-v1_5', hash: beside };
  const ecdsa = ECDSA_WITH.get(oid);
  if (ecdsa !== undefined) return { name: 'ECDSA', hash: ecdsa };
  if (oid === ED25519) return { name: 'Ed25519' };
  if (oid === RSA_PSS) return pss(items.done ? undefined : items.any());
  return refuse(oid, 'the signature');
}

/** RSASSA-PSS-params (RFC 4055 section 3.1); what is left out means SHA-1. */
function pss(parameters: Element | undefined): Scheme {
  if (parameters === undefined) throw new Unfit('weak-algorithm', 'the signature is RSA-PSS with SHA-1');
  const items = new Items(parameters, 'the parameters of RSA-PSS');
  const hash = items.optional(explicit(0));
  const mask = items.optional(explicit(1));
  const salt = items.optional(explicit(2));
  const trailer = items.optional(explicit(3));
  items.end();
  if (hash === undefined || mask === undefined) {
    throw new Unfit('weak-algorithm', 'the signature is RSA-PSS with SHA-1');
  }
  const name = hashOf(inner(hash, 'a hash'));
  const generator = new Items(inner(mask, 'a mask'), 'a mask');
  const isPlain = objectId(generator.next(TAG.oid)) === MGF1 && hashOf(generator.any()) === name;
  const isFirst = trailer === undefined || small(inner(trailer, 'a trailer'), 'a trailer') === 1;
  if (!isPlain || !isFirst) {
    throw new Unfit(
      'unsupported-algorithm',
      'the signature is RSA-PSS with a mask or trailer that is not known here',
    );
  }
  return {
    name: 'RSA-PSS',
    hash: name,
    saltLength: salt === undefined ? 20 : small(inner(salt, 'a salt'), 'a salt'),
  };
}

/** r ‖ s, as WebCrypto takes it, of an ECDSA-Sig-Value; null when it is none of this curve. */
function plainSignature(der: Uint8Array, scalar: number): Uint8Array | null {
  const items = new Items(readElement(der, 'an ECDSA signature'), 'an ECDSA signature');
  const parts = [items.next(TAG.integer), items.next(TAG.integer)].map((part) =>
    unsigned(part, 'an ECDSA signature'),
  );
  items.end();
  if (parts.some(({ length }) => length > scalar)) return null;
  return concatBytes(...parts.map((part) => concatBytes(new Uint8Array(scalar - part.length), part)));
}
