import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosignCheckpoint, cosignerKeyFromSpki, type Policy, parsePolicy } from '../../src/checkpoint/mod.ts';
import { beginPin, followPin, verifyLog } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, VKEY } from './built-log.ts';

const NAME = 'w.example/1';

function policyOf(alias: string): Policy {
  const { algorithm, publicKey } = testSigner(alias);
  const { vkey } = cosignerKeyFromSpki(NAME, algorithm, publicKey);
  return parsePolicy(`log ${VKEY}\nwitness w ${vkey}\nquorum w\n`);
}

/** A log whose head is published with a cosignature, as Tessera publishes it, and "log publish --cosigned". */
async function cosignedLog(change: (text: string) => string = (text) => text): Promise<BuiltLog> {
  const log = await BuiltLog.build(300);
  const text = change(log.note.slice(0, log.note.indexOf('\n\n') + 1));
  log.signatures += await cosignCheckpoint(text, NAME, testSigner('witness'), 1_800_000_000);
  return log;
}

const codes = async (log: BuiltLog, policy: Policy | null): Promise<readonly [number | null, string[]]> => {
  const report = await verifyLog(log, { keys: [VKEY], cosigned: { notes: [], policy } });
  return [report.witnessed?.covered?.size ?? null, report.findings.map(({ code }) => code)];
};

test('the cosignatures that a head bears count for those whom the policy names, and for nobody else', async () => {
  const log = await cosignedLog();
  assert.deepEqual(await codes(log, policyOf('witness')), [300, []]);
  assert.deepEqual(await codes(log, null), [null, ['foreign-signature']]);
  const [covered, found] = await codes(log, policyOf('another'));
  assert.deepEqual([covered, found.toSorted()], [null, ['foreign-signature', 'no-quorum']]);
});

test('a cosignature on the head that is not its witness’s is never a quorum', async () => {
  const log = await cosignedLog((text) => text.replace('\n300\n', '\n299\n'));
  const [covered, found] = await codes(log, policyOf('witness'));
  assert.equal(covered, null);
  assert.ok(found.includes('no-quorum'), found.join());
});

test('a pin is begun and followed over them without a remark', async () => {
  const log = await cosignedLog();
  const cosigned = { notes: [], policy: policyOf('witness') };
  const { pin, findings, witnessed } = await beginPin(log, { keys: [VKEY] }, 0, cosigned);
  assert.deepEqual([findings, witnessed?.covered?.size], [[], 300]);
  const followed = await followPin(log, pin!, 1, cosigned);
  assert.deepEqual([followed.findings, followed.witnessed?.covered?.size], [[], 300]);
});
