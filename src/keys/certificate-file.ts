import { X509Certificate } from 'node:crypto';
import { sha256 } from '#sha256';
import { toHex } from '../crypto/bytes.ts';
import { TokenError } from '../errors.ts';
import { certificatesFromPem } from '../tokens/chain.ts';

/** What tells a certificate to people and programs. */
export interface CertificateInfo {
  /** RFC 4514-like text, the most general part first, as OpenSSL has it. */
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** ms since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of its DER, lower-case hex. */
  readonly sha256: string;
}

const MAX_BYTES = 256 * 1024;
const BEGIN = '-----BEGIN ';

/**
 * The certificates in what somebody handed in, PEM (any number, text around them is passed over) or DER (one). Throws
 * `TokenError` CERTIFICATE_INVALID that says what it is instead.
 */
export function readCertificates(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > MAX_BYTES) throw invalid(`it is larger than ${MAX_BYTES} bytes`);
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.includes(BEGIN)) return [readDer(bytes)];
  const found = certificatesFromPem(text, 'what was given');
  if (found.length > 0) return found;
  const [, what = 'something else'] = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text) ?? [];
  throw invalid(`it holds a ${what}, and no certificate`);
}

function readDer(bytes: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(new X509Certificate(bytes).raw);
  } catch (cause) {
    throw invalid('it is neither PEM nor the DER of a certificate', cause);
  }
}

export function describeCertificate(der: Uint8Array): CertificateInfo {
  const { subject, issuer, serialNumber, validFromDate, validToDate } = new X509Certificate(der);
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    serial: serialNumber.toLowerCase(),
    notBefore: validFromDate.getTime(),
    notAfter: validToDate.getTime(),
    sha256: toHex(sha256(der)),
  };
}

/** Throws `TokenError` CERTIFICATE_INVALID when one of them has expired. */
export function checkNotExpired(chain: readonly Uint8Array[], now: number): void {
  for (const { subject, notAfter } of chain.map(describeCertificate)) {
    if (notAfter >= now) continue;
    throw invalid(
      `the certificate of ${JSON.stringify(subject.slice(0, 200))} expired on ${new Date(notAfter).toISOString()}; have it renewed, or say that an expired one is meant`,
    );
  }
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

function invalid(message: string, cause?: unknown): TokenError {
  return new TokenError('CERTIFICATE_INVALID', message, cause === undefined ? {} : { cause });
}
