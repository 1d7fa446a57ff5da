import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import type { AuditRecord, SignatureInfo } from '../../src/record/mod.ts';
import {
  type CertificateFile,
  Certificates,
  SignatureCheck,
  type SignatureReport,
} from '../../src/signatures/mod.ts';
import { certificate } from './keys.ts';

interface Key {
  readonly pem: string;
  /** A signature that holds, as a record logs it. */
  signed(text?: string, more?: Partial<SignatureInfo>): SignatureInfo;
}

function makeKey(type: 'ec' | 'rsa' = 'ec'): Key {
  const { publicKey, privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    pem: certificate(publicKey),
    signed: (text = 'file', more = {}) => ({
      algorithm: type === 'ec' ? 'EC P-256' : 'RSA 2048',
      hash: createHash('sha256').update(text).digest('hex'),
      value: sign('sha256', Buffer.from(text), privateKey).toString('base64'),
      ...more,
    }),
  };
}

const [a, b, c] = [makeKey(), makeKey(), makeKey('rsa')];

function files(given: Readonly<Record<string, string>>): CertificateFile[] {
  return Object.entries(given).map(([name, text]) => ({ name, text }));
}

function checked(given: Readonly<Record<string, string>>, signatures: readonly unknown[]): SignatureReport {
  const check = new SignatureCheck(Certificates.read(files(given)));
  for (const [seq, signature] of signatures.entries()) {
    check.add({ seq, status: 'verified', record: { seq, signature } as AuditRecord });
  }
  return check.report();
}

/** What came out for each record, `ok` where nothing is said. */
function verdicts(given: Readonly<Record<string, string>>, signatures: readonly unknown[]): string[] {
  const { findings, counts } = checked(given, signatures);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  assert.equal(total, signatures.length);
  return signatures.map((_, seq) => findings.find((finding) => finding.seq === seq)?.verdict ?? 'ok');
}

/** Of another file than the hash says. */
function wrong(key: Key, more: Partial<SignatureInfo>): SignatureInfo {
  return key.signed('other file', { hash: createHash('sha256').update('file').digest('hex'), ...more });
}

describe('a file named after the key', () => {
  test('decides', () => {
    const named = { keyAlias: 'a', keyId: '1' };
    const signatures = [a.signed('x', named), b.signed('x', named), wrong(a, named), c.signed('x', named)];
    const expected = ['ok', 'does-not-match', 'does-not-match', 'does-not-match'];
    assert.deepEqual(verdicts({ 'a.pem': a.pem, 'b.pem': b.pem }, signatures), expected);
    assert.deepEqual(verdicts({ '1.pem': a.pem, 'b.pem': b.pem }, signatures), expected);
  });

  test('may hold every certificate that the key had, and the text that tools write around them', () => {
    const named = { keyAlias: 'a' };
    const text = `Bag Attributes\r\n${b.pem.replaceAll('\n', '\r\n')}subject=x\n${a.pem}`;
    assert.deepEqual(verdicts({ 'a.pem': text }, [a.signed('x', named), b.signed('x', named)]), ['ok', 'ok']);
  });

  test('after its id goes before one after its alias, which another key may have as well', () => {
    const given = { 'a.pem': a.pem, '2.pem': b.pem };
    assert.deepEqual(
      verdicts(given, [
        a.signed('x', { keyAlias: 'a', keyId: '1' }),
        b.signed('x', { keyAlias: 'a', keyId: '2' }),
        a.signed('x', { keyAlias: 'a', keyId: '2' }),
      ]),
      ['ok', 'ok', 'does-not-match'],
    );
  });

  test('says which, and of which key', () => {
    const { findings, certificates } = checked({ 'a.pem': a.pem }, [wrong(a, { keyAlias: 'a' })]);
    const { message, ...finding } = findings[0]!;
    assert.deepEqual(finding, {
      ...{ seq: 0, verdict: 'does-not-match', certificate: 'a.pem' },
      ...{ keyAlias: 'a', keyId: null },
    });
    assert.match(message, /a\.pem/);
    assert.equal(certificates, 1);
  });

  test('cannot be a path or a member of a table', () => {
    for (const keyAlias of ['../a', '__proto__', 'constructor', '', 'a.pem']) {
      assert.deepEqual(verdicts({ 'a.pem': a.pem }, [wrong(a, { keyAlias })]), ['no-certificate']);
    }
  });
});

describe('without such a file', () => {
  const given = { 'one.pem': a.pem, 'same-key.pem': a.pem, 'two.pem': c.pem };

  test('the certificate is the one under which it holds', () => {
    assert.deepEqual(verdicts(given, [a.signed(), c.signed(), b.signed(), wrong(a, {})]), [
      ...['ok', 'ok', 'no-certificate', 'no-certificate'],
    ]);
    assert.deepEqual(verdicts({}, [a.signed()]), ['no-certificate']);
  });

  test('it is that of all signatures of the key id, before and after', () => {
    const named = { keyAlias: 'a', keyId: '1' };
    const { findings, counts } = checked(given, [wrong(a, named), a.signed('x', named), wrong(a, named)]);
    assert.deepEqual([counts.ok, counts['does-not-match'], counts['no-certificate']], [1, 2, 0]);
    assert.deepEqual(
      findings.map(({ seq, verdict, certificate: file }) => [seq, verdict, file]),
      [
        [0, 'does-not-match', 'one.pem'],
        [2, 'does-not-match', 'one.pem'],
      ],
    );
  });

  test('an alias proves nothing so, nor does an id that two keys had', () => {
    const alias = { keyAlias: 'a' };
    assert.deepEqual(verdicts(given, [a.signed('x', alias), b.signed('x', alias)]), ['ok', 'no-certificate']);
    const id = { keyId: '1' };
    const signatures = [a.signed('x', id), c.signed('x', id), b.signed('x', id), a.signed('y', id)];
    assert.deepEqual(verdicts(given, signatures), ['ok', 'ok', 'no-certificate', 'ok']);
  });
});

