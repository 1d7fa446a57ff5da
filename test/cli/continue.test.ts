import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { continueLog } from '../../src/continue.ts';
import { type Json, prepared, Sandbox } from './harness.ts';

const three = prepared((box) => box.fill(3));
const many = prepared((box) => box.fill(300));

const NEW = ['--data', 'new'];

function codes({ findings }: Json): string[] {
  return findings.map(({ code }: Json) => code);
}

/** Digests of a directory's files, but for those in which SQLite keeps its readers apart. */
function contents(dir: string): Record<string, string> {
  const files = readdirSync(dir, { withFileTypes: true, recursive: true }).filter(
    (entry) => entry.isFile() && !/-(shm|wal)$/.test(entry.name),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    paths.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

function continueTo(box: Sandbox, more: readonly string[] = [], to = 'new') {
  return box.run(['continue', box.data, '--data', to, '--reason', 'key lost in a fire', ...more, '--json']);
}

describe('continue: a new log in place of one that cannot go on', () => {
  test('the key is lost: the break is declared in record 1, seen by verify, and proven with the old log', async (t) => {
    const box = await many(t);
    const { origin, root, checkpoint } = (await box.ok(['checkpoint', '--json'])).json;
    rmSync(join(box.data, 'seal.key'));
    assert.match((await box.run(['append'])).err, /docs\/recovery\.md/);
    const before = contents(box.data);
    const { code, json } = await continueTo(box);
    assert.equal(code, 0);
    assert.deepEqual(contents(box.data), before, 'nothing of the old log has changed');
    assert.equal(json.quoted.origin, origin);
    assert.notEqual(json.origin, origin);
    const { record } = (await box.ok(['get', '1', ...NEW, '--json'])).json;
    assert.equal(record.event, 'RESTORE');
    const { details } = record;
    assert.deepEqual(
      [
        details.previousOrigin,
        details.size,
        details.root,
        details.checkpoint,
        details.cause,
        details.verdict,
      ],
      [origin, 301, root, checkpoint, 'key lost in a fire', 'intact'],
    );
    await box.ok(['append', ...NEW], { stdin: '{"system":"t","event":"E","outcome":"void","time":1}\n' });
    const report = (await box.ok(['verify', ...NEW, '--json'])).json;
    assert.deepEqual([report.verdict, codes(report), report.previous], ['intact', ['continues'], null]);
    assert.match(
      report.findings[0].message,
      /^continues .* at 301 records \(key lost in a fire\); what came before/,
    );
    const proven = (await box.ok(['verify', ...NEW, '--previous', box.data, '--json'])).json.previous;
    assert.deepEqual([proven.problem, proven.report.verdict, proven.report.size], [null, 'intact', 301]);
    await box.ok(['log', 'publish', 'copy']);
    assert.match(
      (await box.ok(['verify', ...NEW, '--previous', 'copy'])).out,
      /the log it continues is .*, and the head quoted is its own\n {2}intact: 301 of 301 records/,
    );
    assert.match((await box.ok(['status', ...NEW])).out, /continues .*at 301 records/);
  });

  test('another log is not taken for the previous one, nor an older copy of it', async (t) => {
    const box = await three(t);
    cpSync(box.data, box.at('older'), { recursive: true });
    await box.fill(3);
    assert.equal((await continueTo(box)).code, 0);
    const previous = async (place: string) => {
      const { code, json } = await box.run(['verify', ...NEW, '--previous', place, '--json']);
      assert.equal(code, 1);
      assert.equal(json.verdict, 'intact', 'the log itself stands');
      return json.previous;
    };
    assert.match((await previous('older')).problem, /it has 4 records, and 7 are quoted/);
    rmSync(box.data, { recursive: true });
    await box.fill(9);
    assert.match((await previous(box.data)).problem, /and the log that is continued is/);
    assert.equal(await box.refused(['verify', '--previous', 'older'], 2), 'LOG_NOT_FOUND');
  });

  test('a restored backup: what is lost is declared, with the newest checkpoint known of it', async (t) => {
    const box = await three(t);
    cpSync(box.data, box.at('older'), { recursive: true });
    await box.fill(3);
    const { checkpoint } = (await box.ok(['checkpoint', '--json'])).json;
    rmSync(box.data, { recursive: true });
    renameSync(box.at('older'), box.data);
    const { code, err } = await box.run(['append'], { stdin: '{}\n' });
    assert.equal(code, 2);
    assert.match(err, /older copy.*tallystick continue/);
    const { json } = await continueTo(box);
    assert.deepEqual([json.quoted.size, json.quoted.newer], [4, checkpoint]);
    const { details } = (await box.ok(['get', '1', ...NEW, '--json'])).json.record;
    assert.deepEqual([details.newerCheckpoint, details.findings], [checkpoint, ['rolled-back']]);
    assert.match((await box.ok(['verify', ...NEW])).out, /newer records of it were known of, and are lost/);
    assert.equal((await box.run(['append'], { stdin: '{}\n' })).code, 2, 'the copy still cannot be written');
  });

  test('a damaged log is refused unless that is said, and then declared', async (t) => {
    const box = await many(t);
    const db = new DatabaseSync(join(box.data, 'log.db'));
    db.exec('UPDATE bundles SET entries = zeroblob(length(entries)) WHERE idx = 0');
    db.close();
    const refused = await continueTo(box);
    assert.deepEqual([refused.code, refused.json.error.code], [2, 'LOG_DAMAGED']);
    assert.deepEqual(
      readdirSync(box.dir).filter((name) => name.startsWith('new')),
      [],
    );
    const { code, json } = await continueTo(box, ['--damaged']);
    assert.deepEqual([code, json.quoted.size, json.report.verdict], [0, 301, 'not-intact']);
    const { details } = (await box.ok(['get', '1', ...NEW, '--json'])).json.record;
    assert.equal(details.verdict, 'not-intact');
    assert.ok(details.findings.length > 0);
    const { json: report, code: exit } = await box.run(['verify', ...NEW, '--previous', box.data, '--json']);
    assert.deepEqual([exit, report.verdict, report.previous.report.verdict], [1, 'intact', 'not-intact']);
  });

  test('when all is lost, the pin of it is quoted', async (t) => {
    const box = await three(t);
    const { pin } = (await box.ok(['pin', 'create', '--json'])).json;
    rmSync(join(box.data, 'log.db'));
    assert.equal((await continueTo(box)).code, 2);
    const { code, json } = await continueTo(box, ['--damaged']);
    assert.deepEqual([code, json.report, json.quoted.checkpoint], [0, null, pin.checkpoint]);
    assert.equal((await box.run(['verify', ...NEW, '--previous', box.data])).code, 2);
  });

  test('twice: each is a log of its own; and a log that continues may be continued', async (t) => {
    const box = await three(t);
    const first = (await continueTo(box)).json;
    assert.equal((await continueTo(box)).json.error.code, 'USAGE', 'never into a directory in use');
    const second = (await continueTo(box, [], 'second')).json;
    assert.notEqual(first.origin, second.origin);
    await box.ok(['continue', 'new', '--data', 'third', '--reason', 'again']);
    const { json } = await box.ok(['verify', '--data', 'third', '--previous', 'new', '--json']);
    assert.equal(json.previous.report.origin, first.origin);
    assert.deepEqual(codes(json.previous.report), ['continues']);
  });

  test('nothing is left of one that did not come about, and what is missing is said', async (t) => {
    const box = await three(t);
    const was = readdirSync(box.dir);
    writeFileSync(box.at('bad.key'), 'no key');
    assert.notEqual((await continueTo(box, ['--key-file', box.at('bad.key')])).code, 0);
    assert.deepEqual(
      readdirSync(box.dir).filter((name) => name !== 'bad.key'),
      was,
    );
    assert.equal(await box.refused(['continue', box.data, ...NEW], 2), 'USAGE');
    assert.equal(await box.refused(['continue', box.data, '--reason', 'x'], 2), 'USAGE');
    assert.equal(await box.refused(['continue', 'nowhere', ...NEW, '--reason', 'x'], 2), 'STORE_UNAVAILABLE');
    assert.equal(await box.refused(['continue', box.data, ...NEW, '--reason', ' '], 2), 'USAGE');
    writeFileSync(box.at('file'), '');
    assert.equal(
      await box.refused(['continue', box.data, '--data', 'file', '--reason', 'x'], 2),
      'FILE_UNREADABLE',
    );
    mkdirSync(box.at('empty'));
    await box.ok(['continue', box.data, '--data', 'empty', '--reason', 'x']);
    assert.ok(existsSync(box.at('empty/log.db')));
  });

  test('files that were imported are not taken in again; by the library the record says so', async (t) => {
    const box = new Sandbox(t);
    const file = new URL('../../examples/story/logs/', import.meta.url).pathname;
    await box.ok(['import', file]);
    const options = { state: box.at('state'), reason: 'moved' };
    const { origin } = await continueLog({ ...options, previous: box.data, data: box.at('new') });
    const { record } = (await box.ok(['get', '1', ...NEW, '--json'])).json;
    assert.equal(record.actor.name, 'library');
    await box.ok(['import', file, ...NEW]);
    const head = (await box.ok(['checkpoint', ...NEW, '--json'])).json;
    assert.equal(head.origin, origin);
    const found = (await box.ok(['search', ...NEW, '--json', '--', '-system:tallystick'])).json;
    assert.equal(found.records.length, 0);
  });
});
