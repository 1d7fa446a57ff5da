import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import {
  checkpointBody,
  formatNote,
  openCheckpoint,
  parseNote,
  parseVkey,
  signatureLine,
  signCheckpoint,
  vkeyFromSpki,
} from '../../src/checkpoint/mod.ts';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import { mlDsaSigner, testSigner } from './signers.ts';

const ORIGIN = 'log.example/a';
const SIZE = 20_852_163;
const ROOT = new Uint8Array(32).fill(7);
const BODY = checkpointBody(ORIGIN, SIZE, ROOT);
const SIGNER = mlDsaSigner('pq');
const VKEY = vkeyFromSpki(ORIGIN, 'ml-dsa-44', SIGNER.publicKey);
const UNTRUSTED = { name: 'ProofError', code: 'NOTE_UNTRUSTED' };

/** `cosigned_message` of tlog-cosignature, field by field. */
function message(name: string, time: bigint, origin: string, size: number, root: Uint8Array): Buffer {
  const u64 = (value: bigint): Buffer => {
    const out = Buffer.alloc(8);
    out.writeBigUInt64BE(value);
    return out;
  };
  return Buffer.concat([
    ...[Buffer.from('subtree/v1\n\0'), Buffer.from([name.length]), Buffer.from(name), u64(time)],
    ...[Buffer.from([origin.length]), Buffer.from(origin), u64(0n), u64(BigInt(size)), root],
  ]);
}

/** A note of `text` whose one signature is over `signed`, with `time` before it. */
async function note(text: string, time: Buffer, signed: Uint8Array): Promise<string> {
  const signature = concatBytes(time, await SIGNER.sign(signed));
  return formatNote(text, signatureLine(ORIGIN, parseVkey(VKEY).id, signature));
}

test('an ML-DSA-44 key signs a checkpoint as tlog-cosignature says, without a time', async () => {
  const line = await signCheckpoint(BODY, ORIGIN, SIGNER);
  const [signature] = parseNote(formatNote(BODY, line)).signatures;
  const blob = signature?.signature as Uint8Array;
  assert.equal(blob.length, 8 + 2_420);
  assert.deepEqual(blob.subarray(0, 8), new Uint8Array(8));
  const key = createPublicKey({ key: Buffer.from(SIGNER.publicKey), format: 'der', type: 'spki' });
  assert.ok(verify(null, message(ORIGIN, 0n, ORIGIN, SIZE, ROOT), key, blob.subarray(8)));
  const opened = await openCheckpoint(formatNote(BODY, line), [VKEY]);
  assert.deepEqual(
    opened.verifiedBy.map(({ vkey, type }) => [vkey, type]),
    [[VKEY, 0x06]],
  );
});

test('it stands beside another signature of the log', async () => {
  const ed = testSigner('ed');
  const vkeys = [vkeyFromSpki(ORIGIN, 'ed25519', ed.publicKey), VKEY];
  const lines = [await signCheckpoint(BODY, ORIGIN, ed), await signCheckpoint(BODY, ORIGIN, SIGNER)];
  const both = formatNote(BODY, lines.join(''));
  assert.deepEqual(
    (await openCheckpoint(both, vkeys)).verifiedBy.map((key) => key.vkey),
    vkeys,
  );
  assert.equal((await openCheckpoint(both, [vkeys[0] as string])).unknown.length, 1);
});

test("a cosigner's time is covered by its signature", async () => {
  const time = Buffer.from('0000000065000000', 'hex');
  const signed = message(ORIGIN, 0x65000000n, ORIGIN, SIZE, ROOT);
  await openCheckpoint(await note(BODY, time, signed), [VKEY]);
  const later = Buffer.from('0000000065000001', 'hex');
  await assert.rejects(openCheckpoint(await note(BODY, later, signed), [VKEY]), UNTRUSTED);
  const tooLate = Buffer.from('8000000000000000', 'hex');
  const signedLate = message(ORIGIN, 1n << 63n, ORIGIN, SIZE, ROOT);
  await assert.rejects(openCheckpoint(await note(BODY, tooLate, signedLate), [VKEY]), UNTRUSTED);
});

test('what was signed for another name, origin, size or root is refused, and so is the bare text', async () => {
  const zero = Buffer.alloc(8);
  const others = [
    message('log.example/b', 0n, ORIGIN, SIZE, ROOT),
    message(ORIGIN, 0n, 'log.example/b', SIZE, ROOT),
    message(ORIGIN, 0n, ORIGIN, SIZE + 1, ROOT),
    message(ORIGIN, 0n, ORIGIN, SIZE, new Uint8Array(32)),
    utf8(BODY),
  ];
  for (const signed of others) {
    await assert.rejects(openCheckpoint(await note(BODY, zero, signed), [VKEY]), UNTRUSTED);
  }
  const key = parseVkey(VKEY);
  for (const length of [0, 8, 9, 2_427, 2_429]) {
    assert.equal(await key.verify(utf8(BODY), new Uint8Array(length)), false);
  }
  assert.equal(await key.verify(Uint8Array.of(0xff), new Uint8Array(2_428)), false);
});

test('a text that is no checkpoint is neither signed nor taken', async () => {
  await assert.rejects(signCheckpoint('a text\n', ORIGIN, SIGNER), {
    name: 'ProofError',
    code: 'NOTE_INVALID',
  });
  const long = 'x'.repeat(256);
  await assert.rejects(signCheckpoint(BODY, long, SIGNER), { name: 'ProofError', code: 'NOTE_INVALID' });
  const bare = await note('a text\n', Buffer.alloc(8), message(ORIGIN, 0n, ORIGIN, SIZE, ROOT));
  await assert.rejects(openCheckpoint(bare, [VKEY]), UNTRUSTED);
});
