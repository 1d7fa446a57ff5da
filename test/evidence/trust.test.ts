import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  checkpointBody,
  cosignerKeyFromSpki,
  type Pin,
  parsePolicy,
  signCheckpointByAll,
} from '../../src/checkpoint/mod.ts';
import { type EvidenceReport, verifyEvidence } from '../../src/evidence/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, KEY, makeRecord, ORIGIN } from '../verify/built-log.ts';
import { A, assertFound, assertIntact, B, brief, change, evidenceOf, sealedBy, vkey } from './fixture.ts';

/** The verdict and findings with the pins in each order. */
async function bothWays(text: string, pins: readonly [Pin, Pin]): Promise<EvidenceReport> {
  const report = await verifyEvidence(text, { pins });
  const other = await verifyEvidence(text, { pins: pins.toReversed() });
  assert.deepEqual([brief(other), other.verdict], [brief(report), report.verdict]);
  return report;
}

describe('several pins of one log', () => {
  let log: BuiltLog;
  let early: Pin;
  before(async () => {
    log = await BuiltLog.build(300, 100);
    early = (await BuiltLog.build(100, 100)).pin();
  });

  test('are each compared, whichever comes first', async () => {
    const { text } = await evidenceOf(log, [10], { pins: [early] });
    const report = await bothWays(text, [early, log.pin()]);
    assertIntact(report);
    assert.deepEqual([report.logs[0]?.trust, report.logs[0]?.checked.pins], ['pinned-key', 2]);
    const rebuilt = await BuiltLog.build(300, 100, KEY, (seq) => makeRecord(seq, { event: 'OTHER' }));
    const forged = await evidenceOf(rebuilt, [10]);
    assertIntact(await verifyEvidence(forged.text, { pins: [rebuilt.pin()] }));
    const found = await bothWays(forged.text, [rebuilt.pin(), log.pin()]);
    assertFound(found, [['split-view', 0, 300]]);
    assert.equal(found.logs[0]?.checked.pins, 1);
  });

  test('of which one can not be compared are no pass', async () => {
    const { text } = await evidenceOf(log, [10]);
    const open = await bothWays(text, [log.pin(), early]);
    assertFound(open, [['not-compared', 0, 100]]);
    const later = (await BuiltLog.build(400, 100)).pin();
    assertFound(await bothWays(text, [log.pin(), later]), [['not-compared', 0, 300]]);
    const rebuilt = await BuiltLog.build(300, 100, KEY, (seq) => makeRecord(seq, { event: 'OTHER' }));
    const found = await bothWays(text, [early, rebuilt.pin()]);
    assert.equal(found.verdict, 'not-intact');
  });

  test('are each held to their own keys', async () => {
    const other = testSigner('other');
    const { text } = await evidenceOf(log, [10]);
    const foreign = await signed(log, [other]);
    assertFound(await bothWays(text, [log.pin(), foreign]), [['unknown-key', 0, 300]]);
    // One from before the keys changed, and one from behind.
    const batches = [
      { records: 10, by: [A] },
      { records: 10, last: change([B], A), by: [A, B] },
      { records: 10, by: [B] },
    ];
    const old = await signed(await sealedBy(batches.slice(0, 1), [A]), [A]);
    const grown = await sealedBy(batches, [A]);
    const changed = await evidenceOf(grown, [5, 25], { pins: [old] });
    const report = await bothWays(changed.text, [old, await signed(grown, [B])]);
    assertIntact(report);
    assert.equal(report.logs[0]?.checked.pins, 2);
  });

  test('that demand different witnesses are refused; one without demands no less', async () => {
    const { text } = await evidenceOf(log, [10]);
    const [one, two] = ['w1.example/a', 'w2.example/a'].map((name) => ({
      ...log.pin(),
      policy: `witness w ${cosignerKeyFromSpki(name, 'ed25519', testSigner(name).publicKey).vkey}\nquorum w\n`,
    })) as [Pin, Pin];
    await assert.rejects(verifyEvidence(text, { pins: [one, two] }), {
      code: 'USAGE',
      message: /pins of test-0a1b2c3d\/node-1 demand different witnesses/,
    });
    assertFound(await bothWays(text, [log.pin(), one]), [['no-quorum', 0, 11]]);
    assertFound(await bothWays(text, [one, one]), [['no-quorum', 0, 11]]);
    // A policy beside a pin takes nothing from what that demands.
    await assert.rejects(verifyEvidence(text, { pins: [one], policy: parsePolicy('quorum none\n') }), {
      code: 'USAGE',
      message: /the policy and a pin of test-0a1b2c3d\/node-1 demand different witnesses/,
    });
    const only = await verifyEvidence(text, { pins: [one], policy: parsePolicy(one.policy as string) });
    assertFound(only, [['no-quorum', 0, 11]]);
    assert.deepEqual(only.logs[0]?.notChecked, []);
  });
});

/** A pin of a log's head, signed by these. */
async function signed(log: BuiltLog, signers: readonly (typeof KEY)[]): Promise<Pin> {
  const body = checkpointBody(ORIGIN, log.size, log.root);
  const checkpoint = `${body}\n${await signCheckpointByAll(body, ORIGIN, signers)}`;
  return { ...log.pin(), keys: signers.map((signer) => vkey(signer)), checkpoint };
}
