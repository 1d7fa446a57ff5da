import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  checkpointBody,
  checkTlogProof,
  formatNote,
  formatTlogProof,
  parseTlogProof,
  signCheckpoint,
  vkeyFromSpki,
} from '../../src/checkpoint/mod.ts';
import { fromBase64, toBase64 } from '../../src/crypto/bytes.ts';
import { type ErrorCode, ProofError } from '../../src/errors.ts';
import { makeInclusion, tilePath } from '../../src/merkle/mod.ts';
import { runs } from '../runs.ts';
import { testSigner } from './signers.ts';

const ORIGIN = 'example.com/log';
const SIGNER = testSigner('tlog-proof');
const VKEY = vkeyFromSpki(ORIGIN, 'ed25519', SIGNER.publicKey);
const SIZE = 300;
/** Root of the published 300-leaf tree in test/vectors. */
const ROOT = fromBase64('gw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=') as Uint8Array;

const readTile = async (level: number, index: number, width: number): Promise<Uint8Array> =>
  new Uint8Array(readFileSync(`test/vectors/tiled-log-300/${tilePath({ level, index, width })}`));
const leafOf = async (index: number): Promise<Uint8Array> =>
  (await readTile(0, index >> 8, index < 256 ? 256 : 44)).subarray(
    (index % 256) * 32,
    (index % 256) * 32 + 32,
  );

const body = checkpointBody(ORIGIN, SIZE, ROOT);
const checkpoint = formatNote(body, await signCheckpoint(body, ORIGIN, SIGNER));
const proofText = async (index: number, extra?: Uint8Array): Promise<string> =>
  formatTlogProof({
    ...{ index, hashes: await makeInclusion(index, SIZE, readTile), checkpoint },
    ...(extra === undefined ? {} : { extra }),
  });

const fails = (code: ErrorCode) => (error: unknown) => error instanceof ProofError && error.code === code;
const expected = { origin: ORIGIN, keys: [VKEY] };

