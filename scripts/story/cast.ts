import { type Certificate, issue, KeyPair } from './pki.ts';
import type { Random } from './random.ts';

/** Who and what the story is about. Everything stands for nobody: addresses are those for documentation. */

export const START: number = Date.UTC(2026, 8, 1);
export const DAYS = 30;

export const ORGANISATION = 'O=Example Devices,C=SE';
export const CA_SUBJECT = `CN=Example Issuing CA 1,OU=pki-tomcat,${ORGANISATION}`;

export interface Person {
  readonly uid: string;
  readonly name: string;
  readonly ip: string;
  readonly subject: string;
  readonly certificate: Certificate;
  readonly key: KeyPair;
}

export const ADDRESSES = {
  alice: '198.51.100.21',
  bob: '198.51.100.40',
  carol: '198.51.100.41',
  dave: '198.51.100.50',
  erin: '198.51.100.55',
  ci: '192.0.2.80',
  stranger: '203.0.113.66',
} as const;

const PEOPLE = {
  alice: 'Alice Sealer',
  bob: 'Bob Keeper',
  carol: 'Carol Agent',
  dave: 'Dave Router',
  erin: 'Erin Auditor',
} as const;

export interface Cast {
  readonly alice: Person;
  readonly bob: Person;
  readonly carol: Person;
  readonly dave: Person;
  readonly erin: Person;
  readonly ca: { readonly subject: string; readonly key: KeyPair; readonly certificate: Certificate };
  /** Signs the audit log of the certificate authority. */
  readonly caAudit: { readonly key: KeyPair; readonly certificate: Certificate };
  /** Signs that of the key recovery authority. */
  readonly kraAudit: { readonly key: KeyPair; readonly certificate: Certificate };
  /** The key the month is about, in the token HSM1. */
  readonly seal: { readonly key: KeyPair; readonly certificate: Certificate };
  /** Its false friend: another key of the same alias, in the token TEST. */
  readonly friend: { readonly key: KeyPair; readonly certificate: Certificate };
  readonly stamp: { readonly key: KeyPair; readonly certificate: Certificate };
}

export const SEAL_ALIAS = 'seal-2026';
export const STAMP_ALIAS = 'stamp-2026';
export const SEAL_SUBJECT = `CN=Example Devices Seal 2026,${ORGANISATION}`;
export const FRIEND_SUBJECT = `CN=Test Seal,OU=Test,${ORGANISATION}`;
export const STAMP_SUBJECT = `CN=Example Devices Time Stamp 2026,${ORGANISATION}`;

const DAY = 86_400_000;
const YEAR = 365 * DAY;

export async function makeCast(random: Random): Promise<Cast> {
  const ca = { subject: CA_SUBJECT, key: await KeyPair.make(random.fork('ca')) };
  const certify = async (subject: string, name: string, from: number, key?: KeyPair) => {
    const own = key ?? (await KeyPair.make(random.fork(name)));
    const serial = `4${random.fork(`${name} serial`).hex(8).slice(1)}`;
    const certificate = await issue({
      subject,
      key: own,
      issuer: ca,
      serial,
      from: new Date(from),
      to: new Date(from + YEAR),
    });
    return { key: own, certificate };
  };
  const person = async (uid: keyof typeof PEOPLE): Promise<Person> => {
    const name = PEOPLE[uid];
    const subject = `CN=${name},UID=${uid},${ORGANISATION}`;
    return { uid, name, ip: ADDRESSES[uid], subject, ...(await certify(subject, uid, START - 90 * DAY)) };
  };
  return {
    alice: await person('alice'),
    bob: await person('bob'),
    carol: await person('carol'),
    dave: await person('dave'),
    erin: await person('erin'),
    ca: {
      ...ca,
      certificate: (await certify(CA_SUBJECT, 'ca certificate', START - YEAR, ca.key)).certificate,
    },
    caAudit: await certify(`CN=CA Audit,${ORGANISATION}`, 'ca audit', START - 60 * DAY),
    kraAudit: await certify(`CN=KRA Audit,${ORGANISATION}`, 'kra audit', START - 60 * DAY),
    seal: await certify(SEAL_SUBJECT, 'seal', START + 2 * DAY),
    friend: await certify(FRIEND_SUBJECT, 'friend', START + 3 * DAY),
    stamp: await certify(STAMP_SUBJECT, 'stamp', START + 9 * DAY),
  };
}
