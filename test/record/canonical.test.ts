import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import independent from 'canonicalize';
import fc from 'fast-check';
import { canonicalize, type Json, MAX_DEPTH, parseJson } from '../../src/record/mod.ts';
import { codePoint } from '../code-point.ts';
import { runs } from '../runs.ts';
import { anyJson, assertRefused } from './support.ts';

const VECTORS = new URL('../vectors/jcs/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, VECTORS), 'utf8');

describe('vectors of RFC 8785', () => {
  const names = readdirSync(new URL('input/', VECTORS));

  test('six documents are there', () => assert.equal(names.length, 6));

  for (const name of names) {
    test(name, () => {
      const bytes = Buffer.from(canonicalize(parseJson(read(`input/${name}`))));
      assert.equal(bytes.toString(), read(`output/${name}`));
      const hex = read(`outhex/${name.replace('.json', '.txt')}`).replaceAll(/\s/g, '');
      assert.equal(bytes.toString('hex'), hex);
    });
  }

  test('10,000 numbers', () => {
    const lines = read('es6-numbers-10000.txt').trimEnd().split('\n');
    assert.equal(lines.length, 10_000);
    const view = new DataView(new ArrayBuffer(8));
    for (const line of lines) {
      const [bits, expected] = line.split(',') as [string, string];
      view.setBigUint64(0, BigInt(`0x${bits}`));
      assert.equal(canonicalize(view.getFloat64(0)), expected, bits);
    }
  });
});

test('any JSON is written as an independent implementation writes it', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      assert.equal(canonicalize(value), independent(value));
    }),
    { numRuns: runs(2_000) },
  );
});

test('an object of many members is written as an independent implementation writes it', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: codePoint, maxLength: 3 }), { minLength: 10 }), (names) => {
      const object = Object.fromEntries(names.map((name, i) => [name, i]));
      assert.equal(canonicalize(object), independent(object));
    }),
  );
});

test('what was written reads back as the same value', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      const text = canonicalize(value);
      assert.equal(canonicalize(parseJson(text)), text);
      assert.deepEqual(parseJson(text), value);
    }),
  );
});

test('names are sorted by UTF-16 units, not by code points, also where engines reorder them', () => {
  // U+FB33 is a greater unit than the surrogates of U+1F600, and a smaller code point.
  assert.equal(canonicalize({ '\ufb33': 1, '😀': 2 }), '{"😀":2,"\ufb33":1}');
  assert.equal(canonicalize({ 10: 1, 9: 2, '-': 3, '': 4 }), '{"":4,"-":3,"10":1,"9":2}');
});

test('zero has no sign', () => assert.equal(canonicalize([-0, 0, { a: -0 }]), '[0,0,{"a":0}]'));

test('__proto__ is a name like any other', () => {
  const text = '{"__proto__":{"a":1},"b":2}';
  assert.equal(canonicalize(parseJson(text)), text);
});

test('an object without a prototype is a plain one', () => {
  assert.equal(canonicalize(Object.assign(Object.create(null), { b: 1, a: 2 })), '{"a":2,"b":1}');
});

describe('what has no canonical form is refused', () => {
  class Person {
    readonly name = 'x';
  }
  const cases: readonly [string, unknown][] = [
    ['NaN', Number.NaN],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['negative infinity', { a: Number.NEGATIVE_INFINITY }],
    ['leading half of a pair', 'a\ud800'],
    ['trailing half of a pair', '\udc00a'],
    ['swapped pair', '\ude00\ud83d'],
    ['half of a pair in a name', { 'a\ud83d': 1 }],
    ['undefined', undefined],
    ['undefined as a member', { a: undefined }],
    ['a hole in a list', Array(2)],
    ['function', () => 1],
    ['symbol', Symbol('a')],
    ['bigint', 1n],
    ['Date', new Date(0)],
    ['Map', { a: new Map() }],
    ['bytes', new Uint8Array(2)],
    ['boxed string', Object('a')],
    ['instance of a class', [new Person()]],
  ];
  for (const [name, value] of cases) {
    test(name, () => {
      assertRefused(() => canonicalize(value as Json), 'RECORD_INVALID');
    });
  }

  test('one level too deep', () => {
    const nested = (levels: number): Json => (levels === 0 ? 1 : [nested(levels - 1)]);
    assert.equal(canonicalize(nested(MAX_DEPTH)).length, 2 * MAX_DEPTH + 1);
    assertRefused(() => canonicalize(nested(MAX_DEPTH + 1)), 'RECORD_INVALID');
    const circle: Json[] = [];
    circle.push(circle);
    assertRefused(() => canonicalize(circle), 'RECORD_INVALID');
  });
});
