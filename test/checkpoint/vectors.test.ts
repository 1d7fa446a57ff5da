import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sha256 } from '#sha256';
import {
  cosignaturesOf,
  Keyring,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parseVkey,
} from '../../src/checkpoint/mod.ts';
import { toBase64 } from '../../src/crypto/bytes.ts';

const VECTORS = new URL('../vectors/', import.meta.url);
const KEY_INVALID = { name: 'ProofError', code: 'KEY_INVALID' };

function text(path: string): string {
  return readFileSync(new URL(path, VECTORS), 'utf8');
}

interface Notes {
  readonly valid: readonly { id: string; vkeys: string[]; note: string }[];
  readonly vkeys: readonly { vkey: string }[];
  readonly invalid_vkeys: readonly { vkey?: string; vkey_base?: string; why: string }[];
}
const notes: Notes = JSON.parse(text('notes/notes.json'));

test('published notes open with their published keys', async () => {
  assert.equal(notes.valid.length, 4);
  for (const { id, vkeys, note } of notes.valid) {
    const opened = await new Keyring(vkeys).open(note);
    assert.deepEqual(
      opened.verifiedBy.map((k) => k.vkey),
      vkeys,
      id,
    );
    assert.equal(opened.text, note.slice(0, note.lastIndexOf('\n\n') + 1));
    assert.equal(opened.verifiedBy.length + opened.unknown.length, parseNote(note).signatures.length);
  }
});

test('a real checkpoint of another log opens, though its key is not called as its origin', async () => {
  const { vkeys, note } = notes.valid.find((n) => n.id.startsWith('sumdb')) ?? assert.fail();
  const { checkpoint } = await openCheckpoint(note, vkeys);
  assert.equal(checkpoint.origin, 'go.sum database tree');
  assert.equal(checkpoint.size, 35_225_469);
});

test('published vkeys of four types are read and written back', () => {
  assert.equal(notes.vkeys.length, 9);
  for (const { vkey } of notes.vkeys) assert.equal(parseVkey(vkey).vkey, vkey);
});

test('vkeys that must be refused', () => {
  const bad = notes.invalid_vkeys.flatMap((v) => (v.vkey ? [v.vkey] : []));
  assert.equal(bad.length, 2);
  for (const vkey of bad) assert.throws(() => parseVkey(vkey), KEY_INVALID, vkey);
});

test('every proper substring and every changed byte of a vkey is refused', () => {
  const base = notes.invalid_vkeys.find((v) => v.vkey_base)?.vkey_base ?? assert.fail();
  const others = notes.vkeys.map((v) => v.vkey).filter((v) => parseVkey(v).type !== 0x02);
  for (const vkey of [base, ...others]) {
    parseVkey(vkey);
    for (let i = 0; i < vkey.length; i++) {
      assert.throws(() => parseVkey(vkey.slice(0, i)), KEY_INVALID);
      if (i > 0) assert.throws(() => parseVkey(vkey.slice(i)), KEY_INVALID);
      const next = String.fromCharCode(vkey.charCodeAt(i) + 1);
      const changed = vkey.slice(0, i) + next + vkey.slice(i + 1);
      assert.throws(() => parseVkey(changed), KEY_INVALID, changed);
    }
  }
  for (let from = 0; from < base.length; from++) {
    for (let to = from; to <= base.length; to++) {
      if (to - from < base.length) assert.throws(() => parseVkey(base.slice(from, to)), KEY_INVALID);
    }
  }
});

test('a P-256 vkey refuses every change behind its name, which its id does not cover', () => {
  const vkey = notes.vkeys.map((v) => v.vkey).find((v) => parseVkey(v).type === 0x02) ?? assert.fail();
  for (let i = vkey.indexOf('+'); i < vkey.length; i++) {
    const next = String.fromCharCode(vkey.charCodeAt(i) + 1);
    assert.throws(() => parseVkey(vkey.slice(0, i) + next + vkey.slice(i + 1)), KEY_INVALID);
  }
});

test('checkpoint bodies', () => {
  const bodies = JSON.parse(text('notes/checkpoint-bodies.json'));
  assert.equal(bodies.invalid_body.length, 7);
  for (const { body, why } of bodies.invalid_body) {
    assert.throws(() => parseCheckpoint(body), { name: 'ProofError', code: 'NOTE_INVALID' }, why);
  }
  // Sound but for its root of 7 bytes, which no SHA-256 log has.
  const [valid] = bodies.valid_body;
  assert.throws(() => parseCheckpoint(valid), { code: 'NOTE_INVALID' });
  assert.equal(parseCheckpoint(valid.replace('YmFuYW5hcw==', toBase64(new Uint8Array(32)))).size, 123);
});

test('published cosignatures of Ed25519 witnesses and of a mirror are good, with their time', async () => {
  const vkeyIn = (file: string): string => JSON.parse(text(`tiled-log-300/${file}`)).verifier_keys[0];
  const cases = [
    ['checkpoint', 'mirror.v0.json'],
    ['witness-checkpoint', 'witness.v0.json'],
    ['witness2-checkpoint', 'witness2.v0.json'],
  ] as const;
  for (const [file, keyFile] of cases) {
    const note = text(`tiled-log-300/${file}`);
    const key = parseVkey(vkeyIn(keyFile));
    assert.equal((await openCheckpoint(note, [key.vkey])).checkpoint.size, 300);
    const [cosignature, ...more] = await cosignaturesOf(note, [key]);
    assert.equal(cosignature?.time, 1_767_139_200, file);
    assert.ok(note.includes(cosignature.line));
    assert.deepEqual(more, []);
    // Another text under the same signature.
    await assert.rejects(cosignaturesOf(note.replace('\n300\n', '\n301\n'), [key]), {
      code: 'NOTE_UNTRUSTED',
    });
  }
});

test('the id of an RFC 6962 key is made of its log id', () => {
  const log = JSON.parse(text('tiled-log-300/log.v3.json'));
  const spki = new Uint8Array(Buffer.from(log.key, 'base64'));
  assert.equal(toBase64(sha256(spki)), log.log_id);
  const [line] = parseNote(text('tiled-log-300/log-checkpoint-rfc6962')).signatures;
  const vkey = `${line?.name}+${line?.keyId}+${toBase64(Uint8Array.of(0x05, ...spki))}`;
  assert.equal(parseVkey(vkey).vkey, vkey);
});
