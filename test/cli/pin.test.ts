import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { cosignerKeyFromSpki, formatPin, parsePin } from '../../src/checkpoint/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { inTurn } from '../runs.ts';
import { type Json, ndjson, prepared, type Ran, type Sandbox, served } from './harness.ts';

/** Everything that shows what a log holds. */
const READS: readonly (readonly string[])[] = [
  ['search', 'event:EVENT_0'],
  ['get', '1'],
  ['tail'],
  ['export'],
  ['trace', 'key', 'k1'],
  ['checkpoint'],
];

const KEY = { objects: [{ kind: 'key', id: 'k1' }] };

function codes({ findings }: Json): string[] {
  return findings.map(({ code }: Json) => code);
}

const three = prepared((box) => box.fill(3, KEY));
const many = prepared((box) => box.fill(300));
/** A log, and in `older` what it was three records before. */
const grown = prepared(async (box) => {
  await box.fill(3, KEY);
  cpSync(box.data, box.at('older'), { recursive: true });
  await box.fill(3);
});

/** The same, and its pin: a file, found by where the log is. */
async function pinned(t: TestContext): Promise<{ box: Sandbox; file: string }> {
  const box = await grown(t);
  return { box, file: (await box.ok(['pin', 'create', '--json'])).json.file };
}

function putBack(box: Sandbox): void {
  rmSync(box.data, { recursive: true });
  renameSync(box.at('older'), box.data);
  // The writer's own memory must not be what finds it out.
  rmSync(box.at('state/heads'), { recursive: true });
}

