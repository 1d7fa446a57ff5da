import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { type Io, Output } from '../../src/cli/io.ts';
import { Progress } from '../../src/cli/progress.ts';
import { Sandbox } from './harness.ts';

const ESC = '\x1b';

describe('colours', () => {
  const cases: readonly [string, boolean, Record<string, string>, boolean][] = [
    ['on a terminal', true, {}, true],
    ['not on a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['not on a dumb terminal', true, { TERM: 'dumb' }, false],
    ['not in a pipe', false, {}, false],
  ];
  for (const [name, terminal, env, expected] of cases) {
    test(name, async (t) => {
      const box = new Sandbox(t);
      await box.fill(1);
      assert.equal((await box.ok(['tail'], { terminal, env })).out.includes(ESC), expected);
      assert.ok(!(await box.ok(['tail', '--json'], { terminal, env })).out.includes(ESC));
    });
  }
});

function world(terminal: boolean): { io: Io; text(): string; at(ms: number): void } {
  const stream: PassThrough & { isTTY?: boolean } = new PassThrough();
  stream.isTTY = terminal;
  let text = '';
  stream.on('data', (part) => {
    text += String(part);
  });
  let now = 0;
  const output = new Output(stream, {}, () => {});
  const io: Io = {
    ...{ stdin: new PassThrough(), stdout: output, stderr: output, env: {}, cwd: '/', program: 'tallystick' },
    signal: new AbortController().signal,
    now: () => now,
  };
  return {
    io,
    text: () => text,
    at: (ms) => {
      now = ms;
    },
  };
}

describe('progress', () => {
  test('is shown for long work on a terminal, and taken away at the end', () => {
    const { io, text, at } = world(true);
    const progress = new Progress(io, 'working');
    progress.update(1, 1_000);
    assert.equal(text(), '');
    at(1_500);
    progress.update(500, 1_000);
    progress.update(501, 1_000);
    assert.equal(text(), `\r${ESC}[Kworking: 500 of 1,000 50 %`);
    progress.clear();
    progress.clear();
    assert.ok(text().endsWith(`50 %\r${ESC}[K`));
  });

  test('is not shown elsewhere', () => {
    const { io, text, at } = world(false);
    const progress = new Progress(io, 'working');
    at(5_000);
    progress.update(500, 1_000);
    progress.clear();
    assert.equal(text(), '');
  });
});
