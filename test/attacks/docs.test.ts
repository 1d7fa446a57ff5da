import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { attackDocs } from '../../scripts/attack-docs.ts';
import { ATTACKS, KEY_CHANGE_ATTACKS } from '../../src/cli/demo/attacks.ts';

const FILE = new URL('../../docs/attacks.md', import.meta.url);

test('docs/attacks.md is what the table says', () => {
  const text = attackDocs();
  assert.ok(readFileSync(FILE, 'utf8') === text, 'docs/attacks.md is not current; run: npm run docs');
  for (const { title } of [...ATTACKS, ...KEY_CHANGE_ATTACKS]) assert.ok(text.includes(`| ${title}`), title);
  for (let number = 1; number <= 15; number++) {
    const part = text.slice(text.indexOf(`\n### ${number}. `)).split('\n### ')[1] ?? '';
    assert.ok(part.split('\n').length > 3, `class ${number} says what is found`);
  }
});
