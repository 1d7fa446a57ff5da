import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosignCheckpoint } from '../../src/checkpoint/mod.ts';
import { configWrite, cosignatureWrites, readCosigned } from '../../src/witness/client/kept.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { FakeLog } from './fake-log.ts';

const DAY = 1_800_000_000_000;

/** A log's state, and witnesses that cosign what it is grown to. */
class State {
  readonly map = new Map<string, string>();
  #at = DAY;

  constructor(names: readonly string[]) {
    for (const name of names) {
      const { key, value } = configWrite('a', name, { name, url: 'http://w', vkeys: [], addedAt: DAY });
      this.map.set(key, value as string);
    }
  }

  async cosign(note: string, size: number, ...by: readonly string[]): Promise<void> {
    for (const name of by) {
      const text = note.slice(0, note.indexOf('\n\n') + 1);
      const lines = await cosignCheckpoint(text, name, testSigner(name), 1);
      const kept = { name, size, time: 1, receivedAt: ++this.#at, note, lines };
      for (const { key, value } of cosignatureWrites('a', kept, this.map)) {
        if (value === null) this.map.delete(key);
        else this.map.set(key, value);
      }
    }
  }

  /** Who has cosigned which size, as it is kept. */
  get kept(): readonly (readonly [number, string])[] {
    return readCosigned(this.map, 'a').map(({ size, witnesses }) => {
      const names = witnesses.map(({ name }) => name).sort();
      return [size, names.join('')];
    });
  }
}

test('the newest checkpoint that several have cosigned is kept for as long as one of them has nothing newer', async () => {
  const log = new FakeLog('log.example/a');
  const notes = new Map<number, string>();
  for (let size = 1; size <= 6; size++) notes.set(size, await log.note(size));
  const state = new State(['a', 'b', 'c']);
  const cosign = (size: number, ...by: string[]) => state.cosign(notes.get(size) as string, size, ...by);
  await cosign(1, 'a');
  await cosign(2, 'b', 'c', 'a');
  await cosign(3, 'a', 'b');
  // c is away: its newest is still that of all three, and behind it there is that of two.
  await cosign(4, 'a');
  assert.deepEqual(state.kept, [
    [4, 'a'],
    [3, 'ab'],
    [2, 'abc'],
    [1, 'a'],
  ]);
  await cosign(5, 'a', 'b');
  assert.deepEqual(state.kept, [
    [5, 'ab'],
    [2, 'abc'],
    [1, 'a'],
  ]);
  // It is back: what was kept for its sake goes, but for the first of the day of b and c.
  await cosign(6, 'c', 'a', 'b');
  assert.deepEqual(state.kept, [
    [6, 'abc'],
    [2, 'bc'],
    [1, 'a'],
  ]);
});

test('for a witness that was removed nothing is kept back', async () => {
  const log = new FakeLog('log.example/a');
  const state = new State(['a']);
  await state.cosign(await log.note(1), 1, 'a', 'gone');
  await state.cosign(await log.note(2), 2, 'a');
  await state.cosign(await log.note(3), 3, 'a');
  assert.deepEqual(state.kept, [
    [3, 'a'],
    [1, 'agone'],
  ]);
});
