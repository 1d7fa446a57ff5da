import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { openCheckpoint } from '../../src/checkpoint/mod.ts';
import { fromBase64, fromHex } from '../../src/crypto/bytes.ts';
import { verifyInclusion } from '../../src/merkle/mod.ts';
import { TamperedStore } from '../../src/store/sqlite/tamper.ts';
import { checkExport } from './export-check.ts';
import { assertSafe, draft, prepared, Sandbox } from './harness.ts';

const seven = prepared((box) => box.fill(7));
const many = prepared((box) => box.fill(270));
const one = prepared((box) => box.ok(['append', '--node', 'n1'], { stdin: `${JSON.stringify(draft(0))}\n` }));

/** The log's key, as its first record names it. */
async function keyOf(box: Sandbox): Promise<string> {
  return (await box.ok(['get', '0', '--json'])).json.record.details.key;
}

/** Changes a stored record behind the log's back. */
function alter(box: Sandbox, node: string, seq: number): void {
  const store = new TamperedStore(box.data, node);
  const { entries, leaves } = store.read();
  entries[seq] = Buffer.from(
    Buffer.from(entries[seq] as Uint8Array)
      .toString()
      .replace('EVENT', 'TRICK'),
  );
  store.write(entries, leaves);
  store.close();
}

describe('get', () => {
  test('shows the record, its seal and its original, safely', async (t) => {
    const box = new Sandbox(t);
    const raw = { text: 'first line\nsecond \x1b[31m\n' };
    await box.ok(['append', '--node', 'n1'], {
      stdin: `${JSON.stringify(draft(0, { raw, reason: 'zero\u200bwidth', details: { 'a\u202e': [1, '\x07'] } }))}\n`,
    });
    const { out } = await box.ok(['get', '1']);
    assert.match(out, /^n1\/1 {2}verified up to the signed root\n/);
    assert.match(out, /time {9}2026-10-05T00:00:00\.000Z as the source says/);
    assert.match(out, /zero\\u\{200b\}width/);
    assert.match(out, / {2}\| first line\n {2}\| second \\x1b\[31m\n/);
    assertSafe(out);
    const { json } = await box.ok(['get', 'n1', '1', '--json']);
    assert.deepEqual([json.status, json.record.raw], ['verified', raw]);
  });

  test('--proof proves it, as JSON and as a tlog-proof', async (t) => {
    const box = await many(t);
    const { json } = await box.ok(['get', '7', '--proof', '--json']);
    const { checkpoint } = await openCheckpoint(json.proof.checkpoint, [await keyOf(box)]);
    const hashes = json.proof.hashes.map((hash: string) => fromHex(hash));
    verifyInclusion(7, checkpoint.size, fromHex(json.leaf) as Uint8Array, hashes, checkpoint.root);

    const { out } = await box.ok(['get', '7', '--proof']);
    const [, index, path, note] =
      /c2sp\.org\/tlog-proof@v1\nindex (\d+)\n((?:\S{44}\n)*)\n(.*)$/s.exec(out) ?? [];
    assert.deepEqual([index, note], ['7', json.proof.checkpoint]);
    assert.deepEqual(path?.trim().split('\n').map(fromBase64), hashes);
  });

  test('a record that does not hold is shown as such, exit code 1', async (t) => {
    const box = await one(t);
    alter(box, 'n1', 1);
    const { code, out } = await box.run(['get', '1']);
    assert.equal(code, 1);
    assert.match(out, /!! ALTERED: the stored bytes hash to/);
    assert.equal((await box.run(['get', '1', '--json'])).json.status, 'altered');
    assert.equal((await box.run(['tail'])).code, 1);
  });

  test('a number or node that is not there is refused', async (t) => {
    const box = await seven(t);
    assert.equal(await box.refused(['get', '8'], 2), 'LOG_NOT_FOUND');
    assert.equal(await box.refused(['get', 'other', '0'], 2), 'LOG_NOT_FOUND');
  });
});

describe('search', () => {
  test('a table for people, a document for programs', async (t) => {
    const box = new Sandbox(t);
    await box.ok(['append', '--node', 'n1'], {
      stdin: [0, 1, 2].map((n) => `${JSON.stringify(draft(n))}\n`).join(''),
    });
    const { out } = await box.ok(['search', 'event:EVENT_1']);
    const [title, row, end] = out.split('\n');
    assert.match(title as string, /^time \(UTC\) +outcome +system +event +actor +object +record$/);
    assert.match(row as string, /^2026-10-05T00:00:01\.000Z {2}success {2}test +EVENT_1 +user1 +n1\/2$/);
    assert.equal(end, '1 record; complete for n1 through record 3');
    const { json } = await box.ok(['search', 'event:EVENT_1', '--json']);
    assert.deepEqual(
      [json.records[0].seq, json.records[0].status, json.next, json.through[0].size],
      [2, 'verified', null, 4],
    );
  });

  test('pages join without gap or overlap; --all gives the same', async (t) => {
    const box = await seven(t);
    const seqs: number[] = [];
    let cursor: string[] = [];
    do {
      const { json } = await box.ok([
        'search',
        'system:test',
        '--limit',
        '3',
        '--order',
        'oldest',
        '--json',
        ...cursor,
      ]);
      seqs.push(...json.records.map(({ seq }: { seq: number }) => seq));
      cursor = json.next === null ? [] : ['--cursor', json.next];
    } while (cursor.length > 0);
    assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6, 7]);
    const { lines } = await box.ok(['search', 'system:test', '--all', '--order', 'oldest', '--json']);
    assert.deepEqual(
      lines.slice(0, -1).map(({ seq }) => seq),
      seqs,
    );
    assert.deepEqual([lines.at(-1).end, lines.at(-1).count], [true, 7]);
  });

  test('what does not hold is loud, exit code 1', async (t) => {
    const box = await one(t);
    await box.ok(['search', '']);
    alter(box, 'n1', 1);
    const { code, out } = await box.run(['search', 'system:test']);
    assert.equal(code, 1);
    assert.match(out, /^!! ALTERED/m);
    assert.match(out, /!! 1 record above does not hold; run: tallystick verify/);
  });

  test('when there is nothing, it says what to do', async (t) => {
    const box = new Sandbox(t);
    await box.ok(['append'], { stdin: '' });
    assert.match((await box.ok(['search', 'event:NONE'])).out, /The log is empty yet: tallystick import/);
    await box.fill(2);
    assert.match((await box.ok(['search', 'event:NONE'])).out, /Nothing matches among 3 records/);
    assert.equal(await box.refused(['search', 'event:('], 2), 'QUERY_INVALID');
    assert.equal(await box.refused(['search', '--cursor', 'x'], 2), 'QUERY_INVALID');
  });

  test('the index is made anew', async (t) => {
    const box = await seven(t);
    assert.equal((await box.ok(['index', 'rebuild', '--json'])).json.records, 8);
    assert.equal((await box.ok(['search', 'system:test', '--json'])).json.records.length, 7);
  });
});