describe('tlog-proof', () => {
  test('every leaf of a published tree is proven, at its own index alone', async () => {
    for (let index = 0; index < SIZE; index++) {
      const proof = parseTlogProof(await proofText(index));
      assert.equal((await checkTlogProof(proof, await leafOf(index), expected)).checkpoint.size, SIZE);
      const elsewhere = { ...proof, index: (index + 1) % SIZE };
      const leaf = await leafOf(index);
      await assert.rejects(checkTlogProof(elsewhere, leaf, expected), fails('PROOF_INVALID'));
    }
  });

  test('is written as C2SP has it', async () => {
    const hashes = (await makeInclusion(0, SIZE, readTile)).map(toBase64);
    const lines = (extra: string): string =>
      `c2sp.org/tlog-proof@v1\n${extra}index 0\n${hashes.join('\n')}\n\n${checkpoint}`;
    assert.equal(await proofText(0), lines(''));
    assert.equal(await proofText(0, Uint8Array.of(1, 2)), lines('extra AQI=\n'));
    assert.deepEqual(parseTlogProof(lines('extra AQI=\n')).extra, Uint8Array.of(1, 2));
  });

  test('a log of one record needs no hash', async () => {
    const leaf = await leafOf(0);
    const one = checkpointBody(ORIGIN, 1, leaf);
    const note = formatNote(one, await signCheckpoint(one, ORIGIN, SIGNER));
    const text = formatTlogProof({ index: 0, hashes: [], checkpoint: note });
    assert.equal(text, `c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`);
    await checkTlogProof(parseTlogProof(text), leaf, expected);
  });

  test('what is not exactly a proof is refused', async () => {
    const good = await proofText(7);
    const hash = toBase64(new Uint8Array(32));
    const bad: [string, string][] = [
      ['', 'nothing'],
      [good.replace('@v1', '@v2'), 'another version'],
      [good.slice(good.indexOf('index')), 'the older shape without its first line'],
      [good.replace('index 7', 'index 07'), 'a leading zero'],
      [good.replace('index 7', 'index -7'), 'a sign'],
      [good.replace('index 7', 'index 7 '), 'a space behind'],
      [good.replace('index 7', 'index 9007199254740993'), 'an index that would be rounded'],
      [good.replace('index 7\n', ''), 'no index'],
      [good.replace('index 7\n', 'index 7\nextra AQI=\n'), 'extra data behind the index'],
      [good.replace('index 7', 'extra AQI\nindex 7'), 'extra data without its padding'],
      [good.replace('index 7', `extra ${toBase64(new Uint8Array(70_000))}\nindex 7`), 'much extra data'],
      [good.replace('index 7', `index 7\n${hash.slice(4)}`), 'a short hash'],
      [good.replace('index 7', `index 7\n${hash.replace('=', '')}`), 'a hash without its padding'],
      [good.replace('index 7', `index 7${`\n${hash}`.repeat(64)}`), 'more hashes than a tree is high'],
      [good.replace('index 7\n', 'index 7\r\n'), 'a carriage return'],
      [good.slice(0, good.indexOf('\n\n')), 'no checkpoint'],
    ];
    for (const [text, what] of bad) assert.throws(() => parseTlogProof(text), fails('PROOF_INVALID'), what);
    for (const [text, what] of [
      [good.slice(0, good.indexOf('\n\n') + 2), 'an empty checkpoint'],
      [good.slice(0, -1), 'a checkpoint that is cut'],
      [`${good}\n`, 'an empty line at the end'],
      [good.replace(`\n${SIZE}\n`, '\n0300\n'), 'a size with a leading zero'],
    ] as const) {
      assert.throws(() => parseTlogProof(text), fails('NOTE_INVALID'), what);
    }
  });

  test('signature, then quorum, then inclusion: the first that fails is named', async () => {
    const proof = parseTlogProof(await proofText(7));
    const leaf = await leafOf(7);
    const wrong = { ...proof, index: 8 };
    const calls: string[] = [];
    const quorum = (): void => {
      calls.push('quorum');
      throw new ProofError('NOTE_UNTRUSTED', 'no witness');
    };
    const other = vkeyFromSpki(ORIGIN, 'ed25519', testSigner('another').publicKey);
    const strange = { ...expected, keys: [other], quorum };
    await assert.rejects(checkTlogProof(wrong, leaf, strange), fails('NOTE_UNTRUSTED'));
    assert.deepEqual(calls, []);
    await assert.rejects(checkTlogProof(wrong, leaf, { ...expected, quorum }), fails('NOTE_UNTRUSTED'));
    assert.deepEqual(calls, ['quorum']);
    await assert.rejects(checkTlogProof(wrong, leaf, expected), fails('PROOF_INVALID'));
    await checkTlogProof(proof, leaf, { ...expected, quorum: async () => {} });
  });

  test('a proof of another log, or signed by another log alone, proves nothing here', async () => {
    const proof = parseTlogProof(await proofText(7));
    const leaf = await leafOf(7);
    const elsewhere = { ...expected, origin: 'example.com/other' };
    await assert.rejects(checkTlogProof(proof, leaf, elsewhere), fails('PROOF_INVALID'));
    const name = 'example.com/other';
    const signed = formatNote(body, await signCheckpoint(body, name, SIGNER));
    const keys = [vkeyFromSpki(name, 'ed25519', SIGNER.publicKey)];
    const borrowed = { ...proof, checkpoint: signed };
    await assert.rejects(checkTlogProof(borrowed, leaf, { origin: ORIGIN, keys }), fails('NOTE_UNTRUSTED'));
  });

  test('no changed byte of a proof is accepted, and no other leaf', async () => {
    const good = await proofText(123);
    const leaf = await leafOf(123);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 94 }), async (at, by) => {
        const code = good.charCodeAt(at);
        const changed = String.fromCharCode(code > 126 ? 65 : 32 + ((code - 32 + by) % 95));
        const text = good.slice(0, at) + changed + good.slice(at + 1);
        if (text === good) return;
        await assert.rejects(async () => checkTlogProof(parseTlogProof(text), leaf, expected), ProofError);
      }),
      { numRuns: runs(300) },
    );
    await assert.rejects(checkTlogProof(parseTlogProof(good), ROOT, expected), fails('PROOF_INVALID'));
  });
});
