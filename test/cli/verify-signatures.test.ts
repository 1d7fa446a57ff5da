import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TamperedStore } from '../../src/store/sqlite/tamper.ts';
import { skipWithoutShared } from '../dialects/shared.ts';
import { assertSafe, type Json, prepared, Sandbox } from './harness.ts';

const STORY = fileURLToPath(new URL('../../examples/story/', import.meta.url));
const SIGNATURES = join(STORY, 'logs/digicert-signatures.csv');
const SAMPLES = fileURLToPath(new URL('../../../shared/samples/digicert/', import.meta.url));
const VERIFY = ['verify', '--signatures', '--certificates'];

/** The signatures of the story, sealed. */
const imported = prepared((box) => box.ok(['import', SIGNATURES]));

/** A folder that holds the certificate of the story's key, and no other. */
function sealOnly(box: Sandbox, name: string): string {
  mkdirSync(box.at('certs'), { recursive: true });
  writeFileSync(box.at('certs', name), readFileSync(join(STORY, 'certs/seal.pem')));
  return 'certs';
}

/** The record with this text in its original. */
async function numberOf(box: Sandbox, text: string): Promise<number> {
  const { json } = await box.ok(['search', text, '--json']);
  assert.equal(json.records.length, 1);
  return json.records[0].seq;
}

describe('the sample story', () => {
  test('has exactly one false signature, and its log is intact', async (t) => {
    const box = await imported(t);
    const { code, json } = await box.run([...VERIFY, join(STORY, 'certs'), '--json']);
    assert.deepEqual([code, json.verdict], [1, 'intact']);
    const { counts, certificates, findings } = json.signatures;
    assert.deepEqual([counts.ok, counts['does-not-match'], certificates], [4, 1, 11]);
    const [finding] = findings;
    assert.deepEqual(
      [findings.length, finding.verdict, finding.keyAlias],
      [1, 'does-not-match', 'seal-2026'],
    );
    assert.equal(finding.certificate, 'seal.pem');
    assert.equal(finding.seq, await numberOf(box, 'payroll.exe'));
    const { out } = await box.run([...VERIFY, join(STORY, 'certs')]);
    assert.match(out, /^intact: /);
    assert.match(out, /^4 of 5 signatures in the records hold, 1 DOES NOT MATCH; 11 certificates given$/m);
    assert.match(out, new RegExp(`FAIL {3}record ${finding.seq}: signature does not match: .*seal\\.pem`));
    // It is a finding about what was logged: the pin advances as for any intact log.
    assert.equal((await box.ok(['verify', '--json'])).json.pin.status, 'kept');
  });

  test('whether the certificate is named after alias, key id or anything', async (t) => {
    for (const name of ['seal-2026.pem', '1f9f5961-4473-43cb-8aef-eb6a38d1a4ad.pem', 'x.pem']) {
      const box = await imported(t);
      const { counts } = (await box.run([...VERIFY, sealOnly(box, name), '--json'])).json.signatures;
      assert.deepEqual([counts.ok, counts['does-not-match'], counts['no-certificate']], [4, 1, 0], name);
    }
  });

  test('without certificates nothing can be told, and nothing is called false', async (t) => {
    const box = await imported(t);
    const { out } = await box.ok(['verify', '--signatures']);
    assert.match(out, /^0 of 5 signatures in the records hold, 5 not checkable; 0 certificates given$/m);
    assert.match(
      out,
      /not checkable: no certificate of its key is known \(key seal-2026, .*\): records \d+(, \d+){4}$/m,
    );
    assert.equal((await box.ok(['verify', '--json'])).json.signatures, null);
  });

  test('a part of it is checked alone', async (t) => {
    const box = await imported(t);
    const seq = String(await numberOf(box, 'payroll.exe'));
    const certs = sealOnly(box, 'seal-2026.pem');
    const { code, json } = await box.run([...VERIFY, certs, '--from', seq, '--to', seq, '--json']);
    assert.deepEqual([code, json.signatures.counts.ok, json.signatures.counts['does-not-match']], [1, 0, 1]);
  });
});

