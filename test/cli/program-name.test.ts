import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programName } from '../../src/cli/process-io.ts';
import { Sandbox } from './harness.ts';

test('the program is named as it was started', (t) => {
  if (process.platform === 'win32') return t.skip('a file is started otherwise there');
  for (const [started, cwd, name] of [
    ['/usr/bin/tallystick', '/home/a', 'tallystick'],
    ['/home/a/node_modules/.bin/tallystick', '/home/a', 'tallystick'],
    ['/home/a/checkout/bin/tallystick.js', '/home/a/checkout', 'bin/tallystick.js'],
    ['/home/a/checkout/bin/tallystick.js', '/home/a/checkout/docs', '/home/a/checkout/bin/tallystick.js'],
    ['/home/a b/bin/tallystick.js', '/', '"home/a b/bin/tallystick.js"'],
  ] as const) {
    assert.equal(programName(started, cwd), name);
  }
});

test('a new server greets with commands that can be typed', { timeout: 60_000 }, async (t) => {
  const box = new Sandbox(t);
  const stop = new AbortController();
  const { code, out } = await box.run(
    ['serve', '--port', '0', '--log-level', 'silent', '--data', 'else where'],
    {
      program: 'bin/tallystick.js',
      signal: stop.signal,
      onOut: (text) => {
        if (text.includes('Ctrl-C')) stop.abort('SIGTERM');
      },
    },
  );
  assert.equal(code, 0);
  const data = JSON.stringify(box.at('else where'));
  assert.ok(out.includes(`\n  bin/tallystick.js import FILE… --data ${data}    takes in`), out);
  assert.ok(out.includes(`\n  bin/tallystick.js verify       --data ${data}    checks`), out);
});
