import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { detectDialect } from '../../src/dialects/dialects.ts';
import { DIGICERT_CSV } from '../../src/dialects/digicert/dialect.ts';
import { DIGICERT_JSON } from '../../src/dialects/digicert/json-dialect.ts';
import type { RecordDraft } from '../../src/record/types.ts';
import { bytesOf, one, parse, records, told } from './helpers.ts';

const TIME = Date.UTC(2026, 2, 2, 8, 15, 30);
const BASE = { system: 'digicert', dialect: 'digicert-csv/1' } as const;
const AUDIT =
  'Event ID,Date,Action,Status,User,Resource type,Resource ID,Resource name,Client IP,Description,Error message\r\n';
const SIGNATURES =
  'Signature ID,Date,Status,Signer,Keypair alias,Keypair ID,Keypair type,Algorithm,Signature type,Hash,Signature,' +
  'Client IP,Error message,Checksum-before-signing,digest-algorithm,file-name\r\n';
const METADATA = 'Signature ID,Metadata key,Metadata value,Metadata primary,Metadata source\r\n';
const HASH = 'ab'.repeat(32);

function signature(cells: string): RecordDraft {
  return one(DIGICERT_CSV, `${SIGNATURES}${cells}\r\n`);
}

describe('the three tables', () => {
  test('audit log', () => {
    const record = one(
      DIGICERT_CSV,
      `${AUDIT}e-1,2026-03-02T08:15:30Z,Sign,FAILED,"Example, Ann (ann)",KEYPAIR,k-1,code-1,192.0.2.9,,"key ""code-1"" is offline"\r\n`,
    );
    assert.deepEqual(told(record), {
      ...BASE,
      time: TIME,
      event: 'Sign',
      module: 'audit-log',
      outcome: 'failure',
      reason: 'key "code-1" is offline',
      actor: { name: 'Example, Ann (ann)', ip: '192.0.2.9' },
      details: {
        'Event ID': 'e-1',
        'Resource type': 'KEYPAIR',
        'Resource ID': 'k-1',
        'Resource name': 'code-1',
      },
    });
  });

  test('signature log, with a column for each key of metadata', () => {
    const record = signature(
      `s-1,2026-03-02T08:15:30Z,Successful,ann,code-1,k-1,Static,EC P-256,Production,${HASH},AQID,192.0.2.9,,${HASH},SHA-256,=a.exe`,
    );
    assert.deepEqual(told(record), {
      ...BASE,
      time: TIME,
      event: 'Signature',
      module: 'signature-log',
      outcome: 'success',
      actor: { name: 'ann', ip: '192.0.2.9' },
      correlation: 's-1',
      signature: {
        keyAlias: 'code-1',
        keyId: 'k-1',
        keyType: 'Static',
        algorithm: 'EC P-256',
        value: 'AQID',
        hash: HASH,
        hashAlgorithm: 'SHA-256',
        use: 'production',
        metadata: [
          { key: 'checksum-before-signing', value: HASH },
          { key: 'digest-algorithm', value: 'SHA-256' },
          { key: 'file-name', value: '=a.exe' },
        ],
      },
    });
  });

  test('signature metadata', () => {
    const all = records(
      DIGICERT_CSV,
      `${METADATA}s-1,File-name,"C:\\out, x\\",Yes,smctl\r\ns-1,tsa-url,http://t,no,\r\ns-1,x,,Maybe,\r\n`,
      { fallbackTime: 9 },
    );
    assert.deepEqual(told(all[0]!), {
      ...BASE,
      time: 9,
      event: 'Signature metadata',
      module: 'signature-metadata',
      outcome: 'void',
      correlation: 's-1',
      signature: { metadata: [{ key: 'file-name', value: 'C:\\out, x\\', primary: true, source: 'smctl' }] },
      flags: ['time-uncertain'],
    });
    assert.deepEqual(all[1]?.signature, {
      metadata: [{ key: 'tsa-url', value: 'http://t', primary: false }],
    });
    assert.deepEqual(all[2]?.signature, { metadata: [{ key: 'x', value: '' }] });
    assert.ok(all[2]?.flags?.includes('malformed-value'));
  });

  test('an entry of metadata without a key is kept in details, and comes back when it is printed', () => {
    const cells = { 'Metadata value': 'v', 'Metadata primary': 'Yes', 'Metadata source': 'smctl' };
    const record = one(DIGICERT_CSV, `${METADATA}s-1,,v,Yes,smctl\r\n`);
    assert.deepEqual([record.details, record.signature], [cells, undefined]);
    assert.ok(record.flags?.includes('malformed-value'));
    for (const dialect of [DIGICERT_CSV, DIGICERT_JSON]) {
      const printer = dialect.printer({ report: 'signature-metadata' });
      const { text, flags } = printer.print(record);
      assert.deepEqual(flags, []);
      assert.deepEqual(one(dialect, printer.head + text).details, cells);
    }
  });
});

