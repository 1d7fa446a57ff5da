import { defineCatalog } from './define.ts';
import { event, field, placed } from './table.ts';

/** Event names of rows that carry none: the signature log and its metadata. */
export const SIGNATURE_EVENT = 'Signature';
export const METADATA_EVENT = 'Signature metadata';

const RESOURCE = 'Resource~type? Resource~ID? Resource~name?';
const CALL = 'Client~IP? Description? Error~message? Account~ID? User~ID?';
/** What every row of the audit log tells, whatever its action. */
const AUDIT_ROW = `Event~ID? Date Action Status User? ${RESOURCE} ${CALL}`;

const KEYPAIR = 'Keypair~alias Keypair~ID Keypair~type';
const CHECKSUMS = 'checksum-after-signing? checksum-before-signing? digest-algorithm?';
const SIGNING = `${CHECKSUMS} file-location? file-name? signing-tool? timestamp? tsa-url?`;
const SIGNED = `Algorithm Signature~type Hash? Signature Client~IP? Error~message? ${SIGNING}`;
const SIGNATURE_ROW = `Signature~ID? Date Status Signer ${KEYPAIR} ${SIGNED} Account~ID? User~ID? Description?`;

/**
 * The system's documentation names the actions, the eleven fields of a signature, its metadata and the field
 * of the error message; the other fields of an audit row are those that its REST listing filters by. No
 * column of an export is documented, and an account chooses which of them its exports have.
 */
