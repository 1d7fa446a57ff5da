import { defineCatalog } from './define.ts';
import { event } from './table.ts';

/** Event names of rows that carry none: the signature log and its metadata. */
export const SIGNATURE_EVENT = 'Signature';
export const METADATA_EVENT = 'Signature metadata';

export const digicert = defineCatalog({
  system: 'digicert',
  about: 'DigiCert Software Trust Manager: audit and signature logs.',
  partIn: null,
  textual: true,
  fields: {},
  parts: {
    '': {
      Approve: event('approve', '*', ''),
      Delete: event('delete', '*', ''),
      Download: event('download', '*', ''),
      Expire: event('expire', '*', ''),
      Generate: event('generate', '*', ''),
      'Generate CSR': event('generate-csr', '*', ''),
      Import: event('import', '*', ''),
      Refresh: event('refresh', '*', ''),
      Reject: event('reject', '*', ''),
      Request: event('request', '*', ''),
      'Set up': event('set-up', '*', ''),
      Sign: event('sign', '*', ''),
      Suspend: event('suspend', '*', ''),
      Unsuspend: event('unsuspend', '*', ''),
      Update: event('update', '*', ''),
      Signature: event('sign', '*', ''),
      'Signature metadata': event('describe', '*', ''),
    },
  },
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
  correlation: [],
  reason: [],
  actor: {},
});
