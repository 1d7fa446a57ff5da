import { encodeOid, Malformed } from '../certificates/asn1.ts';
import { parseCertificate } from '../certificates/certificate.ts';
import { certificatesInPem } from '../certificates/pem.ts';
import { fromBase64, toBase64, utf8 } from '../crypto/bytes.ts';
import { TimestampError } from '../errors.ts';

/** A time stamp authority that a log is set to ask. */
export interface Authority {
  /** http or https, without user name, password or fragment. */
  readonly url: string;
  /** Certificates (DER) to believe; without any, its tokens are kept, but stand on nobody's word. */
  readonly roots: readonly Uint8Array[];
  /** Policy to ask for, and to insist on, as a dotted object identifier; null for the authority's own. */
  readonly policy: string | null;
}

const MAX_URL_BYTES = 512;
const MAX_ROOTS = 20;

/** An authority as it may be set. Throws `TimestampError` TIMESTAMP_AUTHORITY. */
export function checkAuthority({ url, roots, policy }: Authority): Authority {
  const href = checkUrl(url);
  if (roots.length > MAX_ROOTS)
    throw unfit(`${roots.length} root certificates were given; at most ${MAX_ROOTS} are taken`);
  try {
    for (const root of roots) parseCertificate(root);
    if (policy !== null) encodeOid(policy);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw unfit(`a root or the policy can't be taken: ${cause.message}`, cause);
  }
  return { url: href, roots, policy };
}

/** The URL in the form that it is kept in. Throws `TimestampError` TIMESTAMP_AUTHORITY. */
export function checkUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw unfit('the address of a time stamp authority is a URL that begins with http:// or https://');
  }
  // It is shown and sealed: nothing secret may be in it.
  if (parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
    throw unfit('the address of a time stamp authority has no user name, password or fragment');
  }
  if (utf8(parsed.href).length > MAX_URL_BYTES)
    throw unfit(`the address is longer than ${MAX_URL_BYTES} bytes`);
  return parsed.href;
}

/** The certificates of a PEM text, in order, as DER. Throws `TimestampError` TIMESTAMP_AUTHORITY when there is none. */
export function certificatesOfPem(text: string): Uint8Array[] {
  const found = certificatesInPem(text);
  if (found.length === 0 || found.includes(null)) throw unfit('the file holds no certificate in PEM');
  return found as Uint8Array[];
}

/** As it is kept: JSON with the roots in base64. */
export function formatAuthority({ url, roots, policy }: Authority): string {
  return JSON.stringify({ v: 1, url, roots: roots.map(toBase64), policy });
}

/** Reads what `formatAuthority` wrote. Throws `TimestampError` TIMESTAMP_AUTHORITY. */
export function parseAuthority(text: string): Authority {
  let value: { v?: unknown; url?: unknown; roots?: unknown; policy?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unfit('what is kept of one is not JSON', cause);
  }
  const { v, url, roots, policy } = value ?? {};
  const ders = Array.isArray(roots)
    ? roots.map((root) => (typeof root === 'string' ? fromBase64(root) : null))
    : [null];
  if (
    v !== 1 ||
    typeof url !== 'string' ||
    ders.includes(null) ||
    (policy !== null && typeof policy !== 'string')
  ) {
    throw unfit('what is kept of one is not what was written');
  }
  return checkAuthority({ url, roots: ders as Uint8Array[], policy });
}

function unfit(why: string, cause?: unknown): TimestampError {
  return new TimestampError('TIMESTAMP_AUTHORITY', why, cause === undefined ? {} : { cause });
}
