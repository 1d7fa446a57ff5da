import { dogtag, type EventHandle, signserver, type Told, xroad } from '../../src/catalog/mod.ts';
import { FRIEND_SUBJECT, SEAL_ALIAS, SEAL_SUBJECT, STAMP_ALIAS, STAMP_SUBJECT } from './cast.ts';
import {
  ARCHIVED,
  colons,
  digi,
  issued,
  keyOf,
  printed,
  RESOURCE,
  SEALER,
  SHA_256,
  SYSTEM,
  session,
  tested,
  xr,
} from './lines.ts';
import { request } from './pki.ts';
import { administrator, digicertUser, type Month, type Stage, user } from './scene.ts';

/** The first ten days: keys are made, certified, kept, and made known to those who use them. */

const STAMPER = { WORKER_ID: '102', WORKER_NAME: 'TimeStampSigner' } as const;
const CRYPTO_WORKER = '10';
const TEST_WORKER = '11';
const MEMBER = { memberClass: 'COM', memberCode: '5550001', objectType: 'MEMBER', xroadInstance: 'EXAMPLE' };

/** 1 September: the systems start. */
export function startUp(stage: Stage): void {
  const at = (time: string): number => stage.at(1, time);
  stage.tell(
    'signserver-audit',
    signserver.SIGNSERVER_STARTUP,
    { VERSION: 'SignServer 7.3.2' },
    {
      time: at('05:00:01'),
      actor: { name: 'StartServicesServlet.init' },
    },
  );
  const system = { actor: { name: SYSTEM } };
  for (const channel of ['ca-audit', 'kra-audit'] as const) {
    stage.tell(channel, dogtag.AUDIT_LOG_STARTUP, {}, { time: at('05:10:02'), ...system });
    stage.tell(channel, dogtag.SELFTESTS_EXECUTION, {}, { time: at('05:10:04'), ...system });
  }
  const ski = stage.cast.ca.key
    .digest('sha1')
    .toUpperCase()
    .replaceAll(/..(?=.)/g, '$&:');
  stage.tell('ca-audit', dogtag.CERT_SIGNING_INFO, { SKI: ski }, { time: at('05:10:05'), ...system });
}

/** 2 and 3 September: the key is made at the second attempt, tested, and a certificate requested. */
export async function newKey(stage: Stage): Promise<void> {
  const { bob, alice, carol, seal } = stage.cast;
  const at = (time: string): number => stage.at(2, time);
  const place = { WORKER_ID: CRYPTO_WORKER, KEYALIAS: SEAL_ALIAS, CRYPTOTOKEN: 'HSM1' };
  stage.tell(
    'signserver-audit',
    signserver.KEYTEST,
    { ...place, TESTRESULTS: tested(SEAL_ALIAS, null) },
    {
      time: at('07:02:10'),
      actor: administrator(bob),
      outcome: 'failure',
      reason: 'CKR_DEVICE_ERROR',
    },
  );
  stage.tell(
    'signserver-audit',
    signserver.KEYGEN,
    { ...place, KEYSPEC: 'secp256r1', KEYALG: 'ECDSA' },
    { time: at('07:31:44'), actor: administrator(bob) },
  );
  stage.tell(
    'signserver-audit',
    signserver.KEYTEST,
    { ...place, TESTRESULTS: tested(SEAL_ALIAS, seal.key) },
    { time: at('07:32:20'), actor: administrator(bob) },
  );
  stage.tell(
    'signserver-audit',
    signserver.GENCSR,
    { ...place, FOR_DEFAULTKEY: 'false', CSR: await request(SEAL_SUBJECT, seal.key) },
    { time: at('07:40:03'), actor: administrator(bob) },
  );
  session(stage, alice, at('08:10:00'));
  const refused = stage.nextRequest();
  stage.tell(
    'ca-audit',
    dogtag.PROFILE_CERT_REQUEST,
    { ReqID: refused, ProfileID: 'caSignedLogCert', CertSubject: SEAL_SUBJECT },
    { time: at('08:11:30'), actor: { name: alice.uid } },
  );
  stage.tell(
    'ca-audit',
    dogtag.CERT_REQUEST_PROCESSED,
    { ReqID: refused, InfoName: 'rejectReason', InfoValue: 'wrong profile' },
    {
      time: at('09:20:12'),
      actor: { name: carol.uid },
      outcome: 'failure',
      reason: 'wrong profile',
    },
  );
  issued(stage, alice, carol, SEAL_SUBJECT, seal.certificate, [at('09:31:00'), at('09:44:51')]);
}

