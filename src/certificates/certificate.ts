import { sha256 } from '#sha256';
import { readCertificate } from '../catalog/x509.ts';
import { toHex } from '../crypto/bytes.ts';
import {
  bits,
  type Element,
  explicit,
  Items,
  inner,
  isTrue,
  Malformed,
  moment,
  objectId,
  octets,
  readElement,
  small,
  TAG,
} from './asn1.ts';

/** A certificate (RFC 5280 section 4.1), as far as a chain of them asks. */
export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of it, lower-case hex. */
  readonly digest: string;
  /** For people: RFC 4514, or its digest where the name can't be written so. */
  readonly subject: string;
  /** Lower-case hex of DER: names are compared byte by byte. */
  readonly subjectName: string;
  readonly issuerName: string;
  /** Lower-case hex of the INTEGER's value octets. */
  readonly serial: string;
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Subject key identifier, lower-case hex; null when it has none. */
  readonly keyId: string | null;
  /** ms since 1970, both included. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly signed: Uint8Array;
  readonly algorithm: Element;
  readonly signature: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
}

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export const MAX_CERTIFICATE_BYTES: number = 32 * 1024;

const KEY_ID = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
/** Those that may be critical: the ones looked at, and names and policies, which here decide nothing. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...[KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE],
  ...['2.5.29.17', '2.5.29.18', '2.5.29.32'],
]);

/** keyCertSign. */
const SIGNS_CERTIFICATES = 0x04;

/** Throws `Malformed`. */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES) throw new Malformed('a certificate is too large');
  const outer = new Items(readElement(der, 'a certificate'), 'a certificate');
  const tbs = outer.next(TAG.sequence);
  const algorithm = outer.next(TAG.sequence);
  const signature = bits(outer.next(TAG.bitString), "a certificate's signature");
  outer.end();
  const items = new Items(tbs, 'a certificate');
  items.optional(explicit(0));
  const serial = toHex(items.next(TAG.integer).value);
  if (toHex(items.next(TAG.sequence).raw) !== toHex(algorithm.raw)) {
    throw new Malformed('a certificate names two signature algorithms');
  }
  const issuer = items.next(TAG.sequence);
  const validity = new Items(items.next(TAG.sequence), 'a validity');
  const notBefore = moment(validity.any(), 'the begin of a validity').time;
  const notAfter = moment(validity.any(), 'the end of a validity').time;
  validity.end();
  const subject = items.next(TAG.sequence);
  const spki = items.next(TAG.sequence).raw;
  items.optional(0x81);
  items.optional(0x82);
  const extensions = readExtensions(items.optional(explicit(3)));
  items.end();
  const digest = toHex(sha256(der));
  const keyId = extensions.get(KEY_ID);
  return {
    ...{ der, digest, serial, spki, notBefore, notAfter, algorithm, signature, extensions },
    subject: readCertificate(der)?.subject ?? `the certificate ${digest}`,
    subjectName: toHex(subject.raw),
    issuerName: toHex(issuer.raw),
    keyId:
      keyId === undefined
        ? null
        : toHex(octets(readElement(keyId.value, 'a key identifier'), 'a key identifier')),
    signed: tbs.raw,
  };
}

function readExtensions(element: Element | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  if (element === undefined) return found;
  for (const extension of inner(element, 'extensions').children) {
    const items = new Items(extension, 'an extension');
    const oid = objectId(items.next(TAG.oid));
    const critical = items.optional(TAG.boolean);
    const value = items.next(TAG.octetString).value;
    items.end();
    if (found.has(oid)) throw new Malformed('a certificate has an extension twice');
    found.set(oid, { critical: critical !== undefined && isTrue(critical), value });
  }
  return found;
}

/** What it may be used for by its extended key usage; null when it has none. */
export function purposesOf({ extensions }: Certificate): {
  readonly critical: boolean;
  readonly oids: readonly string[];
} | null {
  const extension = extensions.get(EXTENDED_KEY_USAGE);
  if (extension === undefined) return null;
  const { tag, children } = readElement(extension.value, 'an extended key usage');
  return { critical: extension.critical, oids: tag === TAG.sequence ? children.map(objectId) : [] };
}

/** Why a certificate can't have issued others above `below` more authorities; null when it can. */
export function whyNoIssuer(certificate: Certificate, below: number): string | null {
  const { extensions } = certificate;
  const extension = extensions.get(BASIC_CONSTRAINTS);
  if (extension === undefined) return 'is no authority: it has no basic constraints';
  const items = new Items(readElement(extension.value, 'basic constraints'), 'basic constraints');
  const isAuthority = items.optional(TAG.boolean);
  const length = items.optional(TAG.integer);
  items.end();
  if (isAuthority === undefined || !isTrue(isAuthority)) return 'is no authority by its basic constraints';
  if (length !== undefined && small(length, 'a path length') < below)
    return 'has more authorities below it than it may';
  const keyUsage = usageOf(certificate);
  if (keyUsage !== null && (keyUsage & SIGNS_CERTIFICATES) === 0)
    return 'may not sign certificates by its key usage';
  return null;
}

/** Why nothing can be said of a certificate at a time; null when it stands. */
export function whyNotAt({ notBefore, notAfter, extensions }: Certificate, time: number): string | null {
  if (time < notBefore) return `is valid only from ${new Date(notBefore).toISOString()} on`;
  // The last second belongs to it.
  if (time >= notAfter + 1_000) return `was valid only until ${new Date(notAfter).toISOString()}`;
  for (const [oid, { critical }] of extensions) {
    if (critical && !UNDERSTOOD.has(oid)) return `has a critical extension, ${oid}, that is not known here`;
  }
  return null;
}

/** The first octet of its key usage (RFC 5280 section 4.2.1.3), the first bit the highest; null when it has none. */
export function usageOf({ extensions }: Certificate): number | null {
  const extension = extensions.get(KEY_USAGE);
  if (extension === undefined) return null;
  const { tag, value } = readElement(extension.value, 'a key usage');
  if (tag !== TAG.bitString) throw new Malformed('a key usage is malformed');
  return value[1] ?? 0;
}
