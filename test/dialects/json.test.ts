import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Flag } from '../../src/dialects/flags.ts';
import { readJson } from '../../src/dialects/json.ts';
import { runs } from '../runs.ts';

function read(text: string): ReturnType<typeof readJson> & { flags: string[] } {
  const flags = new Set<Flag>();
  return { ...readJson(text, 0, flags), flags: [...flags] };
}

/** JSON that a record can hold as it stands. */
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 'payload', 'bytes'),
    fc.string({ unit: 'grapheme' }).map((s) => s.replaceAll('\0', '')),
    fc.integer(),
    fc.double({ min: -1e15, max: 1e15, noNaN: true }).map((n) => Number(n.toPrecision(15)) + 0),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(
      plain.filter((value) => !JSON.stringify(value).includes('\\u0000')),
      fc.constantFrom(undefined, 1, '\t'),
      (value, space) => {
        const text = `[${JSON.stringify(value, null, space)}]`;
        const { state, end, flags, value: got } = read(text);
        assert.deepEqual([state, end], ['whole', text.length]);
        if (flags.length === 0) assert.deepEqual(got, JSON.parse(text));
      },
    ),
    { numRuns: runs(500) },
  );
});

test('what JSON.parse refuses is never called whole', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '1',
    'tru',
    'true',
    '\\',
    '-',
    '01',
    ' ',
    'e5',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
      const text = `[${parts.join('')}]`;
      const { state, end } = read(text);
      if (state === 'whole') assert.doesNotThrow(() => JSON.parse(text.slice(0, end)));
    }),
    { numRuns: runs(3000) },
  );
});

test('every cut of a text is a cut', () => {
  const text = '{"a":[true,null,{"b":"x\\u00e5\\n"}],"c":-1.5e3,"d":"é"}';
  for (let end = 1; end < text.length; end++)
    assert.equal(read(text.slice(0, end)).state, 'truncated', text.slice(0, end));
  assert.equal(read(text).state, 'whole');
});

test('a member named __proto__ is a member', () => {
  const { value } = read('{"__proto__":{"x":1}}');
  assert.deepEqual(Object.keys(value as object), ['__proto__']);
  assert.equal(({} as { x?: number }).x, undefined);
});
