import { rows, type SystemTable } from './table.ts';

/** What workers report of a transaction; PROCESS carries any of it, and cookies of any name besides. */
const WORKER_LOG =
  'WORKER_ID LOG_ID LOG_TIME CLIENT_IP CLIENT_AUTHORIZED EXCEPTION PROCESS_SUCCESS WORKER_NAME WORKER_AUTHTYPE ' +
  'CLIENT_CERT_SUBJECTDN CLIENT_CERT_ISSUERDN CLIENT_CERT_SERIALNUMBER SIGNER_CERT_SUBJECTDN SIGNER_CERT_ISSUERDN ' +
  'SIGNER_CERT_SERIALNUMBER KEYALIAS KEY_ALGORITHM KEY_SPECIFICATION CRYPTOTOKEN REQUEST_FULLURL REQUEST_LENGTH ' +
  'FILENAME XFORWARDEDFOR XCUSTOM1 PURCHASED PDF_PASSWORD_SUPPLIED ARCHIVE_IDS RESPONSE_ENCODED REQUEST_DIGEST ' +
  'REQUEST_DIGEST_ALGORITHM RESPONSE_DIGEST RESPONSE_DIGEST_ALGORITHM REQUESTID REQUEST_ID AUTHORIZED_USERNAME ' +
  'AUTHORIZED_ADDRESS AUTHORIZED_FORWARDED_ADDRESS LEAP_UPCOMING LEAP_PERIOD LEAP_ACTION TSA_TIME ' +
  'TSA_SERIALNUMBER TSA_EXCEPTION TSA_PKISTATUS TSA_PKISTATUS_STRING TSA_PKIFAILUREINFO TSA_POLICYID ' +
  'TSA_TIMESOURCE TSA_TIMESTAMPREQUEST_CERTREQ TSA_TIMESTAMPREQUEST_CRITEXTOIDS TSA_TIMESTAMPREQUEST_ENCODED ' +
  'TSA_TIMESTAMPREQUEST_NONCRITEXTOIDS TSA_TIMESTAMPREQUEST_NONCE TSA_TIMESTAMPREQUEST_VERSION ' +
  'TSA_TIMESTAMPREQUEST_MESSAGEIMPRINTALGOID TSA_TIMESTAMPREQUEST_MESSAGEIMPRINTDIGEST ' +
  'TSA_TIMESTAMPRESPONSE_ENCODED RENEWEE GENERATEDKEYALIAS GENERATEDKEYHASH NEWCERTSERIALNO NEWCERTSUBJECTDN ' +
  'NEWCERTISSUERDN RESPONSE_RESULT RESPONSE_MESSAGE *';

