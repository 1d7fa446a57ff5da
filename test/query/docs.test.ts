import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { formatQuery, NUMBER_FIELDS, OBJECT_KINDS, parseQuery, TEXT_FIELDS } from '../../src/query/mod.ts';

const text = readFileSync(new URL('../../docs/query.md', import.meta.url), 'utf8');

describe('docs/query.md', () => {
  // Prose, language, code, empty, and again.
  const fenced = text.split(/^```(\w*)$/m);
  const blocks = fenced.filter((_, i) => i % 4 === 2 && fenced[i - 1] === '');
  const glance = /## At a glance\n([\s\S]*?)\n## /.exec(text)![1]!;
  const inTable = [...glance.matchAll(/^\| (`.*?) \|/gm)].flatMap((row) =>
    [...row[1]!.matchAll(/`([^`]+)`/g)].map((code) => code[1]!),
  );
  const queries = [...blocks.flatMap((block) => block.trim().split('\n')), ...inTable];

  test('has examples that are read', () => {
    assert.ok(queries.length > 15);
    for (const query of queries) {
      const filter = parseQuery(query, { now: 1_790_000_000_000 });
      assert.deepEqual(parseQuery(formatQuery(filter)), filter, query);
    }
  });

  test('names every field in its grammar', () => {
    const grammar = /```ebnf\n([\s\S]*?)```/.exec(text)![1]!;
    for (const field of [...TEXT_FIELDS, ...NUMBER_FIELDS, ...OBJECT_KINDS]) {
      assert.ok(grammar.includes(`"${field}"`), field);
    }
  });
});
