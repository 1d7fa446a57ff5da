import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosignCheckpoint, cosignerKeyFromSpki, parsePolicy } from '../../src/checkpoint/mod.ts';
import { beginPin, followPin, verifyLog, verifyRange } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, KEY, makeRecord, START, VKEY } from '../verify/built-log.ts';

/**
 * A log of 600 records that was rebuilt with its own key from record 280 on, whose hash tiles say two things: those at
 * the bottom lead to what a witness cosigned at 300 records, those above to the head of now.
 */
async function rebuilt(): Promise<{ honest: BuiltLog; forged: BuiltLog }> {
  const honest = await BuiltLog.build(300);
  const forged = await BuiltLog.build(600, 100, KEY, (seq) =>
    makeRecord(seq, seq === 280 ? { event: 'NEVER_HAPPENED' } : {}),
  );
  const tile = forged.hashes.get('0/1')?.slice() as Uint8Array;
  tile.set(honest.hashes.get('0/1') as Uint8Array);
  forged.hashes.set('0/1', tile);
  return { honest, forged };
}

test('a pin is not begun, nor goes on, over tiles that lead to what was cosigned and to another head', async () => {
  const { honest, forged } = await rebuilt();
  const witness = testSigner('witness');
  const { vkey } = cosignerKeyFromSpki('w.example/1', witness.algorithm, witness.publicKey);
  const policy = `log ${VKEY}\nwitness w ${vkey}\nquorum w\n`;
  const body = honest.note.slice(0, honest.note.indexOf('\n\n') + 1);
  const line = await cosignCheckpoint(body, 'w.example/1', witness, Math.ceil(START / 1000) + 600);
  const cosigned = { notes: [honest.note + line], policy: parsePolicy(policy) };
  const grown = await BuiltLog.build(600);
  const good = await beginPin(grown, { policy }, START, cosigned);
  assert.deepEqual([good.witnessed?.covered?.size, good.findings], [300, []]);

  for (const [what, found] of [
    ['begun', await beginPin(forged, { policy }, START, cosigned)],
    ['followed', await followPin(forged, { ...forged.pin(), policy }, START, cosigned)],
  ] as const) {
    const failures = found.findings.filter((finding) => finding.class === 'fail');
    assert.deepEqual([found.pin, failures.map(({ code }) => code)], [null, ['no-quorum']], what);
    assert.match(failures[0]?.message ?? '', /at 300 records, could not be compared with the log/, what);
    assert.equal(found.witnessed?.covered, null, what);
  }
});

test('whoever verifies against a pin, and gives nothing that witnesses have cosigned, is asked for what it demands', async () => {
  const log = await BuiltLog.build(300);
  const witness = testSigner('witness');
  const { vkey } = cosignerKeyFromSpki('w.example/1', witness.algorithm, witness.publicKey);
  const pin = { ...log.pin(), policy: `witness w ${vkey}\nquorum w\n` };
  const codes = async (): Promise<readonly (readonly string[])[]> => {
    const found = [
      await verifyLog(log, { pin }),
      await verifyRange(log, 0, 5, { pin }),
      await followPin(log, pin, START),
    ];
    return found.map(({ findings }) => findings.flatMap((each) => (each.class === 'fail' ? each.code : [])));
  };
  assert.deepEqual(await codes(), [['no-quorum'], ['no-quorum'], ['no-quorum']]);
  const body = log.note.slice(0, log.note.indexOf('\n\n') + 1);
  log.signatures += await cosignCheckpoint(body, 'w.example/1', witness, Math.ceil(START / 1000) + 600);
  assert.deepEqual(await codes(), [[], [], []]);
});
