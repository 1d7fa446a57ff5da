import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { QueryError } from '../../src/errors.ts';
import { type Filter, MAX_QUERY_BYTES, matcher, parseQuery, type TextField } from '../../src/query/mod.ts';
import { codePoint } from '../code-point.ts';
import { runs } from '../runs.ts';

const NOW = Date.UTC(2026, 9, 15, 12);
const OCT_1 = Date.UTC(2026, 9, 1);
const DAY = 86_400_000;

const text = (field: TextField, pattern: string, wildcard = false): Filter => ({
  kind: 'text',
  field,
  pattern,
  wildcard,
});
const object = (kind: string | null, pattern: string, wildcard = false): Filter => ({
  kind: 'object',
  object: kind,
  pattern,
  wildcard,
});
const detail = (name: string, pattern: string, wildcard = false): Filter => ({
  kind: 'detail',
  name,
  pattern,
  wildcard,
});
const free = (words: string): Filter => ({ kind: 'free', text: words });
const and = (...of: Filter[]): Filter => ({ kind: 'and', of });
const or = (...of: Filter[]): Filter => ({ kind: 'or', of });
const not = (of: Filter): Filter => ({ kind: 'not', of });
const all: Filter = { kind: 'all' };
const [a, b, c] = [free('a'), free('b'), free('c')];

const GRAMMAR: readonly (readonly [query: string, filter: Filter])[] = [
  ['', all],
  ['  \n', all],
  ['*', all],
  ['-*', not(all)],

  ['event:KEYGEN', text('event', 'KEYGEN')],
  ['EVENT:keygen', text('event', 'keygen')],
  ['event:KEY*', text('event', 'KEY*', true)],
  ['event:*', text('event', '*', true)],
  ['event:a\\*b', text('event', 'a*b')],
  ['event:a\\\\b', text('event', 'a\\b')],
  ['event:a\\"b', text('event', 'a"b')],
  ['actor:"CN=Admin 1"', text('actor', 'CN=Admin 1')],
  ['actor:"CN=Admin *"', text('actor', 'CN=Admin *', true)],
  ['actor:"a \\"b\\" \\* \\\\"', text('actor', 'a "b" * \\')],
  ['actor:"a\nb"', text('actor', 'a\nb')],
  ['actor:""', text('actor', '')],
  ['actor:CN=Admin,O=Bench', text('actor', 'CN=Admin,O=Bench')],
  ['ip:2001:db8::1', text('ip', '2001:db8::1')],
  ['flag:unknown-event', text('flag', 'unknown-event')],
  ['correlation:-x', text('correlation', '-x')],

  ['key:signKey1', object('key', 'signKey1')],
  ['key:"rel-*"', object('key', 'rel-*', true)],
  ['object:x', object(null, 'x')],
  ['object.api-key:x', object('api-key', 'x')],
  ['object."my kind":x', object('my kind', 'x')],
  ['object.key:x', object('key', 'x')],

  ['details.KEYALIAS:signKey1', detail('KEYALIAS', 'signKey1')],
  ['Details.a.b:x*', detail('a.b', 'x*', true)],
  ['details."a: \\"b\\"":""', detail('a: "b"', '')],

  ['word', free('word')],
  ['"free text"', free('free text')],
  ['"event:x"', free('event:x')],
  ['"OR"', free('OR')],
  ['or', free('or')],
  ['ORacle', free('ORacle')],
  ['rel-1', free('rel-1')],
  ['CN=Admin', free('CN=Admin')],
  ['10:30', free('10:30')],
  ['100\\*', free('100*')],

  ['a b', and(a, b)],
  ['a\tb\nc', and(a, b, c)],
  ['a AND b', and(a, b)],
  ['a OR b', or(a, b)],
  ['a OR b c', or(a, and(b, c))],
  ['a b OR c', or(and(a, b), c)],
  ['a (b OR c)', and(a, or(b, c))],
  ['(a b) c', and(and(a, b), c)],
  ['((a))', a],
  ['-a', not(a)],
  ['NOT a', not(a)],
  ['-"a b"', not(free('a b'))],
  ['-(a b)', not(and(a, b))],
  ['-a b', and(not(a), b)],
  ['-(-a)', not(not(a))],
  ['a -b OR -c', or(and(a, not(b)), not(c))],

  ['seq>=10', { kind: 'range', field: 'seq', min: 10 }],
  ['seq<=10', { kind: 'range', field: 'seq', max: 10 }],
  ['seq:10', { kind: 'range', field: 'seq', min: 10, max: 10 }],
  ['seq:10..20', { kind: 'range', field: 'seq', min: 10, max: 20 }],
  ['time>=2026-10-01', { kind: 'range', field: 'time', min: OCT_1 }],
  ['time<=2026-10-01', { kind: 'range', field: 'time', max: OCT_1 + DAY - 1 }],
  ['time:2026-10-01', { kind: 'range', field: 'time', min: OCT_1, max: OCT_1 + DAY - 1 }],
  ['time:2026-10-01..2026-10-02', { kind: 'range', field: 'time', min: OCT_1, max: OCT_1 + 2 * DAY - 1 }],
  ['time>=2026-10-01T00:00:00+03:00', { kind: 'range', field: 'time', min: OCT_1 - 3 * 3_600_000 }],
  ['logged<=2026-10-01T08:30Z', { kind: 'range', field: 'logged', max: OCT_1 + 8.5 * 3_600_000 + 59_999 }],
  ['time>=-24h', { kind: 'range', field: 'time', min: NOW - DAY }],
  ['time:-7d..now', { kind: 'range', field: 'time', min: NOW - 7 * DAY, max: NOW }],

  [
    'event:KEYGEN -outcome:success actor:"CN=Admin 1" key:signKey1 time>=2026-10-01 "free text"',
    and(
      text('event', 'KEYGEN'),
      not(text('outcome', 'success')),
      text('actor', 'CN=Admin 1'),
      object('key', 'signKey1'),
      { kind: 'range', field: 'time', min: OCT_1 },
      free('free text'),
    ),
  ],
];

