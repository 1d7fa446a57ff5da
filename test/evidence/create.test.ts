import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkTlogProof,
  cosignerKeyFromSpki,
  formatTlogProof,
  parseTlogProof,
} from '../../src/checkpoint/mod.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { EvidenceError } from '../../src/errors.ts';
import { createEvidence, tlogProofOf, verifyEvidence } from '../../src/evidence/mod.ts';
import { leafHash } from '../../src/merkle/mod.ts';
import type { LogSource } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, forged, makeRecord, ORIGIN, rebuild, setHash, VKEY } from '../verify/built-log.ts';
import {
  assertIntact,
  completeOf,
  evidenceOf,
  findingsOf,
  MADE,
  sealedBy,
  vkey,
  withContent,
} from './fixture.ts';

/** What making evidence of records 5 and 260 was refused for. */
async function refused(log: BuiltLog, more: object = {}): Promise<string> {
  try {
    await evidenceOf(log, [5, 260], more);
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error));
    assert.equal(error.code, 'EVIDENCE_REFUSED');
    const found = error.context.finding as { code: string; from: number; to: number } | undefined;
    return found === undefined ? error.message : `${found.code} ${found.from} ${found.to}`;
  }
  throw new assert.AssertionError({ message: 'evidence was made' });
}

describe('of a log that was attacked no evidence is made', () => {
  test('and the finding is named, with its place', async () => {
    const log = await BuiltLog.build(300, 100);
    const attack = async (change: (log: BuiltLog) => void | Promise<void>): Promise<BuiltLog> => {
      const copy = log.copy();
      await change(copy);
      return copy;
    };
    const altered = await attack((it) => {
      it.bundle(260)[4] = forged(260);
    });
    assert.equal(await refused(altered), 'altered 260 261');
    const missing = await attack((it) => void it.stored.delete(1));
    assert.equal(await refused(missing), 'missing 260 261');
    await assert.rejects(evidenceOf(missing, [5, 260]), /missing: record 260: sealed, but not there/);
    const damaged = await attack((it) => void it.stored.set(1, 'broken'));
    assert.equal(await refused(damaged), 'unreadable 260 261');
    const swapped = await attack((it) => {
      const bundle = it.bundle(0);
      [bundle[5], bundle[6]] = [bundle[6] as Uint8Array, bundle[5] as Uint8Array];
    });
    assert.equal(await refused(swapped), 'altered 5 6');
    const tile = await attack((it) => setHash(it.tile(0, 0), 4, leafHash(utf8('x'))));
    assert.equal(await refused(tile), 'coverage-ends 5 6');
    const unsigned = await attack((it) => {
      it.signatures = it.signatures.replace(/(\S{10})\n$/, 'AAAAAAAAA=\n');
    });
    assert.equal(await refused(unsigned), 'bad-signature 0 300');
    const cut = await attack((it) => it.seal(299, it.root));
    assert.equal(await refused(cut), 'coverage-ends 5 6');
  });

  test('nor of one that was rolled back, cut or rebuilt since it was pinned', async () => {
    const pin = (await BuiltLog.build(400, 100)).pin();
    const log = await BuiltLog.build(300, 100);
    assert.equal(await refused(log, { pins: [pin] }), 'rolled-back 300 400');
    const other = await rebuild(log, testSigner('log'), (seq) => makeRecord(seq, { event: 'NEW' }));
    assert.match(await refused(other, { pins: [log.pin()] }), /^split-view 0 300/);
    const early = (await BuiltLog.build(100, 100)).pin();
    assert.match(await refused(other, { pins: [early] }), /^split-view 0 100/);
  });

  test('what is whole in it can still be taken along', async () => {
    const log = await BuiltLog.build(600, 100);
    log.bundle(300)[300 - 256] = forged(300);
    assertIntact((await evidenceOf(log, [5, 299, 301, 599])).report);
    await assert.rejects(completeOf(log, [290, 310], ''), { code: 'EVIDENCE_REFUSED' });
    assertIntact((await completeOf(log, [301, 400], '')).report);
  });

  test('sealed content that was changed behind the log is named', async () => {
    const log = await withContent();
    log.sealedPayloads = log.sealedPayloads.map((each) =>
      each.seq === 50 ? { ...each, bytes: utf8('{"secret":"none"}') } : each,
    );
    await assert.rejects(evidenceOf(log, [50]), {
      code: 'EVIDENCE_REFUSED',
      message: /payload-altered: record 50/,
    });
    assertIntact((await evidenceOf(log, [150])).report);
  });
});

