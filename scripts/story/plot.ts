import { digicert, dogtag, type EventHandle, signserver, type Told, xroad } from '../../src/catalog/mod.ts';
import type { Actor, SignatureInfo } from '../../src/record/types.ts';
import {
  ADDRESSES,
  CA_SUBJECT,
  type Cast,
  FRIEND_SUBJECT,
  type Person,
  SEAL_ALIAS,
  SEAL_SUBJECT,
  STAMP_ALIAS,
  STAMP_SUBJECT,
} from './cast.ts';
import { type Certificate, type KeyPair, request } from './pki.ts';
import { administrator, CI_USER, digicertUser, type Stage, type StoryFile, user } from './scene.ts';

/**
 * A month in which a new key seals the organisation's releases. Every scene tells its records in the order of time; what makes the
 * month worth reading stands in examples/story/README.md.
 */

const SEALER = { WORKER_ID: '101', WORKER_NAME: 'Sealer' } as const;
const STAMPER = { WORKER_ID: '102', WORKER_NAME: 'TimeStampSigner' } as const;
const CRYPTO_WORKER = '10';
const TEST_WORKER = '11';
const CA_HOST = '192.0.2.11';
const SEALING_PROFILE = 'caSealCert';
const RESOURCE = { type: 'Resource type', id: 'Resource ID', name: 'Resource name' } as const;
const MEMBER = { memberClass: 'COM', memberCode: '5550001', objectType: 'MEMBER', xroadInstance: 'EXAMPLE' };
const SYSTEM = '$System$';

export interface Month {
  readonly keypair: string;
  readonly sealFiles: readonly StoryFile[];
  readonly anchor: StoryFile;
}

export async function play(stage: Stage): Promise<Month> {
  const month: Month = {
    keypair: stage.random.fork('keypair').uuid(),
    sealFiles: ['controller-5.2.0.bin', 'controller-5.2.0.msi', 'release-notes-5.2.pdf'].map((name) =>
      stage.file(name),
    ),
    anchor: stage.file('configuration_anchor_EXAMPLE_internal.xml'),
  };
  startUp(stage);
  await newKey(stage);
  await falseFriend(stage);
  certified(stage, month);
  await newStamp(stage);
  release(stage, month);
  anchorChange(stage, month);
  missingApproval(stage, month);
  intrusion(stage, month);
  afterwards(stage, month);
  audit(stage);
  return month;
}

/** 1 September: the systems start. */
function startUp(stage: Stage): void {
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
  stage.tell('ca-audit', dogtag.AUDIT_LOG_STARTUP, {}, { time: at('05:10:02'), ...system });
  stage.tell('ca-audit', dogtag.SELFTESTS_EXECUTION, {}, { time: at('05:10:04'), ...system });
  const ski = stage.cast.ca.key
    .digest('sha1')
    .toUpperCase()
    .replaceAll(/..(?=.)/g, '$&:');
  stage.tell('ca-audit', dogtag.CERT_SIGNING_INFO, { SKI: ski }, { time: at('05:10:05'), ...system });
}

