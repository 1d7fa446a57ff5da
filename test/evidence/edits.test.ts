import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cosignCheckpoint, cosignerKeyFromSpki } from '../../src/checkpoint/mod.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { parseEvidence, verifyEvidence } from '../../src/evidence/mod.ts';
import { composeNote } from '../../src/verify/note.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { runs } from '../runs.ts';
import { BuiltLog, ORIGIN, START } from '../verify/built-log.ts';
import { A, B, change, evidenceOf, findingsOf, sealedBy, vkey } from './fixture.ts';

/** A file with a key change, an earlier checkpoint, a witness and sealing keys. */
async function file(): Promise<Uint8Array> {
  const log = await sealedBy(
    [
      { records: 10, by: [A] },
      { records: 10, last: change([B], A), by: [A, B] },
      { records: 10, by: [B] },
    ],
    [A],
  );
  const note = composeNote(ORIGIN, log.size, log.root, log.signatures) as string;
  const witness = testSigner('witness');
  const [text = ''] = note.split('\n\n');
  const line = await cosignCheckpoint(`${text}\n`, 'w.example/1', witness, START / 1000 + 100);
  const witnesses = [cosignerKeyFromSpki('w.example/1', 'ed25519', witness.publicKey).vkey];
  const { text: json, report } = await evidenceOf(log, [5, 25], {
    cosigned: [{ size: log.size, note: note + line }],
    witnesses,
  });
  assert.equal(report.logs[0]?.checked.cosignatures, 1);
  return utf8(json);
}

/** What the file says once its form is put aside: equal for files that mean the same. */
function meaning(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(JSON.stringify(parseEvidence(bytes)));
  } catch {
    return null;
  }
}

/** The part that nothing vouches for, and that every report says so of. */
function isStatement(before: unknown, after: unknown): boolean {
  const [a, b] = structuredClone([before, after]) as [Statement, Statement];
  for (const doc of [a, b]) {
    doc.made = null;
    for (const log of doc.logs) Object.assign(log, { searched: null, matches: null, witnesses: null });
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

interface Statement {
  made: unknown;
  logs: object[];
}

test('a changed byte is named, means nothing, or is in what the report calls a mere statement', async () => {
  const bytes = await file();
  const before = meaning(bytes);
  assert.equal((await verifyEvidence(bytes, { keys: [vkey(A)] })).verdict, 'intact');
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ bits;
      const report = await verifyEvidence(changed, { keys: [vkey(A)] });
      // A signature that has become a stranger's is a notice.
      if (findingsOf(report).length > 0) return;
      const after = meaning(changed);
      assert.ok(
        JSON.stringify(after) === JSON.stringify(before) || isStatement(before, after),
        `byte ${at} ^ ${bits}: ${new TextDecoder().decode(changed.slice(Math.max(0, at - 40), at + 40))}`,
      );
    }),
    { numRuns: runs(1_500) },
  );
});

test('cut off anywhere, or with something behind it, it is refused', async () => {
  const bytes = await file();
  for (let end = 0; end < bytes.length - 1; end += 37) {
    assert.equal((await verifyEvidence(bytes.slice(0, end))).verdict, 'not-intact');
  }
  for (const tail of ['x', '{}', '\0']) {
    const longer = utf8(new TextDecoder().decode(bytes) + tail);
    assert.equal((await verifyEvidence(longer)).verdict, 'not-intact');
  }
});

test('whatever it is given, it answers', async () => {
  const log = await BuiltLog.build(3);
  const { text } = await evidenceOf(log, [1]);
  const hostile = [
    ...['', 'null', '[]', '{}', '['.repeat(100_000), `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`],
    text.replace('"made"', '"made":null,"made"'),
    text.replace('"seq":1', '"seq":1e0'),
    text.replace('"seq":1', '"seq":9007199254740993'),
    text.replace('tallystick-evidence/1', 'tallystick-evidence/2'),
    text.replace('"by":"Auditor A"', `"by":"${'A'.repeat(10_000)}"`),
    text.replace('"by":"Auditor A"', '"by":"\\ud800"'),
    text.replace('"witnesses":[]', '"witnesses":["x"]'),
    text.replace('"certificates":[]', '"certificates":["AAAA"]'),
    text.replace('"range":null', '"range":{"from":0,"to":3,"since":null,"until":null}'),
  ];
  for (const each of hostile) {
    const { verdict } = await verifyEvidence(each);
    // The number written otherwise is the same number.
    assert.equal(verdict, each.includes('1e0') ? 'intact' : 'not-intact', each.slice(0, 80));
  }
  await fc.assert(
    fc.asyncProperty(fc.json(), async (json) => {
      assert.equal((await verifyEvidence(json)).verdict, 'not-intact');
    }),
    { numRuns: runs(200) },
  );
});