export const digicert = defineCatalog({
  system: 'digicert',
  about: 'DigiCert Software Trust Manager: audit log, signature log and signature metadata.',
  partIn: 'module',
  textual: true,
  fields: {
    Date: placed('time', 'time', 'When it happened, by the clock of the service.'),
    Action: placed('enum', 'event', 'What was done: one of the fifteen actions.'),
    Status: placed(
      'enum',
      'outcome',
      'Whether it succeeded. A spelling that the report does not use itself is kept as it was written.',
    ),
    User: placed('text', 'actor.name', 'Who did it; nobody or a name of the service when it did so itself.'),
    'Client IP': placed('ip', 'actor.ip', 'The address that the request came from.'),
    'Error message': placed('text', 'reason', 'Why a failed event failed.'),
    'Event ID': field('text', 'Identifies the row.'),
    'Resource type': field('enum', 'What kind of thing was acted upon: KEYPAIR, CERTIFICATE, RELEASE.'),
    'Resource ID': field('text', 'Identifies what was acted upon.'),
    'Resource name': field('text', 'Its name or alias.'),
    Description: field('text', 'More about it, in words.'),
    'Account ID': field('text', 'The account in which it happened.'),
    'User ID': field('text', 'Identifies the user.'),

    'Signature ID': placed('text', 'correlation', 'Identifies the signature, and joins its metadata to it.'),
    Signer: placed('text', 'actor.name', 'Who asked for the signature.'),
    'Keypair alias': placed('text', 'signature.keyAlias', 'Alias of the keypair that signed.'),
    'Keypair ID': placed(
      'text',
      'signature.keyId',
      'Id of the keypair. A dynamic keypair has another one after each refresh.',
    ),
    'Keypair type': placed('enum', 'signature.keyType', 'Whether the keypair is static or dynamic.'),
    Algorithm: placed('text', 'signature.algorithm', 'Key algorithm of the keypair, with size or curve.'),
    'Signature type': placed('enum', 'signature.use', 'Whether the keypair is for production or for tests.'),
    Hash: placed('hash', 'signature.hash', 'Digest of what was signed.'),
    Signature: placed(
      'base64',
      'signature.value',
      'The signature over that digest; a failed attempt has none.',
    ),

    'checksum-after-signing': placed(
      'hash',
      'signature.metadata',
      'Checksum of the file once it was signed.',
    ),
    'checksum-before-signing': placed(
      'hash',
      'signature.metadata',
      'Checksum of the file as it was handed in.',
    ),
    'digest-algorithm': placed('text', 'signature.metadata', 'Which digest was made of the file: SHA-256.'),
    'file-location': placed('text', 'signature.metadata', 'Folder or URL of the signed file.'),
    'file-name': placed('text', 'signature.metadata', 'Name of the signed file.'),
    'signing-tool': placed('text', 'signature.metadata', 'The program that signed.'),
    timestamp: placed('time', 'signature.metadata', 'When the file was signed.'),
    'tsa-url': placed('url', 'signature.metadata', 'The time stamp authority that dated the signature.'),

    'Metadata key': placed('text', 'signature.metadata[].key', 'What this entry tells of the signature.'),
    'Metadata value': placed('text', 'signature.metadata[].value', 'What it says.'),
    'Metadata primary': placed(
      'enum',
      'signature.metadata[].primary',
      'Yes when the entry is part of what was signed; No when nothing binds it to the signature.',
    ),
    'Metadata source': placed('text', 'signature.metadata[].source', 'Who supplied the entry.'),
  },
  parts: {
    'audit-log': {
      Approve: event('approve', AUDIT_ROW, 'A request that was waiting was granted.', {
        effects: { 'pending request': 'What was requested may go ahead.' },
      }),
      Delete: event('delete', AUDIT_ROW, 'Something was removed.', {
        effects: { 'any resource': 'It is no longer there.' },
      }),
      Download: event('download', AUDIT_ROW, 'Something was handed out to a user.', {
        effects: { 'any resource': 'A copy of it left the service.' },
      }),
      Expire: event('expire', AUDIT_ROW, 'Something reached the end of its validity.', {
        effects: { 'any resource': 'It is there, and no longer valid.' },
      }),
      Generate: event('generate', AUDIT_ROW, 'Something new was made.', {
        effects: { 'any resource': 'It exists from now on.' },
      }),
      'Generate CSR': event('generate-csr', AUDIT_ROW, 'A certificate signing request was made.', {
        effects: { keypair: 'There is a signing request for its public key.' },
      }),
      Import: event('import', AUDIT_ROW, 'Something made elsewhere was brought in.', {
        effects: { 'any resource': 'The service holds it from now on.' },
      }),
      Refresh: event('refresh', AUDIT_ROW, 'A dynamic keypair was renewed.', {
        effects: { 'dynamic keypair': 'New key material, under the same alias and another id.' },
      }),
      Reject: event('reject', AUDIT_ROW, 'A request that was waiting was turned down.', {
        effects: { 'pending request': 'What was requested does not happen.' },
      }),
      Request: event('request', AUDIT_ROW, 'A user asked for something that somebody else has to grant.', {
        effects: { 'action or resource': 'It waits until it is approved or rejected.' },
      }),
      'Set up': event('set-up', AUDIT_ROW, 'Something was made ready for use.', {
        effects: {
          account: 'The account can be used.',
          'CertCentral API key': 'The service reaches CertCentral with this key.',
        },
      }),
      Sign: event('sign', AUDIT_ROW, 'A user tried to sign; the status tells whether it worked.', {
        effects: { keypair: 'It was used, or was to be used, for a signature: see the signature log.' },
      }),
      Suspend: event('suspend', AUDIT_ROW, 'Something was taken out of use for the time being.', {
        effects: {
          keypair: 'It is offline: it signs within its release window only.',
          'certificate profile': 'It is disabled: nothing new is made by it.',
          'keypair profile': 'It is disabled: nothing new is made by it.',
        },
      }),
      Unsuspend: event('unsuspend', AUDIT_ROW, 'Something was put back into use.', {
        effects: {
          keypair: 'It is online: it signs at any time.',
          'certificate profile': 'It is enabled.',
          'keypair profile': 'It is enabled.',
        },
      }),
      Update: event('update', AUDIT_ROW, 'Something was changed.', {
        effects: { 'any resource': 'It differs from what it was.' },
      }),
    },
    'signature-log': {
      Signature: event('sign', SIGNATURE_ROW, 'A signature was made, or the attempt at one failed.'),
    },
    'signature-metadata': {
      'Signature metadata': event(
        'describe',
        'Signature~ID? Date? Metadata~key Metadata~value Metadata~primary? Metadata~source?',
        'One thing that was told about a signature.',
      ),
    },
  },
  objects: [
    {
      kind: 'resource',
      from: 'Resource ID',
      as: 'resource',
      within: 'Resource type',
      name: ['Resource name'],
      sole: true,
    },
    { kind: 'certificate', from: 'Description', as: 'fingerprint', name: ['Resource name'], sole: true },
    { kind: 'key', from: 'signature.keyId', as: 'text', name: ['signature.keyAlias'] },
    { kind: 'key', from: 'signature.keyAlias', as: 'alias', unless: 'signature.keyId' },
    { kind: 'file', from: 'signature.hash', as: 'digest', name: ['metadata.file-name'] },
    { kind: 'file', from: 'metadata.checksum-before-signing', as: 'digest', name: ['metadata.file-name'] },
    { kind: 'service', from: 'metadata.tsa-url', as: 'text' },
  ],
  correlation: [],
  reason: [],
  actor: {},
  permissions: {
    'View audit log': 'To see the audit log and the signature log.',
    'Export audit logs':
      'To download reports and archived reports of either; needs the permission to view as well.',
    'Request keypair export': 'To ask that a keypair leaves the service.',
    'Approve keypair export': 'To grant or turn down what another user asked for.',
    'Request keypair delete': 'To ask that a keypair is deleted.',
    'Approve keypair delete': 'To grant or turn down what another user asked for.',
  },
});

