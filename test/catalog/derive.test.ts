import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deriveAction, deriveObjects, deriveSame } from '../../src/catalog/derive.ts';
import type { AuditRecord, Json, ObjectRef } from '../../src/record/types.ts';
import { runs } from '../runs.ts';

function record(system: string, members: Partial<AuditRecord>): AuditRecord {
  return {
    v: 1,
    node: 'n',
    seq: 0,
    logged: 0,
    source: 's',
    time: 0,
    system,
    event: 'X',
    outcome: 'success',
    ...members,
  };
}

function objects(system: string, details: { readonly [name: string]: Json }): readonly ObjectRef[] {
  return deriveObjects(record(system, { details }));
}

describe('actions', () => {
  for (const [system, members, action] of [
    ['signserver', { event: 'KEYGEN', module: 'KEY_MANAGEMENT' }, 'generate'],
    ['signserver', { event: 'PROCESS' }, 'sign'],
    ['dogtag', { event: 'CERT_STATUS_CHANGE_REQUEST_PROCESSED' }, 'revoke'],
    ['dogtag', { event: 'CERT_PROFILE_APPROVAL', details: { Op: 'approve' } }, 'approve'],
    ['dogtag', { event: 'CERT_PROFILE_APPROVAL', details: { Op: 'Disapprove' } }, 'reject'],
    ['dogtag', { event: 'CERT_PROFILE_APPROVAL', details: { Op: 'constructor' } }, 'approve'],
    ['dogtag', { event: 'CERT_PROFILE_APPROVAL', details: { payload: 'ab', bytes: 1 } }, 'approve'],
    ['xroad', { event: 'API key remove failed', component: 'central-server' }, 'delete'],
    ['xroad', { event: 'log in USER' }, 'log-in'],
    ['digicert', { event: 'Generate CSR' }, 'generate-csr'],
    ['digicert', { event: 'UNPARSED' }, null],
    ['signserver', { event: 'Log in user' }, null],
    ['my-app', { event: 'KEYGEN' }, null],
  ] as const) {
    test(`${system} ${members.event}: ${action}`, () => {
      assert.equal(deriveAction(record(system, members)), action);
    });
  }
});

describe('who names objects', () => {
  const named: readonly ObjectRef[] = [{ kind: 'door', id: '1' }];
  test('the producer, when it does', () => {
    assert.deepEqual(
      deriveObjects(record('signserver', { objects: named, details: { KEYALIAS: 'k' } })),
      named,
    );
    assert.deepEqual(deriveObjects(record('signserver', { objects: [], details: { KEYALIAS: 'k' } })), []);
    assert.deepEqual(deriveObjects(record('my-app', { objects: named })), named);
  });

  test('nobody, for systems without a catalog or when the fields are sealed away', () => {
    assert.deepEqual(objects('my-app', { KEYALIAS: 'k' }), []);
    const sealed = record('digicert', {
      details: { payload: 'a'.repeat(64), bytes: 9 },
      signature: { payload: 'a'.repeat(64), bytes: 9 },
    });
    assert.deepEqual(deriveObjects(sealed), []);
  });
});

