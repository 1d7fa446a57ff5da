import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { type LateAct, LateFile } from '../../src/acts/late-file.ts';
import { LogError, StoreError } from '../../src/errors.ts';
import { tempDir } from '../store/temp.ts';

const { dir, remove } = tempDir();
after(remove);
let files = 0;

function newFile(): string {
  return join(dir, `${files++}.late`);
}

function act(n: number, reason = 'because'): LateAct {
  const draft = {
    id: `act/${n}`,
    time: n,
    system: 'tallystick',
    event: 'REPAIR',
    outcome: 'failure',
    reason,
  };
  return { draft: draft as LateAct['draft'], state: [{ key: `k${n}`, value: n % 2 === 0 ? null : 'v' }] };
}

const damaged = (error: unknown) => error instanceof LogError && error.code === 'LOG_DAMAGED';

describe('the file of late acts', () => {
  test('holds its whole size from the start, for its owner alone', () => {
    const file = newFile();
    LateFile.open(file);
    const { size, mode, blocks } = statSync(file);
    assert.equal(size, 256 * 1024);
    assert.equal(mode & 0o777, 0o600);
    assert.ok(blocks * 512 >= size, 'no part of it is a hole');
  });

  test('gives back what was written last, however often and in whichever half', () => {
    const file = newFile();
    for (let n = 1; n < 6; n++) {
      const acts = Array.from({ length: n % 4 }, (_, i) => act(10 * n + i, '\u{1f511} "quoted"\n'));
      LateFile.open(file).write(acts);
      assert.deepEqual(LateFile.open(file).acts, acts);
      assert.equal(statSync(file).size, 256 * 1024);
    }
  });

  test('a write that is cut off anywhere leaves what was there before, or what was written', () => {
    const file = newFile();
    const late = LateFile.open(file);
    late.write([act(1)]);
    const before = readFileSync(file);
    late.write([act(1), act(2)]);
    const after = readFileSync(file);
    const changed = before.findIndex((byte, i) => byte !== after[i]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), (length) => {
        const torn = Buffer.from(before);
        after.copy(torn, changed, changed, changed + length);
        writeFileSync(file, torn);
        const { acts } = LateFile.read(file);
        assert.deepEqual(acts, torn.equals(after) ? [act(1), act(2)] : [act(1)]);
      }),
    );
  });

  test('what was sealed is in neither half any more', () => {
    const file = newFile();
    const late = LateFile.open(file);
    late.write([act(1)]);
    late.write([act(1), act(2)]);
    late.write([]);
    const bytes = readFileSync(file);
    bytes.fill(0x20, 0, 100);
    writeFileSync(file, bytes);
    assert.deepEqual(LateFile.read(file).acts, []);
    bytes.fill(0x20, 128 * 1024, 128 * 1024 + 100);
    writeFileSync(file, bytes);
    assert.throws(() => LateFile.open(file), damaged);
  });

  test('is refused when what it holds are no acts, and never read beyond its size', () => {
    for (const text of ['x', '{}', 'tallystick late acts 1 1 2 00\n[]']) {
      const file = newFile();
      writeFileSync(file, text);
      assert.throws(() => LateFile.open(file), damaged, text);
      assert.equal(readFileSync(file, 'utf8'), text, 'and left as it is');
    }
    for (const acts of [[{}], [{ draft: { id: 'a' }, state: [] }], [{ ...act(1), state: [{ key: 1 }] }], 7]) {
      const file = newFile();
      LateFile.open(file).write(acts as never);
      assert.throws(() => LateFile.open(file), damaged, JSON.stringify(acts));
    }
    const file = newFile();
    writeFileSync(file, Buffer.alloc(1024 * 1024));
    assert.deepEqual(LateFile.read(file).acts, []);
  });

  test('takes so much and no more', () => {
    const late = LateFile.open(newFile());
    const many = Array.from({ length: 100 }, (_, n) => act(n, 'x'.repeat(1_000)));
    late.write(many);
    const tooMany = [...many, ...many];
    assert.throws(
      () => late.write(tooMany),
      (error) => error instanceof StoreError && error.code === 'STORE_FULL',
    );
    assert.deepEqual(late.acts, many);
  });

  test('where it cannot be made, opening goes on and writing says so', () => {
    const file = newFile();
    mkdirSync(`${file}.new/in the way`, { recursive: true });
    const late = LateFile.open(file);
    assert.throws(
      () => late.write([act(1)]),
      (error) => error instanceof StoreError && error.code === 'STORE_UNAVAILABLE',
    );
    assert.deepEqual(late.acts, []);
    late.replace([act(1)]);
    assert.deepEqual(late.acts, [act(1)], 'what has happened is not forgotten');
    rmSync(`${file}.new`, { recursive: true });
    late.write([act(2)]);
    assert.deepEqual(LateFile.read(file).acts, [act(2)]);
  });
});
