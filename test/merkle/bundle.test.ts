import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../src/crypto/bytes.ts';
import { bundleEntries, countEntries, encodeBundle, leafHash, leafHashes } from '../../src/merkle/mod.ts';

const INVALID = { name: 'ProofError', code: 'TILE_INVALID' };

test('leaf hashes of a bundle are those of its entries, and the bundle is left as it was', () => {
  const entry = fc.uint8Array({ minLength: 1, maxLength: 700 });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
      const bundle = encodeBundle(entries);
      const before = bundle.slice();
      assert.deepEqual(leafHashes(bundle), concatBytes(...entries.map(leafHash)));
      assert.deepEqual(bundle, before);
      assert.equal(countEntries(bundle), entries.length);
      assert.deepEqual(bundleEntries(bundle), entries);
    }),
  );
});

test('entries of 1 and 65,535 bytes fit; empty and longer ones are refused', () => {
  const longest = new Uint8Array(65_535).fill(7);
  assert.deepEqual(leafHashes(encodeBundle([longest])), leafHash(longest));
  assert.throws(() => encodeBundle([new Uint8Array(65_536)]), INVALID);
  assert.throws(() => encodeBundle([new Uint8Array(0)]), INVALID);
});

test('a bundle cut anywhere but between entries is refused', () => {
  const bundle = encodeBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
  for (let length = 0; length <= bundle.length; length++) {
    const cut = bundle.subarray(0, length);
    if ([0, 5, 8].includes(length)) {
      assert.equal(countEntries(cut), [0, 5, 8].indexOf(length));
    } else {
      for (const read of [leafHashes, countEntries, bundleEntries]) assert.throws(() => read(cut), INVALID);
    }
  }
});

test('an empty entry and trailing bytes are refused, wherever they are', () => {
  for (const bytes of [
    [0, 0],
    [0, 1, 9, 0, 0],
    [0, 1, 9, 0],
    [0, 1, 9, 1, 0],
  ]) {
    assert.throws(() => leafHashes(Uint8Array.from(bytes)), INVALID);
  }
});
