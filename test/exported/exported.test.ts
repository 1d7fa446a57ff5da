import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cosignCheckpoint, cosignerKeyFromSpki, parsePolicy } from '../../src/checkpoint/mod.ts';
import { fromUtf8, toHex, utf8 } from '../../src/crypto/bytes.ts';
import { type Line, linesOf } from '../../src/exported/lines.ts';
import { type ExportOptions, exportOf, headerOf, verifyExport } from '../../src/exported/mod.ts';
import { leafHash } from '../../src/merkle/mod.ts';
import { payloadDigest } from '../../src/record/mod.ts';
import type { RecordFinding, Report } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { A, B, change, sealedBy, vkey } from '../evidence/fixture.ts';
import { runs } from '../runs.ts';
import { BuiltLog, entryOf, KEY, makeRecord, ORIGIN, rebuild, START, VKEY } from '../verify/built-log.ts';

/** An export of records [from, to), of the whole log when not given. */
async function written(log: BuiltLog, from = 0, to = log.size, keys = [VKEY]): Promise<string> {
  const head = { origin: ORIGIN, size: log.size, root: log.root, signatures: log.signatures };
  let text = '';
  for await (const line of exportOf(log, head, { from, to, keys })) text += line;
  return text;
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

function verify(text: string | Uint8Array, options: ExportOptions = {}, length = 10_000): Promise<Report> {
  return verifyExport(inPieces(typeof text === 'string' ? utf8(text) : text, length), options);
}

function brief({ findings }: Report): [string, number, number][] {
  return findings.map(({ code, from, to }) => [code, from, to]);
}

/** Replaces lines: 0 is the header, record n of a whole export is line n + 1. */
function withLines(text: string, change: (lines: string[]) => void): string {
  const lines = text.split('\n').slice(0, -1);
  change(lines);
  return lines.map((line) => `${line}\n`).join('');
}

/** A log of 600 records, one with sealed content that looks like what surrounds it in a line. */
async function withPayload(): Promise<BuiltLog> {
  const content = utf8('{"a":"}]},{\\"digest\\":\\"","payloads":[{"b":[]}]}');
  const salt = new Uint8Array(16).fill(7);
  const digest = payloadDigest(salt, content);
  const log = await BuiltLog.build(600, 100, KEY, (seq) =>
    seq === 300
      ? makeRecord(seq, { details: { payloads: [], x: { payload: digest, bytes: content.length } } })
      : makeRecord(seq),
  );
  log.sealedPayloads = [{ seq: 300, digest, salt, bytes: content }];
  return log;
}

describe('an export', () => {
  test('of any part of a log of any size verifies, in whatever pieces it is read', async () => {
    const logs = new Map<number, BuiltLog>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 700),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 5_000 }),
        async (size, a, b, length) => {
          const log = logs.get(size) ?? (await BuiltLog.build(size, 100));
          logs.set(size, log);
          const [from, last] = [a % size, b % size].sort((x, y) => x - y) as [number, number];
          const report = await verify(
            await written(log, from, last + 1),
            { pin: log.pin(), deep: true },
            length,
          );
          assert.deepEqual(brief(report), []);
          assert.equal(report.verdict, 'intact');
          assert.deepEqual(report.range, { from, to: last + 1 });
          assert.deepEqual([report.size, report.trust], [size, 'pinned-key']);
          assert.equal(report.checked.records, last + 1 - from);
        },
      ),
      { numRuns: runs(60) },
    );
  });

  test('says whose word it stands on, and what it does not have', async () => {
    const log = await BuiltLog.build(300);
    const own = await verify(await written(log, 100, 200));
    assert.deepEqual([own.verdict, own.trust], ['intact', 'log-key']);
    const left = own.notChecked.map(({ what }) => what);
    for (const what of ['whose key it is', 'an outside anchor', 'the rest of the log']) {
      assert.ok(left.includes(what), what);
    }
    const given = await verify(await written(log), { keys: [VKEY], deep: true });
    assert.deepEqual([given.trust, given.attempts?.sealed], ['given-key', 0]);
    const stranger = await verify(await written(log), { keys: [vkey(B)] });
    assert.deepEqual(brief(stranger), [['unknown-key', 0, 300]]);
  });

  test('is held against a pin of a size that it has', async () => {
    const log = await BuiltLog.build(300);
    const older = (await BuiltLog.build(150)).pin();
    for (const [from, to] of [
      [0, 300],
      [100, 200],
      [150, 151],
      [149, 150],
    ] as const) {
      const report = await verify(await written(log, from, to), { pin: older });
      assert.deepEqual([report.verdict, brief(report)], ['intact', []]);
      assert.ok(!report.notChecked.some(({ what }) => what === 'the pin'), `${from}`);
    }
    const after = await verify(await written(log, 200, 300), { pin: older });
    assert.ok(after.notChecked.some(({ what }) => what === 'the pin'));
    assert.deepEqual([after.verdict, brief(after)], ['not-compared', [['not-compared', 0, 150]]]);
    // The proof of its first record has what came before in subtrees.
    const [at128, at192] = [(await BuiltLog.build(128)).pin(), (await BuiltLog.build(192)).pin()];
    const part = await written(log, 200, 300);
    for (const pin of [at128, at192]) assert.equal((await verify(part, { pin })).verdict, 'intact');
    const forked = await BuiltLog.build(128, 64, KEY, (seq) => makeRecord(seq, { event: 'OTHER' }));
    assert.deepEqual(brief(await verify(part, { pin: forked.pin() })), [['split-view', 0, 128]]);
    const other = await rebuild(log, KEY, (seq) => makeRecord(seq, seq === 40 ? { event: 'FORGED' } : {}));
    const found = await verify(await written(other), { pin: older });
    assert.deepEqual(brief(found), [['split-view', 0, 150]]);
    const shorter = await verify(await written(await BuiltLog.build(100)), { pin: older });
    assert.deepEqual(brief(shorter), [['rolled-back', 100, 150]]);
  });

  test('is vouched for by witnesses as the log is', async () => {
    const log = await BuiltLog.build(300);
    const early = await BuiltLog.build(200);
    const witness = testSigner('witness');
    const { vkey: witnessKey } = cosignerKeyFromSpki('w.example/1', 'ed25519', witness.publicKey);
    const policy = parsePolicy(`log ${VKEY}\nwitness w ${witnessKey}\nquorum w\n`);
    const body = early.note.slice(0, early.note.indexOf('\n\n') + 1);
    const note = early.note + (await cosignCheckpoint(body, 'w.example/1', witness, START / 1000 + 500));
    const report = await verify(await written(log), { keys: [VKEY], cosigned: { notes: [note], policy } });
    assert.deepEqual([report.verdict, report.witnessed?.covered?.size], ['intact', 200]);
    const without = await verify(await written(log), { keys: [VKEY], cosigned: { notes: [], policy } });
    assert.deepEqual(brief(without), [['no-quorum', 0, 300]]);
    // A part that has not that size is no less honest: it can't be told.
    const part = await verify(await written(log, 220, 250), {
      keys: [VKEY],
      cosigned: { notes: [note], policy },
    });
    assert.deepEqual([part.verdict, part.witnessed?.covered], ['not-compared', null]);
    assert.deepEqual(brief(part), [['not-compared', 0, 200]]);
    const broken = (await written(log, 220, 250)).replace('EVENT_2', 'EVENT_1');
    const both = await verify(broken, { keys: [VKEY], cosigned: { notes: [note], policy } });
    assert.deepEqual(brief(both), [['altered', 222, 223]]);
    const none = await verify(await written(log, 220, 250), {
      keys: [VKEY],
      cosigned: { notes: [early.note], policy },
    });
    assert.deepEqual(brief(none), [['no-quorum', 0, 300]]);
  });

  test('goes on from an older key, in any part, also from the key alone', async () => {
    const log = await sealedBy(
      [
        { records: 10, by: [A] },
        { records: 300, last: change([B], A), by: [A, B] },
        { records: 90, by: [B] },
      ],
      [A],
    );
    for (const [from, to] of [
      [0, 400],
      [350, 400],
      [5, 20],
    ] as const) {
      for (const keys of [[vkey(A)], [vkey(B)], []]) {
        const report = await verify(
          await written(log, from, to, [vkey(B)]),
          keys.length === 0 ? {} : { keys },
        );
        assert.deepEqual([report.verdict, brief(report)], ['intact', []], `${from} ${keys}`);
        assert.equal(report.eras.length, 2);
      }
    }
    const unproven = (await written(log, 350, 400, [vkey(B)])).replace('KEY_CHANGE', 'KEY_CHANGF');
    assert.deepEqual(brief(await verify(unproven, { keys: [vkey(A)] })), [
      ['unknown-key', 0, 400],
      ['bad-proof', 309, 310],
    ]);
  });

  test('has its content checked, whatever stands in it', async () => {
    const log = await withPayload();
    const text = await written(log);
    const report = await verify(text, { deep: true });
    assert.deepEqual([report.verdict, brief(report), report.checked.payloads], ['intact', [], 1]);
    const changed = text.replace('{"b":[]}', '{"c":[]}');
    assert.deepEqual(brief(await verify(changed)), [['payload-altered', 300, 301]]);
    const removed = await verify(
      withLines(text, (lines) => {
        const line = lines[301] as string;
        lines[301] = `${line.slice(0, line.indexOf('[{"digest"'))}[]}`;
      }),
      { deep: true },
    );
    assert.equal(removed.verdict, 'intact');
    assert.ok(removed.notChecked.some(({ what }) => what === '1 payload'));
    const foreign = text.replace(
      /("seq":5,.*"payloads":\[)\]/,
      `$1${/\{"digest".*\}(?=\]\}\n)/.exec(text)?.[0]}]`,
    );
    for (const deep of [false, true]) {
      assert.deepEqual(brief(await verify(foreign, { deep })), [['payload-foreign', 5, 6]]);
    }
  });

  test('has no content beside a record that it did not seal, though it fits the digest that stands with it', async () => {
    const log = await withPayload();
    const text = await written(log);
    const forged = utf8('"what was never sealed"');
    const salt = new Uint8Array(16).fill(9);
    const beside = JSON.stringify({
      digest: payloadDigest(salt, forged),
      salt: toHex(salt),
      content: 'what was never sealed',
    });
    const line = /\{"digest":.*\}(?=\]\}\n)/.exec(text)?.[0] as string;
    assert.deepEqual(Object.keys(JSON.parse(line)), Object.keys(JSON.parse(beside)));
    const replaced = text.replace(line, beside);
    const added = text.replace(line, `${line},${beside}`);
    for (const deep of [false, true]) {
      for (const file of [replaced, added]) {
        assert.deepEqual(brief(await verify(file, { deep })), [['payload-foreign', 300, 301]]);
      }
    }
  });

  test('with records that are sealed and wrong says so when they are read', async () => {
    const log = await BuiltLog.build(10, 10, KEY, (seq) => makeRecord(seq, seq === 4 ? { seq: 5 } : {}));
    assert.equal((await verify(await written(log))).verdict, 'intact');
    assert.deepEqual(brief(await verify(await written(log), { deep: true })), [['misnumbered', 4, 5]]);
  });
});

