import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextNumbers } from '../../../src/index/duckdb/text-numbers.ts';

type Key = readonly (string | undefined)[];

/** The number that is remembered for a key, or the one that is given, and then remembered. */
function numberOf(numbers: TextNumbers, key: Key, next: number): number {
  numbers.start();
  for (const text of key) numbers.put(text);
  const known = numbers.find();
  if (known === 0) numbers.remember(next);
  return known === 0 ? next : known;
}

const text = fc.oneof(
  fc.constantFrom(undefined, '', '\0', '\0\0', 'a', 'b', 'ab', '\u0001', '\uffff', '\ud800', 'x'.repeat(300)),
  fc.string({ unit: 'binary', maxLength: 3 }),
);

test('each key keeps the number that it was given, and has it alone', () => {
  fc.assert(
    fc.property(fc.array(fc.array(text, { maxLength: 6 }), { maxLength: 60 }), (keys) => {
      const numbers = new TextNumbers();
      const given = new Map<string, number>();
      for (const key of [...keys, ...keys]) {
        const name = JSON.stringify(key.map((part) => part ?? null));
        const expected = given.get(name) ?? given.size + 1;
        given.set(name, expected);
        assert.equal(numberOf(numbers, key, expected), expected);
      }
    }),
    { numRuns: 50 },
  );
});

test('what is more than is remembered gets another number, never that of another key', () => {
  const numbers = new TextNumbers();
  let next = 1;
  const given: (readonly [key: string, number: number])[] = [];
  for (let i = 0; i < 400_000; i++) {
    const key = `key-${i}`;
    const number = numberOf(numbers, [key], next);
    assert.equal(number, next++, 'a key that never came before has a number');
    given.push([key, number]);
  }
  let forgotten = 0;
  for (const [i, [key, number]] of given.slice(-100_000).entries()) {
    const found = numberOf(numbers, [key], next);
    if (found === next) {
      next++;
      forgotten++;
    } else assert.equal(found, number, `key ${i}`);
  }
  assert.ok(forgotten < 1_000, `${forgotten} of the latest 100,000 are forgotten`);
  assert.equal(numberOf(numbers, ['key-0'], next), next, 'the first is forgotten');
});

test('a key that is too long is not remembered, and takes nothing from others', () => {
  const numbers = new TextNumbers();
  assert.equal(numberOf(numbers, ['short'], 1), 1);
  for (const key of [
    ['x'.repeat(65_535)],
    ['x'.repeat(40_000), 'x'.repeat(40_000)],
    ['y'.repeat(70_000), 'z'],
  ]) {
    assert.equal(numberOf(numbers, key, 2), 2);
    assert.equal(numberOf(numbers, key, 3), 3);
  }
  const long = ['x'.repeat(65_534)];
  assert.equal(numberOf(numbers, long, 4), 4);
  assert.equal(numberOf(numbers, long, 5), 4);
  assert.equal(numberOf(numbers, ['short'], 6), 1);
});
