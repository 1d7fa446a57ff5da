import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES } from '../../src/errors.ts';
import { sourceFiles } from './sources.ts';

const users = sourceFiles().filter((file) => file.path !== 'errors.ts');

test('every code that is thrown stands in the table', () => {
  const unknown: string[] = [];
  for (const file of users) {
    for (const [, code] of file.text.matchAll(/new \w+Error\(\s*'([A-Z][A-Z_]+)'/g)) {
      if (!Object.hasOwn(ERROR_CODES, code!)) unknown.push(`${file.path}: ${code}`);
    }
  }
  assert.deepEqual(unknown, []);
});

test('every code in the table is used', () => {
  const unused = Object.keys(ERROR_CODES).filter(
    (code) => !users.some((file) => file.text.includes(`'${code}'`)),
  );
  assert.deepEqual(unused, []);
});
