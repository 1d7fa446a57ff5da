import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Certificates of authorities, good ones and others. */

cryptoProvider.set(webcrypto as unknown as Crypto);

export const DAY = 86_400_000;

type CryptoKey = Awaited<ReturnType<typeof webcrypto.subtle.importKey>>;

export type KeyKind = 'rsa' | 'rsa-pss' | 'P-256' | 'P-384' | 'Ed25519';

export interface Holder {
  readonly subject: string;
  readonly kind: KeyKind;
  readonly der: Uint8Array;
  readonly pem: string;
  readonly privateKey: CryptoKey;
  /** PKCS#8 in PEM. */
  readonly keyPem: string;
}

export interface Wanted {
  readonly kind?: KeyKind;
  readonly from?: number;
  readonly to?: number;
  readonly extensions?: readonly Extension[];
  /** null: none. */
  readonly usage?: readonly string[] | null;
  readonly critical?: boolean;
  /** SubjectPublicKeyInfo of a key that somebody else has; a new one when left out. */
  readonly of?: Uint8Array;
}

const STAMPING = '1.3.6.1.5.5.7.3.8';

export function keyAlgorithm(kind: KeyKind): {
  name: string;
  hash?: string;
  saltLength?: number;
  namedCurve?: string;
  modulusLength?: number;
  publicExponent?: Uint8Array<ArrayBuffer>;
} {
  if (kind === 'Ed25519') return { name: kind };
  if (kind !== 'rsa' && kind !== 'rsa-pss')
    return { name: 'ECDSA', namedCurve: kind, hash: kind === 'P-256' ? 'SHA-256' : 'SHA-384' };
  const publicExponent = Uint8Array.of(1, 0, 1);
  const rsa = { modulusLength: 2048, publicExponent, hash: 'SHA-256' };
  return kind === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5', ...rsa } : { name: 'RSA-PSS', saltLength: 32, ...rsa };
}

/** An authority over certificates; its own root unless `by` is given. */
export function ca(
  subject: string,
  by: Holder | null = null,
  wanted: Wanted & { path?: number } = {},
): Promise<Holder> {
  const extensions = wanted.extensions ?? [
    new BasicConstraintsExtension(true, wanted.path, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ];
  return make(subject, by, { ...wanted, extensions });
}

/** A certificate as RFC 3161 wants it, unless told otherwise. */
export function stamper(subject: string, by: Holder, wanted: Wanted = {}): Promise<Holder> {
  const { usage = [STAMPING], critical = true } = wanted;
  const extensions = wanted.extensions ?? [
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ...(usage === null ? [] : [new ExtendedKeyUsageExtension([...usage], critical)]),
  ];
  return make(subject, by, { ...wanted, extensions });
}

let serial = 0x1000;

/** Any certificate: by itself, or by another. */
export async function make(subject: string, by: Holder | null, wanted: Wanted): Promise<Holder> {
  const {
    kind = 'P-256',
    from = Date.now() - 30 * DAY,
    to = Date.now() + 365 * DAY,
    extensions = [],
    of,
  } = wanted;
  const keys = (await webcrypto.subtle.generateKey(keyAlgorithm(kind), true, ['sign', 'verify'])) as {
    publicKey: CryptoKey;
    privateKey: CryptoKey;
  };
  serial += 1;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial.toString(16),
    subject: `CN=${subject}`,
    issuer: `CN=${by?.subject ?? subject}`,
    notBefore: new Date(from),
    notAfter: new Date(to),
    publicKey: (of === undefined ? keys.publicKey : new PublicKey(new Uint8Array(of))) as never,
    signingKey: (by ?? keys).privateKey as never,
    signingAlgorithm: keyAlgorithm(by?.kind ?? kind) as never,
    extensions: [...extensions],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    subject,
    kind,
    der: new Uint8Array(certificate.rawData),
    pem: `${certificate.toString('pem')}\n`,
    privateKey: keys.privateKey,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
  };
}
