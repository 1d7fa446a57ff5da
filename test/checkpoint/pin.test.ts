import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkPinSigned,
  checkpointBody,
  formatPin,
  type Pin,
  parsePin,
  signCheckpoint,
  vkeyFromSpki,
} from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { testSigner } from './signers.ts';

const ORIGIN = 'log-0a1b2c3d/node-1';
const ROOT = new Uint8Array(32).fill(0xa7);
const INVALID = { name: 'UsageError', code: 'PIN_INVALID' };

async function makePin(): Promise<Pin> {
  const signer = testSigner('log');
  const body = checkpointBody(ORIGIN, 12, ROOT);
  return {
    origin: ORIGIN,
    keys: [vkeyFromSpki(ORIGIN, 'ed25519', signer.publicKey)],
    size: 12,
    root: toHex(ROOT),
    checkpoint: `${body}\n${await signCheckpoint(body, ORIGIN, signer)}`,
    savedAt: 1_790_000_000_000,
  };
}

test('a pin reads back, also when other tools have laid it out anew', async () => {
  const pin = await makePin();
  const text = formatPin(pin);
  assert.deepEqual(parsePin(text), pin);
  assert.deepEqual(parsePin(JSON.stringify(JSON.parse(text))), pin);
  assert.deepEqual(parsePin(JSON.stringify(JSON.parse(text), null, '\t')), pin);
  // As Python's json writes it.
  assert.ok(text.includes('—'));
  assert.deepEqual(parsePin(text.replaceAll('—', '\\u2014').replaceAll('/', '\\/')), pin);
});

test('one with a policy is of version 2; one without reads and is written as it always was', async () => {
  const pin = await makePin();
  assert.match(formatPin(pin), /^\{\n {2}"v": 1,/);
  const demanding = { ...pin, policy: 'quorum none\n' };
  const text = formatPin(demanding);
  assert.match(text, /^\{\n {2}"v": 2,/);
  assert.deepEqual(parsePin(text), demanding);
  const bad = [
    { v: 1, ...demanding },
    { v: 2, ...pin },
    { v: 2, ...demanding, policy: null },
    { v: 2, ...demanding, policy: 'quorum nobody\n' },
    { v: 0, ...pin },
    { v: -1, ...pin },
    { v: '1', ...pin },
  ];
  for (const members of bad) assert.throws(() => parsePin(JSON.stringify(members)), INVALID);
});

test('a pin with anything changed, missing, doubled or added is refused', async () => {
  const pin = await makePin();
  const other = checkpointBody(ORIGIN, 13, ROOT);
  const changes: Record<string, unknown>[] = [
    { origin: 'other' },
    { origin: undefined },
    { keys: [] },
    { keys: 'x' },
    { keys: [pin.keys[0], 'x'] },
    { keys: [7] },
    { size: 11 },
    { size: '12' },
    { size: undefined },
    { root: toHex(ROOT).toUpperCase() },
    { root: toHex(new Uint8Array(32)) },
    { root: pin.root.slice(2) },
    { checkpoint: pin.checkpoint.slice(1) },
    { checkpoint: pin.checkpoint.replace(checkpointBody(ORIGIN, 12, ROOT), other) },
    { checkpoint: null },
    { savedAt: -1 },
    { savedAt: 1.5 },
    { savedAt: '2026' },
    { extra: 1 },
    { v: 2 },
    { v: undefined },
  ];
  for (const change of changes) {
    const text = JSON.stringify({ v: 1, ...pin, ...change });
    assert.throws(() => parsePin(text), INVALID, JSON.stringify(change));
  }
  const text = formatPin(pin);
  const bad = [
    '',
    'null',
    '[]',
    '7',
    '"x"',
    text.slice(0, -3),
    `${text}x`,
    text.replace('"size": 12', '"size": 1, "size": 12'),
    text.replace('"size": 12', '"size": 12.0'),
    text.replace('"size": 12', '"size": 1, "\\u0073ize": 12'),
    text.replace('"v": 1', '"v": 1, "__proto__": {}'),
    ' '.repeat(1024 * 1024) + text,
  ];
  for (const text of bad) assert.throws(() => parsePin(text), INVALID, text.slice(0, 40));
});

test('a pin is signed by each of its keys, or it was changed', async () => {
  const pin = await makePin();
  await checkPinSigned(pin);
  const key = vkeyFromSpki(ORIGIN, 'ed25519', testSigner('stranger').publicKey);
  for (const keys of [[key], [...pin.keys, key]]) {
    await assert.rejects(checkPinSigned({ ...pin, keys }), INVALID);
  }
});
