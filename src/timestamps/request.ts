import { digest, type Hash, hashOid } from '../certificates/algorithms.ts';
import {
  bits,
  type Element,
  encode,
  encodeOid,
  Items,
  readElement,
  small,
  TAG,
} from '../certificates/asn1.ts';
import { concatBytes } from '../crypto/bytes.ts';

/** Bytes of a nonce: 64 bits, as RFC 3161 section 2.4.1 speaks of. */
const NONCE = 8;

/** A number that no request had before, big-endian without leading zeros. */
export function newNonce(): Uint8Array {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  // So that its DER is of one length, and never zero.
  nonce[0] = ((nonce[0] as number) & 0x7f) | 0x40;
  return nonce;
}

/** The TimeStampReq (RFC 3161 section 2.4.1) for bytes: with their hash, the nonce, and the wish for certificates. Throws `Malformed` for a bad policy. */
export async function timestampRequest(
  stamped: Uint8Array,
  nonce: Uint8Array,
  policy: string | null,
  hash: Hash = 'SHA-256',
): Promise<Uint8Array> {
  const algorithm = encode(TAG.sequence, encodeOid(hashOid(hash)), encode(TAG.null));
  const imprint = encode(TAG.sequence, algorithm, encode(TAG.octetString, await digest(hash, stamped)));
  return encode(
    TAG.sequence,
    encode(TAG.integer, Uint8Array.of(1)),
    imprint,
    policy === null ? new Uint8Array(0) : encodeOid(policy),
    encode(TAG.integer, (nonce[0] as number) < 0x80 ? nonce : concatBytes(Uint8Array.of(0), nonce)),
    encode(TAG.boolean, Uint8Array.of(0xff)),
  );
}

/** What an authority answered (TimeStampResp, RFC 3161 section 2.4.2). */
export type TimestampAnswer =
  | { readonly granted: true; readonly token: Uint8Array }
  | {
      readonly granted: false;
      readonly status: number;
      /** By name, as the RFC has them. */
      readonly failures: readonly string[];
      /** In the authority's words: of anybody's making. */
      readonly text: string;
    };

const GRANTED = 0;
const GRANTED_WITH_MODS = 1;

/** Bits of PKIFailureInfo. */
const FAILURES: ReadonlyMap<number, string> = new Map([
  [0, 'badAlg'],
  [2, 'badRequest'],
  [5, 'badDataFormat'],
  [14, 'timeNotAvailable'],
  [15, 'unacceptedPolicy'],
  [16, 'unacceptedExtension'],
  [17, 'addInfoNotAvailable'],
  [25, 'systemFailure'],
]);
const MAX_TEXT = 200;

/** Reads an answer. Throws `Malformed` for anything that is not exactly one. */
export function readAnswer(bytes: Uint8Array): TimestampAnswer {
  const items = new Items(readElement(bytes, 'the answer'), 'the answer');
  const info = new Items(items.next(TAG.sequence), 'the status');
  const status = small(info.next(TAG.integer), 'the status');
  const text = readText(info.optional(TAG.sequence));
  const failures = readFailures(info.optional(TAG.bitString));
  info.end();
  const isGranted = status === GRANTED || status === GRANTED_WITH_MODS;
  if (!isGranted) {
    items.optional(TAG.sequence);
    items.end();
    return { granted: false, status, failures, text };
  }
  const token = items.next(TAG.sequence).raw;
  items.end();
  return { granted: true, token };
}

function readText(element: Element | undefined): string {
  const parts = (element?.children ?? []).map(({ value }) => new TextDecoder().decode(value));
  return parts.join(' ').slice(0, MAX_TEXT).toWellFormed();
}

function readFailures(element: Element | undefined): string[] {
  if (element === undefined) return [];
  const { value } = element;
  const octets = value[0] === 0 ? bits(element, 'the failure') : value.subarray(1);
  const isSet = (bit: number): boolean => (((octets[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
  return [...FAILURES].flatMap(([bit, name]) => (isSet(bit) ? [name] : []));
}
