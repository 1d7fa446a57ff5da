import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { lockImports } from '../../src/cli/import-lock.ts';
import { outcomeText } from '../../src/cli/import-text.ts';
import { Output } from '../../src/cli/io.ts';
import { LogError } from '../../src/errors.ts';
import { newSummary } from '../../src/sources/summary.ts';
import { CSV_HEADER, csvRow, xroadLine, xroadLines } from '../sources/lines.ts';
import { assertSafe, Sandbox } from './harness.ts';

/** A file that is no log at all. */
const BINARY = Buffer.from('\x7fELF\0\0\x01\xff\xfe'.repeat(50), 'latin1');

describe('import', () => {
  test('files and folders go in, oldest first; again they add nothing; grown, only what is new', async (t) => {
    const box = new Sandbox(t);
    mkdirSync(box.at('logs'));
    writeFileSync(box.at('logs', 'audit.log'), xroadLines(10, 13));
    writeFileSync(box.at('logs', 'audit.log.1'), xroadLines(5, 10));
    writeFileSync(box.at('logs', 'audit.log.2'), xroadLines(0, 5));
    writeFileSync(box.at('export.csv'), CSV_HEADER + csvRow(0));

    const { out } = await box.ok(['import', 'export.csv', 'logs', '--node', 'n1']);
    assert.match(out, /^logs\/audit\.log\.2 {2}xroad\/1: 5 records: n1\/2 to 6$/m);
    assert.match(out, /^4 files: 14 records sealed$/m);
    const found = await box.ok(['search', 'system:xroad', '--order', 'oldest', '--json']);
    assert.deepEqual(
      found.json.records.map(({ record }: { record: { actor: { name: string } } }) => record.actor.name),
      Array.from({ length: 13 }, (_, n) => `user${n}`),
    );

    assert.match(
      (await box.ok(['import', 'export.csv', 'logs'])).out,
      /^4 files: 0 records sealed; 4 without/m,
    );
    appendFileSync(box.at('logs', 'audit.log'), xroadLine(13));
    assert.match((await box.ok(['import', 'logs/audit.log'])).out, /1 record: n1\/15, from byte \d+ on\n$/);
    assert.equal((await box.ok(['checkpoint', '--json'])).json.size, 16);
  });

  test('what is no log, or of another system than stated, is refused by name; the others go in', async (t) => {
    const box = new Sandbox(t);
    writeFileSync(box.at('a.bin'), BINARY);
    writeFileSync(box.at('b.csv'), CSV_HEADER + csvRow(0));
    writeFileSync(box.at('c.log'), xroadLines(0, 2));
    const paths = ['a.bin', 'b.csv', 'c.log', 'missing.log'];
    const { code, lines } = await box.run(['import', ...paths, '--system', 'xroad', '--json']);
    assert.equal(code, 1);
    const told = lines.map(({ path, status, error }) => [path && basename(path), status, error?.code]);
    assert.deepEqual(told, [
      ['c.log', 'imported', undefined],
      ['a.bin', 'imported', undefined],
      ['b.csv', 'refused', 'DIALECT_MISMATCH'],
      ['missing.log', 'refused', 'FILE_UNREADABLE'],
      [undefined, undefined, undefined],
    ]);
    assert.deepEqual(lines.at(-1), { end: true, files: 4, records: 3, unchanged: 0, refused: 2 });
  });

  test('values that are many times as long when sealed go in', async (t) => {
    const box = new Sandbox(t);
    const value = '\x01'.repeat(900_000);
    const line = `2026-10-20 06:40:11,443 INFO  [SignServerLog4jDevice] EVENT: KEYGEN; OUTCOME: SUCCESS; KEYALIAS: ${value}; REPLY_TIME:1792478411443\n`;
    writeFileSync(box.at('a.log'), line + line);
    assert.match(
      (await box.ok(['import', 'a.log', '--node', 'n1'])).out,
      /signserver-text\/1: 2 records: n1\/1 to 2$/m,
    );
    assert.match(
      (await box.ok(['import', 'a.log'])).out,
      /nothing new, \d[\d,]+ bytes are in the log already\n$/,
    );
  });

  test('what is compressed is said to be so, also where a system is stated', async (t) => {
    const box = new Sandbox(t);
    const text = xroadLines(0, 3);
    writeFileSync(box.at('a.log.gz'), gzipSync(text));
    writeFileSync(box.at('b.log.zst'), zstdCompressSync(text));
    for (const stated of [[], ['--system', 'xroad']]) {
      const { code, out } = await box.run(['import', 'a.log.gz', 'b.log.zst', ...stated]);
      assert.equal(code, 1);
      assert.match(out, /^a\.log\.gz {2}refused: is compressed; .*\(gzip\)/m);
      assert.match(out, /^b\.log\.zst {2}refused: is compressed; .*\(zstd\)/m);
    }
    assert.equal(existsSync(box.data), false);
  });

  test('what was not read waits for the rest of an entry only where nothing went wrong', () => {
    const summary = { ...newSummary('/a.log', 'xroad/1'), size: 100, to: 40, records: 3 };
    const out = new Output(new PassThrough(), {}, () => {});
    const error = new LogError('LOG_CLOSED', 'the log has stopped');
    const texts = [null, error].map((error) =>
      outcomeText({ path: '/a.log', summary, error }, '/', false, out),
    );
    assert.match(texts[0]!, /60 bytes at its end wait/);
    assert.doesNotMatch(texts[1]!, /wait/);
  });

  test('when nothing can be taken, no log is begun', async (t) => {
    const box = new Sandbox(t);
    writeFileSync(box.at('a.bin'), BINARY);
    writeFileSync(box.at('empty.log'), '');
    const { code, out } = await box.run(['import', 'a.bin', 'empty.log']);
    assert.equal(code, 1);
    assert.match(out, /^a\.bin {2}refused: is not a log of a known system/m);
    assert.match(out, /^empty\.log {2}nothing in it$/m);
    assert.equal((await box.run(['import', 'missing.log'])).code, 2);
    assert.equal(existsSync(box.data), false);
  });

  test('--dry-run says what would be taken, and takes nothing', async (t) => {
    const box = new Sandbox(t);
    writeFileSync(box.at('a.log'), `${xroadLines(0, 2)}${xroadLine(3, 'Invented event')}`);
    const dry = await box.ok(['import', 'a.log', '--dry-run']);
    assert.match(
      dry.out,
      /3 records would be sealed\n {2}events the catalog does not know: Invented event \(1\)\n/,
    );
    assert.equal(existsSync(box.data), false);
    await box.ok(['import', 'a.log']);
    appendFileSync(box.at('a.log'), xroadLine(4));
    const [grown] = (await box.ok(['import', 'a.log', '--dry-run', '--json'])).lines;
    assert.deepEqual([grown.records, grown.from > 0], [1, true]);
    assert.equal((await box.ok(['checkpoint', '--json'])).json.size, 4);
  });

  test('--live leaves an unfinished last line for the next time', async (t) => {
    const box = new Sandbox(t);
    writeFileSync(box.at('a.log'), xroadLine(0) + xroadLine(1).slice(0, 100));
    assert.match((await box.ok(['import', 'a.log', '--live'])).out, /100 bytes at its end wait/);
    writeFileSync(box.at('a.log'), xroadLines(0, 2));
    const [{ records, flags }] = (await box.ok(['import', 'a.log', '--live', '--json'])).lines;
    assert.deepEqual([records, flags], [1, {}]);
  });

  test('two at a time into one directory are kept apart', async (t) => {
    const box = new Sandbox(t);
    await box.fill(1);
    writeFileSync(box.at('a.log'), xroadLine(0));
    const lock = lockImports(box.data);
    assert.equal(await box.refused(['import', 'a.log'], 2), 'LOG_HELD');
    lock.release();
    await box.ok(['import', 'a.log']);
  });

  test('names of files and events are shown safely', async (t) => {
    const box = new Sandbox(t);
    writeFileSync(box.at('evil\x1b[2J\u202e.log'), xroadLine(0, 'Event\u202e\x1b]0;x\x07'));
    const { out } = await box.ok(['import', 'evil\x1b[2J\u202e.log']);
    assertSafe(out);
    assert.match(out, /^evil\\x1b\[2J\\u\{202e\}\.log/);
  });
});

const SAMPLES = fileURLToPath(new URL('../../../shared/samples', import.meta.url));

/** Logs and CSV files of all four systems; what else lies there are notes, certificates and signed files. */
function sampleLogs(): string[] {
  return readdirSync(SAMPLES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/certs|files|auditrecorddata/.test(entry.parentPath))
    .filter(({ name }) => !/\.(md|ndjson)$|\.pretty\.txt$/.test(name))
    .map(({ parentPath, name }) => join(parentPath, name));
}

test('sample logs of all four systems go in once, are found and verified', {
  skip: existsSync(SAMPLES) || process.env.CI ? false : 'the samples are not here',
}, async (t) => {
  const box = new Sandbox(t);
  const logs = sampleLogs();
  const { lines } = await box.ok(['import', ...logs, '--json']);
  const files = lines.slice(0, -1);
  assert.equal(files.length, logs.length);
  assert.deepEqual(
    new Set(files.map(({ dialect }) => dialect.split('/')[0])),
    new Set(['signserver-text', 'dogtag', 'xroad', 'digicert-csv']),
  );
  for (const file of files) {
    assert.deepEqual([file.status, file.refused, file.to], ['imported', 0, file.size], file.path);
  }
  const size = lines.at(-1).records + 1;

  copyFileSync(logs[0] as string, box.at('copy'));
  const again = await box.ok(['import', ...logs, box.at('copy'), '--json']);
  assert.deepEqual([again.lines.at(-1).records, again.lines.at(-1).unchanged], [0, logs.length + 1]);

  const found = await box.ok(['search', 'rel-codesign-2026-q4', '--json', '--limit', '1000']);
  assert.ok(found.json.records.length > 0);
  const report = (await box.ok(['verify', '--deep', '--json'])).json;
  assert.deepEqual([report.verdict, report.checked.records, report.checked.rows], ['intact', size, size]);
});
