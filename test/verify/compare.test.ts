import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import { leafHash } from '../../src/merkle/mod.ts';
import { compareLeaves } from '../../src/verify/compare.ts';

const entry = (name: string): Uint8Array => utf8(name);
const leaves = (names: readonly string[]): Uint8Array => concatBytes(...names.map((n) => leafHash(entry(n))));

function compare(sealed: string, found: string): string[] {
  const entries = [...found].map(entry);
  return compareLeaves(100, leaves([...sealed]), leaves([...found]), entries).map(
    (f) => `${f.code} ${f.from}-${f.to}`,
  );
}

test('what became of sealed records', () => {
  assert.deepEqual(compare('abcd', 'abcd'), []);
  assert.deepEqual(compare('abcd', 'aXcd'), ['altered 101-102']);
  assert.deepEqual(compare('abcd', 'XYZW').length, 4);
  assert.deepEqual(compare('abcd', 'acd'), ['missing 101-102']);
  assert.deepEqual(compare('abcd', 'ad'), ['missing 101-103']);
  assert.deepEqual(compare('abcd', 'bc'), ['missing 100-101', 'missing 103-104']);
  assert.deepEqual(compare('abcd', 'bcdX'), ['reordered 100-104']);
  assert.deepEqual(compare('abcdef', 'XYabcd'), ['reordered 100-106']);
  assert.deepEqual(compare('abcd', ''), ['missing 100-104']);
  assert.deepEqual(compare('abcd', 'abXcd'), ['inserted 102-103']);
  assert.deepEqual(compare('abcd', 'abcdX'), ['inserted 104-105']);
  assert.deepEqual(compare('abcd', 'acdX'), ['missing 101-102', 'inserted 103-104']);
  assert.deepEqual(compare('abcd', 'aXd'), ['altered 101-102', 'missing 102-103']);
  assert.deepEqual(compare('abcd', 'bacd'), ['reordered 100-101', 'reordered 101-102']);
  assert.deepEqual(compare('abcd', 'abbd'), ['altered 102-103']);
  assert.deepEqual(compare('abcde', 'eXbcd'), ['altered 100-101', 'reordered 100-101']);
});

test('runs are equal exactly when nothing is said, and every sealed record that is not in place is spoken of', () => {
  const name = fc.constantFrom(...'abcdefghijXYZ');
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1 }),
      fc.array(name, { maxLength: 14 }),
      (sealed, found) => {
        const findings = compareLeaves(0, leaves(sealed), leaves(found), found.map(entry));
        assert.equal(findings.length === 0, sealed.join() === found.join());
        for (const [i, name] of sealed.entries()) {
          const isGone = !found.includes(name);
          const isNamed = findings.some(
            (f) => ['altered', 'missing'].includes(f.code) && f.from <= i && i < f.to,
          );
          assert.equal(isNamed, isGone, `${name} of ${sealed} in ${found}`);
        }
      },
    ),
  );
});

test('a long shuffle is one finding', () => {
  const names = Array.from({ length: 60 }, (_, i) => `record ${i}`);
  const found = names.toReversed();
  const findings = compareLeaves(0, leaves(names), leaves(found), found.map(entry));
  assert.deepEqual(
    findings.map((f) => [f.code, f.from, f.to]),
    [['reordered', 0, 60]],
  );
});