/** Events of the system log. CUSTOM_ID stands where releases before 3.4 wrote the worker. */
export const SIGNSERVER: SystemTable = {
  system: 'signserver',
  events: [
    ...rows(
      [
        ['SIGNSERVER_STARTUP', 'start', 'VERSION msg CUSTOM_ID'],
        ['SIGNSERVER_SHUTDOWN', 'stop', 'VERSION msg CUSTOM_ID'],
        ['TIMED_SERVICE_RUN', 'run', 'WORKER_ID Message'],
      ],
      'SERVICE',
    ),
    ...rows(
      [
        ['SET_GLOBAL_PROPERTY', 'update', 'GLOBALCONFIG_PROPERTY GLOBALCONFIG_VALUE WORKER_ID CUSTOM_ID'],
        ['REMOVE_GLOBAL_PROPERTY', 'delete', 'GLOBALCONFIG_PROPERTY CUSTOM_ID'],
        ['GLOBAL_CONFIG_RELOAD', 'refresh', 'CUSTOM_ID'],
        ['GLOBAL_CONFIG_RESYNC', 'refresh', 'CUSTOM_ID'],
      ],
      'GLOBAL_CONFIG',
    ),
    ...rows(
      [
        ['SET_WORKER_CONFIG', 'update', 'WORKER_ID CUSTOM_ID'],
        ['CERTINSTALLED', 'import', 'WORKER_ID CERTIFICATE SCOPE NODE'],
        ['CERTCHAININSTALLED', 'import', 'WORKER_ID CERTIFICATECHAIN SCOPE NODE'],
        ['KEYSELECTED', 'select', 'WORKER_ID KEYALIAS CRYPTOTOKEN SCOPE NODE'],
        ['RELOAD_WORKER_CONFIG', 'refresh', 'WORKER_ID'],
      ],
      'WORKER_CONFIG',
    ),
    ...rows(
      [
        ['CERTCHAININSTALLED', 'import', 'WORKER_ID CERTIFICATECHAIN KEYALIAS CRYPTOTOKEN ERROR'],
        ['KEYGEN', 'generate', 'WORKER_ID KEYALIAS CRYPTOTOKEN KEYSPEC KEYALG'],
        ['KEYTEST', 'test', 'WORKER_ID KEYALIAS CRYPTOTOKEN TESTRESULTS'],
        ['GENCSR', 'generate-csr', 'WORKER_ID KEYALIAS FOR_DEFAULTKEY CRYPTOTOKEN CSR'],
        ['KEYREMOVE', 'delete', 'WORKER_ID KEYALIAS CRYPTOTOKEN SUCCESS'],
      ],
      'KEY_MANAGEMENT',
    ),
    ...rows(
      [['SET_STATUS_PROPERTY', 'update', 'STATUSREPO_PROPERTY STATUSREPO_VALUE STATUSREPO_EXPIRATION']],
      'STATUS_REPOSITORY',
    ),
    ...rows([['PROCESS', 'sign', WORKER_LOG]], 'WORKER'),
    // Events of the library beneath (CESeCore), which may stand in the same log.
    ...rows([
      ['ACCESS_CONTROL', 'access', 'resource0 *'],
      ['AUTHENTICATION', 'log-in', 'msg *'],
      ['BACKUP', 'back-up', '*'],
      ['CA_CREATION', 'set-up', '*'],
      ['CA_DELETION', 'delete', '*'],
      ['CA_EDITING', 'update', '*'],
      ['CA_KEYACTIVATE', 'select', '*'],
      ['CA_KEYGEN', 'generate', '*'],
      ['CA_RENAMING', 'update', '*'],
      ['CA_SERVICEACTIVATE', 'unsuspend', '*'],
      ['CA_SERVICEDEACTIVATE', 'suspend', '*'],
      ['CERTIFICATE_KEY_BIND', 'update', '*'],
      ['CERTIFICATE_KEY_UNBIND', 'update', '*'],
      ['CERT_CHANGEDSTATUS', 'revoke', '*'],
      ['CERT_CREATION', 'issue', '*'],
      ['CERT_CTPRECERT_SUBMISSION', 'publish', '*'],
      ['CERT_REQUEST', 'request', '*'],
      ['CERT_REVOKED', 'revoke', '*'],
      ['CERT_STORED', 'import', '*'],
      ['CRL_CREATION', 'generate', '*'],
      ['CRL_DELETED', 'delete', '*'],
      ['CRL_STORED', 'import', '*'],
      ['CRYPTOTOKEN_ACTIVATION', 'log-in', '*'],
      ['CRYPTOTOKEN_CREATE', 'set-up', '*'],
      ['CRYPTOTOKEN_DEACTIVATION', 'log-out', '*'],
      ['CRYPTOTOKEN_DELETE_ENTRY', 'delete', '*'],
      ['CRYPTOTOKEN_DELETION', 'delete', '*'],
      ['CRYPTOTOKEN_EDIT', 'update', '*'],
      ['CRYPTOTOKEN_GEN_EXTRACT_KEYPAIR', 'generate', '*'],
      ['CRYPTOTOKEN_GEN_KEY', 'generate', '*'],
      ['CRYPTOTOKEN_GEN_KEYPAIR', 'generate', '*'],
      ['CRYPTOTOKEN_REACTIVATION', 'log-in', '*'],
      ['CRYPTOTOKEN_UPDATEPIN', 'update', '*'],
      ['INTERNALKEYBINDING_CREATE', 'set-up', '*'],
      ['INTERNALKEYBINDING_DELETE', 'delete', '*'],
      ['INTERNALKEYBINDING_EDIT', 'update', '*'],
      ['LOG_DELETE', 'delete', 'timestamp *'],
      ['LOG_EXPORT', 'export', 'deleteAfterExport timestamp *'],
      ['LOG_MANAGEMENT_CHANGE', 'update', '*'],
      ['LOG_SIGN', 'seal', '*'],
      ['LOG_VERIFY', 'verify', '*'],
      ['RESTORE', 'restore', '*'],
      ['SYSTEMCONF_CREATE', 'set-up', '*'],
      ['SYSTEMCONF_EDIT', 'update', '*'],
      ['TIME_SYNC_ACQUIRE', 'refresh', '*'],
      ['TIME_SYNC_LOST', 'expire', '*'],
    ]),
  ],
  objects: [
    { kind: 'key', from: 'KEYALIAS', as: 'alias', within: 'CRYPTOTOKEN', not: ['all'] },
    { kind: 'key', from: 'TESTRESULTS', as: 'key-test', within: 'CRYPTOTOKEN' },
    { kind: 'token', from: 'CRYPTOTOKEN', as: 'text' },
    { kind: 'worker', from: 'WORKER_ID', as: 'text', name: ['WORKER_NAME'] },
    { kind: 'worker', from: 'CUSTOM_ID', as: 'text' },
    {
      kind: 'certificate',
      from: 'SIGNER_CERT_SERIALNUMBER',
      as: 'serial-hex',
      within: 'SIGNER_CERT_ISSUERDN',
      name: ['SIGNER_CERT_SUBJECTDN'],
    },
    {
      kind: 'certificate',
      from: 'CLIENT_CERT_SERIALNUMBER',
      as: 'serial-hex',
      within: 'CLIENT_CERT_ISSUERDN',
      name: ['CLIENT_CERT_SUBJECTDN'],
    },
    { kind: 'certificate', from: 'CERTIFICATE', as: 'pem' },
    { kind: 'certificate', from: 'CERTIFICATECHAIN', as: 'pem' },
    { kind: 'certificate', from: 'added:authorized_client', as: 'client-rule' },
    { kind: 'certificate', from: 'changed:authorized_client', as: 'client-rule' },
    { kind: 'certificate', from: 'removed:authorized_client', as: 'client-rule' },
    { kind: 'file', from: 'REQUEST_DIGEST', as: 'digest', name: ['FILENAME'] },
    { kind: 'setting', from: 'GLOBALCONFIG_PROPERTY', as: 'text' },
    { kind: 'setting', from: 'STATUSREPO_PROPERTY', as: 'text' },
  ],
};
