import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { indexRow } from '../../src/catalog/row.ts';
import { QueryError } from '../../src/errors.ts';
import { type Filter, matcher, parseQuery, rowMatcher } from '../../src/query/mod.ts';
import type { AuditRecord } from '../../src/record/mod.ts';

const ref = { payload: '0'.repeat(64), bytes: 9_000 };

const record: AuditRecord = {
  v: 1,
  node: 'node-1',
  seq: 7,
  logged: 2_000,
  time: 1_000,
  id: 'delivery-9',
  system: 'signserver',
  source: 'ca-log',
  event: 'KEYGEN',
  outcome: 'failure',
  module: 'KeyModule',
  service: 'Service X',
  reason: 'Token is Offline: ÄRGER',
  actor: { name: 'CN=Admin 1', serial: '0AFF', role: 'auditor' },
  correlation: 'ABC-1',
  details: {
    KEYALIAS: 'signKey1',
    COUNT: 42,
    ACTIVE: true,
    NOTHING: null,
    Tags: ['first', 'Second'],
    nested: { deep: ['Inner'], n: 1.5 },
    '': 'empty name',
    SEALED: ref,
  } as never,
  signature: { hash: 'ABCDEF', algorithm: 'SHA256withRSA', metadata: [{ key: 'release', value: 'v1.2' }] },
  objects: [
    { kind: 'Key', id: 'k-1', name: 'Sign Key' },
    { kind: 'token', id: 'T' },
  ],
  refs: [{ node: 'other', seq: 3, why: 'answers' }],
  dialect: 'signserver/1',
  raw: { text: 'EVENT: KEYGEN; the original LINE' },
  upstream: { verdict: 'valid' },
  flags: ['late', 'unknown-field'],
};

function matches(query: string, of: AuditRecord = record): boolean {
  return matcher(parseQuery(query))(of, indexRow(of));
}

describe('a filter', () => {
  for (const query of [
    '*',
    'event:keygen',
    'event:KEY*',
    'event:*gen',
    'event:k*y*n',
    'event:*',
    'node:NODE-1 seq:7 source:ca-log system:signserver',
    'outcome:failure module:keymodule',
    'actor:"cn=admin 1"',
    'hash:abcdef',
    'correlation:abc-1',
    'flag:late flag:unknown-*',
    'time:@1000 time>=@1000 time<=@1000 logged:@2000',
    'key:k-1 key:"sign key" token:t object:K-1 object.KEY:sign*',
    '-event:x -component:* -ip:* -certificate:*',
    'event:x OR seq:7',
    'details.keyalias:SIGNKEY1',
    'details.COUNT:42 details.ACTIVE:true details.Tags:second details.nested:inner details.nested:1.5',
    'details."":"empty name"',
    'offline',
    '"ärger" OR "Ärger: nothing folds but ASCII" OR "ÄRGER"',
    '"the original line"',
    'delivery-9 "service x" 0aff v1.2 release 42 1.5 true inner answers valid',
  ]) {
    test(`matches: ${query}`, () => {
      assert.equal(matches(query), true);
      assert.equal(matches(`-(${query})`), false);
    });
  }

  for (const query of [
    '-*',
    'event:KEY',
    'event:KEYGEN*N',
    'event:"KEYGEN "',
    'component:*',
    'component:""',
    'ip:*',
    'seq>=8',
    'seq<=6',
    'certificate:k-1',
    'object:Key',
    'flag:*x',
    'details.NOTHING:*',
    'details.KEY:*',
    'details.SEALED:*',
    'details.Tags:first*second',
    'nosuchword',
    // What the log or a dialect says is not the record's own: its names, numbers, flags.
    'node-1',
    'ca-log',
    'signserver/1',
    'unknown-field',
    'KEYALIAS',
    'reasons',
    // Sealed content has no words until it is put back.
    '9000',
    '"ärger"',
  ]) {
    test(`does not match: ${query}`, () => {
      assert.equal(matches(query), false);
    });
  }

  test('sees sealed members once their content is put back', () => {
    const sealed: AuditRecord = { ...record, reason: ref, raw: ref, details: ref, signature: ref };
    for (const query of ['offline', '"original line"', 'details.KEYALIAS:*', 'v1.2', 'hash:*']) {
      assert.equal(matches(query, sealed), false, query);
      assert.equal(matches(query), true, query);
    }
  });

  test('reads what is legible of a line that is not UTF-8', () => {
    const bytes = new Uint8Array([0xff, ...new TextEncoder().encode('Gen é'), 0xfe]);
    const line: AuditRecord = { ...record, raw: { base64: btoa(String.fromCharCode(...bytes)) } };
    assert.equal(matches('"gen é"', line), true);
    assert.equal(matches('"gen e"', line), false);
  });

  test('folds ASCII letters only', () => {
    for (const [value, pattern] of [
      ['É', 'é'],
      ['\u212a', 'k'],
      ['SS', 'ß'],
      ['İ', 'i̇'],
      ['Σ', 'ς'],
    ] as const) {
      const other: AuditRecord = { ...record, event: value };
      assert.equal(matches(`event:"${pattern}"`, other), false);
      assert.equal(matches(`event:"${value}"`, other), true);
    }
  });

  test('takes time linear in the text for any pattern', () => {
    const long: AuditRecord = { ...record, event: 'a'.repeat(1_000), reason: 'a'.repeat(1_000_000) };
    const pattern = `${'a*'.repeat(500)}b`;
    assert.equal(
      matcher({ kind: 'text', field: 'event', pattern, wildcard: true })(long, indexRow(long)),
      false,
    );
    assert.equal(matches(`details.X:"${'*a'.repeat(2_000)}b"`, long), false);
  });

  test('over rows alone refuses what rows cannot tell', () => {
    const row = indexRow(record);
    assert.equal(rowMatcher(parseQuery('event:KEYGEN -flag:x'))(row), true);
    const invalid = { name: QueryError.name, code: 'QUERY_INVALID' };
    assert.throws(() => rowMatcher(parseQuery('event:KEYGEN OR "free text"')), invalid);
    assert.throws(() => rowMatcher(parseQuery('-details.X:y')), invalid);
  });

  test('beyond the bounds is refused, whoever made it', () => {
    const invalid = { name: QueryError.name, code: 'QUERY_INVALID' };
    let deep: Filter = { kind: 'all' };
    for (let i = 0; i < 33; i++) deep = { kind: 'not', of: deep };
    assert.throws(() => matcher(deep), invalid);
    for (let i = 0; i < 50_000; i++) deep = { kind: 'not', of: deep };
    assert.throws(() => matcher(deep), invalid);
    const wide: Filter = { kind: 'or', of: Array<Filter>(201).fill({ kind: 'all' }) };
    assert.throws(() => matcher(wide), invalid);
  });
});