/** The reports an account downloads, by the part of the catalog whose events they hold. */
export type DigicertReport = 'audit-log' | 'signature-log' | 'signature-metadata';

export interface ReportForm {
  /** Columns, in the order in which they are written when nothing else is asked for: names of fields. */
  readonly columns: readonly string[];
  /** How the outcome is spelled. */
  readonly status: { readonly success: string; readonly failure: string } | null;
  /** The event of its rows, where no column tells it. */
  readonly event: string | null;
  /**
   * Other names of columns seen or to be expected, by field. Case, blanks, hyphens and underscores do not
   * matter.
   */
  readonly spellings: Readonly<Record<string, readonly string[]>>;
}

/**
 * Names of members in the REST listings, where they are other than the field's name in small letters with
 * underscores for what divides its words: as the listing's own filters are called.
 */
export const DIGICERT_REST_NAMES: Readonly<Record<string, string>> = {
  'Event ID': 'id',
  'Signature ID': 'id',
  User: 'user_name',
};

const TIME_NAMES = ['Timestamp', 'Created on', 'Created at'];
const IP_NAMES = ['IP address', 'Client IP address'];
const ERROR_NAMES = ['Error', 'Reason'];

export const DIGICERT_REPORTS: Readonly<Record<DigicertReport, ReportForm>> = {
  'audit-log': {
    columns: [
      ...['Event ID', 'Date', 'Action', 'Status', 'User', 'Resource type', 'Resource ID', 'Resource name'],
      ...['Client IP', 'Description', 'Error message'],
    ],
    status: { success: 'SUCCESS', failure: 'FAILED' },
    event: null,
    spellings: {
      Date: TIME_NAMES,
      'Event ID': ['ID'],
      Status: ['Result'],
      User: ['User name', 'Performed by'],
      'Resource name': ['Alias'],
      'Client IP': IP_NAMES,
      'Error message': ERROR_NAMES,
    },
  },
  'signature-log': {
    columns: [
      ...['Signature ID', 'Date', 'Status', 'Signer', 'Keypair alias', 'Keypair ID', 'Keypair type'],
      ...['Algorithm', 'Signature type', 'Hash', 'Signature', 'Client IP', 'Error message'],
      ...[
        'checksum-after-signing',
        'checksum-before-signing',
        'digest-algorithm',
        'file-location',
        'file-name',
      ],
      ...['signing-tool', 'timestamp', 'tsa-url'],
    ],
    status: { success: 'Successful', failure: 'Failed' },
    event: SIGNATURE_EVENT,
    spellings: {
      // Not `Timestamp`: here that is a key of metadata.
      Date: ['Created on', 'Created at'],
      'Signature ID': ['ID'],
      Status: ['Result'],
      Signer: ['User', 'User name'],
      'Client IP': IP_NAMES,
      'Error message': ERROR_NAMES,
    },
  },
  'signature-metadata': {
    columns: ['Signature ID', 'Metadata key', 'Metadata value', 'Metadata primary', 'Metadata source'],
    status: null,
    event: METADATA_EVENT,
    spellings: { Date: TIME_NAMES, 'Signature ID': ['ID'] },
  },
};
