import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Gate } from '../../src/reader/gate.ts';

/** Work that goes on until it is told to end, and that writes down when it began. */
function work(began: string[], name: string): { run: () => Promise<string>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return {
    run: () => {
      began.push(name);
      return promise;
    },
    end: () => resolve(name),
  };
}

test('so many are let through at a time, the others in the order they came', async () => {
  const gate = new Gate(2);
  const began: string[] = [];
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => work(began, name));
  const answers = all.map(({ run }) => gate.pass(run));
  await turn();
  assert.equal(began.join(''), 'ab');
  all[1]?.end();
  await answers[1];
  await turn();
  assert.equal(began.join(''), 'abc');
  all[0]?.end();
  all[2]?.end();
  await answers[2];
  await turn();
  assert.equal(began.join(''), 'abcde');
  for (const { end } of all) end();
  assert.deepEqual(await Promise.all(answers), ['a', 'b', 'c', 'd', 'e']);
  assert.equal(await gate.pass(async () => 'and again'), 'and again');
});

test('who comes when a place becomes free is not before one who waits', async () => {
  const gate = new Gate(1);
  const began: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => work(began, name));
  const first = gate.pass(a!.run);
  const second = gate.pass(b!.run);
  a!.end();
  const third = first.then(() => gate.pass(c!.run));
  b!.end();
  c!.end();
  await Promise.all([second, third]);
  assert.equal(began.join(''), 'abc');
});

test('who gives up is not let in any more, and those behind move up', async () => {
  const gate = new Gate(1);
  const began: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => work(began, name));
  const first = gate.pass(a!.run);
  const stop = new AbortController();
  const reason = new Error('not wanted any more');
  const second = gate.pass(b!.run, stop.signal);
  const third = gate.pass(c!.run);
  stop.abort(reason);
  await assert.rejects(second, reason);
  await assert.rejects(gate.pass(b!.run, stop.signal), reason);
  a!.end();
  c!.end();
  await Promise.all([first, third]);
  assert.equal(began.join(''), 'ac');
});

test('work that fails gives its place back', async () => {
  const gate = new Gate(1);
  const failure = new Error('failed');
  await assert.rejects(
    gate.pass(() => Promise.reject(failure)),
    failure,
  );
  assert.equal(await gate.pass(async () => 1), 1);
});
