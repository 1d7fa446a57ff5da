import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  checkpointBody,
  openCheckpoint,
  parseCheckpoint,
  signatureLine,
  signCheckpoint,
  vkeyFromSpki,
} from '../../src/checkpoint/mod.ts';
import { toBase64, utf8 } from '../../src/crypto/bytes.ts';
import { codePoint } from '../code-point.ts';
import { runs } from '../runs.ts';
import { p256Signer, testSigner } from './signers.ts';

const INVALID = { name: 'ProofError', code: 'NOTE_INVALID' };
const UNTRUSTED = { name: 'ProofError', code: 'NOTE_UNTRUSTED' };
const ORIGIN = 'log-0a1b2c3d/node-1';
const ROOT = new Uint8Array(32).fill(9);
const BODY = checkpointBody(ORIGIN, 300, ROOT);
const LOG = testSigner('log');
const VKEY = vkeyFromSpki(ORIGIN, 'ed25519', LOG.publicKey);

test('a signed checkpoint opens with the key of the log', async () => {
  const note = `${BODY}\n${await signCheckpoint(BODY, ORIGIN, LOG)}`;
  const opened = await openCheckpoint(note, [VKEY]);
  assert.deepEqual(opened.checkpoint, { origin: ORIGIN, size: 300, root: ROOT, extensions: [] });
  assert.deepEqual(
    opened.verifiedBy.map((k) => k.vkey),
    [VKEY],
  );
  assert.deepEqual(opened.unknown, []);
});

test('two keys of different kinds may sign; unknown lines are reported and passed over', async () => {
  const second = p256Signer('p', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const vkey2 = vkeyFromSpki(ORIGIN, 'ecdsa-p256', second.publicKey);
  const stranger = signatureLine('stranger', '01020304', new Uint8Array(64));
  const note = `${BODY}\n${stranger}${await signCheckpoint(BODY, ORIGIN, LOG)}${await signCheckpoint(BODY, ORIGIN, second)}`;
  const opened = await openCheckpoint(note, [vkey2, VKEY]);
  assert.deepEqual(
    opened.verifiedBy.map((k) => k.vkey),
    [VKEY, vkey2],
  );
  assert.deepEqual(opened.unknown, [{ name: 'stranger', keyId: '01020304' }]);
  await assert.rejects(openCheckpoint(note, []), UNTRUSTED);
  await assert.rejects(openCheckpoint(note, [vkeyFromSpki('other', 'ed25519', LOG.publicKey)]), UNTRUSTED);
});

test('one bad signature of a known key refuses the note, whoever else signed well', async () => {
  const witness = testSigner('witness');
  const vkeys = [VKEY, vkeyFromSpki('witness', 'ed25519', witness.publicKey)];
  const good = await signCheckpoint(BODY, ORIGIN, LOG);
  const bad = await signCheckpoint(checkpointBody(ORIGIN, 301, ROOT), 'witness', witness);
  await openCheckpoint(`${BODY}\n${good}`, vkeys);
  await assert.rejects(openCheckpoint(`${BODY}\n${good}${bad}`, vkeys), UNTRUSTED);
  await assert.rejects(openCheckpoint(`${BODY}\n${bad}${good}`, vkeys), UNTRUSTED);
  const again = await signCheckpoint(checkpointBody(ORIGIN, 301, ROOT), ORIGIN, LOG);
  await assert.rejects(openCheckpoint(`${BODY}\n${good}${again}`, vkeys), UNTRUSTED);
});

test('no changed character of a signed checkpoint is accepted', async () => {
  const note = `${BODY}\n${await signCheckpoint(BODY, ORIGIN, LOG)}`;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(note.length - 1),
      fc.constantFrom('insert', 'remove', 'replace'),
      fc.string({ unit: codePoint, minLength: 1, maxLength: 1 }),
      async (at, how, char) => {
        const changed =
          note.slice(0, at) + (how === 'remove' ? '' : char) + note.slice(how === 'insert' ? at : at + 1);
        fc.pre(changed !== note);
        await assert.rejects(openCheckpoint(changed, [VKEY]), (error: { code: string }) =>
          [INVALID.code, UNTRUSTED.code].includes(error.code),
        );
      },
    ),
    { numRuns: runs(500) },
  );
});

test('a body reads back as it was written', () => {
  const root = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.maxSafeNat(), root, (size, root) => {
      assert.deepEqual(parseCheckpoint(checkpointBody(ORIGIN, size, root)), {
        origin: ORIGIN,
        size,
        root,
        extensions: [],
      });
    }),
  );
});

test('extension lines are read; an origin with spaces is read but never written', () => {
  const text = `go.sum database tree\n7\n${toBase64(ROOT)}\none\ntwo 2\n`;
  assert.deepEqual(parseCheckpoint(text), {
    origin: 'go.sum database tree',
    size: 7,
    root: ROOT,
    extensions: ['one', 'two 2'],
  });
  assert.throws(() => checkpointBody('go.sum database tree', 7, ROOT), INVALID);
});

test('what is not exactly a checkpoint is refused', () => {
  const root = toBase64(ROOT);
  const bodies = [
    '',
    '\n',
    'origin\n',
    `origin\n0\n`,
    `origin\n1\n${root}`,
    `origin\n1\n${root}\n\n`,
    `origin\n1\n${root}\nextension\n\nmore\n`,
    `\n1\n${root}\n`,
    ...[
      '',
      '-1',
      '+1',
      '01',
      '1.0',
      '1e3',
      '0x10',
      ' 1',
      '1 ',
      '9007199254740992',
      '18446744073709551615',
    ].map((size) => `origin\n${size}\n${root}\n`),
    `origin\n1\n${root.replace('=', '')}\n`,
    `origin\n1\n${toBase64(new Uint8Array(31))}\n`,
    `origin\n1\n${toBase64(new Uint8Array(33))}\n`,
    `origin\n1\n\n`,
  ];
  for (const body of bodies) assert.throws(() => parseCheckpoint(body), INVALID, JSON.stringify(body));
});

test('a body that would not be sound is not written', () => {
  for (const origin of ['', 'a b', 'a+b', 'a\nb', 'x'.repeat(256), 'é'.repeat(128)]) {
    assert.throws(() => checkpointBody(origin, 1, ROOT), INVALID);
  }
  for (const size of [-1, 0.5, Number.NaN, 2 ** 53])
    assert.throws(() => checkpointBody(ORIGIN, size, ROOT), INVALID);
  assert.throws(() => checkpointBody(ORIGIN, 1, new Uint8Array(31)), INVALID);
});

test('a signer whose key is not of its algorithm signs no checkpoint', async () => {
  const signer = { ...LOG, algorithm: 'ecdsa-p256' as const };
  await assert.rejects(signCheckpoint(BODY, ORIGIN, signer), { code: 'KEY_INVALID' });
  assert.equal(await LOG.sign(utf8('x')).then((s) => s.length), 64);
});
