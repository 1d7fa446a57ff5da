import { digicert, dogtag, type EventHandle, signserver, type Told } from '../../src/catalog/mod.ts';
import type { Actor, SignatureInfo } from '../../src/record/types.ts';
import { CA_SUBJECT, type Cast, type Person, SEAL_ALIAS, SEAL_SUBJECT } from './cast.ts';
import type { Certificate, KeyPair } from './pki.ts';
import type { Month, Stage, StoryFile } from './scene.ts';

/** What scenes are made of: lines that several of them tell alike. */

export const SEALER = { WORKER_ID: '101', WORKER_NAME: 'Sealer' } as const;
export const SEALING_PROFILE = 'caSealCert';
/** The columns of DigiCert's audit log that say what a row is about. */
export const RESOURCE = { type: 'Resource type', id: 'Resource ID', name: 'Resource name' } as const;
/** The server itself, as Dogtag calls it. */
export const SYSTEM = '$System$';

export const SHA_256 = { name: 'SHA-256', uri: 'http://www.w3.org/2001/04/xmlenc#sha256' } as const;

export function colons(hex: string): string {
  return hex.toUpperCase().replaceAll(/..(?=.)/g, '$&:');
}

/** How SignServer prints a certificate. */
export function printed({ subject, issuer, pem }: Certificate): string {
  return `Subject: ${subject}\nIssuer: ${issuer}\n${pem}\n`;
}

/** @param key null when the token could not be asked. */
export function tested(alias: string, key: KeyPair | null): string {
  return key === null
    ? `KeyTestResult{alias=${alias}, success=false, status=CKR_DEVICE_ERROR, publicKeyHash=null}\n`
    : `KeyTestResult{alias=${alias}, success=true, status=, publicKeyHash=${key.digest('sha1')}}\n`;
}

/** Where Dogtag's subsystems run, and the role of those who work with them. */
export const AUTHORITIES = {
  'ca-audit': { host: '192.0.2.11', agents: 'Certificate Manager Agents' },
  'kra-audit': { host: '192.0.2.12', agents: 'Data Recovery Manager Agents' },
} as const;

/** Numbers by which the key recovery authority keeps the copy of the key, and the request to keep it. */
export const ARCHIVED = { key: '0x55', request: '0x91' } as const;

/** A session at the certificate authority, or another subsystem of Dogtag. */
export function session(
  stage: Stage,
  person: Person,
  time: number,
  channel: keyof typeof AUTHORITIES = 'ca-audit',
  role: string = AUTHORITIES[channel].agents,
): void {
  const { certificate, subject, ip, uid } = person;
  stage.tell(
    channel,
    dogtag.ACCESS_SESSION_ESTABLISH,
    {
      ClientIP: ip,
      ServerIP: AUTHORITIES[channel].host,
      CertSerialNum: `0x${certificate.serial}`,
      IssuerDN: certificate.issuer,
    },
    { time, actor: { name: subject, ip, issuer: certificate.issuer, serial: `0x${certificate.serial}` } },
  );
  stage.tell(
    channel,
    dogtag.AUTH,
    { AuthMgr: 'certUserDBAuthMgr' },
    { time: time + 1_000, actor: { name: uid } },
  );
  stage.tell(channel, dogtag.ROLE_ASSUME, { Role: role }, { time: time + 1_000, actor: { name: uid, role } });
}

export function issued(
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

export function keyOf({ keypair }: Month): Record<string, string> {
  return { [RESOURCE.type]: 'KEYPAIR', [RESOURCE.id]: keypair, [RESOURCE.name]: SEAL_ALIAS };
}

/** A row of DigiCert's audit log; a failed one with its error message. */
export function digi(
  stage: Stage,
  action: keyof (typeof digicert)['audit-log'],
  time: number,
  actor: Actor,
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
export function sealed(
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
export function signed(
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
export function xr<D extends object>(
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
