import 'reflect-metadata';
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import * as x509 from '@peculiar/x509';
import type { Random } from './random.ts';

/**
 * Keys, certificates and signatures that are real and the same for the same seed: P-256 keys made of the
 * seed's bytes, ECDSA with the nonces of RFC 6979.
 */
export class KeyPair {
  /** DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
  readonly #secret: Uint8Array;

  private constructor(
    secret: Uint8Array,
    spki: Uint8Array,
    keys: { privateKey: webcrypto.CryptoKey; publicKey: webcrypto.CryptoKey },
  ) {
    this.#secret = secret;
    this.spki = spki;
    this.privateKey = keys.privateKey;
    this.publicKey = keys.publicKey;
    SECRETS.set(keys.privateKey, secret);
  }

  static async make(random: Random): Promise<KeyPair> {
    let secret = random.bytes(32);
    while (!p256.utils.isValidSecretKey(secret)) secret = random.bytes(32);
    const point = Buffer.from(p256.getPublicKey(secret, false));
    const [d, x, y] = [secret, point.subarray(1, 33), point.subarray(33)].map((b) => b.toString('base64url'));
    const jwk = { kty: 'EC', crv: 'P-256', x: x!, y: y!, ext: true };
    const [publicKey, privateKey] = await Promise.all([
      webcrypto.subtle.importKey('jwk', jwk, EC, true, ['verify']),
      webcrypto.subtle.importKey('jwk', { ...jwk, d: d! }, EC, true, ['sign']),
    ]);
    const spki = new Uint8Array(await webcrypto.subtle.exportKey('spki', publicKey));
    return new KeyPair(secret, spki, { publicKey, privateKey });
  }

  /** Lower-case hex. */
  digest(algorithm: 'sha1' | 'sha256' = 'sha256'): string {
    return createHash(algorithm).update(this.spki).digest('hex');
  }

  /** ECDSA over a SHA-256 digest, DER in base64. */
  sign(digest: Uint8Array): string {
    return Buffer.from(
      p256.sign(digest, this.#secret, { prehash: false, lowS: false, format: 'der' }),
    ).toString('base64');
  }
}

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SECRETS = new WeakMap<webcrypto.CryptoKey, Uint8Array>();

/** The platform's WebCrypto, but for nonces that come of the message. */
const deterministic = {
  subtle: new Proxy(webcrypto.subtle, {
    get(subtle, name) {
      if (name === 'sign') {
        return async (_: unknown, key: webcrypto.CryptoKey, message: Uint8Array): Promise<ArrayBuffer> => {
          const digest = createHash('sha256').update(new Uint8Array(message)).digest();
          const secret = SECRETS.get(key);
          if (secret === undefined) throw new Error('not a key of the story');
          return Uint8Array.from(
            p256.sign(digest, secret, { prehash: false, lowS: false, format: 'compact' }),
          ).buffer;
        };
      }
      const member = Reflect.get(subtle, name) as unknown;
      return typeof member === 'function' ? member.bind(subtle) : member;
    },
  }),
  getRandomValues: webcrypto.getRandomValues.bind(webcrypto),
} as unknown as Crypto;

x509.cryptoProvider.set(deterministic);

export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly der: Uint8Array;
  /** As SignServer prints it: subject and issuer before the block. */
  readonly pem: string;
  /** Lower-case hex SHA-256. */
  readonly digest: string;
}

export interface Issuing {
  readonly subject: string;
  readonly key: KeyPair;
  readonly issuer: { readonly subject: string; readonly key: KeyPair };
  readonly serial: string;
  readonly from: Date;
  readonly to: Date;
}

export async function issue({ subject, key, issuer, serial, from, to }: Issuing): Promise<Certificate> {
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: encodingOrder(subject),
    issuer: encodingOrder(issuer.subject),
    notBefore: from,
    notAfter: to,
    publicKey: key.publicKey as webcrypto.CryptoKey,
    signingKey: issuer.key.privateKey as webcrypto.CryptoKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true)],
  });
  const der = new Uint8Array(made.rawData);
  const check = new X509Certificate(der);
  return {
    subject,
    issuer: issuer.subject,
    serial,
    der,
    pem: check.toString().trimEnd(),
    digest: check.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** A PKCS#10 request, base64 of its DER in lines of 64 characters. */
export async function request(subject: string, key: KeyPair): Promise<string> {
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: encodingOrder(subject),
    keys: { publicKey: key.publicKey, privateKey: key.privateKey } as webcrypto.CryptoKeyPair,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return Buffer.from(made.rawData)
    .toString('base64')
    .replaceAll(/(.{64})(?=.)/g, '$1\n');
}

/** The library encodes names in the order of the text; RFC 4514 writes them the other way round. */
function encodingOrder(dn: string): x509.Name {
  return new x509.Name(dn.split(',').reverse().join(', '), { UID: '0.9.2342.19200300.100.1.1' });
}
