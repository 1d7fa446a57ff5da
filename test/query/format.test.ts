import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { indexRow } from '../../src/catalog/row.ts';
import { type Filter, formatQuery, matcher, parseQuery } from '../../src/query/mod.ts';
import { records, text } from '../index/samples.ts';
import { runs } from '../runs.ts';
import { filters } from './filters.ts';

const time = fc.oneof(
  fc.nat(),
  fc.integer({ min: 0, max: 253_402_300_799_999 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const [log = []] = fc.sample(records('n1', { min: 200, max: 200 }), { numRuns: 1, seed: 5 });
const rows = log.map((record) => [record, indexRow(record)] as const);

describe('formatted query text', () => {
  test('reads back as the same filter', () => {
    const query = filters({ text, time, scanned: true });
    const isShort = (filter: Filter) => formatQuery(filter).length < 2_000;
    fc.assert(
      fc.property(query.filter(isShort), (filter) => {
        assert.deepEqual(parseQuery(formatQuery(filter)), filter);
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('of any filter at all reads back as one that means the same', () => {
    const strings = fc
      .array(fc.constantFrom('\ud83d', '\udc4d', 'a', '*', '"'), { maxLength: 4 })
      .map((s) => s.join(''));
    const numbers = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN), fc.constant(-0));
    const leaf = filters({ text: fc.oneof(text, strings), time: numbers, scanned: true });
    const odd = fc.oneof(
      leaf,
      fc.array(leaf, { maxLength: 1 }).map((of): Filter => ({ kind: 'and', of })),
      fc.array(leaf, { maxLength: 1 }).map((of): Filter => ({ kind: 'or', of })),
      fc.constant<Filter>({ kind: 'range', field: 'time' }),
      fc.constant<Filter>({ kind: 'free', text: '' }),
      strings.map((pattern): Filter => ({ kind: 'text', field: 'event', pattern, wildcard: true })),
    );
    fc.assert(
      fc.property(odd, odd, (one, other) => {
        const filter: Filter = { kind: 'or', of: [one, { kind: 'not', of: other }] };
        const words = formatQuery(filter);
        fc.pre(words.length < 2_000);
        const [before, after] = [matcher(filter), matcher(parseQuery(words))];
        for (const [record, row] of rows) assert.equal(after(record, row), before(record, row), words);
      }),
      { numRuns: runs(500) },
    );
  });

  test('is short where it can be', () => {
    for (const words of [
      '',
      'event:KEYGEN',
      'event:KEY* -outcome:success',
      'actor:"CN=Admin 1" OR key:signKey1',
      'details.KEYALIAS:a details."b c":"" object.api-key:x',
      '"free text" (seq>=1 OR seq:2..3)',
      'time>=2026-10-01T00:00:00.000Z',
      'time<=@253402300800000',
    ]) {
      assert.equal(formatQuery(parseQuery(words)), words);
    }
  });
});
