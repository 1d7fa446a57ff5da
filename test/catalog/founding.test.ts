/** What `tallystick catalog --json` lists, against the founding documents themselves. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AUDIT_COLUMNS } from '../../src/catalog/mod.ts';
import { readShared, skipWithoutShared as skip } from '../dialects/shared.ts';

interface Row {
  readonly system: string;
  readonly component: string | null;
  readonly event: string;
  readonly aliases: readonly string[];
  readonly fields: readonly { readonly name: string }[];
}

function seed(name: string): string {
  return Buffer.from(readShared(`seeds/${name}.txt`)).toString();
}

describe('the founding documents', { skip }, () => {
  let rows: readonly Row[];

  before(() => {
    const launcher = fileURLToPath(new URL('../../bin/tallystick.js', import.meta.url));
    rows = execFileSync(process.execPath, [launcher, 'catalog', '--json'], { maxBuffer: 64 * 1024 * 1024 })
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
  });

  function find(system: string, event: string, component?: string): Row | undefined {
    return rows.find(
      (row) =>
        row.system === system &&
        (component === undefined || row.component === component) &&
        [row.event, ...row.aliases].includes(event),
    );
  }

  test('SignServer: every event with its fields, in each module that has it', () => {
    const [, list = ''] = seed('001_7127fdd4af702192').split('Available log events');
    const sections = list.split(/^(?=[A-Z][A-Z_]{3,}$)/m).filter((text) => /^[A-Z_]+\n\nLogged/.test(text));
    assert.equal(sections.length, 16);
    let fields = 0;
    for (const section of sections) {
      const event = section.slice(0, section.indexOf('\n'));
      const modules = new Set(
        [...section.matchAll(/EVENT: [A-Z_]+; MODULE: ([A-Z_]+);/g)].map(([, m]) => m!),
      );
      assert.ok(modules.size > 0, event);
      // Of an event of two modules each has a list of its own, before its example.
      for (const part of section.split(/(?=^With MODULE: )/m)) {
        const told = /^With MODULE: ([A-Z_]+)/.exec(part)?.[1];
        const names = [...part.matchAll(/^([A-Z][A-Z_]+):\s(?!null)/gm)].map(([, name]) => name!);
        for (const module of told === undefined ? modules : [told]) {
          const row = find('signserver', event, module);
          assert.ok(row !== undefined, `${module} ${event}`);
          for (const name of names.filter((name) => name !== 'EVENT')) {
            fields++;
            assert.ok(
              row.fields.some((field) => field.name === name),
              `${module} ${event}: ${name}`,
            );
          }
        }
      }
    }
    assert.ok(fields > 35, String(fields));
  });

  test('SignServer: every column of the table of its database', () => {
    const [, list = ''] = seed('004_cdf6af580d9ec524').split('Table Name\nDescription\n');
    const columns = new Map(AUDIT_COLUMNS.map(({ name, column }) => [`${name}${column}`, column]));
    const told = list.split('\n').filter((line) => /^[A-Z][A-Za-z ]*[a-z][A-Z]?[A-Za-z0-9]+$/.test(line));
    const found = told.flatMap((line) => columns.get(line) ?? []);
    assert.equal(found.length, 13, told.join());
    const page = readFileSync(new URL('../../docs/catalogs/signserver.md', import.meta.url), 'utf8');
    for (const column of found) assert.ok(page.includes(`| \`${column}\` |`), column);
  });

  test('Dogtag: every event of the table', () => {
    const [, list = ''] = seed('002_8b868af26f64f634').split('Logging Event Type of Log Messages Generated');
    const events = [...list.matchAll(/^([A-Z][A-Z_]{4,})(?: |$)/gm)].map(([, name]) => name!);
    assert.equal(events.length, 38);
    for (const event of events) assert.ok(find('dogtag', event) !== undefined, event);
  });

  test('DigiCert: every action, field of a signature, and metadata key', () => {
    const text = seed('000_7418c32014dbf6fc');
    const between = (from: string, to: string): string[] =>
      text
        .slice(text.indexOf(from) + from.length, text.indexOf(to, text.indexOf(from)))
        .split('\n')
        .filter((line) => line !== '');
    const actions = between('Actions\n\nDescription\n', 'Signature logs\n').filter(
      (line) => !line.endsWith('.'),
    );
    assert.equal(actions.length, 15);
    for (const action of actions) assert.ok(find('digicert', action) !== undefined, action);
    const fields = between('Fields\n\nDescription\n', 'Signature metadata\n').filter(
      (line) => !line.endsWith('.'),
    );
    assert.equal(fields.length, 11);
    const keys = between('Metadata key\n', 'Metadata value\n').filter((line) => line.includes('•'));
    assert.equal(keys.length, 8);
    const known = find('digicert', 'Signature')!.fields.map(({ name }) => name);
    for (const name of [...fields, ...keys.map((line) => line.replace(/^.*• */, ''))])
      assert.ok(known.includes(name), name);
  });

  test('X-Road: every event of each component', () => {
    // Fields are compared in xroad.test.ts, which reads the document's tables.
    for (const component of ['central-server', 'security-server', 'signer-console'])
      assert.ok(rows.some((row) => row.system === 'xroad' && row.component === component));
  });
});