test('the sample collection has one false signature, and keys without a certificate', {
  skip: skipWithoutShared,
}, async (t) => {
  const box = new Sandbox(t);
  await box.ok(['import', join(SAMPLES, 'signature-log.csv')]);
  const { code, json } = await box.run([...VERIFY, join(SAMPLES, 'certs'), '--json']);
  assert.deepEqual([code, json.verdict], [1, 'intact']);
  assert.deepEqual(json.signatures.counts, {
    ...{ ok: 20, 'does-not-match': 1, 'no-certificate': 29 },
    ...{ 'unsupported-algorithm': 0, malformed: 0, unreadable: 0 },
  });
  const wrong = json.signatures.findings.filter(({ verdict }: Json) => verdict === 'does-not-match');
  assert.deepEqual([wrong.length, wrong[0].certificate], [1, 'rel-codesign-2026-q3.pem']);
  assert.equal(wrong[0].seq, await numberOf(box, '71a419bc-190d-5f44-9060-10b47142c6f8'));
});

describe('records', () => {
  test('whose signature is sealed beside the log are checked as well', async (t) => {
    const box = new Sandbox(t);
    const certs = sealOnly(box, 'seal-2026.pem');
    const row = readFileSync(SIGNATURES, 'utf8').split('\r\n')[2]!.split(',');
    const metadata = [{ key: 'file-location', value: 'x'.repeat(20_000) }];
    const signature = { keyAlias: 'seal-2026', hash: row[9], value: row[10], metadata };
    const [good, wrong] = [signature, { ...signature, hash: '00'.repeat(32) }];
    const record = { system: 'test', event: 'SIGN', outcome: 'success', time: 0 };
    const stdin = [good, wrong].map((each) => JSON.stringify({ ...record, signature: each })).join('\n');
    await box.ok(['append'], { stdin });
    const { code, json } = await box.run([...VERIFY, certs, '--deep', '--json']);
    assert.equal(code, 1);
    assert.deepEqual([json.signatures.counts.ok, json.signatures.counts['does-not-match']], [1, 1]);
    assert.equal(json.signatures.findings[0].seq, 2);
  });

  test('say nothing that a terminal would act upon', async (t) => {
    const box = new Sandbox(t);
    const keyAlias = 'x\u001b[2J\u202e\nFAIL';
    await box.fill(1, { signature: { keyAlias, algorithm: 'EC', hash: '00', value: '\u001b' } });
    const { out } = await box.ok(['verify', '--signatures']);
    assertSafe(out);
    assert.match(out, /1 not checkable/);
  });

  test('that are not as sealed make the log not intact, and their signatures not checkable', async (t) => {
    const box = new Sandbox(t);
    await box.ok(['import', SIGNATURES, '--node', 'n1']);
    const seq = await numberOf(box, 'payroll.exe');
    const store = new TamperedStore(box.data, 'n1');
    const { entries, leaves } = store.read();
    store.write(entries.with(seq, Buffer.from('{"forged":true}')), leaves);
    store.close();
    const { code, json } = await box.run([...VERIFY, join(STORY, 'certs'), '--json']);
    assert.deepEqual([code, json.verdict], [1, 'not-intact']);
    const { counts, findings } = json.signatures;
    assert.deepEqual([counts.ok, counts['does-not-match'], counts.unreadable], [4, 0, 1]);
    assert.deepEqual([findings[0].seq, findings[0].verdict], [seq, 'unreadable']);
  });

  test('cannot be found without a head', async (t) => {
    const box = new Sandbox(t);
    await box.ok(['import', SIGNATURES, '--node', 'n1']);
    const store = new TamperedStore(box.data, 'n1');
    store.setHead({ root: new Uint8Array(1) });
    store.close();
    const { code, json } = await box.run([...VERIFY, join(STORY, 'certs'), '--json']);
    assert.deepEqual([code, json.verdict, json.signatures], [1, 'not-intact', null]);
    assert.ok(json.notChecked.some(({ what }: Json) => what === 'signatures in the records'));
  });
});

describe('what is asked', () => {
  test('must make sense', async (t) => {
    const box = new Sandbox(t);
    await box.fill(1);
    assert.equal(await box.refused(['verify', '--certificates', '.'], 2), 'USAGE');
    assert.equal(await box.refused([...VERIFY, 'nowhere'], 2), 'FILE_UNREADABLE');
    mkdirSync(box.at('empty'));
    assert.equal(await box.refused([...VERIFY, 'empty'], 2), 'FILE_UNREADABLE');
    writeFileSync(box.at('empty', 'README.txt'), 'other files do not matter');
    writeFileSync(box.at('empty', 'key.pem'), 'no certificate');
    assert.equal(await box.refused([...VERIFY, 'empty'], 2), 'FILE_UNREADABLE');
    writeFileSync(box.at('empty', 'key.pem'), Buffer.alloc(1024 * 1024 + 1));
    assert.equal(await box.refused([...VERIFY, 'empty'], 2), 'FILE_UNREADABLE');
  });
});
