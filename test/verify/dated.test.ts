import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { checkpointBody, signCheckpoint } from '../../src/checkpoint/mod.ts';
import { fromHex } from '../../src/crypto/bytes.ts';
import { type DatedCheckpoint, verifyLog, verifyRange } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, forged, KEY, makeRecord, ORIGIN, rebuild, START, VKEY } from './built-log.ts';
import { assertFound, assertIntact } from './expect.ts';

/** Checkpoints that somebody outside dated, held against the log. */

const KEYS = [VKEY];
let log: BuiltLog;
before(async () => {
  log = await BuiltLog.build(600);
});

/** The head of a log when it had `size` records, dated so long after the last of them was logged. */
async function dated(size: number, afterMs = 0, of?: BuiltLog, signer = KEY): Promise<DatedCheckpoint> {
  const { root } = (of ?? (await BuiltLog.build(size))).pin();
  const body = checkpointBody(ORIGIN, size, fromHex(root) as Uint8Array);
  const note = `${body}\n${await signCheckpoint(body, ORIGIN, signer)}`;
  return { size, root, note, notLaterThan: START + 1_000 * (size - 1) + afterMs, by: 'CN=Stamps' };
}

describe('dated checkpoints', () => {
  test('that agree say nothing', async () => {
    const checkpoints = await Promise.all([1, 255, 256, 257, 600].map((size) => dated(size)));
    assertIntact(await verifyLog(log, { keys: KEYS, dated: checkpoints }));
  });

  test('dated before the last record they cover: a notice, with the interval', async () => {
    for (const size of [1, 256, 257, 600]) {
      const report = await verifyLog(log, { keys: KEYS, dated: [await dated(size, -5_000)] });
      assert.equal(report.verdict, 'intact');
      const [skew, ...others] = report.findings;
      assert.deepEqual(others, []);
      assert.deepEqual(
        [skew?.code, skew?.class, skew?.from, skew?.to],
        ['clock-skew', 'notice', size - 1, size],
      );
      assert.match(skew?.message ?? '', /5000 ms after .* dated by CN=Stamps/);
    }
  });

  test('of a log that was cut: rolled back', async () => {
    const older = await BuiltLog.build(300);
    assertFound(await verifyLog(older, { keys: KEYS, dated: [await dated(600)] }), [
      ['rolled-back', 300, 600],
    ]);
  });

  test('of a log that was rebuilt with its own key: split view, both notes', async () => {
    const rebuilt = await rebuild(log, KEY, (seq) => makeRecord(seq, seq === 10 ? { event: 'FORGED' } : {}));
    for (const size of [11, 256, 300, 600]) {
      const checkpoint = await dated(size);
      const report = await verifyLog(rebuilt, { keys: KEYS, dated: [checkpoint] });
      assertFound(report, [['split-view', 0, size]]);
      const [found] = report.findings;
      assert.ok(found?.code === 'split-view' && found.notes.includes(checkpoint.note));
    }
    // What was dated before the change agrees: it can't tell.
    assertIntact(await verifyLog(rebuilt, { keys: KEYS, dated: [await dated(10)] }));
  });

  test("signed by another key: nothing of this log's, and said so", async () => {
    const stranger = await dated(1_000, 0, await BuiltLog.build(1_000), testSigner('somebody else'));
    const report = await verifyLog(log, { keys: KEYS, dated: [stranger] });
    assertIntact(report);
    assert.ok(report.notChecked.some(({ what }) => what === '1 dated checkpoint'));
  });

  test('are anchors of a part, too, dated or cosigned; its times are not looked at', async () => {
    const older = await BuiltLog.build(300);
    const changed = await rebuild(log, KEY, (seq) => makeRecord(seq, seq === 10 ? { event: 'FORGED' } : {}));
    for (const [source, size, expected] of [
      [log, 300, []],
      [log, 600, []],
      [older, 600, [['rolled-back', 300, 600]]],
      [changed, 300, [['split-view', 0, 300]]],
      [changed, 10, []],
    ] as const) {
      const checkpoint = await dated(size, -5_000);
      for (const anchors of [
        { dated: [checkpoint] },
        { cosigned: { notes: [checkpoint.note], policy: null } },
      ]) {
        assertFound(await verifyRange(source, 20, 25, { keys: KEYS, ...anchors }), expected);
      }
    }
    const copy = log.copy();
    copy.tile(0, 0)[0] = (copy.tile(0, 0)[0] as number) ^ 1;
    const report = await verifyRange(copy, 300, 310, { keys: KEYS, dated: [await dated(100)] });
    assert.ok(report.notChecked.some(({ what }) => what === '1 dated checkpoint'));
  });

  test('of a log that is damaged: the damage is named, and what they show of the rest stands', async () => {
    const copy = log.copy();
    (copy.stored.get(0) as Uint8Array[])[5] = forged(5);
    const report = await verifyLog(copy, { keys: KEYS, dated: [await dated(600, -5_000)] });
    assertFound(report, [['altered', 5, 6]]);
    assert.ok(!report.notChecked.some(({ what }) => what.includes('dated checkpoints')));
  });

  test('of a log that was rebuilt and is damaged besides: both show', async () => {
    const rebuilt = await rebuild(log, KEY, (seq) => makeRecord(seq, seq === 10 ? { event: 'FORGED' } : {}));
    (rebuilt.stored.get(0) as Uint8Array[])[5] = forged(5);
    const checkpoints = await Promise.all([10, 256, 300, 600].map((size) => dated(size)));
    const report = await verifyLog(rebuilt, { keys: KEYS, dated: checkpoints });
    assertFound(report, [
      ['split-view', 0, 256],
      ['altered', 5, 6],
    ]);
    assert.ok(!report.notChecked.some(({ what }) => what.includes('dated checkpoints')));
  });

  test('that agree, and no others, bound the records: the first that covers one', async () => {
    const [early, later, worse, last] = await Promise.all([
      ...[dated(100, 5_000), dated(300, 60_000), dated(200, 1_000_000), dated(600)],
    ]);
    const stranger = await dated(400, 0, undefined, testSigner('somebody else'));
    const rebuilt = await rebuild(log, KEY, (seq) => makeRecord(seq, seq === 350 ? { event: 'X' } : {}));
    const other = await dated(
      400,
      0,
      await BuiltLog.build(400, 100, KEY, (seq) => makeRecord(seq, { seq: 7 })),
    );
    const checkpoints = [early, later, worse, last, stranger, other].filter((each) => each !== undefined);
    const bounds = ({ dated: found }: { dated: readonly { size: number; notLaterThan: number }[] }) =>
      found.map(({ size, notLaterThan }) => [size, notLaterThan - START]);
    const all = [
      [100, 104_000],
      [300, 359_000],
      [600, 599_000],
    ];
    for (const report of [
      await verifyLog(log, { keys: KEYS, dated: checkpoints }),
      await verifyRange(log, 5, 6, { keys: KEYS, dated: checkpoints }),
    ]) {
      assert.deepEqual(bounds(report), all);
    }
    const report = await verifyLog(rebuilt, { keys: KEYS, dated: checkpoints });
    assert.deepEqual(bounds(report), all.slice(0, 2));
    assert.deepEqual((await verifyLog(log, { keys: KEYS })).dated, []);
  });
});
