import { createHash, webcrypto } from 'node:crypto';
import { type Element, encode, encodeOid, readElement, TAG } from '../../../src/certificates/asn1.ts';
import { concatBytes, utf8 } from '../../../src/crypto/bytes.ts';
import { type Holder, keyAlgorithm } from './pki.ts';

/** Tokens as a hostile or broken authority might make them: `openssl ts` refuses most of these. */

export interface Forged {
  readonly signer: Holder;
  readonly certificates?: readonly Holder[];
  readonly data: Uint8Array;
  /** Name of the imprint's hash as Node has it. */
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly nonce?: Uint8Array;
  readonly time?: string;
  readonly policy?: string;
  /** More behind the statement's time. */
  readonly more?: readonly Uint8Array[];
  /** Signed attributes by type, instead of those that belong there; null leaves one out. */
  readonly attributes?: Readonly<Record<string, Uint8Array | null>>;
  /** Digest algorithm of the signer. */
  readonly digest?: 'sha1' | 'sha256';
  /** Whom the signer names. */
  readonly named?: Holder;
  /** Signers instead of one. */
  readonly signers?: number;
  readonly contentType?: string;
}

const OIDS = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;
const TST_INFO = '1.2.840.113549.1.9.16.1.4';

export const ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  certificate: '1.2.840.113549.1.9.16.2.47',
} as const;

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encode(TAG.sequence, ...parts);
}

export function hashed(name: 'sha1' | 'sha256' | 'sha384' | 'sha512', bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(name).update(bytes).digest());
}

/** A time as a token has it, of ms since 1970. */
export function generalized(time: number): string {
  return `${new Date(time).toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`;
}

/** SigningCertificateV2 of a certificate. */
export function essFor({ der }: Holder): Uint8Array {
  return sequence(sequence(sequence(encode(TAG.octetString, hashed('sha256', der)))));
}

export async function forge(wanted: Forged): Promise<Uint8Array> {
  const { signer, data, hash = 'sha256', digest = 'sha256', contentType = TST_INFO } = wanted;
  const algorithm = (name: keyof typeof OIDS): Uint8Array => sequence(encodeOid(OIDS[name]));
  const integer = (...bytes: readonly number[]): Uint8Array => encode(TAG.integer, Uint8Array.from(bytes));
  const statement = sequence(
    integer(1),
    encodeOid(wanted.policy ?? '1.2.3.4.1'),
    sequence(algorithm(hash), encode(TAG.octetString, hashed(hash, data))),
    integer(7),
    encode(TAG.generalizedTime, utf8(wanted.time ?? generalized(Date.now()))),
    ...(wanted.more ?? []),
    ...(wanted.nonce === undefined ? [] : [encode(TAG.integer, wanted.nonce)]),
  );
  const values: Record<string, Uint8Array | null> = {
    [ATTRIBUTE.contentType]: encodeOid(TST_INFO),
    [ATTRIBUTE.messageDigest]: encode(TAG.octetString, hashed(digest, statement)),
    [ATTRIBUTE.certificate]: essFor(signer),
    ...wanted.attributes,
  };
  const attributes = concatBytes(
    ...Object.entries(values)
      .flatMap(([type, value]) => (value === null ? [] : [sequence(encodeOid(type), encode(TAG.set, value))]))
      .sort((a, b) => Buffer.compare(a, b)),
  );
  const signature = await sign(signer, encode(TAG.set, attributes));
  const { issuer, serial } = nameOf(wanted.named ?? signer);
  const signerInfo = sequence(
    integer(1),
    sequence(issuer, serial),
    algorithm(digest),
    encode(0xa0, attributes),
    sequence(encodeOid(signer.kind === 'rsa' ? '1.2.840.113549.1.1.11' : ecdsaOid(signer))),
    encode(TAG.octetString, signature),
  );
  const signedData = sequence(
    integer(3),
    encode(TAG.set, algorithm(digest)),
    sequence(encodeOid(contentType), encode(0xa0, encode(TAG.octetString, statement))),
    encode(0xa0, ...[signer, ...(wanted.certificates ?? [])].map(({ der }) => der)),
    encode(TAG.set, ...Array.from({ length: wanted.signers ?? 1 }, () => signerInfo)),
  );
  return sequence(encodeOid('1.2.840.113549.1.7.2'), encode(0xa0, signedData));
}

/** An answer that grants a token. */
export function granted(token: Uint8Array, status = 0): Uint8Array {
  return sequence(sequence(encode(TAG.integer, Uint8Array.of(status))), token);
}

/** An answer that says no. */
export function refused(status: number, bit: number, text: string): Uint8Array {
  const octets = new Uint8Array(1 + (bit >> 3) + 1);
  octets[octets.length - 1] = 0x80 >> (bit & 7);
  octets[0] = 7 - (bit & 7);
  return sequence(
    sequence(
      encode(TAG.integer, Uint8Array.of(status)),
      sequence(encode(TAG.utf8String, utf8(text))),
      encode(TAG.bitString, octets),
    ),
  );
}

function ecdsaOid({ kind }: Holder): string {
  return kind === 'P-384' ? '1.2.840.10045.4.3.3' : '1.2.840.10045.4.3.2';
}

async function sign({ kind, privateKey }: Holder, bytes: Uint8Array): Promise<Uint8Array> {
  const plain = new Uint8Array(await webcrypto.subtle.sign(keyAlgorithm(kind), privateKey, bytes));
  if (kind === 'rsa') return plain;
  const half = plain.length / 2;
  const number = (part: Uint8Array): Uint8Array => {
    const from = part.findIndex((byte) => byte !== 0);
    const short = part.subarray(from);
    return encode(TAG.integer, (short[0] as number) < 0x80 ? short : concatBytes(Uint8Array.of(0), short));
  };
  return sequence(number(plain.subarray(0, half)), number(plain.subarray(half)));
}

function nameOf({ der }: Holder): { readonly issuer: Uint8Array; readonly serial: Uint8Array } {
  const tbs = readElement(der, 'a certificate').children[0] as Element;
  return { serial: (tbs.children[1] as Element).raw, issuer: (tbs.children[3] as Element).raw };
}