describe('what is logged', () => {
  const named = { keyAlias: 'a' };
  const good = a.signed('x', named);
  const one = (more: object, of: SignatureInfo = good) =>
    verdicts({ 'a.pem': a.pem }, [{ ...of, ...more }])[0];

  test('a signature may be hex in any case, with colons, or base64 with line breaks', () => {
    const hex = Buffer.from(good.value!, 'base64').toString('hex');
    const forms = [hex, hex.toUpperCase(), hex.replaceAll(/..(?=.)/g, '$&:')];
    for (const value of [...forms, good.value!.replaceAll(/.{64}/g, '$&\r\n')])
      assert.equal(one({ value }), 'ok');
  });

  test('the digest may be named', () => {
    for (const hashAlgorithm of ['SHA-256', 'sha256', 'SHA_256', '']) {
      assert.equal(one({ hashAlgorithm }), 'ok');
    }
    assert.equal(one({ hashAlgorithm: 'SHA-384' }), 'malformed');
    assert.equal(one({ hashAlgorithm: 'SHA3-256' }), 'unsupported-algorithm');
  });

  test('the algorithm may be told in many ways, or not at all', () => {
    for (const algorithm of [undefined, '', 'ECDSA', 'SHA256withECDSA', 'secp256r1', 'P-256', 'ECC']) {
      assert.equal(one({ algorithm }), 'ok', algorithm);
    }
    for (const algorithm of ['Ed25519', 'EdDSA', 'ML-DSA-65', 'DSA', 'SM2', 'GPG', 'HSS/LMS']) {
      assert.equal(one({ algorithm }), 'unsupported-algorithm', algorithm);
    }
    for (const algorithm of ['RSA 2048', 'SHA256withRSA', 'RSASSA-PSS']) {
      assert.deepEqual(verdicts({ 'two.pem': c.pem }, [{ ...c.signed(), algorithm }]), ['ok'], algorithm);
    }
  });

  test('what is malformed is not called false', () => {
    const hash = good.hash!;
    for (const bad of [undefined, '', 'xyz', hash.slice(2), hash.slice(1), hash.toUpperCase(), `${hash}00`]) {
      assert.equal(one({ hash: bad }), 'malformed', bad);
    }
    const der = Buffer.from(good.value!, 'base64');
    for (const value of [
      ...['%', 'AA', '=', 'A'.repeat(8_193), 'ab:cd:e', '\0', ' ', der.subarray(1).toString('base64')],
      Buffer.concat([der, Buffer.of(0)]).toString('base64'),
    ]) {
      assert.equal(one({ value }), 'malformed', value);
    }
    assert.equal(one({ value: 'A'.repeat(4_000_000) }), 'malformed');
  });

  test('a certificate of another kind of key is not called false', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const given = { 'a.pem': certificate(publicKey) };
    assert.deepEqual(verdicts(given, [good]), ['unsupported-algorithm']);
  });

  test('a record without a signature is passed over', () => {
    const none = [undefined, {}, { hash: good.hash }, { ...good, value: '' }, { metadata: [] }];
    const { counts, findings } = checked({ 'a.pem': a.pem }, none);
    assert.deepEqual([Object.values(counts).every((count) => count === 0), findings], [true, []]);
  });

  test('one that cannot be had is said', () => {
    assert.equal(one({ payload: '00'.repeat(32), bytes: 9_000 }, {}), 'unreadable');
    const check = new SignatureCheck(Certificates.none);
    check.add({ seq: 7, status: 'altered', record: { signature: good } as AuditRecord });
    check.add({ seq: 8, status: 'missing', record: null });
    const { findings } = check.report();
    assert.deepEqual(
      findings.map(({ seq, verdict }) => [seq, verdict]),
      [
        [7, 'unreadable'],
        [8, 'unreadable'],
      ],
    );
  });
});

test('however many there are, the first hundred of a class are listed and all are counted', () => {
  const bad = { ...a.signed('x', { keyAlias: 'a' }), hash: 'zz' };
  const waiting = wrong(c, { keyId: '9' });
  const many = Array.from({ length: 1_500 }, (_, i) => ({ ...waiting, keyId: String(i) }));
  const { counts, findings } = checked({ 'a.pem': a.pem, 'b.pem': b.pem }, [
    ...many,
    ...Array.from({ length: 500 }, () => bad),
  ]);
  assert.deepEqual([counts.malformed, counts['no-certificate']], [500, 1_500]);
  assert.deepEqual(
    findings.map(({ seq }) => seq),
    Array.from({ length: 100 }, (_, i) => i),
  );
});

describe('files', () => {
  test('that hold no certificate are refused by name', () => {
    for (const text of ['', 'x', a.pem.replaceAll('CERTIFICATE', 'PRIVATE KEY'), a.pem.slice(0, -30)]) {
      assert.throws(() => Certificates.read(files({ 'a.pem': text })), {
        code: 'FILE_UNREADABLE',
        message: /a\.pem/,
      });
    }
    const broken = a.pem.replace(/MII/, 'AAA');
    assert.throws(() => Certificates.read(files({ 'b.pem': broken })), { code: 'FILE_UNREADABLE' });
  });

  test('may hold a thousand certificates', () => {
    const thousand = a.pem.repeat(1_000);
    assert.equal(Certificates.read(files({ 'a.pem': thousand })).candidates.length, 1);
    assert.throws(() => Certificates.read(files({ 'a.pem': thousand + b.pem })), { code: 'FILE_UNREADABLE' });
  });
});