describe('identities', () => {
  const table: readonly (readonly [string, { readonly [name: string]: Json }, readonly ObjectRef[]])[] = [
    [
      'signserver',
      { KEYALIAS: 'k1', CRYPTOTOKEN: 'T1', WORKER_ID: '7', WORKER_NAME: 'Signer' },
      [
        { kind: 'key', id: 'T1/k1', name: 'k1' },
        { kind: 'token', id: 'T1' },
        { kind: 'worker', id: '7', name: 'Signer' },
      ],
    ],
    ['signserver', { KEYALIAS: 'k1' }, [{ kind: 'key', id: 'signserver/k1', name: 'k1' }]],
    [
      'signserver',
      {
        KEYALIAS: 'all',
        CRYPTOTOKEN: 'T1',
        TESTRESULTS: `KeyTestResult{alias=a, b, success=true, status=, publicKeyHash=${'AB'.repeat(20)}}\nKeyTestResult{`,
      },
      [
        { kind: 'key', id: 'T1/a, b', name: 'a, b' },
        { kind: 'key', id: 'ab'.repeat(20), name: 'a, b' },
        { kind: 'token', id: 'T1' },
      ],
    ],
    [
      'signserver',
      {
        SIGNER_CERT_SERIALNUMBER: '00ABC1',
        SIGNER_CERT_ISSUERDN: 'CN=CA, O=T',
        SIGNER_CERT_SUBJECTDN: 'CN=s',
      },
      [{ kind: 'certificate', id: 'CN=CA,O=T#abc1', name: 'CN=s' }],
    ],
    [
      'signserver',
      {
        RENEWEE: 'Signer',
        GENERATEDKEYALIAS: 'k2',
        GENERATEDKEYHASH: 'ab'.repeat(20),
        NEWCERTSERIALNO: 'abc1',
        NEWCERTISSUERDN: 'CN=CA',
        NEWCERTSUBJECTDN: 'CN=s',
      },
      [
        { kind: 'key', id: 'ab'.repeat(20), name: 'k2' },
        { kind: 'worker', id: 'Signer' },
        { kind: 'certificate', id: 'CN=CA#abc1', name: 'CN=s' },
      ],
    ],
    [
      'signserver',
      { 'added:authorized_client': ['SN: 1a, issuer DN: CN=A', 'SN: 1b, issuer DN: CN=A'] },
      [
        { kind: 'certificate', id: 'CN=A#1a' },
        { kind: 'certificate', id: 'CN=A#1b' },
      ],
    ],
    [
      'signserver',
      { REQUEST_DIGEST: 'AB'.repeat(32), FILENAME: 'f.bin' },
      [{ kind: 'file', id: 'ab'.repeat(32), name: 'f.bin' }],
    ],
    [
      'dogtag',
      { CertSerialNum: '0x1A', IssuerDN: 'CN=CA,O=T' },
      [{ kind: 'certificate', id: 'CN=CA,O=T#1a' }],
    ],
    ['dogtag', { CertSerialNum: '26' }, [{ kind: 'certificate', id: '#1a' }]],
    ['dogtag', { CertSerialNum: '<null>', ReqID: 'v3', CRLnum: '' }, []],
    ['dogtag', { ClientKeyID: 'k1' }, [{ kind: 'key', id: 'dogtag/k1', name: 'k1' }]],
    [
      'dogtag',
      { SKI: ['A5', ...Array<string>(19).fill('0B')].join(':') },
      [{ kind: 'key', id: `a5${'0b'.repeat(19)}` }],
    ],
    [
      'dogtag',
      { ParamNameValPairs: 'Scope;;users+Operation;;OP_ADD+Resource;;bo+email;;x' },
      [{ kind: 'user', id: 'bo' }],
    ],
    [
      'dogtag',
      { ParamNameValPairs: 'Scope;;acls+Operation;;OP_MODIFY+Resource;;certServer.acl' },
      [{ kind: 'setting', id: 'acls/certServer.acl' }],
    ],
    [
      'xroad',
      {
        keyId: 'AB'.repeat(20),
        keyFriendlyName: 'sign',
        tokenId: '0',
        tokenFriendlyName: 'soft',
        host: 'ss1',
      },
      [
        { kind: 'key', id: 'ab'.repeat(20), name: 'sign' },
        { kind: 'token', id: 'ss1/0', name: 'soft' },
      ],
    ],
    [
      'xroad',
      { certHash: 'AB:'.repeat(32).slice(0, -1), certId: 'CD'.repeat(20) },
      [{ kind: 'certificate', id: 'ab'.repeat(32) }],
    ],
    ['xroad', { certId: 'CD'.repeat(20) }, [{ kind: 'certificate', id: 'cd'.repeat(20) }]],
    [
      'xroad',
      {
        clientIdentifier: {
          xroadInstance: 'DEV',
          memberClass: 'ORG',
          memberCode: '111',
          subsystemCode: null,
        },
        memberIdentifiers: [
          { xRoadInstance: 'DEV', memberClass: 'ORG', memberCode: '111', subsystemCode: 'S' },
        ],
        subjectIds: ['SUBSYSTEM:DEV/ORG/111/T', 'DEV:ORG:111:S'],
      },
      [
        { kind: 'client', id: 'DEV/ORG/111' },
        { kind: 'client', id: 'DEV/ORG/111/S' },
        { kind: 'client', id: 'DEV/ORG/111/T' },
      ],
    ],
    ['xroad', { requestUrl: '/api/v1/management-requests/17/approval' }, [{ kind: 'request', id: '17' }]],
    ['xroad', { apiKeyId: 21, host: 'cs' }, [{ kind: 'api-key', id: 'cs/21', name: '21' }]],
    [
      'digicert',
      { 'Resource type': 'KEYPAIR', 'Resource ID': 'k-1', 'Resource name': 'code-1' },
      [{ kind: 'key', id: 'k-1', name: 'code-1' }],
    ],
    [
      'digicert',
      { 'Resource type': 'Brand new_THING', 'Resource ID': 'x' },
      [{ kind: 'brand-new-thing', id: 'x' }],
    ],
  ];
  for (const [system, details, expected] of table) {
    test(`${system}: ${JSON.stringify(details).slice(0, 80)}`, () => {
      assert.deepEqual(objects(system, details), expected);
    });
  }

  test('what stands between the lines of PEM is its digest, certificate or not', () => {
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    const block = (bytes: Uint8Array): string =>
      `-----BEGIN CERTIFICATE-----\r\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----\n`;
    const [one, two] = [Uint8Array.of(7, 7), Uint8Array.of(1, 2, 3)];
    const chain = `Subject: CN=a\nIssuer: CN=b\n${block(one)}Subject: CN=b\n${block(two)}${block(one)}`;
    assert.deepEqual(objects('signserver', { CERTIFICATECHAIN: chain }), [
      { kind: 'certificate', id: digest(one) },
      { kind: 'certificate', id: digest(two) },
    ]);
  });

  test('a certificate that is told by its fingerprint is known by it, and is the resource of the row', () => {
    const print = 'AB:'.repeat(32).slice(0, -1);
    const row = {
      'Resource type': 'CERTIFICATE',
      'Resource ID': 'id-1',
      'Resource name': 'c1',
      Description: `Serial 7405C9, SHA-256 fingerprint ${print}`,
    };
    const both = [
      { kind: 'certificate', id: 'id-1', name: 'c1' },
      { kind: 'certificate', id: 'ab'.repeat(32), name: 'c1' },
    ];
    assert.deepEqual(objects('digicert', row), both);
    assert.deepEqual(deriveSame(record('digicert', { details: row })), [both]);
    // A row about something else does not say that its resource is the certificate.
    const key = { ...row, 'Resource type': 'KEYPAIR' };
    assert.deepEqual(deriveSame(record('digicert', { details: key })), []);
    for (const odd of [`${print}:AB`, print.slice(2), 'x'])
      assert.equal(objects('digicert', { ...row, Description: `SHA-256 fingerprint ${odd}` }).length, 1);
  });

  test('a public key is its digest', () => {
    const key = Buffer.alloc(64, 7);
    assert.deepEqual(objects('dogtag', { PubKey: key.toString('base64') }), [
      { kind: 'key', id: createHash('sha256').update(key).digest('hex') },
    ]);
    assert.deepEqual(objects('dogtag', { PubKey: 'null' }), []);
  });

  test('a signature names its key and its file', () => {
    const hash = 'ab'.repeat(32);
    const metadata = [
      { key: 'File-Name', value: 'a.exe' },
      { key: 'checksum-before-signing', value: hash.toUpperCase() },
    ];
    const signature = { keyId: 'k-1', keyAlias: 'code-1', hash, metadata };
    assert.deepEqual(deriveObjects(record('digicert', { signature })), [
      { kind: 'key', id: 'k-1', name: 'code-1' },
      { kind: 'file', id: hash, name: 'a.exe' },
    ]);
  });

  test('one alias in two tokens is two keys', () => {
    const [first] = objects('signserver', { KEYALIAS: 'k', CRYPTOTOKEN: 'A' });
    const [second] = objects('signserver', { KEYALIAS: 'k', CRYPTOTOKEN: 'B' });
    assert.notEqual(first?.id, second?.id);
    assert.equal(first?.name, second?.name);
  });
});

