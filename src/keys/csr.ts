import { createPublicKey } from 'node:crypto';
import * as asn1 from 'asn1js';
import type { SignatureAlgorithm, Signer } from '../crypto/signer.ts';
import { isSignature } from '../tokens/key-kind.ts';
import { badSignature } from '../tokens/key-test.ts';
import { nameOf } from './subject.ts';

/** AlgorithmIdentifiers: RFC 8410, RFC 5758, RFC 4055 (with NULL), RFC 9881. */
const ALGORITHMS: Readonly<Record<SignatureAlgorithm, readonly [oid: string, hasNull: boolean]>> = {
  ed25519: ['1.3.101.112', false],
  'ecdsa-p256': ['1.2.840.10045.4.3.2', false],
  'rsa-sha256': ['1.2.840.113549.1.1.11', true],
  'ml-dsa-44': ['2.16.840.1.101.3.4.3.17', false],
};

/**
 * A certificate signing request (PKCS#10, RFC 2986; DER) without attributes, signed by the key it is for. What a signer
 * signs for a log is text, and this is none: neither can be taken for the other.
 *
 * Throws `UsageError` USAGE for a subject that is no distinguished name, and what the signer throws.
 */
export async function makeCsr(token: string, signer: Signer, subject: string): Promise<Uint8Array> {
  const { alias, algorithm, publicKey } = signer;
  const info = new asn1.Sequence({
    value: [
      new asn1.Integer({ value: 0 }),
      nameOf(subject),
      asn1.fromBER(exact(publicKey)).result,
      new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: [] }),
    ],
  });
  const signed = new Uint8Array(info.toBER());
  const signature = await signer.sign(signed);
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  if (!isSignature(key, algorithm, signed, signature)) throw badSignature(token, alias);
  const [oid, hasNull] = ALGORITHMS[algorithm];
  const identifier = [new asn1.ObjectIdentifier({ value: oid }), ...(hasNull ? [new asn1.Null()] : [])];
  const request = new asn1.Sequence({
    value: [
      asn1.fromBER(exact(signed)).result,
      new asn1.Sequence({ value: identifier }),
      new asn1.BitString({ valueHex: exact(signature) }),
    ],
  });
  return new Uint8Array(request.toBER());
}

/** A request as it is sent to a certificate authority. */
export function csrToPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

/** The bytes alone, whatever memory they are a part of. */
function exact(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
