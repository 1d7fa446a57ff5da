import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';

const TEXT = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

/** The part under a heading. */
function section(name: string): string {
  const from = TEXT.indexOf(`\n## ${name}\n`);
  assert.ok(from >= 0, `docs/cli.md has no section ${name}`);
  const to = TEXT.indexOf('\n## ', from + 1);
  return TEXT.slice(from, to < 0 ? undefined : to);
}

test('docs/cli.md has every command with every option of its own', () => {
  const rules = section('Rules for all commands');
  for (const { name, options } of COMMANDS) {
    const own = section(name);
    for (const option of options) {
      assert.ok(`${own}${rules}`.includes(`--${option.name}`), `${name}: --${option.name}`);
    }
  }
});

test('docs/cli.md has no command and no option that is not there', () => {
  const sections = [...TEXT.matchAll(/^## (.*)$/gm)].map(([, name]) => name).slice(1);
  assert.deepEqual(
    sections,
    COMMANDS.map(({ name }) => name),
  );
  const options = new Set(COMMANDS.flatMap((command) => command.options.map(({ name }) => name)));
  for (const [, name] of TEXT.matchAll(/--([a-z][a-z-]*)/g)) {
    assert.ok(options.has(name as string) || name === 'json' || name === 'help', `--${name}`);
  }
});
