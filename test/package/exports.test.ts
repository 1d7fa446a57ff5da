import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from './sources.ts';

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** Of every code entry point: the name one imports, and the file it is built from. */
const entries = Object.entries<string>(manifest.exports)
  .filter(([subpath]) => subpath !== './package.json')
  .map(([subpath, file]) => ({
    name: path.posix.join(manifest.name, subpath),
    source: file.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts'),
  }));

test('every export is built from a source file', () => {
  const missing = entries.filter(({ source }) => !existsSync(path.join(root, source)));
  assert.deepEqual(missing, []);
});

test('every export stands in the architecture document', () => {
  const text = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
  const missing = entries.filter(({ name }) => !text.includes(`\`${name}\``));
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  );
});
