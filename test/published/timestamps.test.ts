import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '../../src/errors.ts';
import { formatTimestamps, PublishedLog, type PublishedTimestamps } from '../../src/published/mod.ts';
import { BuiltLog } from '../verify/built-log.ts';

/** The file `timestamps` taken apart; what its tokens are worth is for who has roots. */

interface Stamp {
  readonly size: number;
  readonly note: string;
  readonly token: Uint8Array;
}

let log: BuiltLog;
let stamps: readonly Stamp[];
before(async () => {
  log = await BuiltLog.build(300);
  const sizes = [10, 100, 300];
  const notes = await Promise.all(sizes.map(async (size) => (await BuiltLog.build(size)).note));
  stamps = sizes.map((size, i) => ({ size, note: notes[i] as string, token: new Uint8Array(40).fill(size) }));
});

/** Read from a copy with that file; `null`: without it. */
function read(file: string | Uint8Array | null, checkpoint: string | null = log.note) {
  const files = new Map(
    Object.entries({ timestamps: file, checkpoint }).flatMap(([path, text]) =>
      text === null ? [] : [[path, typeof text === 'string' ? new TextEncoder().encode(text) : text]],
    ),
  );
  return new PublishedLog({
    place: 'a test',
    read: async (path, most) => {
      const bytes = files.get(path) ?? null;
      if ((bytes?.length ?? 0) > most) throw new StoreError('STORE_DAMAGED', `${path} is too large`);
      return bytes;
    },
  }).timestamps();
}

function brief({ tokens, ahead, unreadable }: PublishedTimestamps): unknown[] {
  return [tokens.map(({ size }) => size), ahead, unreadable];
}

describe('time stamps of a published log', () => {
  test('come back as they were published, by size', async () => {
    const file = formatTimestamps(stamps.toReversed());
    const { tokens } = await read(file);
    assert.deepEqual(
      tokens.map(({ size, note, token }) => ({ size, note, token })),
      stamps,
    );
    assert.equal(tokens.at(-1)?.root, log.pin().root);
    assert.equal(formatTimestamps(tokens), file);
    const [first] = file.split('\n');
    assert.equal(
      first,
      `{"checkpoint":${JSON.stringify(stamps[0]?.note)},"token":"${Buffer.from(stamps[0]?.token as Uint8Array).toString('base64')}"}`,
    );
  });

  test('none where there is no such file, or no checkpoint to hold them to', async () => {
    const none = [[], 0, 0];
    assert.deepEqual(brief(await read(null)), none);
    assert.deepEqual(brief(await read('')), none);
    assert.deepEqual(brief(await read(formatTimestamps(stamps), null)), none);
    assert.deepEqual(brief(await read(formatTimestamps(stamps), 'hello\n')), none);
  });

  test('over more records than the checkpoint has are counted, and not handed out', async () => {
    const older = (await BuiltLog.build(100)).note;
    assert.deepEqual(brief(await read(formatTimestamps(stamps), older)), [[10, 100], 1, 0]);
  });

  test('of another log are none of this one', async () => {
    const other = await BuiltLog.build(20);
    other.origin = 'other-00000000/node-1';
    await other.seal(other.size, other.root);
    const file = formatTimestamps([...stamps, { size: 20, note: other.note, token: new Uint8Array(40) }]);
    assert.deepEqual(brief(await read(file)), [[10, 100, 300], 0, 1]);
  });

  test('a line that is written in another way is none, and spoils no other', async () => {
    const [one = '', two = '', three = ''] = formatTimestamps(stamps).split('\n');
    const changes: readonly ((line: string) => string)[] = [
      (line) => ` ${line}`,
      (line) => line.replace('","token"', '", "token"'),
      (line) => line.replace('—', '\\u2014'),
      (line) => line.replace('}', ',"more":1}'),
      (line) => line.replace('{', '{"checkpoint":"x",'),
      (line) => line.replace('"}', '="}'),
      (line) => line.replace('"}', '*"}'),
      (line) => line.replace(/"token":.*$/, '"token":7}'),
      (line) => line.replace(/"checkpoint":.*,/, '"checkpoint":null,'),
      (line) => line.replace('\\n100\\n', '\\n0100\\n'),
      (line) => line.replace('\\n\\n', '\\nextension\\n\\n'),
      (line) => `${line}\r`,
      () => '',
      () => 'null',
      () => '[]',
      () => '"x"',
      () => '[['.repeat(5_000),
      () => '\u0000',
      () => '{"checkpoint":"\\ud800","token":""}',
      () => '{"__proto__":{"checkpoint":"x"},"token":""}',
    ];
    for (const [i, change] of changes.entries()) {
      const file = `${one}\n${change(two)}\n${three}\n`;
      assert.deepEqual(brief(await read(file)), [[10, 300], 0, 1], `change ${i}`);
    }
    assert.deepEqual(brief(await read(`${one}\n${two}`)), [[10], 0, 1], 'the last line does not end');
  });

  test('a file that is too large, of too many lines or no text is none', async () => {
    const file = formatTimestamps(stamps);
    const none = [[], 0, 1];
    assert.deepEqual(brief(await read(new Uint8Array(33 * 1024 * 1024))), none);
    assert.deepEqual(brief(await read(Uint8Array.of(0xff, 0x0a))), none);
    const long = await read(file + '\n'.repeat(1_000_000));
    assert.deepEqual([long.tokens.length, long.unreadable], [3, 16_384 - 3 + 1]);
  });

  test('when not all fit, those over the most records are published', async () => {
    const many = Array.from({ length: 20_000 }, () => stamps[0] as Stamp);
    const lines = formatTimestamps([...many, stamps[2] as Stamp]).split('\n');
    assert.ok(lines.length > 16 * 688 && lines.length < 20_000);
    assert.deepEqual(brief(await read(`${lines.at(-2)}\n`)), [[300], 0, 0]);
    const large = { ...(stamps[0] as Stamp), note: 'x'.repeat(20_000_000) };
    assert.equal(formatTimestamps([large, large, stamps[1] as Stamp]).split('\n').length, 3);
  });

  test('any change is noticed, or is one of the content, and none throws', async () => {
    const whole = Buffer.from(formatTimestamps(stamps));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 4 }), async (at, put) => {
        const file = new Uint8Array(Buffer.concat([whole.subarray(0, at), put, whole.subarray(at + 1)]));
        const { tokens, ahead, unreadable } = await read(file);
        if (unreadable + ahead > 0) return;
        // Read in full: then it is exactly what is written of what was read.
        assert.equal(formatTimestamps(tokens), Buffer.from(file).toString());
      }),
      { numRuns: 200 },
    );
  });
});
