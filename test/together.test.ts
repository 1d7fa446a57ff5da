import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { describe, test } from 'node:test';
import { root } from './package/sources.ts';
import { loaderOf, sharer } from './together.ts';

describe('which files share a process', () => {
  const beside: Readonly<Record<string, string>> = {
    'src/pure.ts': "import type { Worker } from 'node:worker_threads';\nimport './other.ts';\n",
    'src/other.ts': "import './pure.ts';\n",
    'src/deep.ts': "import './spawns.ts';\n",
    'src/spawns.ts': "import { spawn } from 'node:child_process';\n",
    'src/threads.ts': "new Worker(new URL('./pure.ts', import.meta.url));\n",
  };
  const cases: readonly (readonly [string, boolean, string])[] = [
    [
      'of pure code',
      true,
      "import { test } from 'node:test';\nimport '../src/pure.ts';\nimport fc from 'fast-check';",
    ],
    ['that goes by what CI says', true, 'const isCi = process.env.CI !== undefined;'],
    ['with hooks within a suite', true, "describe('all', () => {\n  before(() => {});\n});"],
    ['with hooks for all files', false, 'before(() => {});'],
    ['that changes the environment', false, "process.env.TZ = 'UTC';"],
    ['that changes what is global', false, 'globalThis.fetch = fake;'],
    ['that mocks', false, 'mock.timers.enable();'],
    ['that starts a process', false, "import { spawn } from 'node:child_process';"],
    ['that starts one by what it imports', false, "import '../src/pure.ts';\nimport '../src/deep.ts';"],
    ['that starts a thread by what it imports', false, "import '../src/threads.ts';"],
    ['that imports what nobody can tell', false, 'await import(name);'],
  ];
  for (const [name, may, text] of cases) {
    test(`${name}: ${may}`, () => {
      const shares = sharer((file) => (file === 'test/a.test.ts' ? text : (beside[file] as string)));
      assert.equal(shares('test/a.test.ts'), may);
      assert.equal(shares('test/a.test.ts'), may, 'asked again');
    });
  }
});

test('one that fails or cannot be loaded is named, fails the run, and keeps no other from running', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tallystick-together-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = {
    'broken.test.mjs': "throw new Error('broken at once');",
    'failing.test.mjs':
      "import { test } from 'node:test';\ntest('fails', () => {\n  throw new Error('x');\n});\n",
    'good.test.mjs': "import { test } from 'node:test';\ntest('holds', () => {});\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const loader = path.join(folder, 'loader.mjs');
  writeFileSync(
    loader,
    loaderOf(Object.keys(files).map((name) => path.relative(root, path.join(folder, name)))),
  );
  // A run of its own, and no part of this one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const argv = ['--test', '--test-reporter=tap', loader];
  const { status, stdout } = spawnSync(process.execPath, argv, { cwd: folder, env, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stdout, /^not ok \d+ - \S*broken\.test\.mjs is loaded$[\s\S]*broken at once/m);
  assert.match(stdout, /^not ok \d+ - fails$[\s\S]*location: '\S*failing\.test\.mjs:2:1'/m);
  assert.match(stdout, /^ok \d+ - holds$/m);
  assert.match(stdout, /^# tests 3\n(?:# .*\n)*# pass 1\n# fail 2$/m);
});
