import { digicert, dogtag, type EventHandle, signserver, xroad } from '../../src/catalog/mod.ts';
import { ADDRESSES, SEAL_ALIAS, STAMP_ALIAS } from './cast.ts';
import { processed, signature } from './lines.ts';
import { type Channel, CI_USER, type Month, Stage } from './scene.ts';

/** How the lines of an ordinary day are spread, in parts of a hundred. */
export const SHARES: Readonly<Record<Channel, number>> = {
  'signserver-audit': 10,
  'signserver-worker': 40,
  'ca-audit': 13,
  'kra-audit': 2,
  'central-server': 3,
  'security-server': 7,
  'digicert-audit': 5,
  'digicert-signatures': 20,
};

/** What happens on any day: seals, time stamps, lists of revoked certificates, backups, people who look. */
export function routine(story: Stage, month: Month, channel: Channel, day: number, count: number): Stage {
  const stage = new Stage(story.cast, story.random.fork(`${channel} ${day}`));
  for (let i = 0; i < count; i++) {
    const seconds = Math.floor((i / count) * 86_400);
    const time = stage.at(day, `0:0:${seconds}`);
    ORDINARY[channel](stage, time, month);
  }
  return stage;
}

const ORDINARY: Readonly<Record<Channel, (stage: Stage, time: number, month: Month) => void>> = {
  'signserver-audit': (stage, time) =>
    stage.tell(
      'signserver-audit',
      signserver.SET_STATUS_PROPERTY,
      {
        STATUSREPO_PROPERTY: 'TIMESOURCE0_INSYNC',
        STATUSREPO_VALUE: String(stage.random.below(50) > 0),
        STATUSREPO_EXPIRATION: String(time + 60_000),
      },
      { time, actor: { name: 'StatusRepositorySessionBean.auditLog' } },
    ),

  'signserver-worker': (stage, time, month) => {
    const stamp = stage.random.below(2) === 0;
    const file = stamp ? null : stage.random.pick(month.sealFiles);
    const digest = file?.hash ?? stage.random.hex(32);
    const failed = stage.random.below(40) === 0;
    processed(
      stage,
      time,
      {
        ...(stamp ? { WORKER_ID: '102', WORKER_NAME: 'TimeStampSigner' } : {}),
        FILENAME: file?.name ?? `build-${stage.random.below(100_000)}.bin`,
        REQUEST_LENGTH: String(file?.size ?? stage.random.below(1_000_000)),
        REQUEST_DIGEST: digest,
        REQUEST_DIGEST_ALGORITHM: 'SHA256',
        KEYALIAS: stamp ? STAMP_ALIAS : SEAL_ALIAS,
        CRYPTOTOKEN: 'HSM1',
      },
      { ip: ADDRESSES.ci, ...(failed ? { reason: 'Crypto token HSM1 is offline: CKR_DEVICE_ERROR' } : {}) },
    );
  },

  'ca-audit': (stage, time) => {
    const { carol } = stage.cast;
    const lines = [
      () =>
        stage.tell(
          'ca-audit',
          dogtag.FULL_CRL_GENERATION,
          { CRLnum: String(stage.random.below(100_000)) },
          { time, actor: { name: '$System$' } },
        ),
      () =>
        stage.tell(
          'ca-audit',
          dogtag.AUTHZ,
          { aclResource: 'certServer.ca.certs', Op: 'execute', Info: 'CertResource.listCerts' },
          { time, actor: { name: carol.uid } },
        ),
      () =>
        stage.tell(
          'ca-audit',
          dogtag.AUTH,
          { AuthMgr: 'certUserDBAuthMgr' },
          { time, actor: { name: carol.uid } },
        ),
    ];
    stage.random.pick(lines)();
  },

  'kra-audit': (stage, time) =>
    stage.tell(
      'kra-audit',
      dogtag.AUTHZ,
      { aclResource: 'certServer.kra.keys', Op: 'execute', Info: 'KeyResource.listKeys' },
      { time, actor: { name: stage.cast.carol.uid } },
    ),

  'central-server': (stage, time) => backUp(stage, 'central-server', time),
  'security-server': (stage, time) => backUp(stage, 'security-server', time),

  'digicert-audit': (stage, time, { keypair }) =>
    stage.tell(
      'digicert-audit',
      digicert['audit-log'].Sign,
      {
        'Event ID': stage.random.uuid(),
        'Resource type': 'KEYPAIR',
        'Resource ID': keypair,
        'Resource name': SEAL_ALIAS,
        Description: `build-${stage.random.below(100_000)}.bin`,
      },
      { time, actor: CI_USER },
    ),

  'digicert-signatures': (stage, time, month) => {
    const digest = stage.random.bytes(32);
    signature(stage, month, time, CI_USER, {
      hash: digest.toString('hex'),
      value: stage.cast.seal.key.sign(digest),
    });
  },
};

function backUp(stage: Stage, part: 'central-server' | 'security-server', time: number): void {
  const name = `conf_backup_${new Date(time).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}.gpg`;
  const event: EventHandle<{ readonly backupFileName: string }> = xroad[part]['Back up configuration'];
  const details = { backupFileName: name, requestUrl: '/api/v1/backups' };
  const actor = { name: 'xrd-backup', ip: ADDRESSES.ci, auth: 'ApiKey' };
  stage.tell(part, event, details, { time, actor, correlation: stage.random.hex(8) });
}
