import { fromBER, type Sequence } from 'asn1js';
import { TokenError } from '../../errors.ts';

/** DER of a certificate's subject, issuer and serial number. The certificate must have passed `checkChain`. */
export function certificateNames(der: Uint8Array): {
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
} {
  const [tbs] = (fromBER(new Uint8Array(der)).result as Sequence).valueBlock.value;
  const members = (tbs as Sequence).valueBlock.value.map((member) => new Uint8Array(member.toBER()));
  // The version, tagged [0], is left out in certificates of version 1.
  const [serial, , issuer, , subject] = members[0]?.[0] === 0xa0 ? members.slice(1) : members;
  if (serial === undefined || issuer === undefined || subject === undefined) {
    throw new TokenError('CERTIFICATE_INVALID', 'a certificate lacks subject, issuer or serial number');
  }
  return { subject, issuer, serial };
}