describe('tail', () => {
  test('the newest records, oldest first', async (t) => {
    const box = await seven(t);
    const { lines } = await box.ok(['tail', '-n', '2', '--json']);
    assert.deepEqual(
      lines.map(({ seq, status }) => [seq, status]),
      [
        [6, 'verified'],
        [7, 'verified'],
      ],
    );
    assert.deepEqual((await box.ok(['tail', '-n', '0', '--json'])).out, '');
  });

  test('of a log that is not there shows nothing, not even the head of a table', async (t) => {
    const box = await seven(t);
    const { code, out, err } = await box.run(['tail', '--node', 'nope']);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /nope/);
  });

  test('-f goes on with what is sealed meanwhile, until Ctrl-C', { timeout: 20_000 }, async (t) => {
    const box = await seven(t);
    const stop = new AbortController();
    const seen: number[] = [];
    const onOut = (text: string): void => {
      for (const line of text.split('\n').filter((each) => each !== '')) seen.push(JSON.parse(line).seq);
      if (seen.length === 1) void box.fill(2);
      if (seen.length === 3) stop.abort('SIGINT');
    };
    const { code } = await box.run(['tail', '-n', '1', '-f', '--json'], { signal: stop.signal, onOut });
    assert.equal(code, 130);
    assert.deepEqual(seen, [7, 8, 9]);
  });
});

test('checkpoint: the signed note as it is', async (t) => {
  const box = await seven(t);
  const { out } = await box.ok(['checkpoint']);
  const { checkpoint } = await openCheckpoint(out, [await keyOf(box)]);
  const { json } = await box.ok(['checkpoint', '--json']);
  assert.deepEqual([checkpoint.size, json.size, json.checkpoint], [8, 8, out]);
});