describe('an export that was touched', () => {
  const cases: readonly (readonly [
    string,
    (lines: string[]) => void,
    readonly [string, number, number][],
  ])[] = [
    ['a record edited', (l) => (l[8] = edit(l[8])), [['altered', 7, 8]]],
    [
      'records edited, far apart',
      (l) => {
        l[8] = edit(l[8]);
        l[278] = edit(l[278]);
      },
      [
        ['altered', 7, 8],
        ['altered', 277, 278],
      ],
    ],
    ['a leaf hash edited', (l) => (l[8] = otherLeaf(l[8])), [['bad-export', 7, 8]]],
    ['a record edited, and its leaf hash', (l) => (l[8] = otherLeaf(edit(l[8]))), [['altered', 4, 8]]],
    [
      'no leaf hash',
      (l) => (l[8] = (l[8] as string).replace(/"leaf":"[0-9a-f]*",/, '')),
      [
        ['coverage-ends', 0, 300],
        ['unreadable', 7, 8],
      ],
    ],
    [
      'a leaf hash in upper case',
      (l) => (l[8] = (l[8] as string).replace(/"leaf":"[^"]*"/, (leaf) => leaf.toUpperCase())),
      [
        ['coverage-ends', 0, 300],
        ['unreadable', 7, 8],
      ],
    ],
    [
      'a record taken out',
      (l) => l.splice(8, 1),
      [
        ['coverage-ends', 0, 300],
        ['missing', 7, 8],
      ],
    ],
    [
      'the last records taken out',
      (l) => l.splice(201, 100),
      [
        ['coverage-ends', 0, 300],
        ['missing', 200, 300],
      ],
    ],
    [
      'a record twice',
      (l) => l.splice(8, 0, l[8] as string),
      [
        ['coverage-ends', 0, 300],
        ['inserted', 7, 8],
      ],
    ],
    [
      'a record beyond the end',
      (l) => l.splice(301, 0, (l[8] as string).replace('"seq":7,', '"seq":300,')),
      [
        ['coverage-ends', 0, 300],
        ['inserted', 300, 301],
      ],
    ],
    [
      'a line that is none',
      (l) => (l[8] = '{"seq":7}'),
      [
        ['coverage-ends', 0, 300],
        ['unreadable', 7, 8],
      ],
    ],
    [
      'a member twice',
      (l) => (l[8] = (l[8] as string).replace('"payloads":', '"payloads":[],"payloads":')),
      [['altered', 7, 8]],
    ],
    [
      'a member more',
      (l) => (l[8] = (l[8] as string).replace(/\}$/, ',"x":1}')),
      [
        ['coverage-ends', 0, 300],
        ['unreadable', 7, 8],
      ],
    ],
    ['no last line', (l) => l.pop(), [['bad-export', 300, 300]]],
    ['another count', (l) => (l[301] = '{"end":true,"count":299}'), [['bad-export', 300, 300]]],
    ['something behind it', (l) => l.push('{}'), [['bad-export', 300, 300]]],
    [
      'another range',
      (l) => (l[0] = (l[0] as string).replace('"to":300', '"to":299')),
      [
        ['coverage-ends', 0, 299],
        ['inserted', 299, 300],
        ['bad-export', 299, 299],
      ],
    ],
    [
      'another size',
      (l) => (l[0] = (l[0] as string).replace('"size":300', '"size":301')),
      [['bad-export', 0, 0]],
    ],
    [
      'a member twice in front',
      (l) => (l[0] = (l[0] as string).replace('"from":0', '"from":0,"from":0')),
      [['bad-export', 0, 0]],
    ],
    [
      'another version',
      (l) => (l[0] = (l[0] as string).replace('export/2', 'export/3')),
      [['bad-export', 0, 0]],
    ],
    ['nothing', (l) => (l.length = 0), [['bad-export', 0, 0]]],
  ];

  test('is not intact, and it is said what is wrong', async () => {
    const text = await written(await BuiltLog.build(300));
    for (const [what, change, expected] of cases) {
      const report = await verify(withLines(text, change), { deep: true });
      assert.deepEqual([report.verdict, brief(report)], ['not-intact', expected], what);
    }
  });

  test('anywhere is never intact; cut off anywhere, neither', async () => {
    const log = await withPayload();
    const parts = [utf8(await written(log, 250, 320)), utf8(await written(log))];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (which, at, mask, inFront) => {
          const bytes = parts[which] as Uint8Array;
          const touched = bytes.slice();
          // Half of them where the proofs are.
          const place = at % (inFront ? bytes.indexOf(0x0a) + 1 : bytes.length);
          touched[place] = (touched[place] as number) ^ mask;
          const there = new TextDecoder().decode(bytes.slice(Math.max(0, place - 20), place + 20));
          assert.equal((await verify(touched)).verdict, 'not-intact', `byte ${place}: ${there}`);
          const cut = bytes.slice(0, at % bytes.length);
          assert.equal((await verify(cut)).verdict, 'not-intact', `cut at ${cut.length}`);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test('with a line that has no end is not kept in memory', async () => {
    const text = utf8(await written(await BuiltLog.build(3)));
    const first = text.slice(0, text.indexOf(0x0a) + 1);
    // One buffer: what is read of it is only too much when it is put together.
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield first;
      for (let i = 0; i < 100; i++) yield chunk;
      yield utf8('\n{}\n');
    };
    const lines: Line[] = [];
    for await (const some of linesOf(endless())) lines.push(...some);
    assert.deepEqual(
      lines.map(({ bytes, isWhole }) => [bytes.length, isWhole]),
      [
        [first.length - 1, true],
        [0, false],
        [2, true],
      ],
    );
    const report = await verifyExport(endless());
    assert.deepEqual(brief(report).slice(0, 2), [
      ['unreadable', 0, 2],
      ['coverage-ends', 0, 3],
    ]);
  });
});

test('an export of a version that did not take the keys along is read: with a key it verifies, without one it says so', async () => {
  const text = await written(await BuiltLog.build(10));
  const earlier = withLines(text, (lines) => {
    const { history: _, ...header } = JSON.parse(lines[0] as string) as Record<string, unknown>;
    lines[0] = JSON.stringify(header).replace('export/2', 'export/1');
    for (const [at, line] of lines.entries()) lines[at] = line.replace(/"leaf":"[0-9a-f]*",/, '');
  });
  assert.equal((await verify(earlier, { keys: [VKEY] })).verdict, 'intact');
  assert.deepEqual(brief(await verify(earlier)), [['unknown-key', 0, 10]]);
  const edited = withLines(earlier, (lines) => {
    lines[8] = edit(lines[8]);
  });
  const report = await verify(edited, { keys: [VKEY] });
  assert.deepEqual(brief(report), [['altered', 4, 8]]);
  assert.match(report.findings[0]?.message ?? '', /^records 4 to 7: one or more were changed; the proofs in/);
});

test('of an edited record it is said which one it is, in which line, and what stands there', async () => {
  const log = await BuiltLog.build(300);
  const edited = withLines(await written(log, 270, 280), (lines) => {
    lines[8] = edit(lines[8]);
  });
  const { findings } = await verify(edited, { keys: [VKEY] });
  const [found] = findings as RecordFinding[];
  assert.deepEqual([findings.length, found?.code, found?.from, found?.line], [1, 'altered', 277, 9]);
  assert.match(
    found?.message ?? '',
    /^line 9: record 277 was changed: its bytes hash to [0-9a-f]{64}, sealed/,
  );
  const entry = Buffer.from(found?.found ?? '', 'base64').toString();
  assert.equal(JSON.parse(entry).event, 'EVENT_8');
  assert.equal(found?.actual, toHex(leafHash(utf8(entry))));
  assert.equal(found?.expected, toHex(leafHash(entryOf(makeRecord(277)))));
  const all = withLines(await written(log), (lines) => {
    for (let i = 1; i <= 300; i++) lines[i] = (lines[i] as string).replace(/"EVENT_\d+"/, '"X"');
  });
  const many = (await verify(all, { keys: [VKEY] })).findings;
  assert.deepEqual([many.length, many[0]?.from, many[99]?.from], [101, 1, 100]);
  assert.equal(many[100]?.to, 300);
});

test('of records edited with the hashes beside them the narrowest ranges are said that the proofs tell', async () => {
  const log = await BuiltLog.build(300);
  const cases = fc.record({
    ends: fc.uniqueArray(fc.nat(300), { minLength: 2, maxLength: 2 }),
    picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ ends, picks }) => {
      const [from, to] = ends.toSorted((a, b) => a - b) as [number, number];
      const edited = [...new Set(picks.map((pick) => from + (pick % (to - from))))];
      const text = withLines(await written(log, from, to), (lines) => {
        for (const seq of edited) {
          const entry = fromUtf8(entryOf(makeRecord(seq, { event: 'FORGED' })));
          const leaf = toHex(leafHash(utf8(entry)));
          lines[seq - from + 1] = `{"seq":${seq},"leaf":"${leaf}","entry":${entry},"payloads":[]}`;
        }
      });
      const report = await verify(text, { keys: [VKEY] });
      const altered = brief(report).filter(([code]) => code === 'altered');
      const isIn = (seq: number, [, low, end]: readonly [string, number, number]): boolean =>
        seq >= low && seq < end;
      const said = `${from}-${to}, ${edited}: ${JSON.stringify(brief(report))}`;
      assert.equal(report.verdict, 'not-intact', said);
      for (const each of altered)
        assert.ok(
          edited.some((seq) => isIn(seq, each)),
          said,
        );
      for (const seq of edited)
        assert.ok(
          brief(report).some((each) => isIn(seq, each)),
          said,
        );
      // Where both ends are as they were, no range is said that has one of them.
      if (!edited.includes(from) && !edited.includes(to - 1)) {
        assert.ok(!altered.some((each) => isIn(from, each) || isIn(to - 1, each)), said);
      }
    }),
    { numRuns: runs(60) },
  );
});

test('the first line can be had alone', async () => {
  const log = await BuiltLog.build(5);
  const text = utf8(await written(log));
  assert.equal((await headerOf(inPieces(text, 100)))?.origin, ORIGIN);
  assert.equal(await headerOf(inPieces(utf8('{}\n'), 100)), null);
  assert.deepEqual(
    (await headerOf(inPieces(text, 100)))?.history?.[0]?.entry,
    new TextDecoder().decode(entryOf(makeRecord(0))),
  );
});

function edit(line: string | undefined): string {
  return (line as string).replace(/"EVENT_7"/, '"EVENT_8"');
}

function otherLeaf(line: string | undefined): string {
  return (line as string).replace(/"leaf":"[^"]*"/, `"leaf":"${'0a'.repeat(32)}"`);
}
