import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { type RecordAnswer, TallystickClient } from '../../src/client/mod.ts';
import { checkProof } from '../../src/client/proof.ts';
import { type ErrorCode, ProofError } from '../../src/errors.ts';
import { draft, serverFor, tempLog } from '../server/support.ts';
import { injected } from './support.ts';

const log = await tempLog();
const client = new TallystickClient({ url: 'http://127.0.0.1:4780', fetch: injected(serverFor(log)) });
await client.append(Array.from({ length: 20 }, () => draft({ details: { a: 'é', b: [1, null] } })));
const keys = [log.vkey];
const asked = { node: 'ca1', seq: 7 };

const fails = (code: ErrorCode) => (error: unknown) => error instanceof ProofError && error.code === code;
/** The answer about a record, changed. */
const changed = async (change: (answer: RecordAnswer) => object): Promise<RecordAnswer> => {
  const answer = await client.get('ca1', 7);
  return { ...answer, ...change(answer) };
};

describe('get with keys', () => {
  test('every record of the log is proven', async () => {
    for (let seq = 0; seq < log.head.size; seq++) {
      const { record } = await client.get('ca1', seq, { keys });
      assert.equal(record?.seq, seq);
    }
  });

  test('what the server changes is noticed', async () => {
    const lies: Record<string, (answer: RecordAnswer) => object> = {
      'a member': ({ record }) => ({ record: { ...record, event: 'OTHER' } }),
      'a member added': ({ record }) => ({ record: { ...record, extra: 1 } }),
      'a member and the leaf': ({ record }) => ({
        record: { ...record, event: 'OTHER' },
        leaf: '00'.repeat(32),
      }),
      'no record': () => ({ record: null }),
      'no leaf': () => ({ leaf: null }),
      'a leaf that is no hex': () => ({ leaf: 'zz' }),
      'no proof': () => ({ proof: null }),
      'a path cut': ({ proof }) => ({ proof: { ...proof, hashes: proof?.hashes.slice(1) } }),
      'a path of no hex': ({ proof }) => ({ proof: { ...proof, hashes: ['x'] } }),
      'a path of another': ({ proof }) => ({ proof: { ...proof, hashes: proof?.hashes.toReversed() } }),
    };
    for (const [what, lie] of Object.entries(lies)) {
      await assert.rejects(checkProof(await changed(lie), asked, keys), fails('PROOF_INVALID'), what);
    }
  });

  test('another record than was asked for', async () => {
    const other = await client.get('ca1', 8);
    await assert.rejects(checkProof(other, asked, keys), fails('PROOF_INVALID'));
    await assert.rejects(checkProof(other, { node: 'ca2', seq: 8 }, keys), fails('PROOF_INVALID'));
  });

  test('a checkpoint that was changed, or signed by nobody known', async () => {
    const forged = await changed(({ proof }) => ({
      proof: { ...proof, checkpoint: proof?.checkpoint.replace(/^\d+$/m, '22') },
    }));
    await assert.rejects(checkProof(forged, asked, keys), fails('NOTE_UNTRUSTED'));
    const broken = await changed(({ proof }) => ({ proof: { ...proof, checkpoint: 'none' } }));
    await assert.rejects(checkProof(broken, asked, keys), fails('NOTE_INVALID'));
    const answer = await client.get('ca1', 7);
    await assert.rejects(checkProof(answer, asked, []), fails('NOTE_UNTRUSTED'));
    await assert.rejects(checkProof(answer, asked, ['no vkey']), fails('KEY_INVALID'));
    const { publicKey } = generateKeyPairSync('ed25519');
    const stranger = vkeyFromSpki(
      log.head.origin,
      'ed25519',
      publicKey.export({ type: 'spki', format: 'der' }),
    );
    await assert.rejects(checkProof(answer, asked, [stranger]), fails('NOTE_UNTRUSTED'));
  });

  test('a record with a long member is not taken on trust', async () => {
    const { seq } = await client.append(draft({ details: { long: 'x'.repeat(10_000) } }));
    assert.equal((await client.get('ca1', seq)).status, 'verified');
    await assert.rejects(client.get('ca1', seq, { keys }), fails('PROOF_INVALID'));
  });
});
