import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SIGNSERVER_TEXT } from '../../src/dialects/signserver/dialect.ts';
import type { RecordDraft } from '../../src/record/types.ts';
import { one, told } from './helpers.ts';

const PREFIX = '2026-03-02 08:15:30,123 INFO  [SignServerLog4jDevice] ';
const TAIL = 'REPLY_TIME:1772439330123\n';
const TIME = 1_772_439_330_123;
const HEAD =
  'MODULE: KEY_MANAGEMENT; ADMINISTRATOR: CLI user; ISSUER: null; SERIAL_NUMBER: null; WORKER_ID: 7; ';
const BASE = { time: TIME, system: 'signserver', dialect: 'signserver-text/1' } as const;

function process(details: string, outcome = 'SUCCESS'): RecordDraft {
  return one(
    SIGNSERVER_TEXT,
    `${PREFIX}EVENT: PROCESS; OUTCOME: ${outcome}; MODULE: WORKER; ADMINISTRATOR: Client user; ISSUER: null; ` +
      `SERIAL_NUMBER: null; WORKER_ID: 7; ${details}${TAIL}`,
  );
}

describe('heads', () => {
  const table: readonly (readonly [name: string, line: string, expected: object])[] = [
    [
      'current',
      `${PREFIX}EVENT: KEYGEN; OUTCOME: SUCCESS; MODULE: KEY_MANAGEMENT; ADMINISTRATOR: CN=Ann, O=T; ISSUER: CN=CA, ` +
        `O=T; SERIAL_NUMBER: 1a2b; WORKER_ID: 7; KEYALIAS: k1; CRYPTOTOKEN: T1; KEYSPEC: 2048; KEYALG: RSA; ${TAIL}`,
      {
        ...BASE,
        event: 'KEYGEN',
        module: 'KEY_MANAGEMENT',
        outcome: 'success',
        actor: { name: 'CN=Ann, O=T', issuer: 'CN=CA, O=T', serial: '1a2b' },
        details: { WORKER_ID: '7', KEYALIAS: 'k1', CRYPTOTOKEN: 'T1', KEYSPEC: '2048', KEYALG: 'RSA' },
      },
    ],
    [
      '3.4, without outcome, which SUCCESS tells',
      `${PREFIX}EVENT: KEYREMOVE; ${HEAD}KEYALIAS: k1; CRYPTOTOKEN: T1; SUCCESS: false; ${TAIL}`,
      {
        ...BASE,
        event: 'KEYREMOVE',
        module: 'KEY_MANAGEMENT',
        outcome: 'failure',
        actor: { name: 'CLI user' },
        details: { WORKER_ID: '7', KEYALIAS: 'k1', CRYPTOTOKEN: 'T1', SUCCESS: 'false' },
        flags: ['outcome-deduced'],
      },
    ],
    [
      '3.3, worker as custom id',
      `${PREFIX}EVENT: SET_WORKER_CONFIG; MODULE: WORKER_CONFIG; CUSTOM_ID: 100; added:FOO: bar; ${TAIL}`,
      {
        ...BASE,
        event: 'SET_WORKER_CONFIG',
        module: 'WORKER_CONFIG',
        outcome: 'success',
        details: { CUSTOM_ID: '100', 'added:FOO': 'bar' },
        flags: ['outcome-deduced'],
      },
    ],
    [
      '3.3, empty custom id and no details',
      `${PREFIX}EVENT: GLOBAL_CONFIG_RELOAD; MODULE: GLOBAL_CONFIG; CUSTOM_ID: ; ${TAIL}`,
      {
        ...BASE,
        event: 'GLOBAL_CONFIG_RELOAD',
        module: 'GLOBAL_CONFIG',
        outcome: 'success',
        flags: ['outcome-deduced'],
      },
    ],
    [
      'outcome without its colon',
      `${PREFIX}EVENT: KEYGEN; OUTCOMEFAILURE; ${HEAD}KEYALIAS: k1; ${TAIL}`,
      {
        ...BASE,
        event: 'KEYGEN',
        module: 'KEY_MANAGEMENT',
        outcome: 'failure',
        actor: { name: 'CLI user' },
        details: { WORKER_ID: '7', KEYALIAS: 'k1' },
      },
    ],
    [
      'an outcome of its own invention',
      `${PREFIX}EVENT: KEYGEN; OUTCOME: MAYBE; ${HEAD}${TAIL}`,
      {
        ...BASE,
        event: 'KEYGEN',
        module: 'KEY_MANAGEMENT',
        outcome: 'void',
        actor: { name: 'CLI user' },
        details: { WORKER_ID: '7', OUTCOME: 'MAYBE' },
        flags: ['unknown-outcome'],
      },
    ],
    [
      'an unknown event, any keys',
      `${PREFIX}EVENT: NEW_EVENT; OUTCOME: VOID; MODULE: M; ADMINISTRATOR: ; ISSUER: ; SERIAL_NUMBER: ; WORKER_ID: ; ` +
        `camelKey: v; ${TAIL}`,
      {
        ...BASE,
        event: 'NEW_EVENT',
        module: 'M',
        outcome: 'void',
        details: { camelKey: 'v' },
        flags: ['unknown-event'],
      },
    ],
    [
      "CESeCore's own device",
      '2026-03-02 10:15:30+02:00;KEYGEN;FAILURE;KEY_MANAGEMENT;SIGNSERVER;CLI user;;;7;KEYALIAS=k;1;ERROR=no\n',
      {
        ...BASE,
        time: 1_772_439_330_000,
        event: 'KEYGEN',
        module: 'KEY_MANAGEMENT',
        service: 'SIGNSERVER',
        outcome: 'failure',
        reason: 'no',
        actor: { name: 'CLI user' },
        details: { WORKER_ID: '7', KEYALIAS: 'k;1', ERROR: 'no' },
        flags: ['ambiguous'],
      },
    ],
  ];
  for (const [name, line, expected] of table) {
    test(name, () => assert.deepEqual(told(one(SIGNSERVER_TEXT, line)), expected));
  }
});