describe('headers', () => {
  test('any order, any case, blanks, underscores and hyphens', () => {
    const record = one(
      DIGICERT_CSV,
      'client_ip, RESOURCE-TYPE ,action,performed by,created on,RESULT\n192.0.2.9,CERTIFICATE,Approve,ann,2026-03-02 08:15:30Z,success\n',
    );
    assert.deepEqual(told(record), {
      ...BASE,
      time: TIME,
      event: 'Approve',
      module: 'audit-log',
      outcome: 'success',
      actor: { name: 'ann', ip: '192.0.2.9' },
      details: { 'Resource type': 'CERTIFICATE', Status: 'success' },
    });
  });

  test('columns are the account’s choice: few are enough to read it, not to recognise it', () => {
    const text = 'Action,Date,Status\nSign,2026-03-02T08:15:30Z,SUCCESS\n';
    const record = one(DIGICERT_CSV, text);
    assert.deepEqual([record.event, record.time, record.flags], ['Sign', TIME, undefined]);
    assert.equal(detectDialect(bytesOf(text)), null);
    const other = one(DIGICERT_CSV, 'Signer,Date,Keypair ID\nann,2026-03-02T08:15:30Z,k\n');
    assert.deepEqual(
      [other.event, other.actor, other.signature],
      ['Signature', { name: 'ann' }, { keyId: 'k' }],
    );
  });

  test('two columns of one detail: each is kept', () => {
    const record = one(
      DIGICERT_CSV,
      'Action,Resource type,Date,Status,Resource name,Alias,alias\nSign,KEYPAIR,2026-03-02T08:15:30Z,SUCCESS,a,b,c\n',
    );
    assert.deepEqual(record.details, {
      'Resource type': 'KEYPAIR',
      'Resource name': 'a',
      Alias: 'b',
      alias: 'c',
    });
    assert.deepEqual(record.flags, ['duplicate-key']);
  });

  test('unknown columns are kept by their names, and pointed out where they tell something', () => {
    const all = records(
      DIGICERT_CSV,
      'Action,Resource type,Date,Status,Team,\nSign,KEYPAIR,2026-03-02T08:15:30Z,success,red,x\nSign,KEYPAIR,2026-03-02T08:15:30Z,success,,\n',
    );
    assert.deepEqual(all[0]?.details, {
      'Resource type': 'KEYPAIR',
      Status: 'success',
      Team: 'red',
      'column 6': 'x',
    });
    assert.deepEqual(all[0]?.flags, ['unknown-field']);
    assert.equal(all[1]?.flags, undefined);
  });

  test('two columns of one meaning: the first tells, the second is kept', () => {
    const record = one(
      DIGICERT_CSV,
      'Action,Resource type,Date,Status,User,User name\nSign,KEYPAIR,2026-03-02T08:15:30Z,success,ann,bo\n',
    );
    assert.equal(record.actor?.name, 'ann');
    assert.deepEqual(record.flags, ['duplicate-key']);
    assert.deepEqual(record.details, { 'Resource type': 'KEYPAIR', Status: 'success', 'User name': 'bo' });
  });

  test('kinds of items; a header that repeats is one again', () => {
    const row = 'e,2026-03-02T08:15:30Z,Sign,SUCCESS,ann,KEYPAIR,k,n,192.0.2.9,,\r\n';
    const kinds = parse(DIGICERT_CSV, `${AUDIT}${row}\r\n${AUDIT}${row}`).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['header', 'record', 'blank', 'header', 'record']);
  });

  test('reading on behind the header', () => {
    const row = 'e,2026-03-02T08:15:30Z,Sign,SUCCESS,ann,KEYPAIR,k,n,192.0.2.9,,\r\n';
    const options = { offset: AUDIT.length, header: bytesOf(`\uFEFF${AUDIT}`) };
    const items = parse(DIGICERT_CSV, row, [], options);
    assert.deepEqual(items, parse(DIGICERT_CSV, AUDIT + row).slice(1));
  });

  test('a header of something else: its rows are kept unparsed', () => {
    const all = records(DIGICERT_CSV, 'Name,Colour\nann,red\n');
    assert.deepEqual(
      all.map(({ event }) => event),
      ['UNPARSED', 'UNPARSED'],
    );
  });
});

