import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { indexRow } from '../../src/catalog/row.ts';
import { type Filter, indexable, matcher, parseQuery, rowMatcher } from '../../src/query/mod.ts';
import { records, text } from '../index/samples.ts';
import { runs } from '../runs.ts';
import { filters } from './filters.ts';

const [log = []] = fc.sample(records('n1', { min: 100, max: 100 }), { numRuns: 1, seed: 3 });

describe('the part of a filter that an index answers', () => {
  test('is all of it when nothing needs the record', () => {
    const filter = parseQuery('event:x -(key:y OR seq>=5)');
    assert.deepEqual(indexable(filter), { candidates: filter, exact: true });
  });

  for (const [query, candidates] of [
    ['"text"', '*'],
    ['-"text"', '*'],
    ['event:x "text" details.A:b', 'event:x'],
    ['event:x OR "text"', '*'],
    ['event:x (outcome:failure OR "text")', 'event:x'],
    ['-(event:x OR "text")', '-event:x'],
    ['-(event:x "text")', '*'],
    ['event:x -(outcome:failure "text") key:y', 'event:x key:y'],
    ['(event:x "text") OR (event:y "text")', 'event:x OR event:y'],
  ] as const) {
    test(`of ${query} is ${candidates}`, () => {
      const found = indexable(parseQuery(query));
      assert.deepEqual(found, { candidates: parseQuery(candidates), exact: false });
    });
  }

  test('never misses a match', () => {
    const anyFilter = filters({ text, time: fc.nat(100), scanned: true });
    fc.assert(
      fc.property(anyFilter, (filter: Filter) => {
        const { candidates, exact } = indexable(filter);
        const [matches, mayMatch] = [matcher(filter), rowMatcher(candidates)];
        for (const record of log) {
          const row = indexRow(record);
          if (matches(record, row)) assert.ok(mayMatch(row));
          else if (exact) assert.ok(!mayMatch(row));
        }
      }),
      { numRuns: runs(300) },
    );
  });
});
