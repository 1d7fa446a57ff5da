import { holds } from '../certificates/algorithms.ts';
import { Malformed } from '../certificates/asn1.ts';
import { type Certificate, parseCertificate } from '../certificates/certificate.ts';
import { Unfit } from '../certificates/unfit.ts';
import { parseVkey } from '../checkpoint/mod.ts';
import { equalBytes } from '../crypto/bytes.ts';
import type { Findings } from '../verify/findings.ts';
import type { NotChecked } from '../verify/mod.ts';
import type { EvidenceCertificate } from './report.ts';

/**
 * Checks that the first certificate is of a key that seals the log, and that each is signed by the next. That the last
 * one is to be believed, and that they were valid and not revoked, is for whoever knows the issuer.
 */
export async function checkCertificates(
  ders: readonly Uint8Array[],
  keys: readonly string[],
  { findings, notChecked }: { readonly findings: Findings; readonly notChecked: NotChecked[] },
): Promise<readonly EvidenceCertificate[]> {
  const add = (message: string): void => {
    findings.add({ code: 'bad-certificate', from: 0, to: 0, message });
  };
  if (ders.length === 0) return [];
  let certificates: readonly Certificate[];
  try {
    certificates = ders.map(parseCertificate);
  } catch (error) {
    if (!(error instanceof Malformed) && !(error instanceof Unfit)) throw error;
    add(`a certificate of the sealing key is malformed: ${error.message}`);
    return [];
  }
  const [own] = certificates as readonly [Certificate, ...Certificate[]];
  const isOwn = keys.some((vkey) => {
    const spki = parseVkey(vkey).spki?.publicKey;
    return spki !== undefined && equalBytes(spki, own.spki);
  });
  if (!isOwn) add('the certificate is of another key than those that signed the newest checkpoint');
  for (const [i, certificate] of certificates.entries()) {
    const issuer = certificates[i + 1] ?? (isSelfIssued(certificate) ? certificate : null);
    if (issuer === null) {
      const why = 'the certificate of whoever signed it is not in the file';
      notChecked.push({ what: `the signature of certificate ${i + 1} of the sealing key`, why });
      continue;
    }
    const isSigned = await isSignedBy(certificate, issuer);
    if (isSigned === null) {
      const what = `the signature of certificate ${i + 1} of the sealing key`;
      notChecked.push({ what, why: 'it, or the key that made it, is of a kind that is not known here' });
    } else if (!isSigned) add(`certificate ${i + 1} of the sealing key is not signed by the one it names`);
  }
  notChecked.push({
    what: 'whether the certificate of the sealing key is to be believed',
    why: 'its issuer, its validity and its revocation are not judged here',
  });
  return certificates.map(({ subject, digest, notBefore, notAfter }) => ({
    ...{ subject, digest, notBefore, notAfter },
  }));
}

function isSelfIssued({ issuerName, subjectName }: Certificate): boolean {
  return issuerName === subjectName;
}

/** null when it can't be told. */
async function isSignedBy(certificate: Certificate, issuer: Certificate): Promise<boolean | null> {
  if (certificate.issuerName !== issuer.subjectName) return false;
  const { algorithm, signed, signature } = certificate;
  try {
    return await holds(issuer.spki, algorithm, null, signed, signature);
  } catch (error) {
    if (error instanceof Unfit && error.code === 'unsupported-algorithm') return null;
    if (error instanceof Unfit || error instanceof Malformed) return false;
    throw error;
  }
}
