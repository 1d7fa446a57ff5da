import { type Hash, hashOf } from '../certificates/algorithms.ts';
import {
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
  unsigned,
} from '../certificates/asn1.ts';
import { type Certificate, parseCertificate } from '../certificates/certificate.ts';
import { toHex } from '../crypto/bytes.ts';

/** What an authority states (TSTInfo, RFC 3161 section 2.4.2). */
export interface Statement {
  readonly policy: string;
  /** The algorithm of the imprint; its hash is looked up when it is checked. */
  readonly imprintAlgorithm: Element;
  readonly imprint: Uint8Array;
  /** Lower-case hex. */
  readonly serial: string;
  /** ms since 1970, rounded up to the whole. */
  readonly genTime: number;
  /** What its last digit stands for, ms. */
  readonly resolution: number;
  /** ms, rounded up; null when it states none. */
  readonly accuracy: number | null;
  /** Lower-case hex of the number; null without. */
  readonly nonce: string | null;
  /** DER of the name it gives for itself, lower-case hex, when that is a directory name. */
  readonly name: string | null;
}

/** Digest of the signer's certificate as the signature covers it (RFC 2634 section 5.4, RFC 5035). */
export interface SignerId {
  readonly hash: Hash | 'SHA-1';
  readonly digest: string;
  /** Issuer's name and serial number, lower-case hex, where they are given. */
  readonly issuer: { readonly name: string; readonly serial: string } | null;
}

/** A time stamp token taken apart: SignedData (RFC 5652 section 5) over a statement. */
export interface Token {
  readonly statement: Statement;
  /** What was signed through its digest. */
  readonly content: Uint8Array;
  readonly digestAlgorithm: Element;
  /** As signed: their DER as a SET. */
  readonly signedBytes: Uint8Array;
  /** Values of the signed attributes, by type. */
  readonly attributes: ReadonlyMap<string, readonly Element[]>;
  readonly algorithm: Element;
  readonly signature: Uint8Array;
  /** Whether a certificate is the one that the signer names. */
  readonly isSigner: (certificate: Certificate) => boolean;
  readonly certificates: readonly Certificate[];
}

export const OID = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/** Tokens with the certificates of an authority take 2 to 10 KB. */
export const MAX_TOKEN_BYTES: number = 64 * 1024;
const MAX_CERTIFICATES = 16;
const SKI = 0x80;
const DIRECTORY_NAME = 0xa4;

/** Throws `Malformed`. */
export function parseToken(bytes: Uint8Array): Token {
  if (bytes.length > MAX_TOKEN_BYTES) throw new Malformed(`it is larger than ${MAX_TOKEN_BYTES} bytes`);
  const info = new Items(readElement(bytes, 'the token'), 'the token');
  if (objectId(info.next(TAG.oid)) !== OID.signedData) throw new Malformed('it is no signed data');
  const signedData = inner(info.next(explicit(0)), 'the token');
  info.end();
  const items = new Items(signedData, 'the signed data');
  items.next(TAG.integer);
  items.next(TAG.set);
  const content = readContent(items.next(TAG.sequence));
  const certificates = readCertificates(items.optional(explicit(0)));
  items.optional(explicit(1));
  const [signer, more] = items.next(TAG.set).children;
  items.end();
  if (signer === undefined || more !== undefined) throw new Malformed('it does not have one signer');
  return { ...readSigner(signer), statement: readStatement(content), content, certificates };
}

function readContent(element: Element): Uint8Array {
  const items = new Items(element, 'the content');
  if (objectId(items.next(TAG.oid)) !== OID.tstInfo) throw new Malformed('what is signed is no time stamp');
  const content = octets(inner(items.next(explicit(0)), 'the content'), 'the content');
  items.end();
  return content;
}

/** Other kinds than X.509 are passed over: no time stamp rests on them. */
function readCertificates(element: Element | undefined): Certificate[] {
  const certificates = (element?.children ?? []).filter(({ tag }) => tag === TAG.sequence);
  if (certificates.length > MAX_CERTIFICATES) {
    throw new Malformed(`it holds more than ${MAX_CERTIFICATES} certificates`);
  }
  return certificates.map(({ raw }) => parseCertificate(raw));
}

function readSigner(element: Element): Omit<Token, 'statement' | 'content' | 'certificates'> {
  const items = new Items(element, 'the signer');
  items.next(TAG.integer);
  const keyId = items.optional(SKI);
  const issuer = keyId === undefined ? issuerAndSerial(items.next(TAG.sequence)) : null;
  const digestAlgorithm = items.next(TAG.sequence);
  const attributes = items.next(explicit(0));
  const algorithm = items.next(TAG.sequence);
  const signature = octets(items.any(), 'the signature');
  items.optional(explicit(1));
  items.end();
  if (attributes.raw[1] === 0x80) throw new Malformed('its signed attributes are not in DER');
  // RFC 5652 section 5.4: signed is the SET that they are, not the [0] in its place.
  const signedBytes = attributes.raw.slice();
  signedBytes[0] = TAG.set;
  const isSigner = (certificate: Certificate): boolean =>
    issuer === null
      ? certificate.keyId !== null && certificate.keyId === toHex((keyId as Element).value)
      : certificate.issuerName === issuer.name && certificate.serial === issuer.serial;
  return {
    digestAlgorithm,
    signedBytes,
    attributes: readAttributes(attributes),
    algorithm,
    signature,
    isSigner,
  };
}