/** Text, the offset of what is wrong, and the field that was probably meant. */
const REFUSED: readonly (readonly [query: string, at: number, suggestion?: string])[] = [
  ['a evnt:x', 2, 'event'],
  ['tiem>=2026-10-01', 0, 'time'],
  ['cert:x', 0, 'certificate'],
  ['detail.X:y', 0, 'details'],
  ['http://example.org', 0],
  ['details:x', 0],
  ['key.x:y', 0],
  ['seq.x:1', 0, 'seq'],
  ['event>=a', 0],

  ['a )', 2],
  ['(a', 0],
  ['a (b', 2],
  ['()', 1],
  ['"abc', 0],
  ['event:"abc', 6],
  ['event:', 6],
  ['event: x', 6],
  ['event:"a"b', 9],
  ['event:a"b"', 7],
  ['"a""b"', 3],
  ['event:a(b)', 6],
  ['a(b)', 0],
  ['key:(a OR b)', 4],
  ['details."a"', 11],
  ['object.:x', 0],

  ['OR a', 0],
  ['a OR', 4],
  ['a OR OR b', 5],
  ['AND', 0],
  ['a AND', 5],
  ['a NOT', 2],
  ['- a', 0],
  ['-', 0],
  ['--a', 0],
  ['a -)', 2],

  ['""', 0],
  ['wild*', 0],
  ['"wild *"', 0],
  ['event:a*\\*', 6],
  ['event:a\\b', 6],
  ['details."a*":x', 8],
  ['\ud800', 0],

  ['event :KEYGEN', 6],
  ['time >=2026-10-01', 5],
  ['-:KEYGEN', 1],

  ['time>2026-10-01', 0],
  ['seq<5', 0],
  ['seq=5', 0],
  ['seq:1e3', 4],
  ['seq:01', 4],
  ['seq:-1', 4],
  ['seq:9007199254740992', 4],
  ['seq:1..2..3', 4],
  ['seq:5..4', 4],
  ['seq:1..', 4],
  ['seq:*', 4],
  ['time:2026-10-01T08:00', 5],
  ['time:2026-02-29', 5],
  ['time:yesterday', 5],
];

describe('query text', () => {
  for (const [query, filter] of GRAMMAR) {
    test(`${JSON.stringify(query)} is read`, () => {
      assert.deepEqual(parseQuery(query, { now: NOW }), filter);
    });
  }

  for (const [query, at, suggestion] of REFUSED) {
    test(`${JSON.stringify(query)} is refused at ${at}`, () => {
      assert.throws(
        () => parseQuery(query, { now: NOW }),
        (error: unknown) => {
          assert.ok(error instanceof QueryError);
          assert.equal(error.code, 'QUERY_INVALID');
          assert.deepEqual(error.context, suggestion === undefined ? { at } : { at, suggestion });
          return true;
        },
      );
    });
  }

  test('distances from now need a present', () => {
    assert.throws(() => parseQuery('time>=-24h'), { code: 'QUERY_INVALID' });
    assert.throws(() => parseQuery('time<=now'), { code: 'QUERY_INVALID' });
  });

  test('length, depth and number of terms are bounded', () => {
    const invalid = { name: QueryError.name, code: 'QUERY_INVALID' };
    assert.throws(() => parseQuery(`"${'x'.repeat(MAX_QUERY_BYTES)}"`), invalid);
    assert.throws(() => parseQuery(`"${'é'.repeat(MAX_QUERY_BYTES / 2)}"`), invalid);
    parseQuery(`"${'x'.repeat(MAX_QUERY_BYTES - 2)}"`);
    parseQuery(`${'('.repeat(32)}a${')'.repeat(32)}`);
    assert.throws(() => parseQuery(`${'('.repeat(33)}a${')'.repeat(33)}`), invalid);
    assert.throws(() => parseQuery('('.repeat(5_000)), invalid);
    assert.throws(() => parseQuery('-('.repeat(4_000)), invalid);
    parseQuery(Array(200).fill('a').join(' '));
    assert.throws(() => parseQuery(Array(201).fill('a').join(' ')), invalid);
    assert.throws(() => parseQuery(`${'-(a OR '.repeat(30)}a${')'.repeat(30)}`), invalid);
  });

  test('any text is either read or refused, and what is read can be worked with', () => {
    const tokens = fc.constantFrom(
      ...[
        'event',
        'key',
        'object.',
        'details.',
        'time',
        'seq',
        ':',
        '>=',
        '<=',
        '..',
        '-',
        '*',
        '\\',
        '"',
        '(',
        ')',
      ],
      ...[' ', 'OR', 'AND', 'NOT', 'a', '2026-10-01', '5', '-24h', 'é', '👍', '\n', '\u00a0'],
    );
    const query = fc.oneof(
      fc.array(tokens, { maxLength: 20 }).map((parts) => parts.join('')),
      fc.string({ unit: codePoint, maxLength: 40 }),
    );
    fc.assert(
      fc.property(query, (words) => {
        let filter: Filter;
        try {
          filter = parseQuery(words, { now: NOW });
        } catch (error) {
          assert.ok(error instanceof QueryError);
          const { at } = error.context as { at: number };
          assert.ok(at >= 0 && at <= words.length);
          return;
        }
        matcher(filter);
      }),
      { numRuns: runs(2_000) },
    );
  });
});
