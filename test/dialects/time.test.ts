import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDogtagDate, readIso } from '../../src/dialects/time.ts';

test('ISO dates read back', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      assert.deepEqual(readIso(date.toISOString()), { ms: date.getTime(), certain: true });
    }),
  );
});

for (const [text, iso, certain] of [
  ['2026-03-02T10:15:30.250+02:00', '2026-03-02T08:15:30.250Z', true],
  ['2026-03-02 08:15:30,250', '2026-03-02T08:15:30.250Z', false],
  ['2015-09-14 17:41:28+0300', '2015-09-14T14:41:28.000Z', true],
  ['2026-03-02T08:15Z', '2026-03-02T08:15:00.000Z', true],
  ['2026-03-02', '2026-03-02T00:00:00.000Z', false],
  ['2026-03-02Z', '2026-03-02T00:00:00.000Z', false],
  ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00.000Z', true],
  ['2024-02-29T00:00:00.1234567Z', '2024-02-29T00:00:00.123Z', true],
] as const) {
  test(text, () => assert.deepEqual(readIso(text), { ms: Date.parse(iso), certain }));
}

for (const text of [
  '',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-03-02T24:00:00Z',
  '2026-03-02T08:15:30+19:00',
  '2026-03-02T08:15:30 CET',
  '٢٠٢٦-03-02',
]) {
  test(`no date: "${text}"`, () => assert.equal(readIso(text), null));
}

for (const [text, iso, certain] of [
  ['02/Mar/2026:08:15:30 UTC', '2026-03-02T08:15:30Z', true],
  ['2/mar./2026:08:15:30 MEZ', '2026-03-02T07:15:30Z', true],
  ['02/Mar/2026:08:15:30 GMT-05:00', '2026-03-02T13:15:30Z', true],
  ['02/Mar/2026:08:15:30 +0530', '2026-03-02T02:45:30Z', true],
  ['20/11月/2026:18:53:20 JST', '2026-11-20T09:53:20Z', true],
  ['02/Mar/2026:08:15:30 EDT', '2026-03-02T12:15:30Z', true],
  ['02/Mar/2026:08:15:30 EST', '2026-03-02T08:15:30Z', false],
  ['02/Mar/2026:08:15:30 IST', '2026-03-02T08:15:30Z', false],
  ['02/Mar/2026:08:15:30', '2026-03-02T08:15:30Z', false],
] as const) {
  test(text, () => assert.deepEqual(readDogtagDate(text), { ms: Date.parse(iso), certain }));
}

for (const text of [
  '02/Mai/2026:08:15:30 MESZ',
  '31/Feb/2026:08:15:30 UTC',
  '20/พ.ย./2569:09:53:21 UTC',
  '20/Nov/2569:09:53:21 UTC',
  '٢٠/نوفمبر/٢٠٢٦:٠٩:٥٣:٢١ UTC',
  '02/13月/2026:08:15:30 UTC',
]) {
  test(`not read: ${text}`, () => assert.equal(readDogtagDate(text), null));
}
