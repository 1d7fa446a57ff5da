import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { dialectByName } from '../../src/dialects/mod.ts';
import { DialectError, LogError, RecordError, StoreError } from '../../src/errors.ts';
import { FileImport, type FileImportOptions, type FileSummary } from '../../src/sources/mod.ts';
import { FakeLog, folder } from './fake-log.ts';
import { CSV_HEADER, csvRow, xroadLine, xroadLines } from './lines.ts';

const XROAD = dialectByName('xroad')!;
const CSV = dialectByName('digicert')!;

function importFile(
  log: FakeLog,
  path: string,
  options: Partial<FileImportOptions> = {},
  dialect = XROAD,
): Promise<FileSummary> {
  return new FileImport(path, dialect, { log, source: 'import', unfinished: 'take', ...options }).run();
}

function setUp(t: TestContext, text: string): { log: FakeLog; path: string; at: (name: string) => string } {
  const at = folder(t);
  const path = at('audit.log');
  writeFileSync(path, text);
  return { log: new FakeLog(), path, at };
}

describe('importing a file', () => {
  test('seals every byte once, in order, and says what it did', async (t) => {
    const { log, path } = setUp(t, `${xroadLines(0, 3)}not a record\n\n${xroadLine(4, 'Invent event')}`);
    const summary = await importFile(log, path);
    assert.equal(summary.records, 5);
    assert.equal(summary.to, summary.size);
    assert.deepEqual(summary.ranges, [{ node: 'n', from: 1, to: 5 }]);
    assert.deepEqual([...summary.unknownEvents], [['Invent event', 1]]);
    assert.equal(summary.flags.get('unparsed'), 1);
    assert.equal(log.bytes, `${xroadLines(0, 3)}not a record\n${xroadLine(4, 'Invent event')}`);
  });

  test('a second import adds nothing, nor does one of the file renamed, moved or copied', async (t) => {
    const { log, path, at } = setUp(t, xroadLines(0, 5));
    await importFile(log, path);
    copyFileSync(path, at('copy'));
    renameSync(path, at('audit.log.1'));
    for (const again of [at('copy'), at('audit.log.1')]) {
      const summary = await importFile(log, again);
      assert.equal(summary.records, 0);
      assert.equal(summary.from, summary.size);
    }
    assert.equal(log.records.length, 5);
  });

  test('a file that grew goes on where it ended, under its new name too', async (t) => {
    const { log, path, at } = setUp(t, xroadLines(0, 5));
    await importFile(log, path);
    appendFileSync(path, xroadLines(5, 7));
    renameSync(path, at('audit.log.1'));
    const summary = await importFile(log, at('audit.log.1'));
    assert.equal(summary.records, 2);
    assert.equal(summary.from, Buffer.byteLength(xroadLines(0, 5)));
    assert.equal(log.bytes, xroadLines(0, 7));
  });

  test('a file that was emptied and written anew is another file', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 5));
    await importFile(log, path);
    truncateSync(path);
    appendFileSync(path, xroadLines(100, 103));
    assert.equal((await importFile(log, path)).records, 3);
  });

  test('a file that begins as another did, but differs later, is another file', async (t) => {
    const { log, path, at } = setUp(t, xroadLines(0, 5));
    await importFile(log, path);
    writeFileSync(at('other'), xroadLines(0, 4) + xroadLines(9, 12));
    assert.equal((await importFile(log, at('other'))).records, 7);
    assert.equal((await importFile(log, at('other'))).records, 0);
    assert.equal((await importFile(log, path)).records, 0);
  });

  test('is cut into appends of at most 1,000 records, each with its position', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 2_500));
    const summary = await importFile(log, path);
    assert.equal(log.appends, 3);
    assert.equal(summary.records, 2_500);
    assert.equal(log.values.size, 1);
  });

  test('what an append failed to take is taken next time, and nothing twice', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 2_500));
    log.before = () => {
      if (log.appends === 1) throw new LogError('LOG_BUSY', 'busy');
    };
    await assert.rejects(importFile(log, path), { code: 'LOG_BUSY' });
    assert.equal(log.records.length, 1_000);
    log.before = () => {};
    assert.equal((await importFile(log, path)).records, 1_500);
    assert.equal(log.bytes, xroadLines(0, 2_500));
  });

  test('stops between appends when asked', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 2_500));
    const stop = new AbortController();
    log.before = () => stop.abort('SIGINT');
    await assert.rejects(importFile(log, path, { signal: stop.signal }), (reason) => reason === 'SIGINT');
    assert.equal(log.records.length, 1_000);
  });

  test('a dry run counts and appends nothing', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 5));
    const summary = await importFile(log, path, { dryRun: true });
    assert.equal(summary.records, 5);
    assert.equal(log.records.length + log.values.size, 0);
  });

  test('a record that the log refuses leaves the others unharmed', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 5));
    log.refuse = (record) =>
      record.actor?.name === 'user1'
        ? new LogError('ID_REUSED', 'id came with other content')
        : record.actor?.name === 'user3'
          ? new RecordError('RECORD_TOO_LARGE', 'too large')
          : null;
    const summary = await importFile(log, path);
    assert.equal(summary.records, 3);
    assert.deepEqual(summary.refusals.map(({ offset, code }) => [offset, code]).sort(), [
      [Buffer.byteLength(xroadLines(0, 1)), 'ID_REUSED'],
      [Buffer.byteLength(xroadLines(0, 3)), 'RECORD_TOO_LARGE'],
    ]);
  });

  test('a file begun in one dialect is not continued in another', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 5));
    await importFile(log, path);
    await assert.rejects(
      importFile(log, path, {}, CSV),
      (error) => error instanceof DialectError && error.code === 'DIALECT_MISMATCH',
    );
  });

  test('a position that was not written by an import is refused', async (t) => {
    const { log, path } = setUp(t, xroadLines(0, 5));
    await importFile(log, path);
    const [[key, value]] = [...log.values] as [[string, string]];
    for (const other of [
      '',
      '[]',
      'null',
      value.replace('"v":1', '"v":2'),
      value.replace(/\d+,"sha/, '-1,"sha'),
    ]) {
      log.values.set(key, other);
      await assert.rejects(
        importFile(log, path),
        (error) => error instanceof StoreError && error.code === 'STORE_DAMAGED',
      );
    }
  });
});