describe('cells', () => {
  test('line breaks, commas and quotes within quotes', () => {
    const record = one(
      DIGICERT_CSV,
      `${AUDIT}e,2026-03-02T08:15:30Z,Sign,SUCCESS,"a\r\n,""b""\n\n",KEYPAIR,k,n,,,\r\n`,
    );
    assert.equal(record.actor?.name, 'a\r\n,"b"\n\n');
    assert.equal(record.flags, undefined);
  });

  test('fewer and more cells than columns', () => {
    assert.ok(one(DIGICERT_CSV, `${AUDIT}e,2026-03-02T08:15:30Z,Sign\r\n`).flags?.includes('field-count'));
    const more = one(DIGICERT_CSV, `${AUDIT}e,2026-03-02T08:15:30Z,Sign,SUCCESS,,,,,,,,y,,z\r\n`);
    assert.deepEqual((more.details as Record<string, unknown>)['cells beyond the header'], ['y', '', 'z']);
  });

  test('quotes where none may stand', () => {
    const stray = one(DIGICERT_CSV, `${AUDIT}e,2026-03-02T08:15:30Z,Sign,SUCCESS,a "b" c,"d"e,k,n,,,\r\n`);
    assert.equal(stray.actor?.name, 'a "b" c');
    assert.equal((stray.details as Record<string, unknown>)['Resource type'], 'de');
    assert.deepEqual(stray.flags, ['ambiguous']);
  });

  test('a quote that is never closed takes in the rest', () => {
    const row = 'e,2026-03-02T08:15:30Z,Sign,SUCCESS,ann,KEYPAIR,k,n,192.0.2.9,,';
    const all = records(DIGICERT_CSV, `${AUDIT}${row}"no\r\n${row}\r\n`);
    assert.equal(all.length, 1);
    assert.ok(all[0]?.flags?.includes('truncated'));
  });
});

describe('values', () => {
  for (const [word, outcome, flagged] of [
    ['SUCCESS', 'success', false],
    ['Successful', 'success', false],
    ['FAILED', 'failure', false],
    ['failure', 'failure', false],
    ['Erfolgreich', 'void', true],
  ] as const) {
    test(`status ${word}`, () => {
      const record = one(DIGICERT_CSV, `${AUDIT}e,2026-03-02T08:15:30Z,Sign,${word},ann,KEYPAIR,k,n,,,\r\n`);
      assert.equal(record.outcome, outcome);
      // Another spelling than the report's own is kept.
      const kept = word === 'SUCCESS' || word === 'FAILED' ? undefined : word;
      assert.equal((record.details as Record<string, unknown>).Status, kept);
      assert.equal(record.flags?.includes('unknown-outcome') ?? false, flagged);
    });
  }

  test('an action that is none of the fifteen', () => {
    const record = one(DIGICERT_CSV, `${AUDIT}e,2026-03-02T08:15:30Z,Teleport,SUCCESS,,,,,,,\r\n`);
    assert.deepEqual([record.event, record.flags], ['Teleport', ['unknown-event']]);
    const lower = one(DIGICERT_CSV, `${AUDIT}e,2026-03-02T08:15:30Z,generate csr,SUCCESS,,,,,,,\r\n`);
    assert.deepEqual([lower.event, lower.flags], ['generate csr', undefined]);
  });

  test('no action at all', () => {
    assert.equal(one(DIGICERT_CSV, `${AUDIT}e,2026-03-02T08:15:30Z,,SUCCESS,,,,,,,\r\n`).event, 'UNPARSED');
  });

  for (const [text, hash] of [
    [HASH.toUpperCase(), HASH],
    [HASH.match(/../g)!.join(':'), HASH],
    [Buffer.from(HASH, 'hex').toString('base64'), HASH],
    ['zz', undefined],
  ] as const) {
    test(`hash ${text.slice(0, 20)}`, () => {
      const record = signature(`s,2026-03-02T08:15:30Z,Successful,ann,a,k,Static,RSA,Test,${text},,,,,,`);
      const told = record.signature as { hash?: string };
      assert.equal(told.hash, hash);
      assert.equal(record.flags?.includes('malformed-value') ?? false, hash === undefined);
    });
  }

  for (const [text, time, certain] of [
    ['2026-03-02T08:15:30Z', TIME, true],
    ['2026-03-02 10:15:30+0200', TIME, true],
    ['2026-03-02 08:15:30', TIME, false],
    ['02/03/2026', 0, false],
  ] as const) {
    test(`date ${text}`, () => {
      const record = one(DIGICERT_CSV, `${AUDIT}e,${text},Sign,SUCCESS,,,,,,,\r\n`);
      assert.equal(record.time, time);
      assert.equal(record.flags?.includes('time-uncertain') ?? false, !certain);
      assert.equal((record.details as Record<string, unknown>).Date, certain ? undefined : text);
    });
  }
});
