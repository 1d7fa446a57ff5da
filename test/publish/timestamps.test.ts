import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { checkpointBody, parseNote, signCheckpoint } from '../../src/checkpoint/mod.ts';
import { fromHex, utf8 } from '../../src/crypto/bytes.ts';
import { openLog } from '../../src/open.ts';
import { formatTimestamps } from '../../src/published/mod.ts';
import { tokenWrite } from '../../src/timestamps/kept.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { type Json, prepared, Sandbox } from '../cli/harness.ts';
import { forge, generalized } from '../timestamps/support/forge.ts';
import { ca, DAY, type Holder, stamper } from '../timestamps/support/pki.ts';
import { BuiltLog, KEY, makeRecord, ORIGIN, START, VKEY } from '../verify/built-log.ts';
import { CutAt, contentOf, publishTo, tempDir } from './fixture.ts';

/** Time stamps that are published with a log, and what a verifier of the copy makes of them. */

interface Stamp {
  readonly size: number;
  readonly note: string;
  readonly token: Uint8Array;
}

/** Certificates of the tests are valid then, and all records are logged by then. */
const BY = START + 3_600_000;
let root: Holder;
let authority: Holder;
let log: BuiltLog;
before(async () => {
  const valid = { from: START - DAY, to: START + 10_000 * DAY };
  root = await ca('Root', null, valid);
  authority = await stamper('Stamps', root, valid);
  log = await BuiltLog.build(300);
});

async function stamp(note: string, at: number = BY, over: string = note): Promise<Stamp> {
  const { text } = parseNote(note);
  const token = await forge({
    signer: authority,
    data: utf8(parseNote(over).text),
    time: generalized(at),
  });
  return { size: Number(text.split('\n')[1]), note, token };
}

/** The checkpoint at a size, of the log or of one of other records; signed by the log's key, or another. */
async function noteAt(size: number, event?: string, signer = KEY): Promise<string> {
  const record = (seq: number) => makeRecord(seq, event !== undefined && seq === 5 ? { event } : {});
  const { root: hex } = (await BuiltLog.build(size, 100, KEY, record)).pin();
  const body = checkpointBody(ORIGIN, size, fromHex(hex) as Uint8Array);
  return `${body}\n${await signCheckpoint(body, ORIGIN, signer)}`;
}

/** A copy of the log with these time stamps, or with a file of one's own in their place. */
async function copyWith(t: TestContext, stamps: readonly Stamp[] | string, of = log): Promise<Sandbox> {
  const box = new Sandbox(t);
  await publishTo(box.at('out'), of);
  writeFileSync(box.at('out/timestamps'), typeof stamps === 'string' ? stamps : formatTimestamps(stamps));
  writeFileSync(box.at('root.pem'), root.pem);
  return box;
}

const VERIFY = ['verify', '--published', 'out', '--no-pin', '--key', VKEY];
const BELIEVING = [...VERIFY, '--timestamp-root', 'root.pem'];

/** What is verified with the root given: exit code, verdict, failures, bounds by size, and what the time stamps came to. */
async function judged(box: Sandbox): Promise<Json> {
  const { code, json } = await box.run([...BELIEVING, '--json']);
  const { verified, untrusted, ahead, bad, newest } = json.timestamps;
  const failures = json.findings.filter((each: Json) => each.class === 'fail').map((each: Json) => each.code);
  assert.equal(newest?.size, json.dated.at(-1)?.size);
  return {
    ...{ code, verdict: json.verdict, failures, verified, untrusted, ahead },
    bad: bad.map(({ size, codes }: Json) => [size, ...codes]),
    bounds: json.dated.map(({ size }: Json) => size),
  };
}

const GOOD = {
  code: 0,
  verdict: 'intact',
  failures: [],
  verified: 0,
  untrusted: 0,
  ahead: 0,
  bad: [],
  bounds: [],
};

