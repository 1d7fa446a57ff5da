import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Inbox } from '../../src/cli/inbox.ts';
import { LineSplitter } from '../../src/cli/ndjson.ts';

function split(chunks: readonly Uint8Array[], maxBytes: number): (string | null)[] {
  const splitter = new LineSplitter(maxBytes);
  const lines = [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
  assert.deepEqual(
    lines.map(({ number }) => number),
    lines.map((_, i) => i + 1),
  );
  return lines.map(({ bytes }) => bytes && Buffer.from(bytes).toString('latin1'));
}

describe('splitting input into lines', () => {
  test('gives the same lines however the input is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r') });
    fc.assert(
      fc.property(text, fc.array(fc.nat(100)), (input, cuts) => {
        const bytes = Buffer.from(input);
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
        const expected = input.split('\n');
        if (expected.at(-1) === '') expected.pop();
        assert.deepEqual(split(chunks, 1_000), expected);
      }),
    );
  });

  test('a line that is too long is not kept, and the next one is whole', () => {
    const chunks = ['aaa', 'aaa\nbbbb\n', 'ccccc', 'c'].map((text) => Buffer.from(text));
    assert.deepEqual(split(chunks, 5), [null, 'bbbb', null]);
  });
});

describe('the inbox', () => {
  test('hands over what has come, in order, as much as is allowed at a time', async () => {
    const inbox = new Inbox<number>(3, 100);
    for (const item of [1, 2, 3, 4, 5]) await inbox.put(item, 1);
    inbox.end();
    const takings: number[][] = [];
    for await (const taking of inbox.takings()) takings.push(taking);
    assert.deepEqual(takings, [
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test('sizes of a taking add up to the bound at the most, but for a larger item alone', async () => {
    const inbox = new Inbox<string>(10, 5);
    await inbox.put('a', 3);
    await inbox.put('b', 2);
    await inbox.put('c', 4);
    const more = inbox.put('d', 50);
    const taking = inbox.takings();
    assert.deepEqual((await taking.next()).value, ['a', 'b']);
    const last = inbox.put('e', 1);
    assert.deepEqual((await taking.next()).value, ['c']);
    assert.deepEqual((await taking.next()).value, ['d']);
    await Promise.all([more, last]);
    assert.deepEqual((await taking.next()).value, ['e']);
  });

  test('who puts too much waits for room; who takes waits for something', async () => {
    const inbox = new Inbox<number>(1, 100);
    const log: string[] = [];
    const putting = (async () => {
      for (const item of [1, 2, 3, 4]) {
        await inbox.put(item, 1);
        log.push(`put ${item}`);
      }
      inbox.end();
    })();
    await new Promise(setImmediate);
    assert.deepEqual(log, ['put 1']);
    const takings: number[][] = [];
    for await (const taking of inbox.takings()) takings.push(taking);
    await putting;
    assert.deepEqual(takings, [[1], [2], [3], [4]]);
  });
});