describe('pin create, show, update', () => {
  test('a pin is made where verify looks for it, shown, and advanced over what was added', async (t) => {
    const box = await three(t);
    const { json } = await box.ok(['pin', 'create', '--json']);
    assert.deepEqual([json.status, json.before, json.pin.size], ['created', null, 4]);
    assert.equal((await box.ok(['verify', '--json'])).json.pin.file, json.file);
    const { origin, size } = (await box.ok(['pin', 'show', '--json'])).json.pins[0];
    assert.deepEqual([origin, size], [json.pin.origin, 4]);
    assert.equal((await box.ok(['pin', 'update', '--json'])).json.status, 'kept');
    await box.fill(2);
    const updated = (await box.ok(['pin', 'update', '--json'])).json;
    assert.deepEqual([updated.status, updated.before.size, updated.pin.size], ['advanced', 4, 6]);
    assert.deepEqual(parsePin(readFileSync(json.file, 'utf8')), updated.pin);
    assert.match((await box.ok(['pin', 'show'])).out, /^tallystick-[0-9a-f]{8}\/.*\n {2}6 records, root /);
    assert.equal(await box.refused(['pin', 'create'], 1), 'PIN_EXISTS');
    assert.equal(await box.refused(['pin', 'update', 'no.pin'], 2), 'PIN_INVALID');
    assert.equal(await box.refused(['pin', 'show', '--data', 'elsewhere'], 2), 'PIN_INVALID');
  });

  test('a directory that is named and not there is said, and not made', async (t) => {
    const box = await three(t);
    for (const argv of [
      ['verify', '--pin'],
      ['pin', 'create', '-o'],
    ]) {
      assert.equal(await box.refused([...argv, 'absent/a.pin'], 2), 'FILE_UNREADABLE');
    }
    assert.ok(!existsSync(box.at('absent')));
    await box.ok(['verify', '--pin', 'a.pin']);
  });

  test('over a key change the pin goes on with the new key', async (t) => {
    const box = await three(t);
    const first = (await box.ok(['pin', 'create', '-o', 'a.pin', '--json'])).json.pin;
    await box.ok(['keys', 'generate', 'software', 'second']);
    await box.ok(['keys', 'select', 'software', 'second']);
    await box.fill(1);
    const { json } = await box.ok(['pin', 'update', 'a.pin', '--json']);
    assert.equal(json.status, 'advanced');
    assert.notDeepEqual(json.pin.keys, first.keys);
    assert.equal((await box.ok(['verify', '--pin', 'a.pin', '--json'])).json.pin.status, 'kept');
    const retired = ['pin', 'create', '-o', 'b.pin', '--require', first.keys[0]];
    assert.equal(await box.refused(retired, 2), 'LOG_KEY_MISMATCH');
    assert.equal((await box.run(['pin', 'show', 'b.pin'])).code, 2, 'nothing was made');
    await box.ok(['pin', 'create', '-o', 'b.pin', '--require', json.pin.keys[0]]);
    const stranger = json.pin.keys[0].replace(/^[^/]*/, 'other-00000000');
    assert.equal((await box.run(['pin', 'create', '-o', 'c.pin', '--require', stranger])).code, 2);
  });

  test('a log sealed by two keys may be pinned by one of them, and then needs that one', async (t) => {
    const box = await three(t);
    await box.ok(['keys', 'generate', 'software', 'second']);
    await box.ok(['keys', 'select', 'software', 'second', '--also', 'software/seal']);
    const { keys } = (await box.ok(['checkpoint', '--json'])).json;
    assert.equal(keys.length, 2);
    const one = (await box.ok(['pin', 'create', '-o', 'one.pin', '--require', keys[1], '--json'])).json;
    assert.deepEqual(one.pin.keys, [keys[1]]);
    const both = ['--require', keys[0], '--require', keys[1]];
    assert.deepEqual(
      (await box.ok(['pin', 'create', '-o', 'both.pin', ...both, '--json'])).json.pin.keys,
      keys,
    );
    await box.fill(1);
    assert.deepEqual((await box.ok(['pin', 'update', 'one.pin', '--json'])).json.pin.keys, [keys[1]]);
  });

  test('never backwards, and not to another log: said why, and the file stays', async (t) => {
    const { box, file } = await pinned(t);
    const before = readFileSync(file, 'utf8');
    putBack(box);
    const { code, json } = await box.run(['pin', 'update', '--json']);
    assert.deepEqual([code, json.status, codes(json)], [1, 'refused', ['rolled-back']]);
    assert.match((await box.run(['pin', 'update'])).out, /^REFUSED: the pin stays as it was, at 7 records\n/);
    await box.fill(9, { actor: { name: 'another' } });
    assert.deepEqual(codes((await box.run(['pin', 'update', '--json'])).json), ['split-view']);
    rmSync(box.data, { recursive: true });
    await box.fill(20);
    assert.deepEqual(codes((await box.run(['pin', 'update', '--json'])).json), ['unknown-key', 'other-log']);
    assert.equal(readFileSync(file, 'utf8'), before);
  });

  test('with a pin of another log, of whatever node, it is that which is said', async (t) => {
    const box = await three(t);
    await box.ok(['append', '--data', 'other', '--node', 'ca1'], { stdin: ndjson(1) });
    await box.ok(['pin', 'create', '--data', 'other', '-o', 'other.pin']);
    const { code, json } = await box.run(['pin', 'update', 'other.pin', '--json']);
    assert.equal(code, 1);
    assert.ok(codes(json).includes('other-log'), codes(json).join());
    rmSync(box.at('other'), { recursive: true });
    await box.ok(['append', '--data', 'other', '--node', 'b1'], { stdin: ndjson(1) });
    assert.ok(
      codes((await box.run(['pin', 'update', 'other.pin', '--data', 'other', '--json'])).json).includes(
        'other-log',
      ),
    );
  });

  test('hash tiles that lead nowhere are damage, and accuse nobody of another log', async (t) => {
    const box = await many(t);
    await box.ok(['pin', 'create', '-o', 'a.pin']);
    await box.fill(300);
    const db = new DatabaseSync(join(box.data, 'log.db'));
    db.exec('UPDATE bundles SET hashes = zeroblob(length(hashes)) WHERE idx = 1');
    db.close();
    const { code, json } = await box.run(['pin', 'update', 'a.pin', '--json']);
    assert.deepEqual([code, codes(json)], [1, ['coverage-ends']]);
  });

  test('of a published copy, and of hostile files', async (t) => {
    const box = await three(t);
    await box.ok(['log', 'publish', 'out']);
    const published = ['--published', 'out'];
    const { json } = await box.ok(['pin', 'create', ...published, '--json']);
    assert.equal((await box.ok(['verify', ...published, '--json'])).json.pin.file, json.file);
    await box.fill(2);
    await box.ok(['log', 'publish', 'out']);
    assert.equal((await box.ok(['pin', 'update', ...published, '--json'])).json.pin.size, 6);
    assert.equal((await box.ok(['pin', 'show', ...published, '--json'])).json.pins[0].size, 6);
    assert.equal(await box.refused(['pin', 'create', ...published, '--data', 'x'], 2), 'USAGE');
    const pin = parsePin(readFileSync(json.file, 'utf8'));
    const forged = { ...pin, checkpoint: pin.checkpoint.replace(/.{8}\n$/, 'AAAAAAA=\n') };
    for (const text of ['', '{}', '['.repeat(100_000), formatPin(pin).replace('"v": 1', '"v": 3')]) {
      writeFileSync(box.at('bad.pin'), text);
      assert.equal(await box.refused(['pin', 'show', 'bad.pin'], 2), 'PIN_INVALID');
      assert.equal(await box.refused(['pin', 'update', 'bad.pin', ...published], 2), 'PIN_INVALID');
    }
    await box.fill(1);
    await box.ok(['append', '--data', 'other'], { stdin: ndjson(1) });
    const { keys } = (await box.ok(['checkpoint', '--data', 'other', '--json'])).json;
    for (const changed of [forged, { ...pin, keys }, { ...pin, keys: [...pin.keys, ...keys] }]) {
      writeFileSync(box.at('changed.pin'), formatPin(changed));
      assert.equal(await box.refused(['pin', 'update', 'changed.pin'], 2), 'PIN_INVALID');
      const shown = await box.run(['pin', 'show', 'changed.pin']);
      assert.deepEqual([shown.code, shown.out], [2, '']);
      assert.match(shown.err, /changed\.pin: the pin is not signed by its own keys/);
    }
  });

  test('holds a policy of witnesses, which is demanded wherever the pin is used', async (t) => {
    const box = await three(t);
    const witness = 'w.example/1+7c2a1d4c+BLnkBOGEGqXzQ0OgX8l4cDAIVcBmU2EMD3G/pvVq0Xsx';
    writeFileSync(box.at('none.policy'), 'quorum none\n');
    const { json } = await box.ok(['pin', 'create', '-o', 'a.pin', '--policy', 'none.policy', '--json']);
    assert.equal(json.pin.policy, 'quorum none\n');
    assert.match(readFileSync(box.at('a.pin'), 'utf8'), /^\{\n {2}"v": 2,/);
    await box.fill(1);
    assert.equal((await box.ok(['verify', '--pin', 'a.pin', '--json'])).json.pin.status, 'advanced');
    assert.equal(parsePin(readFileSync(box.at('a.pin'), 'utf8')).policy, 'quorum none\n');
    const { vkey } = cosignerKeyFromSpki('w.example/1', 'ed25519', testSigner('w').publicKey);
    writeFileSync(box.at('other.policy'), `witness w ${vkey}\nquorum w\n`);
    // Another beside it would take from what it demands, or add to it: neither goes without a word.
    assert.equal(await box.refused(['verify', '--pin', 'a.pin', '--policy', 'other.policy'], 2), 'USAGE');
    await box.ok(['verify', '--pin', 'a.pin', '--policy', 'none.policy']);
    writeFileSync(box.at('bad.policy'), `witness w ${witness}\n`);
    assert.equal(
      await box.refused(['pin', 'create', '-o', 'b.pin', '--policy', 'bad.policy'], 2),
      'POLICY_INVALID',
    );
  });
});

describe('every command that reads holds the log against the pin', () => {
  async function each(box: Sandbox, more: readonly string[] = [], reads = READS): Promise<Ran[]> {
    const ran: Ran[] = [];
    for (const argv of reads) ran.push(await box.run([...argv, ...more, '--json']));
    return ran;
  }

  test('a log that goes on is shown, and the pin goes on with it; without a pin none is made', async (t) => {
    const box = await three(t);
    for (const { code, out, err } of await each(box)) assert.equal(code, 0, out + err);
    assert.deepEqual(
      readdirSync(box.at('state')).filter((name) => name === 'pins'),
      [],
    );
    const { file } = (await box.ok(['pin', 'create', '--json'])).json;
    for (const argv of READS) {
      await box.fill(1);
      await box.ok(argv);
      const { size } = (await box.ok(['checkpoint', '--json', '--no-pin'])).json;
      assert.equal(parsePin(readFileSync(file, 'utf8')).size, size, argv.join(' '));
    }
  });

  test('one that is behind, contradicts, or is another is refused with the finding; --no-pin reads it', async (t) => {
    const { box, file } = await pinned(t);
    const before = readFileSync(file, 'utf8');
    const thirds = [0, 1, 2].map((third) => READS.filter((_, i) => i % 3 === third));
    const refused = async (finding: RegExp, turn: number) => {
      const reads = inTurn(thirds, turn).flat();
      for (const { code, lines, err } of await each(box, [], reads)) {
        assert.deepEqual([code, lines.length, lines[0].error.code], [1, 1, 'PIN_CONTRADICTED']);
        assert.match(err, finding);
      }
      for (const { code } of await each(box, ['--no-pin'], reads)) assert.equal(code, 0);
      assert.equal(readFileSync(file, 'utf8'), before);
    };
    putBack(box);
    await refused(/rolled-back/, 0);
    await box.fill(9, { ...KEY, actor: { name: 'another' } });
    await refused(/split-view/, 1);
    rmSync(box.data, { recursive: true });
    await box.fill(20, KEY);
    await refused(/other-log.* begun anew on purpose, move \S+ away and keep it/, 2);
  });

  test('of a log that was deleted whole, it says which one was there, with how many records, and when', async (t) => {
    const { box } = await pinned(t);
    rmSync(box.data, { recursive: true });
    const was =
      /the log tallystick-[0-9a-f]{8}\/\S+ with 7 records, on 20\d\d-\d\d-\d\dT\S+Z\. It was deleted or moved/;
    for (const argv of [...READS, ['status'], ['witness', 'list'], ['timestamp', 'list'], ['keys', 'list']]) {
      const { code, err } = await box.run(argv);
      assert.equal(code, 2, argv.join(' '));
      assert.match(err, was, argv.join(' '));
    }
    const { code, out } = await box.run(['verify']);
    assert.equal(code, 1);
    assert.match(out, /^NOT INTACT: /);
    assert.match(
      out,
      /truncated: the log tallystick-[0-9a-f]{8}\/\S+ had 7 sealed records when it was last remembered, on 20\S+Z; nothing of it is here now/,
    );
    assert.match(out, /held against the pin of 20.*: 7 records/);
    const [finding] = (await box.run(['verify', '--json'])).json.findings;
    assert.deepEqual([finding.code, finding.size, finding.notes.length], ['truncated', 7, 1]);
    rmSync(box.at('state'), { recursive: true });
    assert.match((await box.run(['get', '1'])).err, /there is no log in \S+: "tallystick import FILE"/);
  });

  test('a pin that its own keys have not signed vouches for nothing, also where the log stands as it says', async (t) => {
    const { box, file } = await pinned(t);
    const good = parsePin(readFileSync(file, 'utf8'));
    const forged = { ...good, checkpoint: good.checkpoint.replace(/.{8}\n$/, 'AAAAAAA=\n') };
    writeFileSync(file, formatPin(forged));
    for (const { code, lines } of await each(box)) {
      assert.deepEqual([code, lines[0].error.code], [2, 'PIN_INVALID']);
    }
    for (const argv of [['verify'], ['pin', 'update'], ['log', 'publish', 'out']]) {
      assert.equal(await box.refused(argv, 2), 'PIN_INVALID');
    }
    const { json } = await box.run(['status', '--json']);
    const { state, detail } = json.checks.find(({ name }: Json) => name === 'remembered');
    assert.equal(state, 'failed');
    assert.match(detail, /not signed by its own keys/);
    assert.equal(readFileSync(file, 'utf8'), formatPin(forged), 'it stays, as evidence');
    // Nor does it prove that there was a log.
    rmSync(box.data, { recursive: true });
    assert.equal(await box.refused(['verify'], 2), 'PIN_INVALID');
  });

  test('a pin that cannot be read is no reason to go on without', async (t) => {
    const { box, file } = await pinned(t);
    writeFileSync(join(file), '{}');
    for (const { code, lines } of await each(box)) {
      assert.deepEqual([code, lines[0].error.code], [2, 'PIN_INVALID']);
    }
  });
});

describe('status and log publish hold the log against the pin, and against the head that a writer remembers', () => {
  const told = async (box: Sandbox): Promise<[number, string, string]> => {
    const { code, json } = await box.run(['status', '--json']);
    const { state, detail } = json.checks.find(({ name }: Json) => name === 'remembered');
    return [code, state, detail];
  };
  const assertRefused = async (box: Sandbox, finding: RegExp): Promise<void> => {
    const [code, state, detail] = await told(box);
    assert.deepEqual([code, state], [1, 'failed']);
    assert.match(detail, finding);
    assert.equal(await box.refused(['log', 'publish', 'out'], 1), 'PIN_CONTRADICTED');
    assert.ok(!existsSync(box.at('out')), 'nothing was written');
  };

  test('by the pin: one put back, one gone on with otherwise; --no-pin publishes it all the same', async (t) => {
    const { box, file } = await pinned(t);
    const before = readFileSync(file, 'utf8');
    putBack(box);
    await assertRefused(box, /rolled-back/);
    await box.fill(9, { actor: { name: 'another' } });
    // The writer remembers the new log, the pin the old one.
    await assertRefused(box, /split-view/);
    assert.equal(readFileSync(file, 'utf8'), before);
    assert.equal((await box.ok(['log', 'publish', 'out', '--no-pin', '--json'])).json.size, 13);
  });

  test('by what the writer remembers, where there is no pin', async (t) => {
    const box = await grown(t);
    const [, state, detail] = await told(box);
    assert.equal(state, 'ok', detail);
    rmSync(box.data, { recursive: true });
    renameSync(box.at('older'), box.data);
    await assertRefused(box, /rolled-back/);
    assert.equal(await box.refused(['export', '-o', 'all.ndjson'], 1), 'PIN_CONTRADICTED');
    await box.ok(['export', '-o', 'older.ndjson', '--no-pin']);
    rmSync(box.at('state/heads'), { recursive: true });
    const [code, unknown] = await told(box);
    assert.deepEqual([code, unknown], [0, 'unknown'], 'nothing is remembered');
    await box.ok(['log', 'publish', 'out']);
    assert.ok(!existsSync(box.at('state/pins')), 'no pin is begun');
  });

  test('verify does, too: it says so where it holds, begins no pin where it does not, and --no-pin leaves it out', async (t) => {
    const box = await grown(t);
    const [memory = ''] = readdirSync(box.at('state/heads')).map((name) => box.at('state/heads', name));
    const good = await box.ok(['verify', '--no-pin']);
    assert.doesNotMatch(good.out, /writer remembers/);
    const first = await box.ok(['verify', '--pin', 'a.pin']);
    assert.match(
      first.out,
      /^intact: .*; trust: the log's own key, on first use, held to the head that its writer remembers here; not/,
    );
    assert.match(first.out, /an outside anchor \(no pin was given: .* with what its writer remembers here/);
    assert.match(first.out, /held to the head that its writer remembers here, of 20\S+Z: 7 records/);
    const { json } = await box.ok(['verify', '--pin', 'a.pin', '--json']);
    assert.deepEqual([json.remembered.file, json.remembered.size], [memory, 7]);
    const apart = { env: { TALLYSTICK_STATE: box.at('apart') } };
    await box.ok(['pin', 'create', '--data', 'older', '-o', 'older.pin'], apart);
    const begun = await box.run(['pin', 'create', '--data', 'older', '-o', 'new.pin', '--json']);
    assert.deepEqual([begun.code, begun.json.status, codes(begun.json)], [1, 'refused', ['rolled-back']]);
    assert.ok(!existsSync(box.at('new.pin')));
    // The older copy lies where nothing is remembered of the place.
    const back = await box.run(['verify', '--data', 'older']);
    assert.equal(back.code, 1);
    assert.match(back.out, /^NOT INTACT: /);
    assert.match(
      back.out,
      /FAIL {3}rolled-back: the head that its writer remembers here shows that 7 records were sealed; the log now has a signed head at 4/,
    );
    assert.match(back.out, /Put the store that \S+ tells of back.* an older copy, as a backup is: --no-pin/);
    assert.deepEqual(readdirSync(box.at('state')), ['heads'], 'no pin was begun');
    const older = await box.run(['verify', '--data', 'older', '--pin', 'older.pin', '--json']);
    assert.deepEqual([older.code, codes(older.json)], [1, ['rolled-back']], 'a pin makes it no better');
    const part = ['verify', '--data', 'older', '--from', '1', '--json'];
    assert.deepEqual(codes((await box.run(part)).json), ['rolled-back']);
    await box.ok(['verify', '--data', 'older', '--no-pin']);
    // One that was gone on with elsewhere is another.
    await box.ok(['append', '--data', 'older'], {
      stdin: ndjson(9, { actor: { name: 'another' } }),
      ...apart,
    });
    const split = await box.run(['verify', '--data', 'older', '--json']);
    assert.deepEqual([split.code, codes(split.json)], [1, ['split-view']]);
    writeFileSync(memory, '{}');
    assert.equal(await box.refused(['verify', '--data', 'older'], 2), 'PIN_INVALID');
    const { out } = await box.ok(['verify', '--pin', 'a.pin']);
    assert.match(out, /not checked: the head that its writer remembers here \(.* cannot be compared with/);
  });

  test('verify of a part does not take damage elsewhere for another log: it was not compared', async (t) => {
    const box = await many(t);
    cpSync(box.data, box.at('older'), { recursive: true });
    await box.fill(600);
    const db = new DatabaseSync(join(box.data, 'log.db'));
    db.exec('UPDATE bundles SET hashes = zeroblob(length(hashes)) WHERE idx = 1');
    db.close();
    // As it was remembered before the newest records came.
    rmSync(box.at('state'), { recursive: true });
    await box.ok(['append', '--data', 'older'], { stdin: '' });
    const { code, out } = await box.run(['verify', '--from', '0', '--to', '9']);
    assert.equal(code, 2, out);
    assert.match(out, /^NOT COMPARED: 10 of 10 records, /);
    assert.match(
      out,
      /notice not-compared: the head that its writer remembers here, at 301 records, was not/,
    );
    assert.match(out, /^ {2}NOT compared with the head that its writer remembers here, of /m);
    assert.equal((await box.run(['verify'])).code, 1, 'damage is found where it is');
  });

  test('status says so of a log that a server runs on, too, and changes no pin', async (t) => {
    const { box, file } = await pinned(t);
    await box.fill(1);
    const before = readFileSync(file, 'utf8');
    cpSync(box.at('older'), box.at('fork'), { recursive: true });
    const apart = { env: { TALLYSTICK_STATE: box.at('apart') } };
    await box.ok(['append', '--data', 'fork'], {
      ...apart,
      stdin: ndjson(2, { actor: { name: 'another' } }),
    });
    await box.ok(['pin', 'create', '--data', 'fork', '-o', 'fork.pin'], apart);
    await served(box, async () => {
      const [code, state] = await told(box);
      assert.deepEqual([code, state], [0, 'ok']);
      assert.equal(readFileSync(file, 'utf8'), before);
      writeFileSync(file, readFileSync(box.at('fork.pin')));
      const [code2, , detail] = await told(box);
      assert.equal(code2, 1);
      assert.match(detail, /split-view/);
    });
  });
});
