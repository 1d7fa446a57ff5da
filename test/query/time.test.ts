import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatTime, parseTime } from '../../src/query/mod.ts';

const MIDNIGHT = Date.UTC(2026, 9, 1);

describe('times', () => {
  for (const [text, min, length] of [
    ['2026-10-01', 0, 86_400_000],
    ['2026-10-01Z', 0, 86_400_000],
    ['2026-10-01+03:00', -10_800_000, 86_400_000],
    ['2026-10-01T00:00Z', 0, 60_000],
    ['2026-10-01T03:00+03:00', 0, 60_000],
    ['2026-09-30T18:30-05:30', 0, 60_000],
    ['2026-10-01T00:00:01Z', 1_000, 1_000],
    ['2026-10-01T00:00:01.5Z', 1_500, 100],
    ['2026-10-01T00:00:01.05Z', 1_050, 10],
    ['2026-10-01T00:00:01.005Z', 1_005, 1],
    [`@${MIDNIGHT + 7}`, 7, 1],
    ['@0', -MIDNIGHT, 1],
    ['@-1', -MIDNIGHT - 1, 1],
    ['now', 999, 1],
    ['-5ms', 994, 1],
    ['-2s', 999 - 2_000, 1],
    ['-3m', 999 - 180_000, 1],
    ['-24h', 999 - 86_400_000, 1],
    ['-1d', 999 - 86_400_000, 1],
    ['-1w', 999 - 604_800_000, 1],
    ['0001-01-01', Date.parse('0001-01-01T00:00:00Z') - MIDNIGHT, 86_400_000],
    ['2028-02-29', Date.UTC(2028, 1, 29) - MIDNIGHT, 86_400_000],
  ] as const) {
    test(`${text} is a unit of ${length} ms`, () => {
      const from = MIDNIGHT + min;
      assert.deepEqual(parseTime(text, MIDNIGHT + 999), { min: from, max: from + length - 1 });
    });
  }

  for (const text of [
    ...[
      '',
      '2026',
      '2026-10',
      '2026-10-1',
      '26-10-01',
      '2026-13-01',
      '2026-00-10',
      '2026-02-29',
      '2026-04-31',
    ],
    ...[
      '2026-10-01T08:00',
      '2026-10-01T08:00:00',
      '2026-10-01T8:00Z',
      '2026-10-01T24:00Z',
      '2026-10-01T08:60Z',
    ],
    ...['2026-10-01T08:00:60Z', '2026-10-01T08:00:00.1234Z', '2026-10-01T08:00:00,5Z', '2026-10-01t08:00Z'],
    ...['2026-10-01T08:00+3:00', '2026-10-01T08:00+0300', '2026-10-01T08:00+24:00', '2026-10-01T08:00+03:60'],
    ...['-h', '-1', '24h', '-1y', '-01.5h', '@', '@1.5', '@01', '@-0', '@9999999999999999', 'NOW', ' now'],
  ]) {
    test(`${JSON.stringify(text)} is no time`, () => {
      assert.equal(typeof parseTime(text, MIDNIGHT), 'string');
    });
  }

  test('distances need a present', () => {
    assert.equal(typeof parseTime('-1h', undefined), 'string');
    assert.equal(typeof parseTime('now', undefined), 'string');
  });

  test('any millisecond is written so that it reads back', () => {
    const limit = Number.MAX_SAFE_INTEGER;
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -limit, max: limit }), fc.integer()), (ms) => {
        assert.deepEqual(parseTime(formatTime(ms), undefined), { min: ms, max: ms });
      }),
    );
  });
});