describe('prefixes', () => {
  for (const prefix of [
    '',
    PREFIX,
    '08:15:30,123 INFO  [org.signserver.server.log.SignServerLog4jDevice] (default task-1) ',
    '<134>1 2026-03-02T08:15:30Z host signserver - - - ',
  ]) {
    test(`"${prefix}"`, () => {
      const record = one(SIGNSERVER_TEXT, `${prefix}EVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}${TAIL}`);
      assert.deepEqual([record.event, record.time, record.flags], ['KEYGEN', TIME, undefined]);
    });
  }

  test('written more than a day away from the event', () => {
    const record = one(
      SIGNSERVER_TEXT,
      `${PREFIX}EVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}REPLY_TIME:177243933012\n`,
    );
    assert.deepEqual([record.time, record.flags], [177_243_933_012, ['clock-mismatch']]);
  });

  test('a time no record can hold', () => {
    const record = one(
      SIGNSERVER_TEXT,
      `EVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}REPLY_TIME:9999999999999999999\n`,
      { fallbackTime: 5 },
    );
    assert.deepEqual([record.time, record.flags], [5, ['time-uncertain']]);
  });
});

describe('details', () => {
  test('values keep semicolons, colons and line breaks up to the next key', () => {
    const record = one(
      SIGNSERVER_TEXT,
      `${PREFIX}EVENT: SET_WORKER_CONFIG; OUTCOME: SUCCESS; MODULE: WORKER_CONFIG; ADMINISTRATOR: x; ISSUER: null; ` +
        `SERIAL_NUMBER: null; WORKER_ID: 7; changed:LIST: a;b; 2001:db8::/48; added:EMPTY: ; ` +
        `removed:authorized_client: SN: 12, issuer DN: CN=A\r\nB; ${TAIL}`,
    );
    assert.deepEqual(record.details, {
      WORKER_ID: '7',
      'changed:LIST': 'a;b; 2001:db8::/48',
      'added:EMPTY': '',
      'removed:authorized_client': 'SN: 12, issuer DN: CN=A\r\nB',
    });
    assert.equal(record.flags, undefined);
  });

  test('words before a colon do not end a message, and are pointed out', () => {
    const record = process('EXCEPTION: Refused; Cause: full; PROCESS_SUCCESS: false; ', 'FAILURE');
    assert.equal(
      record.details && 'EXCEPTION' in record.details && record.details.EXCEPTION,
      'Refused; Cause: full',
    );
    assert.equal(record.reason, 'Refused; Cause: full');
    assert.deepEqual(record.flags, ['ambiguous']);
  });

  test('fields in capitals that the catalog does not know are fields', () => {
    const record = one(SIGNSERVER_TEXT, `EVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}NEW_FIELD: 1; ${TAIL}`);
    assert.deepEqual(record.details, { WORKER_ID: '7', NEW_FIELD: '1' });
    assert.deepEqual(record.flags, ['unknown-field']);
  });

  test('a repeated field becomes a list, the head before the details', () => {
    const record = process('WORKER_ID: 8; KEYALIAS: a; KEYALIAS: b; ');
    assert.deepEqual(record.details, { WORKER_ID: ['7', '8'], KEYALIAS: ['a', 'b'] });
    assert.deepEqual(record.flags, ['duplicate-key']);
    assert.equal(record.signature, undefined);
  });

  test('names that objects have of themselves are names like any other', () => {
    const record = one(
      SIGNSERVER_TEXT,
      `EVENT: X; OUTCOME: SUCCESS; MODULE: M; CUSTOM_ID: ; constructor: c; toString: t; ${TAIL}`,
    );
    assert.deepEqual(record.details, { constructor: 'c', toString: 't' });
  });

  test('details that look like a seal are kept as JSON text', () => {
    const record = one(
      SIGNSERVER_TEXT,
      `EVENT: X; OUTCOME: SUCCESS; MODULE: M; CUSTOM_ID: ; payload: a; bytes: 1; ${TAIL}`,
    );
    assert.deepEqual(record.details, { text: '{"payload":"a","bytes":"1"}' });
    assert.ok(record.flags?.includes('nested-as-text'));
  });

  test('text before the first key is kept', () => {
    const record = one(SIGNSERVER_TEXT, `EVENT: KEYGEN; OUTCOME: SUCCESS; ${HEAD}what is this; ${TAIL}`);
    assert.deepEqual(record.details, { WORKER_ID: '7', text: 'what is this' });
    assert.deepEqual(record.flags, ['ambiguous', 'unknown-field']);
  });
});