describe('several logs in one file', () => {
  /** The same log as a source, under another name. */
  async function second(): Promise<BuiltLog> {
    const origin = 'test-0a1b2c3d/node-2';
    const signer = testSigner('second');
    const log = new BuiltLog(signer);
    log.origin = origin;
    const key = vkey(signer, origin);
    const records = Array.from({ length: 40 }, (_, seq) =>
      makeRecord(seq, {
        node: 'node-2',
        ...(seq === 0 ? { details: { key, origin, software: 'test' } } : {}),
      }),
    );
    await log.append(records.map((record) => utf8(JSON.stringify(sortedOf(record)))));
    return log;
  }

  test('each on its own keys: a key for one vouches for no other', async () => {
    const [one, two] = [await BuiltLog.build(300, 100), await second()];
    const request = (source: LogSource, matches: number[]) => ({
      source,
      matches,
      searched: null,
      range: null,
    });
    const { text } = await createEvidence([request(one, [3]), request(two, [4])], { made: MADE });
    const report = await verifyEvidence(text);
    assertIntact(report);
    assert.deepEqual(
      report.logs.map(({ node, size }) => [node, size]),
      [
        ['node-1', 300],
        ['node-2', 40],
      ],
    );
    const half = await verifyEvidence(text, { keys: [VKEY] });
    assert.equal(half.verdict, 'not-intact');
    assert.deepEqual(
      half.logs.map(({ verdict }) => verdict),
      ['intact', 'not-intact'],
    );
    assert.deepEqual(new Set(findingsOf(half).map(({ code }) => code)), new Set(['unknown-key']));
    const both = [VKEY, vkey(testSigner('second'), 'test-0a1b2c3d/node-2')];
    assertIntact(await verifyEvidence(text, { keys: both }));
    assertIntact(await verifyEvidence(text, { pins: [one.pin(), two.pin()] }));
    // Remembered of one alone, with witnesses: whom to demand is for those who verify it.
    const policy = `witness w ${cosignerKeyFromSpki('w', 'ed25519', testSigner('w').publicKey).vkey}\nquorum w\n`;
    const pins = [{ ...one.pin(), policy }];
    const { report: own } = await createEvidence([{ ...request(one, [3]), pins }, request(two, [4])], {
      made: MADE,
    });
    assertIntact(own);
    assert.deepEqual(
      own.logs.map(({ trust, checked, notChecked }) => [trust, checked.pins, notChecked.length]),
      [
        ['pinned-key', 1, 0],
        ['log-key', 0, 2],
      ],
    );
  });
});

/** As canonical JSON has it: names in order, at every level. */
function sortedOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sortedOf(inner)]));
}

test('each record has a proof that other programs read', async () => {
  const log = await BuiltLog.build(300, 100);
  const { evidence } = await evidenceOf(log, [3, 255, 256, 299]);
  const [section] = evidence.logs;
  assert.ok(section);
  for (const { seq, entry } of section.records) {
    const proof = parseTlogProof(formatTlogProof(tlogProofOf(section, seq)));
    const opened = await checkTlogProof(proof, leafHash(utf8(entry)), { origin: ORIGIN, keys: [VKEY] });
    assert.equal(opened.checkpoint.size, 300);
  }
  assert.throws(() => tlogProofOf(section, 4), { code: 'EVIDENCE_INVALID' });
});

test('more than a file holds is refused before it is made', async () => {
  const log = await sealedBy([{ records: 3, by: [testSigner('A')] }], [testSigner('A')]);
  const many = Array.from({ length: 100_001 }, (_, i) => i);
  await assert.rejects(evidenceOf(log, many), { code: 'EVIDENCE_TOO_LARGE', message: /narrow/ });
  await assert.rejects(evidenceOf(log, [3]), { code: 'EVIDENCE_REFUSED', message: /it has 0 to 2/ });
});

test('making it can be stopped', async () => {
  const log = await BuiltLog.build(30);
  const made = createEvidence([{ source: log, matches: [1, 2], searched: null, range: null }], {
    made: MADE,
    signal: AbortSignal.abort(new Error('enough')),
  });
  await assert.rejects(made, /enough/);
});
