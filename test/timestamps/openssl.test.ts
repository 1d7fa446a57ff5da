import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { utf8 } from '../../src/crypto/bytes.ts';
import { newNonce, readAnswer, timestampRequest } from '../../src/timestamps/request.ts';
import { type TimestampReport, verifyTimestamp } from '../../src/timestamps/verify.ts';
import { OpensslAuthority, type Settings } from './support/openssl.ts';
import { ca, type KeyKind, stamper } from './support/pki.ts';

/** Tokens of `openssl ts`, over its own authorities. */

const DATA = utf8('log.example/ca1\n7\nkHw5nG1Gx7Vjq3p6hYvq7d3F0pQ1e0e5r8zv0Zl9Q0s=\n');

interface Made {
  readonly report: TimestampReport;
  readonly isTakenByOpenssl: boolean;
}

async function make(
  kind: KeyKind,
  settings: Settings,
  hash?: 'SHA-256' | 'SHA-384' | 'SHA-512',
): Promise<Made> {
  const root = await ca('Root', null, { kind });
  const between = await ca('Between', root, { kind });
  const authority = new OpensslAuthority(await stamper('Stamps', between, { kind }), [between], settings);
  after(() => authority.remove());
  const nonce = newNonce();
  const reply = await authority.reply(await timestampRequest(DATA, nonce, null, hash));
  const answer = readAnswer(reply);
  assert.ok(answer.granted);
  const report = await verifyTimestamp(answer.token, DATA, {
    roots: [root.der],
    nonce,
    policies: ['1.2.3.4.1'],
  });
  return { report, isTakenByOpenssl: await authority.verifies(DATA, reply, root) };
}

describe('tokens of openssl ts', () => {
  for (const [kind, digest, ess, hash] of [
    ['rsa', 'sha256', 'sha256', 'SHA-256'],
    ['rsa', 'sha512', 'sha1', 'SHA-384'],
    ['P-256', 'sha256', 'sha1', 'SHA-512'],
    ['P-256', 'sha384', 'sha384', 'SHA-256'],
    ['P-384', 'sha512', 'sha512', 'SHA-512'],
  ] as const) {
    test(`${kind}, ${digest}, certificate named by ${ess}, imprint ${hash}`, async () => {
      const before = Date.now();
      const { report, isTakenByOpenssl } = await make(kind, { digest, ess }, hash);
      assert.ok(isTakenByOpenssl);
      assert.deepEqual(report.findings, []);
      assert.equal(report.verdict, 'verified');
      assert.equal(report.trust, 'given-root');
      assert.equal(report.hash, hash);
      assert.equal(report.authority, 'CN=Stamps');
      assert.equal(report.policy, '1.2.3.4.1');
      assert.deepEqual(
        report.chain.map(({ subject }) => subject),
        ['CN=Stamps', 'CN=Between', 'CN=Root'],
      );
      assert.deepEqual(report.checked, [
        ...['imprint', 'nonce', 'policy', 'attributes', 'signer', 'purpose', 'signature', 'chain', 'root'],
      ]);
      assert.deepEqual(report.notChecked, [{ what: 'revocation', why: 'revocation lists are not read' }]);
      // It counts whole seconds.
      assert.equal(report.time?.notLaterThan, (report.time?.genTime ?? 0) + 999);
      assert.ok((report.time?.notLaterThan ?? 0) >= before);
    });
  }

  test('the bound is the stated time and its accuracy', async () => {
    const { report } = await make('P-256', {
      accuracy: 'secs:1, millisecs:500, microsecs:100',
      precision: 3,
    });
    assert.equal(report.verdict, 'verified');
    assert.equal(report.time?.accuracy, 1_501);
    assert.equal(report.time?.notLaterThan, (report.time?.genTime ?? 0) + 1_501);
  });
});