describe('files with a header', () => {
  test('are read on with the header they began with', async (t) => {
    const { log, path } = setUp(t, CSV_HEADER + csvRow(0));
    await importFile(log, path, {}, CSV);
    appendFileSync(path, csvRow(1));
    await importFile(log, path, {}, CSV);
    assert.deepEqual(
      log.records.map(({ actor }) => actor?.name),
      ['user0', 'user1'],
    );
  });

  test('may share their first line with others', async (t) => {
    const { log, at } = setUp(t, '');
    for (const n of [0, 1, 2]) {
      writeFileSync(at(`export-${n}`), CSV_HEADER + csvRow(n));
      await importFile(log, at(`export-${n}`), {}, CSV);
    }
    for (const n of [2, 0, 1]) assert.equal((await importFile(log, at(`export-${n}`), {}, CSV)).records, 0);
    assert.equal(log.records.length, 3);
    assert.equal(log.values.size, 3);
  });
});

describe('a last line without its line end', () => {
  const whole = xroadLine(1).slice(0, -1);
  const cut = xroadLine(1).slice(0, 130);

  test('is sealed as it stands, flagged', async (t) => {
    const { log, path } = setUp(t, xroadLine(0) + cut);
    const summary = await importFile(log, path);
    assert.equal(summary.records, 2);
    assert.equal(summary.flags.get('unterminated'), 1);
    assert.equal(log.bytes, xroadLine(0) + cut);
  });

  test('adds nothing when only the line end comes later', async (t) => {
    for (const end of ['\n', '\r\n']) {
      const { log, path } = setUp(t, xroadLine(0) + whole);
      await importFile(log, path);
      appendFileSync(path, end + xroadLine(2));
      assert.equal((await importFile(log, path)).records, 1);
      assert.equal(log.bytes, xroadLine(0) + whole + xroadLine(2));
      assert.ok(!log.records.at(-1)?.flags?.includes('continuation'));
    }
  });

  test('when the line goes on later, the rest is a record of its own that says so', async (t) => {
    const { log, path } = setUp(t, xroadLine(0) + cut);
    await importFile(log, path);
    writeFileSync(path, xroadLines(0, 3));
    assert.equal((await importFile(log, path)).records, 2);
    assert.equal(log.bytes, xroadLines(0, 3));
    assert.deepEqual(
      log.records.map(({ flags }) => flags?.includes('continuation') === true),
      [false, false, true, false],
    );
  });

  test('of a file with one line only, likewise', async (t) => {
    const { log, path } = setUp(t, cut);
    await importFile(log, path);
    writeFileSync(path, xroadLines(1, 2));
    await importFile(log, path);
    assert.equal(log.bytes, xroadLines(1, 2));
  });

  test('of a file too short to be told from others, waits', async (t) => {
    const { log, path } = setUp(t, cut.slice(0, 63));
    const { size, to } = await importFile(log, path);
    assert.deepEqual([size, to, log.records.length], [63, 0, 0]);
  });

  test('waits when asked to, until it is complete', async (t) => {
    const { log, path } = setUp(t, xroadLine(0) + cut);
    const first = await importFile(log, path, { unfinished: 'leave' });
    assert.equal(first.size - first.to, cut.length);
    writeFileSync(path, xroadLines(0, 3));
    await importFile(log, path, { unfinished: 'leave' });
    assert.deepEqual(
      log.records.map(({ flags }) => flags ?? []),
      [[], [], []],
    );
  });
});

test('however a file grew between imports, every byte is sealed once; waiting, as if it had been imported once', async (t) => {
  const at = folder(t);
  const text =
    xroadLines(0, 2) +
    `"odd\r\n\n  \nØdegård\0${'x'.repeat(300)}\n` +
    xroadLines(2, 4) +
    xroadLine(9).slice(0, 140);
  const bytes = Buffer.from(text);
  const write = (path: string, size: number): void => {
    writeFileSync(path, bytes.subarray(0, size));
    // Lines that tell no time get this one.
    utimesSync(path, 1_800_000_000, 1_800_000_000);
  };
  const once = new FakeLog();
  write(at('once'), bytes.length);
  await importFile(once, at('once'));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 5 }), async (cuts) => {
      const taken = new FakeLog();
      const left = new FakeLog();
      const path = at(`run-${run++}`);
      for (const size of [...cuts.sort((a, b) => a - b), bytes.length]) {
        write(path, size);
        await importFile(taken, path);
        await importFile(left, path, { unfinished: size === bytes.length ? 'take' : 'leave' });
      }
      const solid = (log: FakeLog): string => log.bytes.replaceAll(/\s/g, '');
      assert.equal(solid(taken), solid(once));
      assert.deepEqual(left.records, once.records);
    }),
    { numRuns: 60 },
  );
});
