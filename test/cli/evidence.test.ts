import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { utf8 } from '../../src/crypto/bytes.ts';
import { TamperedStore } from '../../src/store/sqlite/tamper.ts';
import { Sandbox } from './harness.ts';

const LINES = Array.from({ length: 12 }, (_, i) =>
  JSON.stringify({
    ...{ system: 'signserver', event: i % 3 === 0 ? 'KEYGEN' : 'PROCESS', outcome: 'success' },
    ...{ time: 1_790_000_000_000 + i, actor: { name: `alice\u202e${i}` } },
    details: i === 5 ? { LONG: 'x'.repeat(10_000) } : { N: String(i) },
  }),
).join('\n');

/** A log of record 0 and twelve more. */
async function begun(t: Parameters<Parameters<typeof test>[0] & object>[0] & object): Promise<Sandbox> {
  const box = new Sandbox(t as never);
  assert.equal((await box.run(['append', '--node', 'ca1'], { stdin: LINES })).code, 0);
  return box;
}

describe('evidence create and verify', () => {
  test('by query: what it says to people', async (t) => {
    const box = await begun(t);
    const made = await box.run([
      'evidence',
      'create',
      'event:KEYGEN',
      '-o',
      'k.evidence',
      '--by',
      'Eve\u202e',
    ]);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /^Evidence of 4 records in .*k\.evidence\nVerified: 4 records are as sealed/);
    const { code, out } = await box.run(['evidence', 'verify', 'k.evidence']);
    assert.equal(code, 0);
    assert.match(out, /alice\\u\{202e\}0/);
    assert.ok(!out.includes('\u202e'));
    assert.match(out, /keys that the file itself names/);
    assert.match(out, /other records may exist/);
    assert.match(out, /not checked: an outside anchor/);
    assert.match(out, /nothing proves:\n {2}made 20\d\d-.* UTC by Eve\\u\{202e\}, with tallystick/);
    assert.match(out, /the query was: event:KEYGEN\n {2}it was answered over the first 13 records of ca1/);
    const full = await box.run(['evidence', 'verify', 'k.evidence', '--records']);
    assert.match(full.out, /verified up to the signed root/);
  });

  test('by number, with sealed content or without', async (t) => {
    const box = await begun(t);
    assert.equal((await box.run(['evidence', 'create', 'ca1', '6', '1', '-o', 'n.evidence'])).code, 0);
    const { json } = await box.run(['evidence', 'verify', 'n.evidence', '--json']);
    assert.deepEqual(
      json.logs[0].records.map(({ seq, isMatch }: { seq: number; isMatch: boolean }) => [seq, isMatch]),
      [
        [0, false],
        [1, true],
        [6, true],
      ],
    );
    assert.equal(json.logs[0].records[2].record.details.LONG.length, 10_000);
    assert.equal((await box.run(['evidence', 'create', '6', '-o', 'less.evidence', '--no-content'])).code, 0);
    assert.ok(readFileSync(box.at('less.evidence')).length < 5_000);
    assert.equal((await box.run(['evidence', 'verify', 'less.evidence'])).code, 0);
  });

  test('complete, by numbers and by times', async (t) => {
    const box = await begun(t);
    const create = ['evidence', 'create', 'event:KEYGEN', '--complete', '-o'];
    assert.equal((await box.run([...create, 'c.evidence'])).code, 0);
    const { code, out } = await box.run(['evidence', 'verify', 'c.evidence', '--complete']);
    assert.equal(code, 0);
    assert.match(out, /Complete: the query was run again over records 0 to 12 of 13; it finds 4/);
    assert.equal((await box.run([...create, 'd.evidence', '--from', '2', '--to', '5'])).code, 0);
    const timed = await box.run([...create, 'e.evidence', '--since', '2026-01-01', '--until', '2126-01-01']);
    assert.equal(timed.code, 0, timed.err);
    assert.match(timed.out, /The range is what the log took from 2026-01-01 00:00:00\.000 UTC/);
    assert.equal((await box.run(['evidence', 'create', 'event:KEYGEN', '-o', 'k.evidence'])).code, 0);
    assert.equal((await box.run(['evidence', 'verify', 'k.evidence', '--complete'])).code, 1);
    // That nothing matches is something to prove, too.
    const none = await box.run(['evidence', 'create', 'event:NONE', '-o', 'none.evidence']);
    assert.equal(none.code, 2);
    assert.match(none.err, /--complete/);
    const proven = await box.run(['evidence', 'create', 'event:NONE', '--complete', '-o', 'none.evidence']);
    assert.equal(proven.code, 0, proven.err);
  });

  test('against a pin, a key, and another log', async (t) => {
    const box = await begun(t);
    assert.equal((await box.run(['verify', '--pin', 'ca1.pin'])).code, 0);
    assert.equal((await box.run(['append', '--node', 'ca1'], { stdin: LINES })).code, 0);
    const made = await box.ok(['evidence', 'create', '3', '-o', 'k.evidence', '--pin', 'ca1.pin']);
    assert.match(made.out, /It agrees with what you have pinned or this machine remembers of the log\./);
    assert.match(made.out, /Checked: .*; 1 pin, which it agrees with\./);
    assert.doesNotMatch(made.out, /no pin was given|no key was given|keys that the file itself names/);
    const without = ['evidence', 'create', '3', '-o', 'w.evidence'];
    const unpinned = await box.ok(without, { env: { TALLYSTICK_STATE: box.at('nothing') } });
    assert.match(unpinned.out, /keys that the file itself names(?:.|\n)*no pin was given/);
    const pinned = await box.run(['evidence', 'verify', 'k.evidence', '--pin', 'ca1.pin', '--json']);
    assert.equal(pinned.code, 0);
    assert.equal(pinned.json.logs[0].trust, 'pinned-key');
    assert.deepEqual(pinned.json.logs[0].notChecked, []);
    const { keys } = JSON.parse(readFileSync(box.at('ca1.pin'), 'utf8'));
    assert.equal((await box.run(['evidence', 'verify', 'k.evidence', '--key', keys[0]])).code, 0);
    // Older than the pin, and of a time when there was none: no accusation, and no pass either.
    const apart = { env: { TALLYSTICK_STATE: box.at('apart') } };
    await box.ok(['evidence', 'create', '3', '-o', 'unpinned.evidence'], apart);
    await box.ok(['append', '--node', 'ca1'], { stdin: LINES });
    await box.ok(['pin', 'create', '-o', 'later.pin']);
    for (const [file, pin] of [
      ['unpinned.evidence', 'ca1.pin'],
      ['k.evidence', 'later.pin'],
    ] as const) {
      const open = await box.run(['evidence', 'verify', file, '--pin', pin]);
      assert.equal(open.code, 2, `${file}: ${open.out}${open.err}`);
      assert.match(
        open.out,
        /^Signed by the keys of your pin; not compared with it: 1 record is as sealed$/m,
      );
      assert.match(
        open.out,
        /notice not-compared: the pin at \d+ records was not compared with what is here/,
      );
      await box.ok(['evidence', 'verify', file, '--key', keys[0]]);
    }
    mkdirSync(box.at('other'));
    const other = ['--data', box.at('other', 'data')];
    assert.equal((await box.run(['append', '--node', 'ca1', ...other], { stdin: LINES })).code, 0);
    assert.equal((await box.run(['evidence', 'create', '3', '-o', 'o.evidence', ...other])).code, 0);
    const foreign = await box.run(['evidence', 'verify', 'o.evidence', '--pin', 'ca1.pin']);
    assert.equal(foreign.code, 1);
    assert.match(foreign.out, /other-log/);
  });

  test('a changed file, and one that is none', async (t) => {
    const box = await begun(t);
    assert.equal((await box.run(['evidence', 'create', '3', '-o', 'k.evidence'])).code, 0);
    const text = readFileSync(box.at('k.evidence'), 'utf8');
    writeFileSync(box.at('bad.evidence'), text.replace('PROCESS', 'PROCESZ'));
    const bad = await box.run(['evidence', 'verify', 'bad.evidence']);
    assert.equal(bad.code, 1);
    assert.match(bad.out, /Not verified: 1 thing is wrong\n.*altered: record 3:/);
    const document = JSON.parse(text);
    document.logs[0].range = { from: 2, to: 6, since: null, until: null };
    writeFileSync(box.at('gaps'), JSON.stringify(document));
    const gaps = (await box.run(['evidence', 'verify', 'gaps'])).out;
    assert.match(gaps, /FAIL {3}missing: record 2: sealed, but not there\n/);
    assert.match(gaps, /FAIL {3}missing: records 4 to 5: sealed, but not there\n/);
    writeFileSync(box.at('none'), '{}');
    const none = await box.run(['evidence', 'verify', 'none']);
    assert.equal(none.code, 1);
    assert.match(none.out, /bad-evidence/);
    assert.equal((await box.run(['evidence', 'verify', 'missing'])).code, 2);
  });

  test('is not made twice, and not of a log that does not hold', async (t) => {
    const box = await begun(t);
    const create = ['evidence', 'create', '3', '-o', 'k.evidence'];
    assert.equal((await box.run(create)).code, 0);
    assert.equal((await box.run(create)).code, 2);
    assert.equal((await box.run([...create, '--replace'])).code, 0);
    const store = new TamperedStore(box.data, 'ca1');
    const { entries, leaves } = store.read();
    entries[3] = utf8(new TextDecoder().decode(entries[3]).replace('PROCESS', 'PROCESZ'));
    store.write(entries, leaves);
    store.close();
    const refused = await box.run(['evidence', 'create', '3', '-o', 'bad.evidence']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /no evidence was made: .* does not hold \(altered: record 3 /);
    assert.deepEqual(
      readdirSync(box.dir).filter((each) => each.startsWith('bad')),
      [],
    );
  });

  test('mistakes are named', async (t) => {
    const box = await begun(t);
    for (const [argv, message] of [
      [['evidence', 'create', 'event:KEYGEN'], /-o FILE/],
      [['evidence', 'create', '3', '-o', 'x', '--complete'], /for a query/],
      [['evidence', 'create', 'event:KEYGEN', '-o', 'x', '--since', '2026-01-01'], /for --complete/],
      [['evidence', 'create', '-o', 'x', '--complete', '--since', '2026-01-01T00:00'], /no zone/],
      [['evidence', 'create', 'ca9', '3', '-o', 'x'], /there are: ca1/],
      [['evidence', 'create', '99', '-o', 'x'], /no record 99/],
      [['evidence', 'create', 'event:', '-o', 'x'], /QUERY|query|value/],
    ] as const) {
      const { code, err } = await box.run([...argv]);
      assert.notEqual(code, 0);
      assert.match(err, message, argv.join(' '));
    }
  });
});
