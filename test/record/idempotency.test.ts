import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalize, contentDigest, idKey, type Json, type RecordDraft } from '../../src/record/mod.ts';
import { anyDraft, minimal } from './support.ts';

test('the same content has the same digest, in whatever order it is sent', () => {
  fc.assert(
    fc.property(anyDraft, (draft) => {
      const reversed = Object.fromEntries(Object.entries(draft).reverse()) as unknown as RecordDraft;
      assert.match(contentDigest(draft), /^[0-9a-f]{32}$/);
      assert.equal(contentDigest(reversed), contentDigest(draft));
    }),
  );
});

test('other content has another digest', () => {
  fc.assert(
    fc.property(anyDraft, anyDraft, (a, b) => {
      fc.pre(canonicalize(a as unknown as Json) !== canonicalize(b as unknown as Json));
      assert.notEqual(contentDigest(a), contentDigest(b));
    }),
  );
  const drafts = [
    minimal(),
    minimal({ details: {} }),
    minimal({ details: { a: 1 } }),
    minimal({ reason: '' }),
  ];
  assert.equal(new Set(drafts.map((draft) => contentDigest(draft))).size, drafts.length);
});

test('sealed content is told apart too', () => {
  const long = 'x'.repeat(20_000);
  assert.equal(contentDigest(minimal({ reason: long })), contentDigest(minimal({ reason: long })));
  assert.notEqual(
    contentDigest(minimal({ reason: long })),
    contentDigest(minimal({ reason: `${long.slice(1)}y` })),
  );
});

test('an id belongs to its source: no other pair has its key', () => {
  const pairs = [
    ['a', 'bc'],
    ['ab', 'c'],
    ['', 'abc'],
    ['abc', ''],
    ['1:a', 'b'],
    ['1', ':ab'],
    ['a', '1:b'],
    ['A', 'bc'],
    ['é', 'c'],
    ['e\u0301', 'c'],
  ] as const;
  const keys = pairs.map(([source, id]) => idKey(source, id));
  assert.equal(new Set(keys).size, pairs.length);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
  assert.equal(idKey('a', 'bc'), keys[0]);
});
