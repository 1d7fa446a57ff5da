import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  PublicKey,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Certificates for tests, valid from yesterday to tomorrow. */

cryptoProvider.set(webcrypto as unknown as Crypto);

const DAY = 86_400_000;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface TestCertificate {
  readonly name: string;
  readonly der: Uint8Array;
  /** Of the certificates that issue others. */
  readonly privateKey?: CryptoKey;
}

type CryptoKey = Awaited<ReturnType<typeof webcrypto.subtle.importKey>>;

let serial = 0;

export async function selfSigned(name: string): Promise<TestCertificate> {
  const { privateKey, publicKey } = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  return { name, privateKey, der: await make(name, name, publicKey, privateKey) };
}

/** @param publicKey SubjectPublicKeyInfo; a new key that can issue when there is none. */
export async function issue(
  name: string,
  issuer: TestCertificate,
  publicKey?: Uint8Array,
): Promise<TestCertificate> {
  const by = issuer.privateKey as CryptoKey;
  if (publicKey !== undefined) {
    return { name, der: await make(name, issuer.name, new PublicKey(new Uint8Array(publicKey)), by) };
  }
  const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  return { name, privateKey: keys.privateKey, der: await make(name, issuer.name, keys.publicKey, by) };
}

async function make(
  subject: string,
  issuer: string,
  publicKey: CryptoKey | PublicKey,
  signingKey: CryptoKey,
): Promise<Uint8Array> {
  serial += 1;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial.toString(16).padStart(4, '0'),
    subject: `CN=${subject}`,
    issuer: `CN=${issuer}`,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    publicKey: publicKey as never,
    signingKey: signingKey as never,
    signingAlgorithm: ECDSA,
    extensions: [new BasicConstraintsExtension(true)],
  });
  return new Uint8Array(certificate.rawData);
}