test('any fields at all: no exception, bounded, the same for any order of the fields', () => {
  const names = [
    'KEYALIAS',
    'CRYPTOTOKEN',
    'TESTRESULTS',
    'CERTIFICATE',
    'CertSerialNum',
    'ParamNameValPairs',
    'PubKey',
    'keyId',
    'tokenId',
    'clientIdentifier',
    'memberIdentifiers',
    'certHashes',
    'requestUrl',
    'Resource ID',
    'Resource type',
    '__proto__',
  ];
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'null',
      '0x1',
      '26',
      'ab'.repeat(20),
      'KeyTestResult{alias=',
      '-----BEGIN CERTIFICATE-----',
    ),
  );
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.constantFrom(null, true),
    fc.array(text),
    fc.dictionary(fc.string(), text),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('signserver', 'dogtag', 'xroad', 'digicert'),
      fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 8 }),
      (system, pairs) => {
        const details = Object.fromEntries(pairs) as { [name: string]: Json };
        const found = objects(system, details);
        const turned = Object.fromEntries(Object.entries(details).reverse());
        assert.deepEqual(objects(system, turned), found);
        for (const { kind, id } of found) assert.ok(kind !== '' && id !== '');
      },
    ),
    { numRuns: runs(2000) },
  );
  const many = Array.from({ length: 5000 }, (_, i) => `c${i}`);
  assert.equal(objects('xroad', { serviceCodes: many }).length, 256);
});