describe('export', () => {
  test('whole or in part, it verifies with nothing but a key', async (t) => {
    const box = await many(t);
    const TEXT = 'x\u{1f642}\u2028'.repeat(4_000);
    await box.ok(['append'], { stdin: `${JSON.stringify(draft(0, { details: { TEXT } }))}\n` });
    const key = await keyOf(box);
    const parts: readonly (readonly [string[], number, number])[] = [
      [[], 0, 272],
      [['--from', '0', '--to', '0'], 0, 1],
      [['--from', '271'], 271, 272],
      [['--from', '255', '--to', '256'], 255, 257],
      [['--from', '3', '--to', '200'], 3, 201],
      [['--from', '100'], 100, 272],
    ];
    for (const [args, from, to] of parts) {
      const records = await checkExport((await box.ok(['export', ...args])).out, key);
      assert.deepEqual([records[0].seq, records.length], [from, to - from]);
      if (to === 272) assert.ok(records.at(-1).payloads[0].content === TEXT);
    }
  });

  test('is verified by itself, with whatever its reader knows of the log', async (t) => {
    const box = await many(t);
    await box.ok(['pin', 'create', '-o', 'first.pin']);
    await box.ok(['append'], { stdin: `${JSON.stringify(draft(0))}\n` });
    const key = await keyOf(box);
    await box.ok(['export', '-o', 'all.ndjson']);
    await box.ok(['export', '--from', '100', '--to', '199', '-o', 'part.ndjson']);
    const whole = (
      await box.ok(['verify', '--export', 'all.ndjson', '--pin', 'first.pin', '--deep', '--json'])
    ).json;
    assert.deepEqual([whole.verdict, whole.trust, whole.size], ['intact', 'pinned-key', 272]);
    assert.deepEqual([whole.pin.status, whole.pin.size], ['kept', 271]);
    const part = (await box.ok(['verify', '--export', 'part.ndjson', '--key', key, '--json'])).json;
    assert.deepEqual(
      [part.verdict, part.range, part.checked.records],
      ['intact', { from: 100, to: 200 }, 100],
    );
    assert.match((await box.ok(['verify', '--export', 'part.ndjson'])).out, /^intact: 100 of 100 records/);
    const pinned = async (file: string, code: number): Promise<string> => {
      const ran = await box.run(['verify', '--export', file, '--pin', 'first.pin']);
      assert.equal(ran.code, code, ran.out + ran.err);
      return ran.out;
    };
    assert.match(
      await pinned('all.ndjson', 0),
      /^intact: .*trust: pinned key;(?:.|\n)*\n {2}held against the pin of/,
    );
    assert.match(
      await pinned('part.ndjson', 2),
      /^NOT COMPARED: .*pinned key, NOT compared with the pin;(?:.|\n)*\n {2}signed by the keys of, and NOT compared with, the pin of/,
    );
    const text = readFileSync(box.at('all.ndjson'), 'utf8');
    writeFileSync(box.at('edited.ndjson'), text.replace('"seq":5,"source"', '"seq":6,"source"'));
    const edited = await box.run(['verify', '--export', 'edited.ndjson', '--json']);
    assert.deepEqual(
      [edited.code, edited.json.verdict, edited.json.findings[0].code],
      [1, 'not-intact', 'altered'],
    );
    writeFileSync(box.at('cut.ndjson'), text.slice(0, -10));
    assert.equal((await box.run(['verify', '--export', 'cut.ndjson'])).code, 1);
    await box.ok(['append'], { stdin: `${JSON.stringify(draft(1))}\n` });
    await box.ok(['pin', 'create', '-o', 'newer.pin']);
    const older = await box.run(['verify', '--export', 'all.ndjson', '--pin', 'newer.pin']);
    assert.equal(older.code, 1);
    assert.match(older.out, /An export that was made before that looks the same/);
    assert.equal((await box.run(['verify', '--export', 'first.pin'])).code, 1);
    assert.equal(await box.refused(['verify', '--export', 'none'], 2), 'FILE_UNREADABLE');
    assert.equal(
      await box.refused(['verify', '--export', 'all.ndjson', '--pin', 'none'], 2),
      'FILE_UNREADABLE',
    );
    assert.equal(await box.refused(['verify', '--export', 'all.ndjson', '--from', '3'], 2), 'USAGE');
  });

  test('-o makes a new file, whole or not at all', async (t) => {
    const box = await seven(t);
    assert.equal((await box.ok(['export', '-o', 'log.ndjson', '--json'])).json.count, 8);
    await checkExport(readFileSync(box.at('log.ndjson'), 'utf8'), await keyOf(box));
    assert.equal(await box.refused(['export', '-o', 'log.ndjson'], 2), 'FILE_UNREADABLE');
    assert.equal(await box.refused(['export', '-o', 'none/log.ndjson'], 2), 'FILE_UNREADABLE');
    assert.equal(await box.refused(['export', '--from', '8'], 2), 'USAGE');
  });

  test('what does not hold is not exported as if it did', async (t) => {
    const box = await one(t);
    alter(box, 'n1', 1);
    assert.equal(await box.refused(['export', '-o', 'x'], 2), 'LOG_DAMAGED');
    assert.equal(existsSync(box.at('x')), false);
    await checkExport((await box.ok(['export', '--to', '0'])).out, await keyOf(box));
  });
});

test('a reader that goes away ends the output quietly', async (t) => {
  const box = await many(t);
  writeFileSync(box.at('note'), '');
  const stop = new AbortController();
  const ran = await box.run(['tail', '-n', '270', '--json'], {
    signal: stop.signal,
    onOut: () => stop.abort('SIGPIPE'),
  });
  assert.deepEqual([ran.code, ran.err], [0, '']);
});
