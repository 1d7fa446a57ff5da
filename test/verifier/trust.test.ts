import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { cosignerKeyFromSpki, formatPin } from '../../src/checkpoint/mod.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { TallystickError } from '../../src/errors.ts';
import { readTrust, trustName, trustOptions } from '../../src/verifier/trust.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, VKEY } from '../verify/built-log.ts';

const PEM = rootCertificates[0] as string;
const DER = new Uint8Array(new X509Certificate(PEM).raw);
const WITNESS = cosignerKeyFromSpki('witness.example/w', 'ed25519', testSigner('w').publicKey).vkey;
const POLICY = `witness w ${WITNESS}\nquorum w\n`;

describe('what a verifier is given to stand on', () => {
  test('is told by its form, as text and as bytes', async () => {
    const pin = formatPin((await BuiltLog.build(3)).pin());
    for (const [given, kind] of [
      [pin, 'pin'],
      [`\n${VKEY}\n${VKEY}\n`, 'keys'],
      [POLICY, 'policy'],
      [`${PEM}\n${PEM}`, 'roots'],
    ] as const) {
      assert.equal(readTrust(given).kind, kind);
      assert.equal(readTrust(utf8(given)).kind, kind);
      assert.notEqual(trustName(readTrust(given)), '');
    }
    assert.deepEqual(readTrust(DER), { kind: 'roots', roots: [DER] });
    const all = trustOptions([pin, VKEY, POLICY, PEM].map(readTrust));
    assert.deepEqual(
      [all.pins?.length, all.keys, all.tsaRoots, all.policy?.witnesses.length],
      [1, [VKEY], [DER], 1],
    );
    assert.equal('policy' in trustOptions([]), false);
  });

  test('what can not count together is refused, in one file and in several', async () => {
    const pin = formatPin((await BuiltLog.build(3)).pin());
    assert.throws(() => trustOptions([POLICY, 'quorum none\n'].map(readTrust)), {
      code: 'USAGE',
      message: /two policies were given: which one counts/,
    });
    for (const other of [POLICY, POLICY.replace('quorum', '\tquorum'), pin, VKEY]) {
      for (const mixed of [`${other}${PEM}\n`, `${PEM}\n${other}`]) {
        assert.throws(() => readTrust(mixed), TallystickError, mixed.slice(0, 40));
      }
    }
    // Programs write what a certificate says beside it.
    assert.equal(readTrust(`# Issuer: CN=Root\nsubject=CN=Root\n${PEM}\n`).kind, 'roots');
    for (const form of [pin, VKEY, POLICY, PEM])
      assert.throws(() => readTrust(`\ufeff${form}`), /byte order/);
    assert.equal(trustName(readTrust(POLICY)), 'policy of 1 witness');
  });

  test('anything else is refused by name', () => {
    const bad = ['', 'nonsense', '{}', `${VKEY}x`, `${VKEY}\nmore`, 'quorum nobody', 'x'.repeat(2_000_000)];
    for (const given of [...bad, Uint8Array.of(0xff, 0xfe), readFileSync(import.meta.filename, 'utf8')]) {
      assert.throws(() => readTrust(given), TallystickError, String(given).slice(0, 40));
    }
  });
});
