import { fromBase64 } from '../crypto/bytes.ts';

const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in order, as DER; null for one whose base64 is malformed. */
export function certificatesInPem(text: string): (Uint8Array | null)[] {
  return [...text.matchAll(PEM)].map(([, base64 = '']) => fromBase64(base64.replaceAll(/\s/g, '')));
}
