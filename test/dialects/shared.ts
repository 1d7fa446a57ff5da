import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Reference material beside the checkout. It is not part of the project: tests that need it run where it is.
 */
const folder = fileURLToPath(new URL('../../../shared', import.meta.url));

const hasShared: boolean = existsSync(path.join(folder, 'samples'));

/** False, or why tests that need the reference material are left out. In CI it has to be there. */
export const skipWithoutShared: false | string = hasShared
  ? false
  : 'no reference material beside the checkout';

if (process.env.CI) assert.ok(hasShared, 'in CI the reference material must stand beside the checkout');

export function readShared(name: string): Uint8Array {
  return new Uint8Array(readFileSync(path.join(folder, name)));
}

/** All files below a folder, by their path in it. */
export function listShared(below: string): string[] {
  const cwd = path.join(folder, below);
  return globSync('**/*', { cwd })
    .filter((file) => statSync(path.join(cwd, file)).isFile())
    .map((file) => file.split(path.sep).join('/'))
    .sort();
}
