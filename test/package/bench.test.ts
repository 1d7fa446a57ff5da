import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

test('a bench that is asked for wrongly says so in one line', () => {
  for (const [args, what] of [
    [['--records', 'x'], /^bench: --records is "x"; it must be a multiple of 1,000\n$/],
    [['--dir', '/no/such/place'], /^bench: there is no directory \/no\/such\/place\n$/],
    [['--no-such-option'], /^bench: Unknown option '--no-such-option'.*\n$/],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    assert.equal(status, 2, stderr);
    assert.match(stderr, what);
    assert.equal(stdout, '');
  }
});
