import { type Certificate, purposesOf, usageOf } from '../certificates/certificate.ts';
import { UnfitToken } from './findings.ts';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
/** Bits of a key usage of which one has to be set: digitalSignature, nonRepudiation. */
const SIGNS = 0x80 | 0x40;

/** Throws `UnfitToken` bad-purpose unless it is for time stamps alone, and says so critically (RFC 3161 section 2.3). */
export function checkPurpose(certificate: Certificate): void {
  const purposes = purposesOf(certificate);
  if (purposes === null) throw new UnfitToken('bad-purpose', 'the certificate has no extended key usage');
  if (!purposes.critical) throw new UnfitToken('bad-purpose', 'its extended key usage is not critical');
  if (purposes.oids.length !== 1 || purposes.oids[0] !== TIME_STAMPING) {
    throw new UnfitToken('bad-purpose', 'its extended key usage is not time stamping alone');
  }
  const usage = usageOf(certificate);
  if (usage !== null && (usage & SIGNS) === 0) {
    throw new UnfitToken('bad-purpose', 'its key usage does not let it sign');
  }
}
