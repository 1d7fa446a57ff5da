import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compress, decompress } from '../../../src/store/sqlite/zstd.ts';

const LIMIT = 1_000_000;

test('what was compressed comes back, in a buffer that can be given away', () => {
  const data = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 2_000 }));
  fc.assert(
    fc.property(data, ([unit, times]) => {
      const bytes = new Uint8Array(Buffer.concat(Array(times).fill(unit)).subarray(0, LIMIT));
      const back = decompress(compress(bytes), LIMIT);
      assert.deepEqual(Buffer.from(back), Buffer.from(bytes));
      structuredClone(back, { transfer: [back.buffer] });
      assert.equal(back.buffer.byteLength, 0);
    }),
    { numRuns: 60 },
  );
});

test('a frame that does not state its size, or states any', () => {
  const bytes = new Uint8Array(200_000).fill(9);
  assert.deepEqual(decompress(zstdCompressSync(bytes), LIMIT), bytes);
  const frame = compress(bytes);
  for (let at = 4; at < 12; at++) {
    for (const value of [0, 1, 127, 255]) {
      const changed = frame.with(at, value);
      try {
        assert.deepEqual(decompress(changed, LIMIT), bytes);
      } catch (error) {
        assert.match((error as { code: string }).code, /^(Z_|ZSTD_|ERR_)/);
      }
    }
  }
});

test('one changed byte is noticed', () => {
  const bytes = new Uint8Array(Buffer.from('{"event":"KEYGEN","outcome":"success"}\n'.repeat(50)));
  const frame = compress(bytes);
  // Behind the header: a changed size or window there can mean the same content.
  for (let at = 7; at < frame.length; at++) {
    assert.throws(() => decompress(frame.with(at, frame[at]! ^ 0x10), LIMIT), `byte ${at}`);
  }
});

test('more output than allowed is refused', () => {
  const bomb = compress(new Uint8Array(LIMIT + 1));
  assert.ok(bomb.length < 1_000);
  assert.throws(() => decompress(bomb, LIMIT));
  assert.equal(decompress(compress(new Uint8Array(LIMIT)), LIMIT).length, LIMIT);
});
