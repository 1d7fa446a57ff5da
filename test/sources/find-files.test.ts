import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { dialectByName } from '../../src/dialects/mod.ts';
import { type Chosen, type FoundFile, findFiles } from '../../src/sources/mod.ts';
import { folder } from './fake-log.ts';
import { CSV_HEADER, csvRow, xroadLine, xroadLines } from './lines.ts';

const DETECT: Chosen = { dialect: null, force: false };

/** `name: dialect` or `name: code` of each. */
function told(files: readonly FoundFile[]): string[] {
  return files.map(
    (file) =>
      `${basename(file.path)}: ${'error' in file ? file.error.code : (file.dialect?.name ?? 'empty')}`,
  );
}

describe('finding the files to import', () => {
  test('rotated files come oldest first, by the time of their first record', async (t) => {
    const at = folder(t);
    writeFileSync(at('audit.log'), xroadLines(30, 32));
    writeFileSync(at('audit.log.1'), xroadLines(20, 22));
    writeFileSync(at('audit.log.10'), xroadLines(0, 2));
    writeFileSync(at('audit.log.2'), `no time here\n${xroadLines(10, 12)}`);
    const found = await findFiles([at('')], DETECT);
    assert.deepEqual(
      found.map(({ path }) => basename(path)),
      ['audit.log.10', 'audit.log.2', 'audit.log.1', 'audit.log'],
    );
  });

  test('of files that begin in the same second, by their names', async (t) => {
    const at = folder(t);
    const names = [
      'ca_audit.20261120094624',
      'ca_audit.20261120094625',
      'ca_audit',
      'log.11',
      'log.2',
      'log',
    ];
    for (const name of names) writeFileSync(at(name), xroadLine(0));
    const found = await findFiles([at('')], DETECT);
    assert.deepEqual(
      found.map(({ path }) => basename(path)),
      names,
    );
  });

  test('folders are read in full, each file once', async (t) => {
    const at = folder(t);
    mkdirSync(at('a/b'), { recursive: true });
    writeFileSync(at('a/b/deep.csv'), CSV_HEADER + csvRow(0));
    writeFileSync(at('a/top.log'), xroadLine(5));
    writeFileSync(at('a/empty.log'), '');
    symlinkSync(at('a'), at('a/b/loop'));
    symlinkSync(at('a/top.log'), at('a/link.log'));
    const found = await findFiles([at('a'), at('a')], DETECT);
    assert.deepEqual(told(found).sort(), [
      'deep.csv: digicert-csv/1',
      'empty.log: empty',
      'link.log: xroad/1',
      'top.log: xroad/1',
    ]);
  });

  test('what is no log is refused by name, and comes last', async (t) => {
    const at = folder(t);
    writeFileSync(at('a.bin'), Buffer.from('\x7fELF\0\0\x01\xff\xfe'.repeat(50), 'latin1'));
    writeFileSync(at('b.txt'), 'just words\n');
    writeFileSync(at('c.log'), xroadLine(0));
    const found = await findFiles([at('missing'), at('')], DETECT);
    assert.deepEqual(told(found), [
      'c.log: xroad/1',
      'a.bin: DIALECT_UNKNOWN',
      'b.txt: DIALECT_UNKNOWN',
      'missing: FILE_UNREADABLE',
    ]);
  });

  test('a named dialect is taken where none is recognised, and refused where another is, unless forced', async (t) => {
    const at = folder(t);
    const dialect = dialectByName('dogtag');
    writeFileSync(at('words'), 'just words\n');
    writeFileSync(at('xroad'), xroadLine(0));
    assert.deepEqual(told(await findFiles([at('words'), at('xroad')], { dialect, force: false })).sort(), [
      `words: ${dialect?.name}`,
      'xroad: DIALECT_MISMATCH',
    ]);
    assert.deepEqual(told(await findFiles([at('xroad')], { dialect, force: true })), [
      `xroad: ${dialect?.name}`,
    ]);
  });
});
