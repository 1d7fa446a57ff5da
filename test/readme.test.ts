import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './package/sources.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Runs an example in a folder, with the library as it stands here, and gives what it prints. */
function run(dir: string, example: string): string {
  const source = (name: string): string =>
    JSON.stringify(pathToFileURL(join(root, 'src', name === '' ? 'index.ts' : `${name}/mod.ts`)).href);
  const text = example.replaceAll(/'tallystick(?:\/([a-z]+))?'/g, (_, name: string | undefined) =>
    source(name ?? ''),
  );
  writeFileSync(join(dir, 'example.ts'), text);
  return execFileSync(process.execPath, ['example.ts'], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, TALLYSTICK_STATE: join(dir, 'state') },
  });
}

describe('README', () => {
  test('its library examples run, one after the other, and do what they say', () => {
    const dir = mkdtempSync(join(tmpdir(), 'tallystick-readme-'));
    try {
      const [first, second, third, ...others] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(
        ([, text]) => run(dir, text as string),
      );
      assert.match(first as string, /^1 tallystick-[0-9a-f]{8}\/signer-1\n2\n/);
      assert.match(first as string, /\nverified complete through record 2\nintact\n$/);
      assert.equal(second, "[ 'Pay', 'Pay' ]\n[ 'KEYGEN' ]\n[ 'Pya' ]\n");
      assert.equal(third, 'rel-2027 made\n1 attempted, 0 without outcome\n');
      assert.deepEqual(others, []);
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
