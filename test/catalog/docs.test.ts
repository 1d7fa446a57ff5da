import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { catalogDocs } from '../../scripts/catalog-docs.ts';
import { BUILT_IN } from '../../src/catalog/mod.ts';

const FOLDER = new URL('../../docs/catalogs/', import.meta.url);
const docs = catalogDocs();

describe('docs/catalogs', () => {
  for (const [name, text] of docs) {
    test(`${name} is what the tables say`, () => {
      const written = readFileSync(new URL(name, FOLDER), 'utf8');
      assert.ok(written === text, `docs/catalogs/${name} is not current; run: npm run docs`);
    });
  }

  test('there is nothing else', () => {
    assert.deepEqual(readdirSync(FOLDER).sort(), [...docs.keys()].sort(), 'run: npm run docs');
  });

  for (const { system, events, table } of BUILT_IN.values()) {
    test(`${system}: every event, alias and field is in it, and every link leads somewhere`, () => {
      const text = docs.get(`${system}.md`) as string;
      for (const { event, aliases = [] } of events) {
        assert.ok(text.includes(`</a>${event}\n`), event);
        for (const alias of aliases) assert.ok(text.includes(`\`${alias}\``), alias);
      }
      for (const name of Object.keys(table.fields)) assert.ok(text.includes(`| \`${name}\` |`), name);
      const anchors = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id);
      assert.equal(new Set(anchors).size, anchors.length, 'anchors are unique');
      assert.deepEqual(
        [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, id]) => id),
        anchors,
      );
    });
  }
});