/** 2 and 3 September: the key is made at the second attempt, tested, and a certificate requested. */
async function newKey(stage: Stage): Promise<void> {
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
async function falseFriend(stage: Stage): Promise<void> {
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
function certified(stage: Stage, { keypair }: Month): void {
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
  const pair = { [RESOURCE.type]: 'KEYPAIR', [RESOURCE.id]: keypair, [RESOURCE.name]: SEAL_ALIAS };
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

/** 10 September: a key for time stamps, from the token to the central server. */
async function newStamp(stage: Stage): Promise<void> {
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

/** 15 September: a release is sealed, by the pipeline and by hand; one attempt is too late, one is wrong. */
function release(stage: Stage, month: Month): void {
  const { alice } = stage.cast;
  const at = (time: string): number => stage.at(15, time);
  const window = {
    [RESOURCE.type]: 'RELEASE',
    [RESOURCE.id]: stage.random.fork('window').uuid(),
    [RESOURCE.name]: 'Controller 5.2',
  };
  digi(
    stage,
    'Request',
    at('05:30:00'),
    digicertUser(alice),
    window,
    'Release window 07:00 to 09:00 UTC, 3 signatures',
  );
  digi(stage, 'Approve', at('05:55:00'), digicertUser(stage.cast.bob), window, 'Release window');
  let minute = 0;
  for (const file of month.sealFiles) {
    const time = `07:0${minute++}:00`;
    sealed(stage, file, at(time), stage.cast.alice, ADDRESSES.ci);
    signed(stage, month, file, at(time) + 4_000, CI_USER);
  }
  const [binary] = month.sealFiles as [StoryFile];
  // The digest was cut off on its way.
  signature(stage, month, at('07:15:00'), digicertUser(alice), {
    reason: 'Invalid hash: expected 32 bytes for SHA256WithECDSA, got 31',
    hash: binary.hash.slice(0, -2),
    metadata: [{ key: 'file-name', value: binary.name }],
  });
  signature(stage, month, at('09:05:00'), CI_USER, {
    reason: 'Release window "Controller 5.2" is closed',
    hash: binary.hash,
    metadata: [{ key: 'file-name', value: binary.name }],
  });
  processed(
    stage,
    at('07:20:00'),
    { FILENAME: binary.name },
    { ip: ADDRESSES.ci, reason: 'Client is not authorized: no certificate' },
  );
}

/** 17 September: the configuration anchor is made, sealed, signed and brought in. */
function anchorChange(stage: Stage, month: Month): void {
  const { dave, alice, carol } = stage.cast;
  const { anchor } = month;
  const at = (time: string): number => stage.at(17, time);
  const hash = { anchorFileHash: colons(anchor.hash), anchorFileHashAlgorithm: SHA_256 };
  xr(
    stage,
    xroad['Re-create internal configuration anchor'],
    hash,
    '/api/v1/configuration-sources/INTERNAL/anchor/re-create',
    { time: at('07:00:00'), actor: user(dave) },
  );
  sealed(stage, anchor, at('07:20:00'), dave, dave.ip);
  signed(stage, month, anchor, at('07:25:00'), digicertUser(alice));
  xr(
    stage,
    xroad['Upload configuration anchor'],
    { ...hash, generatedAt: '2026-09-17T07:00:00Z' },
    '/api/v1/system/anchor',
    { time: at('07:40:00'), actor: user(alice) },
  );
  session(stage, carol, at('08:00:00'));
  stage.tell(
    'ca-audit',
    dogtag.CONFIG_CERT_PROFILE,
    {
      ParamNameValPairs: `Scope;;rules+Operation;;OP_MODIFY+Resource;;${SEALING_PROFILE}+trustAnchor;;${anchor.name}+trustAnchorSha256;;${anchor.hash}`,
    },
    { time: at('08:02:30'), actor: { name: carol.uid } },
  );
  stage.tell(
    'ca-audit',
    dogtag.CERT_PROFILE_APPROVAL,
    { ProfileID: SEALING_PROFILE, Op: 'approve' },
    {
      time: at('08:05:00'),
      actor: { name: carol.uid },
    },
  );
}

/** 21 September: a keypair leaves the service though nobody approved it. */
function missingApproval(stage: Stage, { keypair }: Month): void {
  const { alice } = stage.cast;
  const at = (time: string): number => stage.at(21, time);
  const pair = { [RESOURCE.type]: 'KEYPAIR', [RESOURCE.id]: keypair, [RESOURCE.name]: SEAL_ALIAS };
  digi(stage, 'Request', at('13:00:00'), digicertUser(alice), pair, 'Keypair export requested');
  digi(stage, 'Download', at('13:20:45'), digicertUser(alice), pair, 'Keypair export, wrapped');
}

/** 23 and 24 September, at night: a stranger tries all four doors, comes in by one, and seals a file. */
function intrusion(stage: Stage, month: Month): void {
  const { dave } = stage.cast;
  const from = ADDRESSES.stranger;
  const night = (time: string): number => stage.at(24, time);
  const failed = { outcome: 'failure' } as const;
  for (const [i, guess] of ['admin', 'caadmin', 'admin][Outcome=Success'].entries()) {
    stage.tell(
      'ca-audit',
      dogtag.ACCESS_SESSION_ESTABLISH,
      { ClientIP: from, ServerIP: CA_HOST, Info: 'serverAlertSent: CERTIFICATE_UNKNOWN' },
      {
        time: night(`01:1${i}:00`),
        actor: { ip: from },
        ...failed,
        reason: 'serverAlertSent: CERTIFICATE_UNKNOWN',
      },
    );
    stage.tell(
      'ca-audit',
      dogtag.AUTH,
      { AuthMgr: 'passwdUserDBAuthMgr', AttemptedCred: guess },
      {
        time: night(`01:1${i}:02`),
        actor: { name: '$Unidentified$' },
        ...failed,
        reason: 'authentication failure',
      },
    );
  }
  const logIn = xroad['security-server']['Log in user'];
  for (const minute of ['20', '21']) {
    xr(stage, logIn, {}, '/login', {
      time: night(`01:${minute}:30`),
      actor: { name: 'xrd', ip: from },
      reason: 'Invalid credentials',
    });
  }
  processed(
    stage,
    night('01:30:00'),
    { FILENAME: 'x' },
    { ip: from, reason: 'Client is not authorized: no certificate' },
  );
  digi(
    stage,
    'Sign',
    night('01:40:00'),
    { name: 'Dave Router (dave)', ip: from },
    keyOf(month),
    'payroll.exe',
    'Keypair is offline',
  );
  // With a stolen certificate and password it works.
  xr(stage, logIn, {}, '/login', { time: night('02:02:00'), actor: user(dave, from) });
  const payroll = stage.file('payroll.exe');
  sealed(stage, payroll, night('02:10:00'), dave, from);
  digi(stage, 'Unsuspend', night('02:20:00'), digicertUser(dave, from), keyOf(month), 'Keypair online');
  // The signature in this row is over another file: it does not verify.
  signed(stage, month, payroll, night('02:21:00'), digicertUser(dave, from), stage.file('another file'));
}

/** 24 September, by day: what was stolen is shut. */
function afterwards(stage: Stage, month: Month): void {
  const { bob, carol, dave, erin } = stage.cast;
  const at = (time: string): number => stage.at(24, time);
  digi(stage, 'Suspend', at('06:40:00'), digicertUser(bob), keyOf(month), 'Keypair offline');
  stage.tell(
    'signserver-audit',
    signserver.SET_WORKER_CONFIG,
    {
      WORKER_ID: SEALER.WORKER_ID,
      'removed:authorized_client': `SN: ${dave.certificate.serial}, issuer DN: ${dave.certificate.issuer}`,
    },
    { time: at('06:45:00'), actor: administrator(bob) },
  );
  session(stage, carol, at('06:50:00'));
  const change = {
    ReqID: stage.nextRequest(),
    CertSerialNum: `0x${dave.certificate.serial}`,
    RequestType: 'revoke',
  };
  stage.tell('ca-audit', dogtag.CERT_STATUS_CHANGE_REQUEST, change, {
    time: at('06:52:00'),
    actor: { name: carol.uid },
  });
  stage.tell(
    'ca-audit',
    dogtag.CERT_STATUS_CHANGE_REQUEST_PROCESSED,
    { ...change, RevokeReasonNum: '1', Approval: 'complete' },
    { time: at('06:52:03'), actor: { name: carol.uid } },
  );
  stage.tell(
    'ca-audit',
    dogtag.FULL_CRL_GENERATION,
    { CRLnum: '118' },
    {
      time: at('06:53:00'),
      actor: { name: SYSTEM },
    },
  );
  digi(
    stage,
    'Unsuspend',
    at('12:00:00'),
    digicertUser(erin),
    keyOf(month),
    'Keypair online',
    'Missing permission: Manage keypairs',
  );
}

/** 28 September: the auditor comes. */
function audit(stage: Stage): void {
  const { erin } = stage.cast;
  const at = (time: string): number => stage.at(28, time);
  const report = {
    [RESOURCE.type]: 'AUDIT_LOG',
    [RESOURCE.id]: stage.random.fork('report').uuid(),
    [RESOURCE.name]: 'archive-1.csv',
  };
  digi(
    stage,
    'Download',
    at('08:00:00'),
    digicertUser(erin),
    report,
    'Archived report 1',
    'Missing permission: Export audit logs',
  );
  digi(stage, 'Download', at('10:00:00'), digicertUser(erin), report, 'Archived report 1');
  session(stage, erin, at('10:30:00'), 'Auditors');
  xr(stage, xroad['security-server']['Log in user'], {}, '/login', {
    time: at('11:00:00'),
    actor: user(erin),
  });
}

// What scenes are made of.

const SHA_256 = { name: 'SHA-256', uri: 'http://www.w3.org/2001/04/xmlenc#sha256' } as const;

function colons(hex: string): string {
  return hex.toUpperCase().replaceAll(/..(?=.)/g, '$&:');
}

/** How SignServer prints a certificate. */
function printed({ subject, issuer, pem }: Certificate): string {
  return `Subject: ${subject}\nIssuer: ${issuer}\n${pem}\n`;
}

/** @param key null when the token could not be asked. */
function tested(alias: string, key: KeyPair | null): string {
  return key === null
    ? `KeyTestResult{alias=${alias}, success=false, status=CKR_DEVICE_ERROR, publicKeyHash=null}\n`
    : `KeyTestResult{alias=${alias}, success=true, status=, publicKeyHash=${key.digest('sha1')}}\n`;
}

/** A session at the certificate authority. */
function session(stage: Stage, person: Person, time: number, role = 'Certificate Manager Agents'): void {
  const { certificate, subject, ip, uid } = person;
  stage.tell(
    'ca-audit',
    dogtag.ACCESS_SESSION_ESTABLISH,
    {
      ClientIP: ip,
      ServerIP: CA_HOST,
      CertSerialNum: `0x${certificate.serial}`,
      IssuerDN: certificate.issuer,
    },
    { time, actor: { name: subject, ip, issuer: certificate.issuer, serial: `0x${certificate.serial}` } },
  );
  stage.tell(
    'ca-audit',
    dogtag.AUTH,
    { AuthMgr: 'certUserDBAuthMgr' },
    { time: time + 1_000, actor: { name: uid } },
  );
  stage.tell(
    'ca-audit',
    dogtag.ROLE_ASSUME,
    { Role: role },
    { time: time + 1_000, actor: { name: uid, role } },
  );
}

function issued(
  stage: Stage,
  asker: Person,
  agent: Person,
  subject: string,
  { serial, der }: Certificate,
  [asked, done]: readonly [number, number],
): void {
  const ReqID = stage.nextRequest();
  stage.tell(
    'ca-audit',
    dogtag.PROFILE_CERT_REQUEST,
    { ReqID, ProfileID: SEALING_PROFILE, CertSubject: subject },
    { time: asked, actor: { name: asker.uid } },
  );
  stage.tell(
    'ca-audit',
    dogtag.CERT_REQUEST_PROCESSED,
    {
      ReqID,
      InfoName: 'certificate',
      InfoValue: Buffer.from(der).toString('base64'),
      CertSerialNum: `0x${serial}`,
    },
    { time: done, actor: { name: agent.uid } },
  );
}

function keyOf({ keypair }: Month): Record<string, string> {
  return { [RESOURCE.type]: 'KEYPAIR', [RESOURCE.id]: keypair, [RESOURCE.name]: SEAL_ALIAS };
}

/** A row of DigiCert's audit log; a failed one with its error message. */
function digi(
  stage: Stage,
  action: keyof (typeof digicert)['audit-log'],
  time: number,
  actor: NonNullable<Parameters<typeof user>[0]> extends never
    ? never
    : { name: string; ip: string } | object,
  resource: Readonly<Record<string, string>>,
  description: string,
  error?: string,
): void {
  const details = { 'Event ID': stage.random.uuid(), ...resource, Description: description };
  const told = { time: wholeSecond(time), actor } as const;
  if (error === undefined) stage.tell('digicert-audit', digicert['audit-log'][action], details, told);
  else
    stage.tell('digicert-audit', digicert['audit-log'][action], details, {
      ...told,
      outcome: 'failure',
      reason: error,
    });
}

/** SignServer seals a file: a line of the worker log. */
function sealed(
  stage: Stage,
  file: StoryFile,
  time: number,
  { subject, certificate }: Person,
  ip: string,
): void {
  processed(
    stage,
    time,
    {
      FILENAME: file.name,
      REQUEST_LENGTH: String(file.size),
      REQUEST_DIGEST: file.hash,
      REQUEST_DIGEST_ALGORITHM: 'SHA256',
      CLIENT_CERT_SUBJECTDN: subject,
      CLIENT_CERT_ISSUERDN: certificate.issuer,
      CLIENT_CERT_SERIALNUMBER: certificate.serial,
      WORKER_AUTHTYPE: 'CLIENTCERT',
      CLIENT_AUTHORIZED: 'true',
      ...signer(stage.cast),
    },
    { ip },
  );
}

function signer({ seal }: Cast): Record<string, string> {
  return {
    SIGNER_CERT_SUBJECTDN: SEAL_SUBJECT,
    SIGNER_CERT_ISSUERDN: CA_SUBJECT,
    SIGNER_CERT_SERIALNUMBER: seal.certificate.serial,
    KEYALIAS: SEAL_ALIAS,
    CRYPTOTOKEN: 'HSM1',
    KEY_ALGORITHM: 'EC',
  };
}

/** One request to the sealing worker. */
export function processed(
  stage: Stage,
  time: number,
  fields: Readonly<Record<string, string>>,
  { ip, reason }: { readonly ip: string; readonly reason?: string },
): void {
  const id = stage.random.uuid();
  const details = {
    ...SEALER,
    LOG_ID: id,
    LOG_TIME: String(time),
    CLIENT_IP: ip,
    REQUEST_FULLURL: 'https://sign.example.org/signserver/worker/Sealer/process',
    ...fields,
    PROCESS_SUCCESS: reason === undefined ? 'true' : 'false',
  };
  const actor = {
    ip,
    ...(fields.CLIENT_CERT_SUBJECTDN === undefined
      ? {}
      : {
          name: fields.CLIENT_CERT_SUBJECTDN,
          issuer: fields.CLIENT_CERT_ISSUERDN ?? '',
          serial: fields.CLIENT_CERT_SERIALNUMBER ?? '',
          auth: 'CLIENTCERT',
        }),
  };
  if (reason === undefined)
    stage.tell('signserver-worker', signserver.PROCESS, details, { time, actor, correlation: id });
  else
    stage.tell(
      'signserver-worker',
      signserver.PROCESS,
      { ...details, EXCEPTION: reason },
      { time, actor, correlation: id, outcome: 'failure', reason },
    );
}

/** As DigiCert's reports tell times. */
function wholeSecond(time: number): number {
  return time - (time % 1000);
}

/** DigiCert signs: a row of either log. `instead`: the file that the signature is over, when it is false. */
function signed(
  stage: Stage,
  month: Month,
  file: StoryFile,
  time: number,
  actor: Actor,
  instead: StoryFile = file,
): void {
  digi(stage, 'Sign', time, actor, keyOf(month), `${file.name} sha256=${file.hash}`);
  signature(stage, month, time, actor, {
    hash: file.hash,
    value: stage.cast.seal.key.sign(instead.digest),
    metadata: [
      { key: 'file-name', value: file.name },
      { key: 'checksum-before-signing', value: file.hash },
      { key: 'digest-algorithm', value: 'SHA-256' },
      { key: 'signing-tool', value: 'smctl' },
    ],
  });
}

export function signature(
  stage: Stage,
  { keypair }: Month,
  time: number,
  actor: Actor,
  { reason, ...told }: SignatureInfo & { readonly reason?: string },
): void {
  const id = stage.random.uuid();
  const info = {
    ...told,
    keyAlias: SEAL_ALIAS,
    keyId: keypair,
    keyType: 'Static',
    algorithm: 'EC P-256',
    use: 'production',
    ...(told.metadata?.some(({ key }) => key === 'digest-algorithm') ? { hashAlgorithm: 'SHA-256' } : {}),
  } as const;
  const about = { time: wholeSecond(time), actor, correlation: id, signature: info };
  if (reason === undefined) stage.tell('digicert-signatures', digicert['signature-log'].Signature, {}, about);
  else
    stage.tell(
      'digicert-signatures',
      digicert['signature-log'].Signature,
      {},
      {
        ...about,
        outcome: 'failure',
        reason,
      },
    );
}

/** A line of X-Road's extended format; `url` is the path of the call. */
function xr<D extends object>(
  stage: Stage,
  event: EventHandle<D>,
  details: D,
  url: string,
  { reason, ...told }: Told & { readonly reason?: string },
): void {
  const all = { ...details, requestUrl: url };
  const known = { correlation: stage.random.hex(8), ...told };
  const channel = event.part === 'central-server' ? 'central-server' : 'security-server';
  if (reason === undefined) stage.tell(channel, event, all, known);
  else stage.tell(channel, event, all, { ...known, outcome: 'failure', reason });
}
