import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEvidence, verifyEvidence } from '../../src/evidence/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, KEY, makeRecord, ORIGIN, rebuild, START, VKEY } from '../verify/built-log.ts';
import {
  A,
  assertFound,
  assertIntact,
  B,
  C,
  change,
  completeOf,
  EVE,
  edited,
  evidenceOf,
  findingsOf,
  sealedBy,
  standBy,
  vkey,
  withContent,
} from './fixture.ts';

describe('evidence of single records', () => {
  test('holds, says on whose keys, and that others may exist', async () => {
    const log = await BuiltLog.build(300);
    const { text, report } = await evidenceOf(log, [7, 299]);
    const again = await verifyEvidence(text);
    assert.deepEqual(again, report);
    assertIntact(again);
    const [only] = again.logs;
    assert.deepEqual(only?.keys, [VKEY]);
    assert.equal(only.trust, 'log-key');
    assert.equal(only.completeness.verdict, 'not-claimed');
    assert.deepEqual(
      only.records.map(({ seq, isMatch, status }) => [seq, isMatch, status]),
      [
        [0, false, 'verified'],
        [7, true, 'verified'],
        [299, true, 'verified'],
      ],
    );
    assert.deepEqual(only.records[1]?.record, makeRecord(7));
    assert.ok(only.notChecked.some(({ what }) => what === 'whose keys they are'));
    assert.deepEqual(parseEvidence(text), parseEvidence(new TextEncoder().encode(text)));
  });

  test('at every edge of a bundle, and of a log of one record', async () => {
    for (const size of [1, 2, 255, 256, 257, 512, 513]) {
      const log = await BuiltLog.build(size, 1000);
      for (const seq of new Set([0, size - 1, Math.min(254, size - 1), Math.min(255, size - 1)])) {
        const { text } = await evidenceOf(log, [seq]);
        assertIntact(await verifyEvidence(text), `${seq} of ${size}`);
        const wrong = edited(text, ({ logs: [it] }) => {
          const record = it.records.find((each: { seq: number }) => each.seq === seq);
          record.entry = record.entry.replace('"source":"test"', '"source":"tess"');
        });
        const report = await verifyEvidence(wrong);
        const found = findingsOf(report).map(({ code, from, to }) => [code, from, to]);
        assert.deepEqual(found[0]?.[0] === 'altered' ? found[0] : found.at(-1), ['altered', seq, seq + 1]);
        assert.equal(report.verdict, 'not-intact');
      }
    }
  });

  test('by keys that are given, and by pins', async () => {
    const log = await BuiltLog.build(300, 50);
    const pin = { ...log.pin() };
    const { text } = await evidenceOf(log, [10]);
    const trustOf = async (options: Parameters<typeof verifyEvidence>[1]) => {
      const report = await verifyEvidence(text, options);
      return [report.verdict, report.logs[0]?.trust];
    };
    assert.deepEqual(await trustOf({ keys: [VKEY] }), ['intact', 'given-key']);
    assert.deepEqual(await trustOf({ pins: [pin] }), ['intact', 'pinned-key']);
    assert.deepEqual(await trustOf({ keys: [vkey(EVE)] }), ['not-intact', 'none']);
    const other = vkey(testSigner('log'), 'other-0a1b2c3d/node-1');
    const report = await verifyEvidence(text, { keys: [other] });
    assert.equal(report.verdict, 'not-intact');
    assert.deepEqual(new Set(findingsOf(report).map(({ code }) => code)), new Set(['unknown-key']));
  });

  test('is held against a pin of its own size, an older one that it goes on from, and a newer one', async () => {
    const log = await BuiltLog.build(300, 100);
    const early = (await BuiltLog.build(100, 100)).pin();
    const late = (await BuiltLog.build(400, 100)).pin();
    const { text } = await evidenceOf(log, [10], { pins: [early] });
    assertIntact(await verifyEvidence(text, { pins: [early] }));
    const without = (await evidenceOf(log, [10])).text;
    const open = await verifyEvidence(without, { pins: [early] });
    assertFound(open, [['not-compared', 0, 100]]);
    assert.ok(open.logs[0]?.notChecked.some(({ what }) => what.includes('as it was pinned, at 100 records')));
    // A range that the file has whole has the tree of every size in it.
    for (const [from, to] of [
      [0, 300],
      [80, 120],
      [100, 101],
      [99, 100],
    ] as const) {
      const ranged = (await completeOf(log, [from, to], '')).text;
      const held = await verifyEvidence(ranged, { pins: [early] });
      assertIntact(held, `${from}`);
      assert.ok(!held.logs[0]?.notChecked.some(({ what }) => what.includes('as it was pinned')), `${from}`);
      const forked = await BuiltLog.build(100, 100, KEY, (seq) =>
        makeRecord(seq, seq === 7 ? { event: 'OTHER' } : {}),
      );
      assertFound(await verifyEvidence(ranged, { pins: [forked.pin()] }), [['split-view', 0, 100]]);
    }
    // Nor has it to be a size that the file is about, as long as its proofs say what the tree was there.
    const [at272, forked272] = [
      (await BuiltLog.build(272, 68)).pin(),
      (await BuiltLog.build(272, 68, KEY, (seq) => makeRecord(seq, { event: 'OTHER' }))).pin(),
    ];
    const between = (await BuiltLog.build(280, 40)).pin();
    const { text: proving } = await evidenceOf(log, [10], { pins: [between] });
    assertIntact(await verifyEvidence(proving, { pins: [at272] }), 'a subtree of a consistency proof');
    assertFound(await verifyEvidence(proving, { pins: [forked272] }), [['split-view', 0, 272]]);
    const newer = await verifyEvidence(text, { pins: [late] });
    assertFound(newer, [['not-compared', 0, 300]]);
    assert.ok(newer.logs[0]?.notChecked.some(({ what }) => what.includes('at 400 records')));
    const rebuilt = await rebuild(log, testSigner('log'), (seq) => makeRecord(seq, { event: 'OTHER' }));
    assertFound(await verifyEvidence(text, { pins: [rebuilt.pin()] }), [['split-view', 0, 300]]);
    assertFound(await verifyEvidence(text, { pins: [{ ...log.pin() }, foreignPin(log)] }), [
      ['other-log', 0, 300],
    ]);
  });
});

