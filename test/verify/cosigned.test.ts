import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosignCheckpoint, cosignerKeyFromSpki, type Policy, parsePolicy } from '../../src/checkpoint/mod.ts';
import { beginPin, followPin, verifyLog } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, forged, KEY, makeRecord, rebuild, VKEY } from './built-log.ts';
import { assertFound } from './expect.ts';

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

/** What a witness holds of a log of a size. */
async function heldAt(size: number): Promise<string> {
  const { note } = await BuiltLog.build(size);
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  return note + (await cosignCheckpoint(text, NAME, testSigner('witness'), 1_800_000_000));
}

/** Damage elsewhere: an entry, a payload that nobody refers to, a hash tile, a kept checkpoint. */
const DAMAGES: readonly (readonly [string, (log: BuiltLog) => void])[] = [
  ['entry', (log) => ((log.stored.get(0) as Uint8Array[])[5] = forged(5))],
  ['tile', (log) => (log.tile(0, 0)[0] = (log.tile(0, 0)[0] as number) ^ 1)],
  [
    'payload',
    (log) =>
      (log.sealedPayloads = [
        { seq: 3, digest: 'a'.repeat(64), salt: new Uint8Array(16), bytes: new Uint8Array(1) },
      ]),
  ],
  [
    'kept checkpoint',
    (log) => {
      const [kept] = log.kept;
      if (kept === undefined) throw new TypeError('the log keeps no checkpoint');
      log.kept[0] = { ...kept, root: new Uint8Array(32) };
    },
  ],
];

for (const [what, damage] of DAMAGES) {
  test(`damage elsewhere, of one ${what}, silences no witness`, async () => {
    const policy = policyOf('witness');
    const notes = await Promise.all([150, 300, 500].map(heldAt));
    const options = { keys: [VKEY], deep: true, cosigned: { notes, policy } };
    const log = await BuiltLog.build(600);
    const rebuilt = await rebuild(log, KEY, (seq) => makeRecord(seq, seq === 200 ? { event: 'FORGED' } : {}));
    damage(rebuilt);
    const report = await verifyLog(rebuilt, options);
    const codes = report.findings.map(({ code }) => code);
    assert.equal(codes.filter((code) => code === 'split-view').length, 1, codes.join());
    assert.ok(
      report.findings.some(({ code, from, to }) => code === 'split-view' && from === 0 && to === 500),
    );
    assert.ok(codes.length > 1, codes.join());
    // What was cosigned before the log was rebuilt still stands.
    assert.equal(report.witnessed?.covered?.size, 150);
    assert.ok(!report.notChecked.some(({ what }) => what.includes('cosigned')));

    damage(log);
    const honest = await verifyLog(log, options);
    assert.equal(honest.verdict, 'not-intact');
    assert.ok(honest.findings.every(({ code }) => code !== 'split-view' && code !== 'no-quorum'));
    assert.equal(honest.witnessed?.covered?.size, 500);
  });
}

test('what witnesses vouch for is an anchor: without a pin only what they have not seen could be gone', async () => {
  const why = (report: Awaited<ReturnType<typeof verifyLog>>): string | undefined =>
    report.notChecked.find(({ what }) => what === 'an outside anchor')?.why;
  const log = await BuiltLog.build(300);
  const cosigned = { notes: [await heldAt(150)], policy: policyOf('witness') };
  assert.match(
    why(await verifyLog(log, { keys: [VKEY], cosigned })) ?? '',
    /behind what witnesses vouch for/,
  );
  assert.match(why(await verifyLog(log, { keys: [VKEY] })) ?? '', /rebuilt with its own key, would not show/);
  assert.equal(why(await verifyLog(log, { pin: log.pin(), cosigned })), undefined);
});

test('a log that was rolled back, or rebuilt, is not said to be damaged', async () => {
  const cosigned = { notes: [await heldAt(150), await heldAt(500)], policy: policyOf('witness') };
  const older = await verifyLog(await BuiltLog.build(300), { keys: [VKEY], cosigned });
  assertFound(older, [['rolled-back', 300, 500]]);
  assert.equal(older.witnessed?.covered?.size, 150);
  assert.ok(!older.notChecked.some(({ what }) => what.includes('cosigned')));
});
