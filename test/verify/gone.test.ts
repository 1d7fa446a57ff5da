import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosignCheckpoint, cosignerKeyFromSpki, parsePolicy } from '../../src/checkpoint/mod.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, NODE, ORIGIN, START, VKEY } from './built-log.ts';
import { assertFound, assertIntact } from './expect.ts';

/** What somebody outside has seen, held against a log that is gone, and against the times of one that is there. */

const log = await BuiltLog.build(300);
const older = await BuiltLog.build(200);
const gone = new BuiltLog();
const cosigned = { notes: [older.note, log.note], policy: null };
const dated = [{ ...log.pin(), note: log.note, notLaterThan: START + 1e9, by: 'CN=Stamps' }];

test('a log that is gone is missed by every checkpoint that its key signed; the largest says it', async () => {
  for (const held of [{ cosigned }, { dated }, { cosigned, dated, node: NODE }]) {
    const report = await verifyLog(gone, { keys: [VKEY], ...held });
    assertFound(report, [['truncated', 0, 300]]);
    assert.deepEqual(report.findings[0]?.code === 'truncated' && report.findings[0].notes, [log.note]);
  }
  const pinned = await verifyLog(gone, { keys: [VKEY], cosigned, pin: log.pin() });
  assertFound(pinned, [['truncated', 0, 300]], 'said once');
  const earlier = await verifyLog(gone, { keys: [VKEY], cosigned, pin: older.pin() });
  assertFound(earlier, [
    ['truncated', 0, 200],
    ['truncated', 0, 300],
  ]);
});

test('what accuses nobody: no key to check it by, a stranger, another node, a log that had nothing', async () => {
  const stranger = await BuiltLog.build(300, 100, testSigner('somebody else'));
  for (const [options, isSaid] of [
    [{ cosigned }, true],
    [{ keys: [VKEY], cosigned: { notes: [stranger.note], policy: null } }, true],
    [{ keys: [VKEY], cosigned, node: 'node-2' }, false],
    [{ keys: [VKEY], cosigned: { notes: [], policy: null } }, false],
  ] as const) {
    const report = await verifyLog(gone, options);
    assertIntact(report);
    assert.equal(
      report.notChecked.some(({ what }) => what.endsWith('held outside')),
      isSaid,
    );
  }
});

test('a record that says it was logged after witnesses had cosigned it: a notice, as of a time stamp', async () => {
  const witness = testSigner('witness');
  const { vkey } = cosignerKeyFromSpki('w.example/1', witness.algorithm, witness.publicKey);
  const policy = parsePolicy(`log ${VKEY}\nwitness w ${vkey}\nquorum w\n`);
  const body = log.note.slice(0, log.note.indexOf('\n\n') + 1);
  const last = Math.floor((START + 299_000) / 1000);
  for (const [time, isLate] of [
    [last, false],
    [last - 1, true],
  ] as const) {
    const line = await cosignCheckpoint(body, 'w.example/1', witness, time);
    const report = await verifyLog(log, { keys: [VKEY], cosigned: { notes: [log.note + line], policy } });
    assertFound(report, isLate ? [['clock-skew', 299, 300]] : [], `${ORIGIN} at ${time}`);
    assert.equal(report.verdict, 'intact');
  }
});
