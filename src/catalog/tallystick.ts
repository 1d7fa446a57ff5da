import { defineCatalog } from './define.ts';
import { event, field, list } from './table.ts';

/** Changed settings, each under its own name behind one of these; secrets are never among the values. */
const CHANGES = 'added:* changed:* removed:*';
const RESOURCE = 'Resource~type Resource~ID Resource~name?';
const KEY = 'KEYALIAS CRYPTOTOKEN keyHash?';
const CLIENTS = 'added:authorized_client? changed:authorized_client? removed:authorized_client?';
const API_KEY = 'apiKeyId apiKeyName? apiKeyRoles expires?';
const TOKEN = 'tokenId tokenFriendlyName? tokenSerialNumber?';
const CERTIFICATE = `${KEY} certHash certHashAlgorithm`;

/**
 * Every act on a Tallystick log, in that log itself: only the log writes records of this system. Events and fields
 * have the names that SignServer, Dogtag, X-Road and DigiCert gave the same acts; where none of them has such an act,
 * ours. Sources and sinks are workers. Who did it is the record's `actor`, when its `time`, and why it failed its
 * `reason`: no fields here.
 */
export const tallystick = defineCatalog({
  system: 'tallystick',
  about: 'Tallystick: what was done to the log itself.',
  partIn: null,
  textual: false,
  fields: {
    origin: field('text', 'Origin of the log, as its checkpoints name it: `<name>-<8 hex digits>/<node>`.'),
    key: field('text', 'Verifier key of a sealing key, as a C2SP signed note names it.'),
    keys: list(
      'text',
      'Verifier keys of a set that seals together, the first as `key`; left out when it is one.',
    ),
    previousKey: field('text', 'Verifier key of the one that sealed until then, the first of its set.'),
    standBy: field('boolean', 'True when a stand-by key took over without the keys that sealed until then.'),
    software: field('text', 'Name and version of the program.'),
    version: field('text', 'Version of the program.'),
    listen: list('text', 'Addresses at which it is reached: URLs and the path of its control socket.'),
    configDigest: field('hash', 'SHA-256 of the configuration in force.'),
    unclean: field('boolean', 'True when the log ended before without its stop being recorded.'),
    previousOrigin: field('text', 'Origin of the log that this one continues.'),
    checkpoint: field('text', 'The signed note of the head that is quoted.'),
    newerCheckpoint: field(
      'text',
      'A signed note of a newer head that was remembered; its records beyond those quoted are lost.',
    ),
    cause: field('text', 'Why, in the words of whoever did it.'),
    size: field('integer', 'Number of records that a checkpoint covers.'),
    root: field('hash', 'Root hash of that checkpoint.'),
    firstSeq: field('integer', 'The first record meant.'),
    lastSeq: field('integer', 'The last record meant.'),
    records: field('integer', 'How many records it is about.'),

    LogType: field('text', 'Which of the logs.'),
    LogFile: field('path', 'The file or folder that was to go.'),
    toLogFile: field('path', 'Where the log was to be kept instead.'),

    AuthMgr: field('text', 'How it was tried: certificate, API key, OpenID Connect, control socket.'),
    AttemptedCred: field('text', 'What was claimed, without its secret: name, subject or API key id.'),
    session: field('text', 'Identifies the session.'),
    count: field('integer', 'How many like it this record stands for; 1 when it is not told.'),
    since: field('integer', 'When the first of them was, in ms since 1970.'),
    aclResource: field('text', 'What access was asked to.'),
    Op: field('text', 'What was to be done.'),
    Info: field('text', 'More about it, in words.'),
    Role: field('text', 'The role: administrator, auditor or agent, or a permission such as to export.'),
    user: field('text', 'The user whose rights changed.'),
    apiKeyId: field('text', 'Identifies the API key; not the key itself.'),
    apiKeyName: field('text', 'What its owner calls it.'),
    apiKeyRoles: list('text', 'The roles it has now.'),
    expires: field('integer', 'The end of its validity, in ms since 1970.'),
    daysLeft: field('integer', 'Whole days until then.'),

    WORKER_ID: field('text', 'Identifies the source or sink.'),
    WORKER_NAME: field('text', 'Its name.'),
    workerType: field('enum', 'What it is: source or sink.'),
    SCOPE: field('enum', 'GLOBAL for all nodes, NODE for one.'),
    NODE: field('text', 'The node, when it is for one.'),
    'added:authorized_client': list('text', 'Client certificates that may use it from now on.'),
    'changed:authorized_client': list('text', 'Client certificates whose entry was changed.'),
    'removed:authorized_client': list('text', 'Client certificates that may no longer use it.'),
    GLOBALCONFIG_PROPERTY: field('text', 'The setting.'),
    GLOBALCONFIG_VALUE: field('any', 'Its value; a secret is not told.'),
    STATUSREPO_PROPERTY: field('text', 'The state that changed.'),
    STATUSREPO_VALUE: field('text', 'What it is now.'),
    STATUSREPO_EXPIRATION: field('integer', 'Until when that holds, in ms since 1970.'),

    KEYALIAS: field('text', 'Alias of the key in its token.'),
    CRYPTOTOKEN: field('text', 'The token that holds the key.'),
    KEYSPEC: field('text', 'Size or curve of the key.'),
    KEYALG: field('text', 'Algorithm of the key.'),
    keyHash: field('hash', 'SHA-256 of the public key in DER.'),
    TESTRESULTS: field(
      'text',
      'A line for each key: `KeyTestResult{alias=…, success=…, status=…, publicKeyHash=…}`.',
    ),
    FOR_DEFAULTKEY: field('boolean', "Whether it is the node's sealing key."),
    CSR: field('base64', 'The certificate signing request in DER.'),
    CERTIFICATE: field('pem', 'The certificate.'),
    CERTIFICATECHAIN: field('pem', 'The certificates, the lowest first.'),
    certHash: field('hash', 'Digest of the certificate in DER.'),
    certHashAlgorithm: field('text', 'How that digest was made.'),
    csrId: field('hash', 'SHA-256 of the certificate signing request in DER.'),
    keyFriendlyName: field('text', 'Alias of the key from now on.'),
    STANDBY: field('boolean', 'True when the key is to stand by, and seals nothing yet.'),
    SUCCESS: field('boolean', 'Whether the key is gone.'),
    tokenId: field('text', 'Identifies the token.'),
    tokenFriendlyName: field('text', 'Its name for people.'),
    tokenSerialNumber: field('text', 'Serial number of the device.'),

    'Resource type': field(
      'text',
      'What kind of thing: api-key, certificate, report, export, archive, setting.',
    ),
    'Resource ID': field('text', 'Identifies it.'),
    'Resource name': field('text', 'Its name for people, or that of the file.'),
    requestId: field('text', 'Identifies the request; its decision has the same.'),
    change: field('object', 'What is asked for: settings and the values they would have.'),
    query: field('text', 'The filter, in the query language; without one everything is meant.'),
    queries: list('text', 'The filters that were asked for, each once.'),
    searches: field('integer', 'How many answers were given.'),
    format: field('text', 'The form in which it was written: csv, ndjson.'),
    bytes: field('integer', 'Its length in bytes.'),
    digest: field('hash', 'Its SHA-256.'),
    verdict: field('text', 'The summary of the check.'),
    findings: list('text', 'Codes of what was found, each once.'),
    notChecked: list('text', 'Codes of what the check did not cover, each once.'),
    checks: list('text', 'Names of the checks that ran.'),
    failed: list('text', 'Names of those that failed.'),
    signer: field('text', 'Who signed besides the log: name of a witness or of a time stamp authority.'),
    signed: field('integer', 'The time that the signer vouches for, in ms since 1970.'),
  },
  parts: {
    '': {
      GENESIS: event('set-up', 'origin key keys? software', 'The log began: record 0 of every log.'),
      RESTORE: event(
        'restore',
        'previousOrigin size root checkpoint? newerCheckpoint? cause? verdict? findings?',
        'The log declared, before it took anything, which other log it continues: one that cannot go on itself, for it was brought back from a backup, or its key is lost.',
        {
          means: {
            size: 'Number of records of the other log up to which it holds.',
            root: 'Root hash of the other log at that size.',
            verdict: 'Whether the other log verified when it was read: intact, not-intact.',
          },
        },
      ),
      AUDIT_LOG_STARTUP: event(
        'start',
        `version listen? configDigest? unclean? ${CHANGES}`,
        'The program started, and with it the log; how its configuration differs from that of the last start.',
      ),
      AUDIT_LOG_SHUTDOWN: event('stop', 'version', 'The program stopped in good order.'),
      AUDIT_LOG_SIGNING: event(
        'seal',
        'size root signer? signed? digest? KEYALIAS? CRYPTOTOKEN?',
        'A checkpoint was signed once more: cosigned by a witness, dated, or sealed because somebody asked.',
        { means: { digest: 'SHA-256 of the time stamp token.' } },
      ),
      AUDIT_LOG_DELETE: event(
        'delete',
        'LogFile? firstSeq? lastSeq?',
        'Somebody asked to delete records or the log: always refused.',
      ),
      LOG_PATH_CHANGE: event(
        'update',
        'LogType? toLogFile',
        'Somebody asked to keep the log elsewhere: always refused.',
      ),
      KEY_CHANGE: event(
        'select',
        'key keys? previousKey standBy? KEYALIAS? CRYPTOTOKEN? keyHash?',
        'Other keys seal the log from the end of this batch on; those before and they sign the checkpoint that covers this record.',
        {
          means: {
            key: 'Verifier key of the one that seals from now on.',
            keys: 'Verifier keys of all that seal from now on; left out when it is one.',
          },
        },
      ),
      KEY_STANDBY: event(
        'update',
        'key? keys? KEYALIAS? CRYPTOTOKEN? keyHash?',
        'Keys were announced that may take over when those that seal are lost; each signs the checkpoint that covers this record. Without any, those announced before may not any more.',
        {
          means: {
            key: 'Verifier key of the one that stands by from now on.',
            keys: 'Verifier keys of all that stand by from now on; left out when it is one.',
          },
        },
      ),
      REPAIR: event(
        'update',
        'Op Info? since',
        'An administrator brought the log back while it could not seal; recorded as soon as it could.',
        { means: { since: 'When it was done, in ms since 1970.', Op: 'What was done.' } },
      ),
      SELFTESTS_EXECUTION: event('test', 'checks failed?', 'The program checked itself.'),

      AUTH_SUCCESS: event('log-in', 'AuthMgr session?', 'Somebody proved who they are.'),
      AUTH_FAIL: event(
        'log-in',
        'AuthMgr AttemptedCred? count? since?',
        'Somebody failed to prove who they are; several attempts from one address are one record.',
      ),
      AUTHZ_SUCCESS: event('access', 'aclResource Op Info?', 'An access that is recorded was allowed.'),
      AUTHZ_FAIL: event(
        'access',
        'aclResource Op Info? count? since?',
        'An access was refused; several of one user from one address are one record.',
      ),
      ROLE_ASSUME: event('assume-role', 'Role', 'A user acts in a role from now on.'),
      'Log out user': event('log-out', 'session?', 'A user ended the session, or it ended by itself.'),

      CONFIG_ROLE: event('update', `user? Role? ${CHANGES}`, 'Users, or the roles they have, were changed.'),
      CONFIG_AUTH: event('update', `AuthMgr? ${CHANGES}`, 'How users prove who they are was changed.'),
      CONFIG_ACL: event('update', `aclResource? ${CHANGES}`, 'What a role may do was changed.'),
      CONFIG_SIGNED_AUDIT: event('update', CHANGES, 'What is recorded, or how it is sealed, was changed.'),
      CONFIG_ENCRYPTION: event('update', CHANGES, 'Settings of TLS or of its certificates were changed.'),
      CONFIG_TRUSTED_PUBLIC_KEY: event(
        'update',
        'Op CERTIFICATE? key?',
        'A certificate or key that is trusted was added or taken away: of clients, witnesses, authorities.',
        { means: { key: 'Verifier key of the witness.' } },
      ),
      'API key create': event('generate', API_KEY, 'An API key was made.'),
      'API key update': event('update', API_KEY, 'An API key was given other roles, or another end.'),
      'API key remove': event('delete', 'apiKeyId apiKeyName?', 'An API key was taken away.'),

      SET_WORKER_CONFIG: event(
        'update',
        `WORKER_ID WORKER_NAME? workerType? SCOPE? NODE? ${CLIENTS} ${CHANGES}`,
        'Settings of a source or sink were changed, or it was made or removed.',
      ),
      RELOAD_WORKER_CONFIG: event(
        'refresh',
        'WORKER_ID WORKER_NAME?',
        'A source or sink read its settings again.',
      ),
      SET_GLOBAL_PROPERTY: event(
        'update',
        'GLOBALCONFIG_PROPERTY GLOBALCONFIG_VALUE? SCOPE? NODE?',
        'A setting of the whole was changed.',
      ),
      REMOVE_GLOBAL_PROPERTY: event(
        'delete',
        'GLOBALCONFIG_PROPERTY SCOPE? NODE?',
        'A setting of the whole was taken back to its default.',
      ),
      SET_STATUS_PROPERTY: event(
        'update',
        'STATUSREPO_PROPERTY STATUSREPO_VALUE STATUSREPO_EXPIRATION? WORKER_ID?',
        'A state that is watched changed: a source fell silent, a disk ran full, either recovered.',
      ),

      KEYGEN: event('generate', `${KEY} KEYSPEC KEYALG`, 'A key was made in a token.'),
      KEYTEST: event('test', 'KEYALIAS CRYPTOTOKEN TESTRESULTS', 'Keys of a token were tried.', {
        means: { KEYALIAS: 'Alias of the key, or `all`.' },
      }),
      GENCSR: event('generate-csr', `${KEY} FOR_DEFAULTKEY? CSR`, 'A certificate signing request was made.'),
      'Delete CSR': event('delete', `${KEY} csrId`, 'A certificate signing request was thrown away.'),
      KEYIMPORT: event(
        'import',
        `${KEY} KEYSPEC KEYALG`,
        'A key that was made elsewhere was taken into a token.',
      ),
      KEYREMOVE: event('delete', `${KEY} SUCCESS`, 'A key was removed from its token.'),
      'Set friendly name to key': event(
        'update',
        `${KEY} keyFriendlyName`,
        'A key was given another alias.',
        {
          means: { KEYALIAS: 'Alias of the key until then.' },
        },
      ),
      KEYSELECTED: event(
        'select',
        `${KEY} WORKER_ID? SCOPE? NODE? STANDBY?`,
        'A key was chosen for use: to seal the log, to stand by for that, or by a source or sink.',
      ),
      CERTINSTALLED: event(
        'import',
        'CERTIFICATE WORKER_ID? KEYALIAS? CRYPTOTOKEN? SCOPE? NODE?',
        'A certificate was installed for a key.',
      ),
      CERTCHAININSTALLED: event(
        'import',
        'CERTIFICATECHAIN WORKER_ID? KEYALIAS? CRYPTOTOKEN? SCOPE? NODE?',
        'A certificate with those above it was installed for a key.',
      ),
      'Enable certificate': event(
        'unsuspend',
        CERTIFICATE,
        'The certificate of a key may be given out, and used, again.',
      ),
      'Disable certificate': event(
        'suspend',
        CERTIFICATE,
        'The certificate of a key is kept, but neither given out nor used.',
      ),
      'Delete certificate': event('delete', CERTIFICATE, 'The certificates of a key were thrown away.'),
      'Initialize token': event(
        'set-up',
        'tokenId added:*',
        'A token was configured: its kind and where it is; never its PIN.',
      ),
      'Delete token': event('delete', 'tokenId', 'A token is no longer used; its keys stay where they are.'),
      'Set friendly name to token': event('update', TOKEN, 'A token goes by another name from now on.', {
        means: { tokenId: 'Its name until then.', tokenFriendlyName: 'Its name from now on.' },
      }),
      'Log in to token': event('log-in', TOKEN, 'A token was opened, so that its keys can be used.'),
      'Log out from token': event('log-out', TOKEN, 'A token was closed.'),

      Request: event(
        'request',
        `requestId ${RESOURCE} change?`,
        'Somebody asked for something that another person has to approve.',
      ),
      Approve: event('approve', `requestId ${RESOURCE}`, 'Another person approved what had been requested.'),
      Reject: event('reject', `requestId ${RESOURCE}`, 'Another person turned down what had been requested.'),
      Expire: event(
        'expire',
        `${RESOURCE} expires daysLeft?`,
        'The validity of something ended: an API key, a certificate, a request that nobody decided; with outcome `void` it soon will.',
      ),
      Suspend: event('suspend', RESOURCE, 'Something was switched off for the time being: a source, a sink.'),
      Unsuspend: event('unsuspend', RESOURCE, 'Something was switched on again.'),
      Import: event(
        'import',
        `${RESOURCE} records bytes? digest? firstSeq? lastSeq?`,
        'The records of a file or of an archive were brought in.',
      ),
      Download: event(
        'download',
        `${RESOURCE} query? records format bytes? digest? size root`,
        'A report or an export was handed out.',
        { means: { size: 'Up to how many records of the log it is complete.' } },
      ),
      SEARCH_SESSION: event(
        'download',
        'session queries? searches records since',
        'Somebody read the log: one record for a session, when it ended or had lasted long enough.',
        { means: { records: 'How many records were shown.', since: 'When it began, in ms since 1970.' } },
      ),
      LOG_VERIFY: event(
        'verify',
        'verdict findings? notChecked? records size root firstSeq? lastSeq?',
        'The log was verified.',
        { means: { records: 'How many records were checked.' } },
      ),
      LOG_ARCHIVE: event(
        'export',
        'Resource~ID Resource~name? firstSeq lastSeq records bytes digest root',
        'Records that are complete were written to a numbered archive.',
        { means: { 'Resource ID': 'Number of the archive; 1 is the oldest.' } },
      ),
    },
  },
  objects: [
    { kind: 'key', from: 'keyHash', as: 'digest', name: ['KEYALIAS'] },
    { kind: 'key', from: 'KEYALIAS', as: 'alias', within: 'CRYPTOTOKEN', not: ['all'] },
    { kind: 'key', from: 'TESTRESULTS', as: 'key-test', within: 'CRYPTOTOKEN' },
    { kind: 'key', from: 'CSR', as: 'certificate-request', name: ['KEYALIAS'] },
    { kind: 'certificate', from: 'CERTIFICATE', as: 'pem' },
    { kind: 'certificate', from: 'CERTIFICATECHAIN', as: 'pem' },
    { kind: 'certificate', from: 'added:authorized_client', as: 'client-rule' },
    { kind: 'certificate', from: 'changed:authorized_client', as: 'client-rule' },
    { kind: 'certificate', from: 'removed:authorized_client', as: 'client-rule' },
    { kind: 'certificate', from: 'certHash', as: 'digest' },
    { kind: 'token', from: 'CRYPTOTOKEN', as: 'text' },
    { kind: 'token', from: 'tokenId', as: 'text', name: ['tokenFriendlyName'] },
    { kind: 'worker', from: 'WORKER_ID', as: 'text', name: ['WORKER_NAME'] },
    { kind: 'user', from: 'user', as: 'text' },
    { kind: 'role', from: 'Role', as: 'text' },
    { kind: 'api-key', from: 'apiKeyId', as: 'text', name: ['apiKeyName'] },
    { kind: 'setting', from: 'GLOBALCONFIG_PROPERTY', as: 'text' },
    { kind: 'setting', from: 'STATUSREPO_PROPERTY', as: 'text' },
    { kind: 'request', from: 'requestId', as: 'text' },
    {
      kind: 'resource',
      from: 'Resource ID',
      as: 'resource',
      within: 'Resource type',
      name: ['Resource name'],
    },
  ],
  correlation: [],
  reason: [],
  actor: {},
});
