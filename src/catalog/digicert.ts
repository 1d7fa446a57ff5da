import { type Row, rows, type SystemTable } from './table.ts';

/** Event names of rows that carry none: the signature log and its metadata. */
export const SIGNATURE_EVENT = 'Signature';
export const METADATA_EVENT = 'Signature metadata';

const ACTIONS: readonly Row[] = [
  ['Approve', 'approve', '*'],
  ['Delete', 'delete', '*'],
  ['Download', 'download', '*'],
  ['Expire', 'expire', '*'],
  ['Generate', 'generate', '*'],
  ['Generate CSR', 'generate-csr', '*'],
  ['Import', 'import', '*'],
  ['Refresh', 'refresh', '*'],
  ['Reject', 'reject', '*'],
  ['Request', 'request', '*'],
  ['Set up', 'set-up', '*'],
  ['Sign', 'sign', '*'],
  ['Suspend', 'suspend', '*'],
  ['Unsuspend', 'unsuspend', '*'],
  ['Update', 'update', '*'],
  [SIGNATURE_EVENT, 'sign', '*'],
  [METADATA_EVENT, 'describe', '*'],
];

/** Actions of the audit log, rows of the signature log. The columns are known to the dialect: users choose them. */
export const DIGICERT: SystemTable = {
  system: 'digicert',
  events: rows(ACTIONS),
  objects: [
    {
      kind: 'resource',
      from: 'Resource ID',
      as: 'resource',
      within: 'Resource type',
      name: ['Resource name'],
    },
    { kind: 'key', from: 'signature.keyId', as: 'text', name: ['signature.keyAlias'] },
    { kind: 'key', from: 'signature.keyAlias', as: 'alias', unless: 'signature.keyId' },
    { kind: 'file', from: 'signature.hash', as: 'digest', name: ['metadata.file-name'] },
    { kind: 'file', from: 'metadata.checksum-before-signing', as: 'digest', name: ['metadata.file-name'] },
    { kind: 'service', from: 'metadata.tsa-url', as: 'text' },
  ],
};
