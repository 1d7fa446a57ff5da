import { X509Certificate } from 'node:crypto';
import { equalBytes } from '../crypto/bytes.ts';
import { TokenError } from '../errors.ts';
import { spkiOf } from './key-kind.ts';

const MAX_CERTIFICATES = 10;
const MAX_CERTIFICATE_BYTES = 65_536;

/**
 * Checks that certificates (DER) are a key's own and its issuers, each issued by the next. Throws `TokenError`
 * CERTIFICATE_INVALID.
 */
export function checkChain(alias: string, publicKey: Uint8Array, chain: readonly Uint8Array[]): void {
  if (chain.length > MAX_CERTIFICATES) {
    throw invalid(
      `${chain.length} certificates were given for the key ${alias}; at most ${MAX_CERTIFICATES} are kept`,
    );
  }
  const certificates = chain.map((der, i) =>
    readCertificate(der, `certificate ${i + 1} for the key ${alias}`),
  );
  const [own] = certificates;
  if (own !== undefined && !isOf(own, publicKey)) {
    throw invalid(
      `the first certificate, of ${named(own)}, has another public key than the key ${alias}; the key's own certificate comes first`,
    );
  }
  for (const [i, issuer] of certificates.slice(1).entries()) {
    const issued = certificates[i] as X509Certificate;
    if (isIssuedBy(issued, issuer)) continue;
    throw invalid(
      `certificate ${i + 2}, of ${named(issuer)}, did not issue certificate ${i + 1}, of ${named(issued)}; give the chain from the key's own certificate upwards, without a gap`,
    );
  }
}

/**
 * The chain of a key within certificates in any order (DER): its own first, then issuers for as long as there are
 * any. Certificates that do not parse are passed over. Empty when none is the key's.
 */
export function findChain(publicKey: Uint8Array, certificates: readonly Uint8Array[]): Uint8Array[] {
  const all = certificates.flatMap((der) => {
    try {
      return [readCertificate(der, 'a certificate')];
    } catch {
      return [];
    }
  });
  const chain: X509Certificate[] = [];
  let next = all.find((certificate) => isOf(certificate, publicKey));
  while (next !== undefined && chain.length < MAX_CERTIFICATES) {
    const last: X509Certificate = next;
    chain.push(last);
    next = all.find(
      (other) => !chain.includes(other) && !other.raw.equals(last.raw) && isIssuedBy(last, other),
    );
  }
  return chain.map(({ raw }) => new Uint8Array(raw));
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates in a PEM text, DER. Throws `TokenError` CERTIFICATE_INVALID when one is malformed. */
export function certificatesFromPem(pem: string, what: string): Uint8Array[] {
  return [...pem.matchAll(BLOCK)].map(([block], i) => {
    try {
      return new Uint8Array(new X509Certificate(block).raw);
    } catch (cause) {
      throw invalid(`certificate ${i + 1} in ${what} is malformed`, cause);
    }
  });
}

export function certificatesToPem(chain: readonly Uint8Array[]): string {
  return chain.map((der) => new X509Certificate(der).toString()).join('');
}

function readCertificate(der: Uint8Array, what: string): X509Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES)
    throw invalid(`${what} is larger than ${MAX_CERTIFICATE_BYTES} bytes`);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw invalid(`${what} is not a certificate in DER`, cause);
  }
  // Node takes PEM as well, and bytes behind.
  if (!equalBytes(certificate.raw, der)) throw invalid(`${what} is not the DER of one certificate`);
  return certificate;
}

function isOf(certificate: X509Certificate, publicKey: Uint8Array): boolean {
  try {
    return equalBytes(spkiOf(certificate.publicKey), publicKey);
  } catch {
    // A key of a kind that Node does not know is none of ours.
    return false;
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function named(certificate: X509Certificate): string {
  return JSON.stringify(certificate.subject.split('\n').join(', ').slice(0, 200));
}

function invalid(message: string, cause?: unknown): TokenError {
  return new TokenError('CERTIFICATE_INVALID', message, cause === undefined ? {} : { cause });
}