function issuerAndSerial(element: Element): { readonly name: string; readonly serial: string } {
  const items = new Items(element, 'the name of the signer');
  const name = toHex(items.next(TAG.sequence).raw);
  const serial = toHex(items.next(TAG.integer).value);
  items.end();
  return { name, serial };
}

function readAttributes({ children }: Element): ReadonlyMap<string, readonly Element[]> {
  const found = new Map<string, readonly Element[]>();
  for (const attribute of children) {
    const items = new Items(attribute, 'an attribute');
    const type = objectId(items.next(TAG.oid));
    const values = items.next(TAG.set).children;
    items.end();
    if (found.has(type)) throw new Malformed('it has a signed attribute twice');
    found.set(type, values);
  }
  return found;
}

function readStatement(content: Uint8Array): Statement {
  const items = new Items(readElement(content, 'the statement'), 'the statement');
  if (small(items.next(TAG.integer), 'its version') !== 1) throw new Malformed('its version is not 1');
  const policy = objectId(items.next(TAG.oid));
  const imprint = new Items(items.next(TAG.sequence), 'the imprint');
  const imprintAlgorithm = imprint.next(TAG.sequence);
  const digest = imprint.next(TAG.octetString).value;
  imprint.end();
  const serial = toHex(items.next(TAG.integer).value);
  const { time, resolution } = moment(items.next(TAG.generalizedTime), 'its time');
  const accuracy = readAccuracy(items.optional(TAG.sequence));
  const ordering = items.optional(TAG.boolean);
  if (ordering !== undefined) isTrue(ordering);
  const nonce = items.optional(TAG.integer);
  const name = items.optional(explicit(0));
  checkExtensions(items.optional(explicit(1)));
  items.end();
  const named = name && inner(name, "the authority's name");
  return {
    ...{ policy, imprintAlgorithm, imprint: digest, serial, genTime: time, resolution, accuracy },
    nonce: nonce === undefined ? null : toHex(unsigned(nonce, 'its nonce')),
    name: named?.tag === DIRECTORY_NAME ? toHex(inner(named, "the authority's name").raw) : null,
  };
}

function readAccuracy(element: Element | undefined): number | null {
  if (element === undefined) return null;
  const items = new Items(element, 'its accuracy');
  const [seconds, millis, micros] = [
    items.optional(TAG.integer),
    items.optional(0x80),
    items.optional(0x81),
  ].map((part) => (part === undefined ? 0 : small(part, 'its accuracy'))) as [number, number, number];
  items.end();
  if (millis > 999 || micros > 999) throw new Malformed('its accuracy is malformed');
  return seconds * 1_000 + millis + Math.ceil(micros / 1_000);
}

function checkExtensions(element: Element | undefined): void {
  for (const extension of element?.children ?? []) {
    const items = new Items(extension, 'an extension');
    items.next(TAG.oid);
    const critical = items.optional(TAG.boolean);
    if (critical !== undefined && isTrue(critical)) {
      throw new Malformed('its statement has a critical extension, and none is known here');
    }
    items.next(TAG.octetString);
    items.end();
  }
}

/** The first certificate that each of the attributes names: the signer's. Throws `Malformed`, `Unfit`. */
export function signerIds(attributes: Token['attributes']): SignerId[] {
  const found: SignerId[] = [];
  for (const type of [OID.signingCertificate, OID.signingCertificateV2]) {
    const values = attributes.get(type);
    if (values === undefined) continue;
    if (values.length !== 1) throw new Malformed('it names its signer more than once');
    const certificates = new Items(values[0] as Element, 'the name of the certificate').next(
      TAG.sequence,
    ).children;
    const items = new Items(certificates[0] ?? (values[0] as Element), 'the name of the certificate');
    let hash: SignerId['hash'] = 'SHA-1';
    if (type === OID.signingCertificateV2) {
      const algorithm = items.optional(TAG.sequence);
      hash = algorithm === undefined ? 'SHA-256' : hashOf(algorithm);
    }
    const digest = toHex(items.next(TAG.octetString).value);
    const issuer = items.optional(TAG.sequence);
    items.end();
    found.push({ hash, digest, issuer: issuer === undefined ? null : issuerSerial(issuer) });
  }
  return found;
}

function issuerSerial(element: Element): SignerId['issuer'] {
  const items = new Items(element, 'the issuer of the certificate');
  const [name] = items.next(TAG.sequence).children;
  const serial = toHex(items.next(TAG.integer).value);
  items.end();
  if (name?.tag !== DIRECTORY_NAME) throw new Malformed('the issuer of the certificate has no name');
  return { name: toHex(inner(name, 'the issuer of the certificate').raw), serial };
}