/** 3 September: another key of the same alias, in the token for tests. */
export async function falseFriend(stage: Stage): Promise<void> {
  const { bob, alice, carol, friend } = stage.cast;
  const at = (time: string): number => stage.at(3, time);
  const place = { WORKER_ID: TEST_WORKER, KEYALIAS: SEAL_ALIAS, CRYPTOTOKEN: 'TEST' };
  const told = { actor: administrator(bob) };
  stage.tell(
    'signserver-audit',
    signserver.KEYGEN,
    { ...place, KEYSPEC: 'secp256r1', KEYALG: 'ECDSA' },
    { time: at('06:12:00'), ...told },
  );
  stage.tell(
    'signserver-audit',
    signserver.KEYTEST,
    { ...place, TESTRESULTS: tested(SEAL_ALIAS, friend.key) },
    { time: at('06:12:31'), ...told },
  );
  stage.tell(
    'signserver-audit',
    signserver.GENCSR,
    { ...place, FOR_DEFAULTKEY: 'false', CSR: await request(FRIEND_SUBJECT, friend.key) },
    { time: at('06:13:05'), ...told },
  );
  issued(stage, alice, carol, FRIEND_SUBJECT, friend.certificate, [at('06:30:00'), at('06:48:40')]);
  stage.tell(
    'signserver-audit',
    signserver.CERTINSTALLED,
    { WORKER_ID: '201', CERTIFICATE: printed(friend.certificate), SCOPE: 'GLOBAL' },
    { time: at('07:05:12'), ...told },
  );
}

/** 4 September: the certificate is installed and made known everywhere. */
export function certified(stage: Stage, month: Month): void {
  const { bob, alice, dave, erin, seal } = stage.cast;
  const { certificate, key } = seal;
  const at = (time: string): number => stage.at(4, time);
  const told = { actor: administrator(bob) };
  stage.tell(
    'signserver-audit',
    signserver.CERTINSTALLED,
    { WORKER_ID: SEALER.WORKER_ID, CERTIFICATE: printed(certificate), SCOPE: 'GLOBAL' },
    { time: at('06:01:00'), ...told },
  );
  stage.tell(
    'signserver-audit',
    signserver.KEYSELECTED,
    { WORKER_ID: SEALER.WORKER_ID, KEYALIAS: SEAL_ALIAS, CRYPTOTOKEN: 'HSM1', SCOPE: 'GLOBAL' },
    { time: at('06:03:15'), ...told },
  );
  for (const { subject, certificate: own } of [alice, dave]) {
    stage.tell(
      'signserver-audit',
      signserver.SET_WORKER_CONFIG,
      {
        WORKER_ID: SEALER.WORKER_ID,
        'added:authorized_client': `SN: ${own.serial}, issuer DN: ${own.issuer}`,
        'added:AUTHTYPE': 'CLIENTCERT',
        'changed:DESCRIPTION': `for ${subject}`,
      },
      { time: at('06:10:40'), ...told },
    );
  }
  const pair = keyOf(month);
  digi(
    stage,
    'Request',
    at('07:15:02'),
    digicertUser(alice),
    pair,
    'Keypair import requested: EC P-256, production',
  );
  digi(stage, 'Reject', at('07:40:30'), digicertUser(erin), pair, 'Certificate is missing');
  digi(
    stage,
    'Request',
    at('08:02:11'),
    digicertUser(alice),
    pair,
    'Keypair import requested again, with certificate',
  );
  digi(stage, 'Approve', at('08:30:00'), digicertUser(bob), pair, 'Keypair import');
  digi(stage, 'Import', at('08:31:20'), digicertUser(alice), pair, 'Wrapped key imported from HSM1');
  digi(
    stage,
    'Import',
    at('08:33:05'),
    digicertUser(alice),
    {
      [RESOURCE.type]: 'CERTIFICATE',
      [RESOURCE.id]: stage.random.fork('certificate id').uuid(),
      [RESOURCE.name]: SEAL_ALIAS,
    },
    `Serial ${certificate.serial.toUpperCase()}, SHA-256 fingerprint ${colons(certificate.digest)}`,
  );
  const key1 = { keyId: key.digest('sha1').toUpperCase(), keyFriendlyName: SEAL_ALIAS };
  const token = { tokenId: '2', tokenSerialNumber: 'HSM1-0417', tokenFriendlyName: 'HSM1' };
  const as = (time: string): Told => ({ time: at(time), actor: user(dave) });
  const ss = xroad['security-server'];
  xr(stage, ss['Log in user'], {}, '/login', as('09:00:12'));
  xr(stage, ss['Log in to token'], token, '/api/v1/tokens/2/login', as('09:01:40'));
  xr(stage, ss['Set friendly name to key'], key1, `/api/v1/keys/${key1.keyId}`, as('09:03:02'));
  xr(
    stage,
    ss['Import certificate from token'],
    {
      ...token,
      ...key1,
      keyUsage: 'SIGNING',
      certId: certificate.digest.slice(0, 40).toUpperCase(),
      certHash: colons(certificate.digest),
      certHashAlgorithm: SHA_256,
      clientIdentifier: MEMBER,
    },
    '/api/v1/token-certificates',
    as('09:04:25'),
  );
}