function foreignPin(log: BuiltLog) {
  return { ...log.pin(), origin: 'other-0a1b2c3d/node-9' };
}

describe('sealing keys that changed', () => {
  test('are followed from the first record, from every trust', async () => {
    const log = await sealedBy(
      [
        { records: 10, by: [A] },
        { records: 10, last: change([B], A), by: [A, B] },
        { records: 10, by: [B] },
      ],
      [A],
    );
    const { text, evidence } = await evidenceOf(log, [5, 25]);
    assert.deepEqual(
      evidence.logs[0]?.records.map(({ seq }) => seq),
      [0, 5, 19, 25],
    );
    for (const options of [{}, { keys: [vkey(A)] }, { keys: [vkey(B)] }]) {
      const report = await verifyEvidence(text, options);
      assertIntact(report);
      assert.deepEqual(
        report.logs[0]?.eras.map(({ from, to }) => [from, to]),
        [
          [0, 20],
          [20, null],
        ],
      );
      assert.deepEqual(report.logs[0]?.keys, [vkey(B)]);
    }
    // Without the checkpoint of the change the new key is nobody's.
    const without = edited(text, ({ logs: [it] }) => it.checkpoints.splice(0, 1));
    assertFound(await verifyEvidence(without, { keys: [vkey(A)] }), [['unknown-key', 0, 30]]);
    // Where the record of the change is what was altered, it is said that the key may be the log's all the same.
    const altered = edited(text, ({ logs: [it] }) => {
      it.records[2].entry = it.records[2].entry.replace('success', 'failure');
    });
    const report = await verifyEvidence(altered, { keys: [vkey(A)] });
    assertFound(report, [
      ['unknown-key', 0, 30],
      ['foreign-signature', 0, 20],
      ['altered', 19, 20],
    ]);
    assert.match(findingsOf(report)[0]?.message ?? '', /it may be the log's own all the same/);
    assert.equal(report.logs[0]?.trust, 'none');
  });

  test('several at once, and a stand-by that takes over', async () => {
    const log = await sealedBy(
      [
        { records: 5, by: [A, B] },
        { records: 5, last: standBy(C), by: [A, B, C] },
        { records: 5, last: change([C], A, { standBy: true }), by: [C] },
        { records: 5, by: [C] },
      ],
      [A, B],
    );
    const { text } = await evidenceOf(log, [2, 17]);
    const report = await verifyEvidence(text, { keys: [vkey(A)] });
    assertIntact(report);
    assert.equal(report.logs[0]?.eras.at(-1)?.takenOver, true);
    const forged = edited(text, ({ logs: [it] }) => {
      it.checkpoint = it.checkpoint.replace(/\n— [^\n]+\n$/, '\n');
    });
    assert.equal((await verifyEvidence(forged)).verdict, 'not-intact');
  });
});

describe('sealed content', () => {
  test('goes along, is put back, and may be left out', async () => {
    const log = await withContent();
    const { text } = await evidenceOf(log, [49, 50, 150]);
    const report = await verifyEvidence(text);
    assertIntact(report);
    assert.equal(report.logs[0]?.checked.payloads, 2);
    const shown = report.logs[0]?.records.find(({ seq }) => seq === 50);
    assert.deepEqual(shown?.record?.details, { secret: 'content of 50' });
    const brief = await evidenceOf(log, [49, 50, 150], {}, {}, false);
    assert.ok(!brief.text.includes('content of'));
    const left = brief.report.logs[0];
    assert.equal(left?.records.find(({ seq }) => seq === 50)?.absent, 1);
    assert.ok(left?.notChecked.some(({ what }) => what === 'sealed content in 2 places'));
  });

  test('that was changed, or is of another record, is named', async () => {
    const log = await withContent();
    const { text } = await evidenceOf(log, [50, 150]);
    const wrong = edited(text, ({ logs: [it] }) => {
      it.records[1].payloads[0].content = '{"secret":"another one"}';
    });
    assertFound(await verifyEvidence(wrong), [['payload-altered', 50, 51]]);
    const swapped = edited(text, ({ logs: [it] }) => {
      [it.records[1].payloads, it.records[2].payloads] = [it.records[2].payloads, it.records[1].payloads];
    });
    assertFound(await verifyEvidence(swapped), [
      ['payload-altered', 50, 51],
      ['payload-altered', 150, 151],
    ]);
  });

  test('that was removed from the log leaves the record standing', async () => {
    const log = await withContent();
    log.sealedPayloads = log.sealedPayloads.filter(({ seq }) => seq !== 50);
    const { report } = await evidenceOf(log, [50]);
    assertIntact(report);
    assert.equal(report.logs[0]?.records[1]?.absent, 1);
  });
});

describe('what somebody edits', () => {
  test('each part of the file is named', async () => {
    const log = await BuiltLog.build(300, 100);
    const { text } = await evidenceOf(log, [7, 120, 299], { pins: [(await BuiltLog.build(100, 100)).pin()] });
    const bad = async (edit: Parameters<typeof edited>[1]) => {
      const report = await verifyEvidence(edited(text, edit));
      assert.equal(report.verdict, 'not-intact');
      return findingsOf(report).map(({ code, from, to }) => [code, from, to]);
    };
    assert.deepEqual(
      await bad(({ logs: [it] }) => {
        it.records[2].entry = it.records[2].entry.replace('EVENT_0', 'EVENT_1');
      }),
      [['altered', 120, 121]],
    );
    assert.deepEqual(
      await bad(({ logs: [it] }) => {
        it.records.splice(1, 1);
        it.matches.shift();
      }),
      [['bad-proof', 0, 300]],
    );
    assert.deepEqual(
      await bad(({ logs: [it] }) => {
        it.checkpoints[0].consistency[0] = it.hashes[0];
      }),
      [['bad-proof', 0, 100]],
    );
    const larger = edited(text, ({ logs: [it] }) => {
      it.checkpoint = it.checkpoint.replace('\n300\n', '\n301\n');
    });
    const found = findingsOf(await verifyEvidence(larger, { keys: [VKEY] })).map(({ code }) => code);
    assert.ok(found.includes('bad-signature'), found.join());
    assert.deepEqual(await bad((doc) => (doc.more = 1)), [['bad-evidence', 0, 0]]);
    assert.deepEqual(await bad(({ logs: [it] }) => (it.matches = [8])), [['bad-evidence', 0, 0]]);
    assert.deepEqual(await bad((doc) => doc.logs.push(doc.logs[0])), [['bad-evidence', 0, 0]]);
  });

  test('evidence of a log built with another key is only its own word', async () => {
    const log = await BuiltLog.build(30, 10, testSigner('other'), (seq) =>
      makeRecord(seq, seq === 0 ? { details: { key: vkey(testSigner('other')), origin: ORIGIN } } : {}),
    );
    const { text } = await evidenceOf(log, [3]);
    assert.equal((await verifyEvidence(text)).logs[0]?.trust, 'log-key');
    assert.equal((await verifyEvidence(text, { keys: [VKEY] })).verdict, 'not-intact');
    const pin = (await BuiltLog.build(30, 10)).pin();
    assert.equal((await verifyEvidence(text, { pins: [pin] })).verdict, 'not-intact');
  });
});

test('times are those of the records', async () => {
  const log = await BuiltLog.build(3);
  const { report } = await evidenceOf(log, [2]);
  assert.equal(report.logs[0]?.records.at(-1)?.record?.logged, START + 2000);
});
