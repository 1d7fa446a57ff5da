import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DIGICERT_JSON_LINES, DOGTAG_LINES, SIGNSERVER_LINES, XROAD_LINES } from '../dialects/lines.ts';
import { assertSafe, Sandbox } from './harness.ts';

const FILES = { signserver: SIGNSERVER_LINES, dogtag: DOGTAG_LINES, xroad: XROAD_LINES };

function write(box: Sandbox, name: string, text: string): string {
  writeFileSync(box.at(name), text);
  return name;
}

describe('parse', () => {
  for (const [system, lines] of Object.entries(FILES)) {
    test(`${system}: every record is shown, and what was read of the file`, async (t) => {
      const box = new Sandbox(t);
      const file = write(box, 'audit.log', lines.join(''));
      const { out } = await box.ok(['parse', file]);
      assertSafe(out);
      assert.match(out, new RegExp(`audit\\.log: \\S+/1, ${lines.length} records\n`));
      assert.match(out, /^event +records +field +with it$/m);
      const { lines: rows } = await box.ok(['parse', file, '--json']);
      const end = rows.at(-1);
      assert.equal(end.end, true);
      assert.equal(end.records, lines.length);
      assert.deepEqual([rows.length, rows[0].from], [lines.length + 1, 0]);
      for (const { record } of rows.slice(0, -1)) {
        assert.equal(record.system, system);
        assert.ok(out.includes(record.event) && out.includes(new Date(record.time).toISOString()));
      }
      const counted = end.coverage.reduce((n: number, { records }: { records: number }) => n + records, 0);
      assert.equal(counted, lines.length, 'every event is known');
      assert.equal(existsSync(box.data), false, 'nothing is stored');
    });
  }

  test('fields: how many records have them, and how many successes lack one that is not optional', async (t) => {
    const box = new Sandbox(t);
    const [keygen = ''] = SIGNSERVER_LINES;
    const lacking = keygen.replace(' KEYALIAS: code-1;', '');
    const failed = lacking.replace('OUTCOME: SUCCESS', 'OUTCOME: FAILURE');
    const file = write(box, 'a.log', `${keygen}${lacking}${failed}\n`);
    const end = (await box.ok(['parse', file, '--json'])).lines.at(-1);
    assert.equal(end.blank, 1);
    const [{ event, records, fields }] = end.coverage;
    assert.deepEqual([event, records], ['KEYGEN', 3]);
    const alias = fields.find(({ name }: { name: string }) => name === 'KEYALIAS');
    assert.deepEqual(alias, { name: 'KEYALIAS', optional: false, seen: 1, missing: 1 });
    assert.match((await box.ok(['parse', file])).out, /KEYALIAS +1 +missing from 1$/m);
  });

  test('what is not known or not understood is flagged, with what that means', async (t) => {
    const box = new Sandbox(t);
    const [keygen = ''] = SIGNSERVER_LINES;
    const odd = keygen.replace('EVENT: KEYGEN', 'EVENT: KEYFROB').replace('KEYALIAS:', 'KEYNICK:');
    const file = write(box, 'a.log', `${keygen}${odd}${keygen.replace('KEYSPEC:', 'KEYSPECS:')}`);
    const { out } = await box.ok(['parse', file]);
    assert.match(out, /! unknown-event: the catalog does not know the event/);
    assert.match(out, /^unknown-event +1 +the catalog/m);
    assert.match(out, /^events the catalog does not know: KEYFROB \(1\)$/m);
    assert.match(out, /^fields the catalog does not know: KEYGEN: KEYSPECS \(1\)$/m);
  });

  test('hostile values do nothing to a terminal', async (t) => {
    const box = new Sandbox(t);
    const [keygen = ''] = SIGNSERVER_LINES;
    const file = write(box, 'a.log', keygen.replace('code-1', '\x1b[2J\u202e\u200bx'));
    for (const argv of [
      ['parse', file],
      ['parse', file, '--json'],
      ['parse', file, '--as', 'ocsf'],
    ])
      assertSafe((await box.ok(argv, { terminal: true, env: { NO_COLOR: '1' } })).out);
  });

  test('--as ocsf: a line for each record', async (t) => {
    const box = new Sandbox(t);
    const { lines } = await box.ok(['parse', write(box, 'a.log', SIGNSERVER_LINES.join('')), '--as', 'ocsf']);
    assert.equal(lines.length, SIGNSERVER_LINES.length);
    for (const event of lines) assert.equal(event.metadata.version, '1.9.0');
    assert.equal(lines[0].type_uid, 300401);
  });

  for (const [system, lines] of Object.entries(FILES)) {
    test(`--as native: ${system} is printed back, and read as the same`, async (t) => {
      const box = new Sandbox(t);
      const file = write(box, 'a.log', lines.join(''));
      const { out } = await box.ok(['parse', file, '--as', 'native', '--system', system]);
      const again = write(box, 'b.log', out);
      const content = async (path: string): Promise<unknown> =>
        (await box.ok(['parse', path, '--json', '--system', system])).lines
          .slice(0, -1)
          .map(({ record: { event, outcome, details } }) => ({ event, outcome, details }));
      assert.deepEqual(await content(again), await content(file));
    });
  }

  test('--as native: each report of DigiCert is printed as itself', async (t) => {
    const box = new Sandbox(t);
    const csv =
      'Signature ID,Metadata key,Metadata value,Metadata primary,Metadata source\r\ns-1,file-name,"a, b",Yes,smctl\r\n';
    assert.equal((await box.ok(['parse', write(box, 'm.csv', csv), '--as', 'native'])).out, csv);
    const json = write(box, 'all.json', `{"total":2,"items":[${DIGICERT_JSON_LINES.join(',')}]}`);
    const { out } = await box.ok(['parse', json, '--as', 'native']);
    const [audit, signature] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(audit.action, 'Generate');
    assert.equal(signature.metadata[0].metadata_value, 'a, b.exe');
  });

  test('--pattern: lines that follow a setting of their system, read, printed and imported', async (t) => {
    const box = new Sandbox(t);
    const line = '2026-03-02 08:15:30,123 INFO  [IWorkerLogger] SIGN id-1 of 192.0.2.9: a.bin\n';
    const file = write(box, 'worker.log', line.repeat(3));
    const how = [
      '--system',
      'signserver-worker',
      '--pattern',
      `SIGN \${LOG_ID} of \${CLIENT_IP}: \${FILENAME}`,
    ];
    const [{ record }] = (await box.ok(['parse', file, '--json', ...how])).lines;
    assert.deepEqual(
      [record.event, record.correlation, record.details.FILENAME],
      ['PROCESS', 'id-1', 'a.bin'],
    );
    const { out } = await box.ok(['parse', file, '--as', 'native', ...how]);
    assert.ok(out.includes('SIGN id-1 of 192.0.2.9: a.bin\n'));
    await box.ok(['import', file, ...how]);
    assert.equal((await box.ok(['search', 'ip:192.0.2.9', '--json'])).json.records.length, 3);
    for (const command of ['parse', 'import'])
      assert.equal(await box.refused([command, file, '--pattern', 'x'], 2), 'USAGE');
  });

  test('several files: one that is no log is named, the others are shown, and the exit code says so', async (t) => {
    const box = new Sandbox(t);
    mkdirSync(box.at('logs'));
    write(box, 'logs/good.log', XROAD_LINES.join(''));
    write(box, 'logs/bad.txt', 'nothing of the kind\n');
    const ran = await box.run(['parse', 'logs', '--json']);
    assert.equal(ran.code, 1);
    assert.equal(ran.lines.filter(({ end }) => end).length, 1);
    assert.deepEqual(
      ran.lines.filter(({ error }) => error).map(({ error }) => error.code),
      ['DIALECT_UNKNOWN'],
    );
    assert.equal(await box.refused(['parse', 'logs/bad.txt'], 2), 'DIALECT_UNKNOWN');
    assert.equal(await box.refused(['parse', 'nowhere'], 2), 'FILE_UNREADABLE');
    write(box, 'empty.log', '');
    assert.match((await box.ok(['parse', 'empty.log'])).out, /empty\.log: nothing in it\n$/);
    assert.equal(await box.refused(['parse', 'logs/good.log', '--as', 'xml'], 2), 'USAGE');
    const forced = await box.ok(['parse', 'logs/bad.txt', '--system', 'dogtag', '--json']);
    assert.equal(forced.lines.at(-1).flags.unparsed, 1);
  });
});

test('search --as ocsf: the records that were found, as they stand in the log', async (t) => {
  const box = new Sandbox(t);
  await box.ok(['import', write(box, 'a.log', SIGNSERVER_LINES.join(''))]);
  for (const more of [[], ['--all']]) {
    const { lines } = await box.ok(['search', 'event:KEYGEN', '--as', 'ocsf', ...more]);
    assert.equal(lines.length, 1);
    assert.match(lines[0].metadata.uid, /\/1$/);
    assert.equal(lines[0].entity.name, 'code-1');
  }
  assert.equal(await box.refused(['search', 'x', '--as', 'native'], 2), 'USAGE');
});

test('--pattern is refused for lines that follow none', async (t) => {
  const box = new Sandbox(t);
  const { code, err } = await box.run(['parse', '--system', 'signserver', '--pattern', 'x', 'file']);
  assert.equal(code, 2);
  assert.match(err, /signserver-text\/1 follow no pattern; those of --system signserver-worker\/1 do/);
});
