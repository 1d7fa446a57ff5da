import { dogtag, signserver, xroad } from '../../src/catalog/mod.ts';
import { ADDRESSES } from './cast.ts';
import {
  ARCHIVED,
  AUTHORITIES,
  colons,
  digi,
  keyOf,
  processed,
  RESOURCE,
  SEALER,
  SEALING_PROFILE,
  SHA_256,
  SYSTEM,
  sealed,
  session,
  signature,
  signed,
  xr,
} from './lines.ts';
import {
  administrator,
  CI_USER,
  digicertUser,
  type Month,
  type Stage,
  type StoryFile,
  user,
} from './scene.ts';

/** From 15 September on: what is done with the keys, rightly and wrongly. */

/** 15 September: a release is sealed, by the pipeline and by hand; one attempt is too late, one is wrong. */
export function release(stage: Stage, month: Month): void {
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
export function anchorChange(stage: Stage, month: Month): void {
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
      ParamNameValPairs: [
        `Scope;;rules+Operation;;OP_MODIFY+Resource;;${SEALING_PROFILE}`,
        `trustAnchor;;${anchor.name}`,
        `trustAnchorSha256;;${anchor.hash}`,
      ].join('+'),
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
export function missingApproval(stage: Stage, month: Month): void {
  const { alice } = stage.cast;
  const at = (time: string): number => stage.at(21, time);
  const pair = keyOf(month);
  digi(stage, 'Request', at('13:00:00'), digicertUser(alice), pair, 'Keypair export requested');
  digi(stage, 'Download', at('13:20:45'), digicertUser(alice), pair, 'Keypair export, wrapped');
}

/** 23 and 24 September, at night: a stranger tries all four doors, comes in by one, and seals a file. */
export function intrusion(stage: Stage, month: Month): void {
  const { dave } = stage.cast;
  const from = ADDRESSES.stranger;
  const night = (time: string): number => stage.at(24, time);
  const failed = { outcome: 'failure' } as const;
  for (const [i, guess] of ['admin', 'caadmin', 'admin][Outcome=Success'].entries()) {
    stage.tell(
      'ca-audit',
      dogtag.ACCESS_SESSION_ESTABLISH,
      {
        ClientIP: from,
        ServerIP: AUTHORITIES['ca-audit'].host,
        Info: 'serverAlertSent: CERTIFICATE_UNKNOWN',
      },
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
export function afterwards(stage: Stage, month: Month): void {
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
  session(stage, carol, at('07:05:00'), 'kra-audit');
  stage.tell(
    'kra-audit',
    dogtag.KEY_STATUS_CHANGE,
    {
      KeyID: ARCHIVED.key,
      OldStatus: 'active',
      NewStatus: 'inactive',
      Info: 'KeyProcessor.modifyKeyStatus',
    },
    { time: at('07:06:10'), actor: { name: carol.uid } },
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
export function audit(stage: Stage): void {
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
  session(stage, erin, at('10:30:00'), 'ca-audit', 'Auditors');
  xr(stage, xroad['security-server']['Log in user'], {}, '/login', {
    time: at('11:00:00'),
    actor: user(erin),
  });
}