describe('transactions', () => {
  test('the signature as far as the line tells', () => {
    const record = process(
      'CLIENT_IP: 192.0.2.9; REQUEST_DIGEST: AB12; REQUEST_DIGEST_ALGORITHM: SHA256; KEYALIAS: k1; ' +
        'CRYPTOTOKEN: T1; LOG_ID: id-1; XFORWARDEDFOR: null; ',
    );
    assert.deepEqual(record.signature, { hash: 'ab12', hashAlgorithm: 'SHA256', keyAlias: 'k1' });
    assert.deepEqual(record.actor, { name: 'Client user', ip: '192.0.2.9' });
    assert.equal(record.correlation, 'id-1');
    assert.equal(record.flags, undefined);
  });

  test('a digest that is none is not taken for one', () => {
    const record = process('REQUEST_DIGEST: not hex; ');
    assert.equal(record.signature, undefined);
    assert.deepEqual(record.flags, ['malformed-value']);
  });

  const certificate =
    'CLIENT_CERT_SUBJECTDN: CN=Bo; CLIENT_CERT_ISSUERDN: CN=CA; CLIENT_CERT_SERIALNUMBER: 0a; ';

  test('the client is the actor where its certificate was demanded', () => {
    const record = process(`${certificate}WORKER_AUTHTYPE: CLIENTCERT; `);
    assert.deepEqual(record.actor, {
      name: 'CN=Bo',
      issuer: 'CN=CA',
      serial: '0a',
      auth: 'CLIENTCERT',
      role: 'Client user',
    });
  });

  for (const [name, fields] of [
    ['no authentication', 'WORKER_AUTHTYPE: NOAUTH; '],
    ['two answers to that', 'WORKER_AUTHTYPE: NOAUTH; WORKER_AUTHTYPE: CLIENTCERT; '],
    ['no answer', ''],
  ]) {
    test(`and is not with ${name}`, () => {
      assert.equal(process(certificate + fields).actor?.name, 'Client user');
    });
  }
});

describe('outcomes', () => {
  for (const [outcome, details, expected, deduced] of [
    ['SUCCESS', 'PROCESS_SUCCESS: true; ', 'success', false],
    ['SUCCESS', 'PROCESS_SUCCESS: false; ', 'failure', true],
    ['FAILURE', 'PROCESS_SUCCESS: true; ', 'failure', false],
    ['VOID', '', 'void', false],
  ] as const) {
    test(`${outcome} with "${details}" is ${expected}`, () => {
      const record = process(details, outcome);
      assert.equal(record.outcome, expected);
      assert.equal(record.flags?.includes('outcome-deduced') ?? false, deduced);
    });
  }

  for (const [details, expected] of [
    ['EXCEPTION: no; ', 'failure'],
    ['PROCESS_SUCCESS: false; ', 'failure'],
    ['', 'success'],
  ] as const) {
    test(`none stated, with "${details}" is ${expected}`, () => {
      const line = `EVENT: PROCESS; MODULE: WORKER; ADMINISTRATOR: null; ISSUER: null; SERIAL_NUMBER: null; WORKER_ID: 7; ${details}${TAIL}`;
      const record = one(SIGNSERVER_TEXT, line);
      assert.deepEqual([record.outcome, record.flags], [expected, ['outcome-deduced']]);
    });
  }
});