describe('publishing time stamps', () => {
  test('those over what is published, before the checkpoint; none are lost to who gives none', async (t) => {
    const dir = tempDir(t);
    const stamps = await Promise.all([100, 300, 301].map(async (size) => stamp(await noteAt(size))));
    await publishTo(dir, log);
    assert.ok(!existsSync(join(dir, 'timestamps')));
    await publishTo(dir, log, { timestamps: [] });
    assert.ok(!existsSync(join(dir, 'timestamps')));
    const { files } = await publishTo(dir, log, { timestamps: stamps });
    assert.equal(files, 1);
    const file = readFileSync(join(dir, 'timestamps'), 'utf8');
    assert.equal(file, formatTimestamps(stamps.slice(0, 2)));
    assert.equal((await publishTo(dir, log, { timestamps: stamps })).files, 0);
    await publishTo(dir, log);
    assert.equal(readFileSync(join(dir, 'timestamps'), 'utf8'), file);
    await publishTo(dir, log, { timestamps: [] });
    assert.equal(readFileSync(join(dir, 'timestamps'), 'utf8'), '');
  });

  test('cut off anywhere, what is there is never held against the copy, and the next time mends it', async (t) => {
    const [small, grown] = [await BuiltLog.build(20), await BuiltLog.build(21)];
    const [early, late] = [await stamp(await noteAt(10)), await stamp(grown.note)];
    const steps = new CutAt(Number.POSITIVE_INFINITY);
    const fresh = tempDir(t);
    await publishTo(fresh, small, { timestamps: [early] });
    await publishTo(fresh, grown, { timestamps: [early, late], signal: steps.signal });
    const seen = new Set<number>();
    for (let n = 1; n <= steps.asked; n++) {
      const box = await copyWith(t, [early], small);
      await assert.rejects(
        publishTo(box.at('out'), grown, { timestamps: [early, late], signal: new CutAt(n).signal }),
        /cut off/,
      );
      const { code, verdict, verified, ahead, bad } = await judged(box);
      assert.deepEqual([code, verdict, bad], [0, 'intact', []], `cut at ${n}`);
      seen.add(10 * verified + ahead);
      await publishTo(box.at('out'), grown, { timestamps: [early, late] });
      assert.deepEqual(contentOf(box.at('out')), contentOf(fresh));
    }
    assert.deepEqual([...seen].sort(), [10, 11, 20]);
    // The first time, too.
    const empty = tempDir(t);
    writeFileSync(join(empty, 'timestamps'), formatTimestamps([late]));
    await publishTo(empty, grown, { timestamps: [late] });
  });
});

