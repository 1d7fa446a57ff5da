import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { parsePin } from '../../src/checkpoint/mod.ts';
import { TamperedStore } from '../../src/store/sqlite/tamper.ts';
import { type Json, prepared, Sandbox } from './harness.ts';

const three = prepared((box) => box.fill(3));

/** The pins remembered in a sandbox. */
function rememberedPins(box: Sandbox): string[] {
  const dir = box.at('state', 'pins');
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

function codes({ findings }: Json): string[] {
  return findings.map(({ code }: { code: string }) => code);
}

describe('the pin', () => {
  test('is made outside the data directory on the first use, then held against and advanced', async (t) => {
    const box = await three(t);
    const first = (await box.ok(['verify', '--json'])).json;
    assert.deepEqual(
      [first.verdict, first.trust, first.pin.status, first.pin.size],
      ['intact', 'log-key', 'created', null],
    );
    assert.deepEqual(rememberedPins(box), [first.pin.file]);
    await box.fill(2);
    const second = (await box.ok(['verify', '--json'])).json;
    assert.deepEqual([second.trust, second.pin.status, second.pin.size], ['pinned-key', 'advanced', 4]);
    assert.equal(parsePin(readFileSync(second.pin.file, 'utf8')).size, 6);
    const third = (await box.ok(['verify', '--json'])).json;
    assert.deepEqual([third.pin.status, third.pin.size], ['kept', 6]);
  });

  test('is found under whatever name the directory is reached by', async (t) => {
    const box = await three(t);
    await box.ok(['verify']);
    symlinkSync(box.data, box.at('other-name'));
    assert.equal((await box.ok(['verify', '--data', 'other-name', '--json'])).json.pin.status, 'kept');
  });

  test('an older copy is found out, and the pin stays', async (t) => {
    const box = await three(t);
    cpSync(box.data, box.at('older'), { recursive: true });
    await box.fill(3);
    await box.ok(['verify']);
    rmSync(box.data, { recursive: true });
    renameSync(box.at('older'), box.data);
    for (let i = 0; i < 2; i++) {
      const { code, json } = await box.run(['verify', '--json']);
      assert.equal(code, 1);
      assert.deepEqual([json.verdict, codes(json)], ['not-intact', ['rolled-back']]);
      assert.deepEqual([json.findings[0].from, json.findings[0].to], [4, 7]);
    }
    const { out } = await box.run(['verify']);
    assert.match(out, /^NOT INTACT: /);
    assert.match(out, /FAIL {3}rolled-back: /);
    assert.equal((await box.ok(['verify', '--no-pin', '--json'])).json.pin, null);
  });

  test('another log in its place is found out, and it says how to accept that on purpose', async (t) => {
    const box = await three(t);
    await box.ok(['verify']);
    rmSync(box.data, { recursive: true });
    await box.fill(3);
    const { code, out } = await box.run(['verify']);
    assert.equal(code, 1);
    assert.match(out, /other-log/);
    const [, file] =
      /begun anew on purpose, move (\S+) away \(keep it, it is evidence\) and verify again/.exec(out) ?? [];
    rmSync(file as string);
    assert.equal((await box.ok(['verify', '--json'])).json.pin.status, 'created');
  });

  test('findings name their records, in a store and in an export', async (t) => {
    const box = new Sandbox(t);
    await box.fill(20);
    await box.ok(['export', '-o', 'log.ndjson']);
    const lines = readFileSync(box.at('log.ndjson'), 'utf8').split('\n');
    lines.splice(1 + 5, 3);
    writeFileSync(box.at('log.ndjson'), lines.join('\n'));
    const exported = (await box.run(['verify', '--export', 'log.ndjson'])).out;
    assert.match(exported, /FAIL {3}missing: records 5 to 7: sealed, but not there\n/);
    assert.match(exported, /FAIL {3}coverage-ends: records 0 to 20: not every record is there/);
    const db = new DatabaseSync(join(box.data, 'log.db'));
    db.exec('DELETE FROM edge');
    db.close();
    const stored = (await box.run(['verify'])).out;
    assert.match(stored, /FAIL {3}missing: records 0 to 20: sealed, but not there\n/);
  });

  test('a log that is gone is missed', async (t) => {
    const box = await three(t);
    await box.ok(['verify']);
    rmSync(box.data, { recursive: true });
    const { code, json } = await box.run(['verify', '--json']);
    assert.equal(code, 1);
    assert.deepEqual([codes(json), json.findings[0].to], [['truncated'], 4]);
    assert.equal(await box.refused(['verify', '--no-pin'], 2), 'LOG_NOT_FOUND');
    assert.equal(await box.refused(['verify', '--node', 'other'], 2), 'LOG_NOT_FOUND');
  });

  test('may be a file that is named, made when it is not there', async (t) => {
    const box = await three(t);
    // The directory of a pin that is named is not made: the stick may not be there.
    assert.equal(await box.refused(['verify', '--pin', 'usb/a.pin'], 2), 'FILE_UNREADABLE');
    mkdirSync(box.at('usb'));
    assert.equal((await box.ok(['verify', '--pin', 'usb/a.pin', '--json'])).json.pin.status, 'created');
    await box.fill(1);
    const { json } = await box.ok(['verify', '--pin', 'usb/a.pin', '--json']);
    assert.deepEqual(
      [json.pin.status, json.pin.file, json.trust],
      ['advanced', box.at('usb/a.pin'), 'pinned-key'],
    );
    assert.deepEqual(rememberedPins(box), []);
    writeFileSync(box.at('usb/a.pin'), '{}');
    assert.equal(await box.refused(['verify', '--pin', 'usb/a.pin'], 2), 'PIN_INVALID');
  });

  test('that cannot be saved does not withhold the verdict, unless it was asked for', async (t) => {
    const box = await three(t);
    mkdirSync(box.at('state'), { recursive: true });
    writeFileSync(box.at('file'), '');
    const env = { TALLYSTICK_STATE: box.at('file') };
    const { json } = await box.ok(['verify', '--json'], { env });
    assert.deepEqual([json.verdict, json.pin.status], ['intact', 'not-saved']);
    assert.equal(await box.refused(['verify', '--pin', 'file/x.pin'], 2), 'FILE_UNREADABLE');
  });
});

describe('what is verified', () => {
  test('all of it in one line, and what was left out', async (t) => {
    const box = await three(t);
    const { out } = await box.ok(['verify', '--no-pin']);
    assert.match(
      out,
      /^intact: 4 of 4 records, \d+ checkpoints?; trust: the log's own key, on first use; not checked: /,
    );
    assert.match(out, /not checked: an outside anchor \(/);
    assert.match(out, /not checked: the search index \(not asked for: --deep compares it\)/);
  });

  test('a key that is given is the one to believe', async (t) => {
    const box = await three(t);
    const key = (await box.ok(['get', '0', '--json'])).json.record.details.key;
    const { json } = await box.ok(['verify', '--key', key, '--no-pin', '--json']);
    assert.deepEqual([json.trust, json.keys], ['given-key', [key]]);
    assert.equal(await box.refused(['verify', '--key', 'x'], 2), 'KEY_INVALID');
  });

  test('a part of it, which moves no pin', async (t) => {
    const box = new Sandbox(t);
    await box.fill(9);
    await box.ok(['verify']);
    await box.fill(1);
    const { json } = await box.ok(['verify', '--from', '3', '--to', '5', '--json']);
    assert.deepEqual([json.range, json.checked.records, json.pin.status], [{ from: 3, to: 6 }, 3, 'kept']);
    assert.equal((await box.ok(['verify', '--from', '9', '--json'])).json.checked.records, 2);
    for (const part of [
      ['--from', '11'],
      ['--to', '11'],
      ['--from', '5', '--to', '4'],
    ]) {
      assert.equal(await box.refused(['verify', ...part], 2), 'USAGE');
    }
  });

  test('--deep: every record read, and the index compared where there is one', async (t) => {
    const box = await three(t);
    const without = (await box.ok(['verify', '--deep', '--json'])).json;
    assert.ok(without.notChecked.some(({ why }: { why: string }) => why === 'there is none yet'));
    await box.ok(['search', '']);
    const withIndex = (await box.ok(['verify', '--deep', '--json'])).json;
    assert.deepEqual([withIndex.checked.rows, withIndex.notChecked], [4, []]);
  });

  test('an altered record is named, exit code 1', async (t) => {
    const box = new Sandbox(t);
    await box.ok(['append', '--node', 'n1'], {
      stdin: '{"system":"t","event":"E","outcome":"void","time":1}\n',
    });
    const store = new TamperedStore(box.data, 'n1');
    const { entries, leaves } = store.read();
    store.write([entries[0] as Uint8Array, Buffer.from('{"forged":true}')], leaves);
    store.close();
    const { code, out } = await box.run(['verify']);
    assert.equal(code, 1);
    assert.match(out, /^NOT INTACT: 1 of 2 records/);
    assert.match(out, /FAIL {3}altered: .*\n {9}expected [0-9a-f]{64}\n {9}found {4}[0-9a-f]{64}\n/);
    assert.deepEqual(rememberedPins(box), []);
  });

  test('a head that does not even decode is a finding', async (t) => {
    const box = new Sandbox(t);
    await box.ok(['append', '--node', 'n1'], { stdin: '' });
    const store = new TamperedStore(box.data, 'n1');
    store.setHead({ root: new Uint8Array(1) });
    store.close();
    const { code, json } = await box.run(['verify', '--json']);
    assert.deepEqual([code, codes(json)], [1, ['bad-checkpoint']]);
  });
});