/**
 * 4 September: a wrapped copy of the key is archived under its alias. The server writes the request when it
 * is done with it, and what it does not know as `<null>`: the copy is bytes to it, without public key.
 */
export function archived(stage: Stage): void {
  const { bob } = stage.cast;
  const at = (time: string): number => stage.at(4, time);
  session(stage, bob, at('06:40:00'), 'kra-audit');
  const request = { ArchivalRequestID: '<null>', RequestId: ARCHIVED.request, ClientKeyID: SEAL_ALIAS };
  const told = { time: at('06:41:20'), actor: { name: bob.uid } };
  stage.tell(
    'kra-audit',
    writtenAs(dogtag.PRIVATE_KEY_ARCHIVE_PROCESSED, 'SECURITY_DATA_ARCHIVAL_REQUEST_PROCESSED'),
    { ...request, KeyID: ARCHIVED.key, PubKey: '<null>' },
    told,
  );
  stage.tell(
    'kra-audit',
    writtenAs(dogtag.PRIVATE_KEY_ARCHIVE, 'SECURITY_DATA_ARCHIVAL_REQUEST'),
    request,
    told,
  );
}

/** An event by the name that releases since 10.2 write. */
function writtenAs<D>(event: EventHandle<D>, name: string): EventHandle<D> {
  return { ...event, event: name };
}

/** 10 September: a key for time stamps, from the token to the central server. */
export async function newStamp(stage: Stage): Promise<void> {
  const { bob, alice, carol, dave, stamp } = stage.cast;
  const at = (time: string): number => stage.at(10, time);
  const place = { WORKER_ID: CRYPTO_WORKER, KEYALIAS: STAMP_ALIAS, CRYPTOTOKEN: 'HSM1' };
  const told = { actor: administrator(bob) };
  stage.tell(
    'signserver-audit',
    signserver.KEYGEN,
    { ...place, KEYSPEC: 'secp256r1', KEYALG: 'ECDSA' },
    { time: at('06:00:00'), ...told },
  );
  stage.tell(
    'signserver-audit',
    signserver.GENCSR,
    { ...place, FOR_DEFAULTKEY: 'false', CSR: await request(STAMP_SUBJECT, stamp.key) },
    { time: at('06:02:00'), ...told },
  );
  issued(stage, alice, carol, STAMP_SUBJECT, stamp.certificate, [at('07:00:00'), at('07:12:00')]);
  stage.tell(
    'signserver-audit',
    signserver.CERTINSTALLED,
    { WORKER_ID: STAMPER.WORKER_ID, CERTIFICATE: printed(stamp.certificate), SCOPE: 'GLOBAL' },
    { time: at('07:30:00'), ...told },
  );
  const tsaUrl = 'http://tsa.example.org:8080/signserver/tsa';
  xr(
    stage,
    xroad['central-server']['Add timestamping service'],
    {
      tsaId: 1,
      tsaName: STAMP_SUBJECT,
      tsaUrl,
      tsaCertHash: colons(stamp.certificate.digest),
      tsaCertHashAlgorithm: SHA_256,
      tsaCostType: 'FREE',
    },
    '/api/v1/timestamping-services',
    { time: at('08:00:00'), actor: user(dave) },
  );
  xr(
    stage,
    xroad['security-server']['Add timestamping service'],
    { tspName: STAMP_SUBJECT, tspUrl: tsaUrl, tspCostType: 'FREE' },
    '/api/v1/system/timestamping-services',
    { time: at('08:10:00'), actor: user(dave) },
  );
}
