import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './package/sources.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('README', () => {
  test('its library example runs and does what it says', () => {
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
    assert.ok(example, 'README.md has a ts example');
    const dir = mkdtempSync(join(tmpdir(), 'tallystick-readme-'));
    try {
      const library = pathToFileURL(join(root, 'src/index.ts')).href;
      writeFileSync(join(dir, 'example.ts'), example.replace("'tallystick'", JSON.stringify(library)));
      const output = execFileSync(process.execPath, ['example.ts'], {
        cwd: dir,
        encoding: 'utf8',
        env: { ...process.env, TALLYSTICK_STATE: join(dir, 'state') },
      });
      assert.match(output, /^1 tallystick-[0-9a-f]{8}\/signer-1\n2\n/);
      assert.match(output, /\nverified complete through record 2\nintact\n$/);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('the files it links to are there', () => {
    for (const [, path] of readme.matchAll(/\]\(([^)#]+)/g)) {
      if (path?.startsWith('http')) continue;
      assert.ok(existsSync(join(root, path as string)), `${path} is linked from README.md`);
    }
  });
});
