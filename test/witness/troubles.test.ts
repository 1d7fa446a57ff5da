import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageText } from '../../src/anchors/age.ts';
import { Troubles } from '../../src/anchors/troubles.ts';
import { WitnessError } from '../../src/errors.ts';

const ERROR = new WitnessError('WITNESS_REFUSED', 'no');

test('who fails is asked again ever more rarely, and no more rarely than the longest wait', () => {
  let now = 0;
  const troubles = new Troubles(5_000, 600_000, () => now);
  const waits: number[] = [];
  for (let times = 1; times <= 50; times++) {
    troubles.failed('a', ERROR);
    assert.deepEqual(troubles.failing('a'), { times, code: 'WITNESS_REFUSED', message: 'no' });
    const since = now;
    while (troubles.isWaiting('a')) now += 1_000;
    waits.push(now - since);
  }
  assert.deepEqual(
    waits.slice(0, 9),
    [5, 10, 20, 40, 80, 160, 320, 600, 600].map((s) => s * 1_000),
  );
  assert.ok(waits.slice(7).every((wait) => wait === 600_000));
  assert.deepEqual([troubles.failing('b'), troubles.isWaiting('b')], [null, false]);
  troubles.over('a');
  assert.deepEqual([troubles.failing('a'), troubles.isWaiting('a')], [null, false]);
  troubles.gaveUp('a', ERROR);
  now += 599_999;
  assert.ok(troubles.isWaiting('a'));
});

test('an age is told in the largest unit', () => {
  const second = 1_000;
  const told = [
    -5,
    0,
    999,
    second,
    59 * second,
    60 * second,
    3_599 * second,
    3_600 * second,
    86_400 * second,
  ];
  assert.deepEqual(told.map(ageText), [
    ...['0 seconds', '0 seconds', '0 seconds', '1 second', '59 seconds', '1 minute', '59 minutes', '1 hour'],
    '1 day',
  ]);
  assert.equal(ageText(1_500 * 86_400 * second), '1,500 days');
});
