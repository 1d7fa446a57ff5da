import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import {
  checkpointBody,
  cosignaturesOf,
  cosignCheckpoint,
  cosignerKeyFromSpki,
  formatNote,
  parseNote,
  readCosignatures,
  signatureLine,
  signCheckpoint,
} from '../../src/checkpoint/mod.ts';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { mlDsaSigner, testSigner } from './signers.ts';

const ORIGIN = 'log.example/a';
const BODY = checkpointBody(ORIGIN, 20_852_163, new Uint8Array(32).fill(7));
const LOG = testSigner('log');
const ED = testSigner('witness');
const PQ = mlDsaSigner('witness-pq');
const NAME = 'witness.example/w1';
const keyOf = (signer: Signer, name = NAME) => cosignerKeyFromSpki(name, signer.algorithm, signer.publicKey);

test('an Ed25519 witness signs the header, the time and the whole text, extension lines included', async () => {
  const body = `${BODY}an extension line\n`;
  const line = await cosignCheckpoint(body, NAME, ED, 1_679_315_147);
  const [signature] = parseNote(formatNote(body, line)).signatures;
  const blob = signature?.signature as Uint8Array;
  assert.equal(blob.length, 8 + 64);
  assert.deepEqual(Buffer.from(blob.subarray(0, 8)).readBigUInt64BE(), 1_679_315_147n);
  const key = createPublicKey({ key: Buffer.from(ED.publicKey), format: 'der', type: 'spki' });
  const signed = Buffer.from(`cosignature/v1\ntime 1679315147\n${body}`);
  assert.ok(verify(null, signed, key, blob.subarray(8)));
  assert.equal(keyOf(ED).type, 0x04);
});

test('cosignatures of both kinds are found with their times, beside those of strangers', async () => {
  const lines = [
    await signCheckpoint(BODY, ORIGIN, LOG),
    await cosignCheckpoint(BODY, NAME, ED, 1_000),
    await cosignCheckpoint(BODY, NAME, PQ, 2_000),
    await cosignCheckpoint(BODY, 'stranger', testSigner('stranger'), 3_000),
  ];
  const note = formatNote(BODY, lines.join(''));
  const found = await cosignaturesOf(note, [keyOf(PQ), keyOf(ED)]);
  assert.deepEqual(
    found.map(({ key, time, line }) => [key.type, time, line]),
    [
      [0x04, 1_000, lines[1]],
      [0x06, 2_000, lines[2]],
    ],
  );
});

test('of one key the newest cosignature counts, and one without a time does not', async () => {
  const line = async (time: number): Promise<string> => cosignCheckpoint(BODY, NAME, ED, time);
  const note = formatNote(BODY, (await Promise.all([line(5), line(9), line(7)])).join(''));
  assert.deepEqual(
    (await cosignaturesOf(note, [keyOf(ED)])).map(({ time }) => time),
    [9],
  );
  const key = keyOf(PQ);
  const { data, before } = key.statement(utf8(BODY));
  const timeless = signatureLine(NAME, key.id, concatBytes(before, await PQ.sign(data)));
  assert.deepEqual(await cosignaturesOf(formatNote(BODY, timeless), [key]), []);
  await assert.rejects(cosignCheckpoint(BODY, NAME, ED, 0), { code: 'NOTE_INVALID' });
});

test('a changed time, text or signature is refused; a bare signature of the text is no cosignature', async () => {
  const line = await cosignCheckpoint(BODY, NAME, ED, 1_000);
  const [signature] = parseNote(formatNote(BODY, line)).signatures;
  const blob = signature?.signature as Uint8Array;
  const key = keyOf(ED);
  for (let at = 0; at < blob.length; at++) {
    const changed = blob.slice();
    changed[at] = (changed[at] as number) ^ 1;
    const note = formatNote(BODY, signatureLine(NAME, key.id, changed));
    await assert.rejects(cosignaturesOf(note, [key]), { code: 'NOTE_UNTRUSTED' });
  }
  const bare = signatureLine(NAME, key.id, concatBytes(new Uint8Array(8), await ED.sign(utf8(BODY))));
  await assert.rejects(cosignaturesOf(formatNote(BODY, bare), [key]), { code: 'NOTE_UNTRUSTED' });
  const short = signatureLine(NAME, key.id, new Uint8Array(8));
  await assert.rejects(cosignaturesOf(formatNote(BODY, short), [key]), { code: 'NOTE_UNTRUSTED' });
});

test("a witness's answer: its lines are taken, others passed over, rubbish refused", async () => {
  const line = await cosignCheckpoint(BODY, NAME, ED, 1_000);
  const other = await cosignCheckpoint(BODY, 'other', testSigner('other'), 1_000);
  const [found] = await readCosignatures(BODY, `${other}${line}`, [keyOf(ED)]);
  assert.equal(found?.line, line);
  await assert.rejects(readCosignatures(BODY, other, [keyOf(ED)]), { code: 'NOTE_UNTRUSTED' });
  for (const bad of ['', '\n', 'ok\n', line.slice(0, -1), `${line}\n${line}`, `\n${line}`]) {
    await assert.rejects(readCosignatures(BODY, bad, [keyOf(ED)]), { code: 'NOTE_INVALID' });
  }
});

test('a witness has no ECDSA or RSA key, and cosigns nothing but checkpoints', async () => {
  assert.throws(() => cosignerKeyFromSpki(NAME, 'ecdsa-p256', ED.publicKey), { code: 'KEY_INVALID' });
  assert.throws(() => cosignerKeyFromSpki('a b', 'ed25519', ED.publicKey), { code: 'KEY_INVALID' });
  for (const signer of [ED, PQ]) {
    await assert.rejects(cosignCheckpoint('a text\n', NAME, signer, 1), { code: 'NOTE_INVALID' });
  }
});