describe('a copy with time stamps', () => {
  test('bounds its records, on the root given', async (t) => {
    const stamps = [await stamp(await noteAt(100)), await stamp(log.note, BY + 5_000)];
    const box = await copyWith(t, stamps);
    assert.deepEqual(await judged(box), { ...GOOD, verified: 2, bounds: [100, 300] });
    const whole = await box.ok(BELIEVING);
    assert.match(
      whole.out,
      /2 time stamps verified, trust: the root given; the first 300 records existed by/,
    );
    const part = await box.ok([...BELIEVING, '--from', '7', '--to', '99']);
    // The authority counts seconds.
    const by = new Date(BY + 999).toISOString();
    assert.ok(part.out.includes(`the first 100 records existed by ${by}, says CN=Stamps`), part.out);
    assert.deepEqual((await judged(box)).bounds, [100, 300]);
    const bare = await box.run([...BELIEVING, '--no-entries', '--json']);
    assert.equal(bare.json.dated.length, 2);
  });

  test('without a root nothing is said by them, and that is said', async (t) => {
    const box = await copyWith(t, [await stamp(log.note)]);
    const { out } = await box.ok(VERIFY);
    assert.match(out, /not checked: whom 1 time stamp comes from \(it leads to no known root/);
    assert.doesNotMatch(out, /existed by|verified/);
    const { json } = await box.ok([...VERIFY, '--json']);
    assert.deepEqual(json.dated, []);
    assert.deepEqual([json.timestamps.roots, json.timestamps.newest], ['none', null]);
    writeFileSync(box.at('root.pem'), (await ca('Other')).pem);
    assert.deepEqual(await judged(box), { ...GOOD, code: 1, untrusted: 1 });
  });

  test('none of them where the log contradicts one: split view', async (t) => {
    const contradicting = await noteAt(200, 'NEVER');
    const stamps = [await stamp(await noteAt(100)), await stamp(contradicting)];
    const box = await copyWith(t, stamps);
    const found = await judged(box);
    assert.deepEqual([found.code, found.failures, found.bounds], [1, ['split-view'], [100]]);
    const { json } = await box.run([...BELIEVING, '--json']);
    const [finding] = json.findings;
    assert.deepEqual([finding.from, finding.to], [0, 200]);
    assert.ok(finding.notes.includes(contradicting));
    // Nobody believes it without the root: then it proves nothing.
    assert.equal((await box.run(VERIFY)).code, 0);
  });

  test('over more records than it has: passed over, and said', async (t) => {
    const box = await copyWith(t, [await stamp(await noteAt(301))]);
    assert.deepEqual(await judged(box), { ...GOOD, code: 1, ahead: 1 });
    const { out } = await box.run(BELIEVING);
    assert.match(out, /no time stamp that holds leads to the root given/);
    assert.match(out, /not checked: 1 time stamp \(.*more records than this copy has/);
  });

  test('records logged after they were dated: a notice', async (t) => {
    const box = await copyWith(t, [await stamp(log.note, START + 1_000)]);
    const { json, code } = await box.run([...BELIEVING, '--json']);
    assert.deepEqual([code, json.findings.map((each: Json) => each.code)], [0, ['clock-skew']]);
  });

  test('without the file, as older versions published it: verified as ever, and published over', async (t) => {
    const box = await copyWith(t, []);
    rmSync(box.at('out/timestamps'));
    const { json } = await box.ok([...VERIFY, '--json']);
    assert.deepEqual([json.verdict, json.timestamps, json.dated], ['intact', null, []]);
    assert.doesNotMatch((await box.ok(VERIFY)).out, /time stamp/);
    assert.deepEqual(await judged(box), { ...GOOD, code: 1 });
    await publishTo(box.at('out'), await BuiltLog.build(310), { timestamps: [await stamp(log.note)] });
    assert.deepEqual(await judged(box), { ...GOOD, verified: 1, bounds: [300] });
  });
});

describe('hostile time stamps vouch for nothing', () => {
  test('a token that was edited, cut, or is over another checkpoint is false', async (t) => {
    const good = await stamp(log.note);
    const middle = good.token.length >> 1;
    const edited = good.token.with(middle, (good.token[middle] as number) ^ 1);
    for (const token of [edited, good.token.subarray(0, -1), new Uint8Array(0), new Uint8Array(70_000)]) {
      const box = await copyWith(t, [{ ...good, token }]);
      const found = await judged(box);
      assert.deepEqual([found.code, found.verdict, found.verified, found.bounds], [1, 'intact', 0, []]);
      assert.deepEqual(
        found.bad.map(([size]: Json) => size),
        [300],
      );
      const { code, out } = await box.run(VERIFY);
      assert.equal(code, 1);
      assert.match(out, /FALSE {2}the kept time stamp over 300 records does not hold: /);
    }
    const moved = await copyWith(t, [await stamp(log.note, BY, await noteAt(100))]);
    assert.deepEqual(await judged(moved), { ...GOOD, code: 1, bad: [[300, 'wrong-imprint']] });
  });

  test("of another log's checkpoint is none of this one", async (t) => {
    const other = await BuiltLog.build(20);
    other.origin = 'other-00000000/node-1';
    await other.seal(other.size, other.root);
    const box = await copyWith(t, [await stamp(other.note)]);
    assert.deepEqual(await judged(box), { ...GOOD, code: 1, bad: [[null, 'malformed']] });
  });

  test('of a checkpoint that the log has not signed says nothing of it', async (t) => {
    for (const note of [
      await noteAt(200, undefined, testSigner('somebody else')),
      await noteAt(200, 'NEVER', testSigner('somebody else')),
    ]) {
      const box = await copyWith(t, [await stamp(note)]);
      assert.deepEqual(await judged(box), { ...GOOD, code: 1, verified: 1 });
      const { out } = await box.run(BELIEVING);
      assert.match(out, /^intact(?:.|\n)*no time stamp that leads to the root given is over a checkpoint/);
      assert.doesNotMatch(out, /existed by/);
      assert.match(out, /not checked: 1 dated checkpoint \(signed by no known key/);
    }
  });

  test('a file that is none, or is full of lines that are none', async (t) => {
    for (const [file, bad] of [
      ['hello\n', 1],
      ['\u0000'.repeat(100), 1],
      ['\n'.repeat(100), 100],
      ['{}\n'.repeat(30), 30],
    ] as const) {
      const box = await copyWith(t, file);
      const { json, code } = await box.run([...VERIFY, '--json']);
      assert.deepEqual([code, json.verdict, json.timestamps.bad.length], [1, 'intact', bad]);
      const lines = (await box.run(VERIFY)).out.split('\n').filter((line) => line.includes('FALSE'));
      assert.equal(lines.length, Math.min(20, bad));
    }
  });
});

/** A log of the program, dated at 10 of its records. */
const dated = prepared(async (box) => {
  await box.fill(9);
  const note = (await box.ok(['checkpoint'])).out;
  const { size, token } = await stamp(note, Date.now());
  const { root: hex } = (await box.ok(['checkpoint', '--json'])).json;
  const opened = await openLog({ data: box.data, index: false, state: box.at('state') });
  const kept = tokenWrite(
    opened.node,
    { size, root: hex, note, token, authority: 'http://tsa.internal/' },
    Date.now(),
  );
  await opened.append([{ system: 't', event: 'E', outcome: 'void', time: 1 }], { state: [kept] });
  await opened.close();
});

test('log publish takes along what the log keeps, and nothing of who was asked', async (t) => {
  const box = await dated(t);
  writeFileSync(box.at('root.pem'), root.pem);
  await box.ok(['log', 'publish', 'out']);
  const file = readFileSync(box.at('out/timestamps'), 'utf8');
  assert.equal(file.split('\n').length, 2);
  assert.ok(!file.includes('tsa.internal'));
  const { json } = await box.ok(['verify', '--published', 'out', '--timestamp-root', 'root.pem', '--json']);
  assert.deepEqual([json.verdict, json.dated.map(({ size }: Json) => size)], ['intact', [10]]);
});
