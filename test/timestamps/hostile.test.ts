import 'reflect-metadata';
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { BasicConstraintsExtension, Extension, KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import fc from 'fast-check';
import { encode, TAG } from '../../src/certificates/asn1.ts';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import type { TimestampCode } from '../../src/timestamps/findings.ts';
import { readAnswer } from '../../src/timestamps/request.ts';
import { type TimestampOptions, type TimestampReport, verifyTimestamp } from '../../src/timestamps/verify.ts';
import { runs } from '../runs.ts';
import { ATTRIBUTE, essFor, type Forged, forge, generalized, granted, sequence } from './support/forge.ts';
import { ca, DAY, type Holder, stamper } from './support/pki.ts';

/** What must not pass, each with the finding that names it. */

const DATA = utf8('log.example/ca1\n7\nkHw5nG1Gx7Vjq3p6hYvq7d3F0pQ1e0e5r8zv0Zl9Q0s=\n');
const STAMPING = '1.3.6.1.5.5.7.3.8';

let root: Holder;
let good: Holder;
before(async () => {
  root = await ca('Root');
  good = await stamper('Stamps', root);
});

async function judge(wanted: Partial<Forged>, options: TimestampOptions = {}): Promise<TimestampReport> {
  const token = await forge({ signer: good, data: DATA, ...wanted });
  return verifyTimestamp(token, DATA, { roots: [root.der], ...options });
}

function codes({ findings }: TimestampReport): TimestampCode[] {
  return findings.map(({ code }) => code);
}

async function bad(
  expected: TimestampCode,
  wanted: Partial<Forged>,
  options?: TimestampOptions,
): Promise<void> {
  const report = await judge(wanted, options);
  assert.equal(report.verdict, 'bad');
  assert.deepEqual(codes(report), [expected]);
}

describe('a token made here', () => {
  test('is good when nothing is wrong with it', async () => {
    for (const kind of ['rsa', 'P-256', 'P-384'] as const) {
      const report = await judge({ signer: await stamper('Stamps', root, { kind }) });
      assert.deepEqual([report.verdict, codes(report)], ['verified', []]);
    }
  });

  test('is good below authorities that sign with RSA-PSS or Ed25519', async () => {
    for (const kind of ['rsa-pss', 'Ed25519'] as const) {
      const above = await ca('Above', null, { kind });
      const report = await judge({ signer: await stamper('Stamps', above) }, { roots: [above.der] });
      assert.deepEqual([report.verdict, codes(report)], ['verified', []], kind);
      const twin = await ca('Above', null, { kind });
      await bad('bad-chain', { signer: await stamper('Stamps', twin) }, { roots: [above.der] });
    }
  });

  test('stands on nobody without a root, and says so', async () => {
    const report = await judge({}, { roots: [] });
    assert.equal(report.verdict, 'unanchored');
    assert.equal(report.trust, 'none');
    assert.ok(report.notChecked.some(({ what }) => what === 'whom it comes from'));
  });

  test("may be believed through the signer's own certificate", async () => {
    assert.equal((await judge({}, { roots: [good.der] })).verdict, 'verified');
  });
});

describe('the statement', () => {
  test('over other bytes', () => bad('wrong-imprint', { data: utf8('other') }));
  test('over SHA-1', () => bad('weak-algorithm', { hash: 'sha1' }));
  test('with another nonce', () =>
    bad('wrong-nonce', { nonce: Uint8Array.of(5) }, { nonce: Uint8Array.of(6) }));
  test('without the nonce', () => bad('wrong-nonce', {}, { nonce: Uint8Array.of(6) }));
  test('under another policy', () => bad('wrong-policy', {}, { policies: ['1.2.3.4.9'] }));
  test('with a time that does not exist', () => bad('malformed', { time: '20260230120000Z' }));
  test('with a time that is not in UTC', () => bad('malformed', { time: '20260210120000+0100' }));
  test('with a fraction that ends in zero', () => bad('malformed', { time: '20260210120000.10Z' }));
  test('with an accuracy beyond its bounds', () =>
    bad('malformed', { more: [sequence(encode(0x80, Uint8Array.of(0x7f, 0xff)))] }));
  test('with more than it may hold', () => bad('malformed', { more: [encode(TAG.null)] }));
  test('of another kind', () => bad('malformed', { contentType: '1.2.840.113549.1.7.1' }));
});

describe('the signature', () => {
  test('by two signers', () => bad('malformed', { signers: 2 }));
  test('by none', () => bad('malformed', { signers: 0 }));
  test('over SHA-1', async () => {
    const report = await judge({ digest: 'sha1' });
    assert.ok(codes(report).every((code) => code === 'weak-algorithm'));
    assert.equal(report.verdict, 'bad');
  });
  test('over another statement', () =>
    bad('bad-attributes', {
      attributes: { [ATTRIBUTE.messageDigest]: encode(TAG.octetString, new Uint8Array(32)) },
    }));
  test('that covers no statement', () =>
    bad('bad-attributes', { attributes: { [ATTRIBUTE.messageDigest]: null } }));
  test('that covers no content type', () =>
    bad('bad-attributes', { attributes: { [ATTRIBUTE.contentType]: null } }));
  test('that covers no certificate', () =>
    bad('wrong-signer', { attributes: { [ATTRIBUTE.certificate]: null } }));
  test('that covers another certificate', async () => {
    const other = await stamper('Other', root);
    await bad('wrong-signer', { attributes: { [ATTRIBUTE.certificate]: essFor(other) } });
  });
  test('that names a certificate which is not there', async () => {
    await bad('wrong-signer', { named: await stamper('Other', root) });
  });
  test('by another key than that of the certificate', async () => {
    const other = await stamper('Stamps', root);
    await bad('bad-signature', {
      signer: { ...good, privateKey: other.privateKey },
    });
  });
});

describe('the certificate', () => {
  test('without a purpose', async () =>
    bad('bad-purpose', { signer: await stamper('S', root, { usage: null }) }));
  test('whose purpose is not critical', async () =>
    bad('bad-purpose', { signer: await stamper('S', root, { critical: false }) }));
  test('with one purpose more', async () =>
    bad('bad-purpose', { signer: await stamper('S', root, { usage: [STAMPING, '1.3.6.1.5.5.7.3.3'] }) }));
  test('with another purpose', async () =>
    bad('bad-purpose', { signer: await stamper('S', root, { usage: ['1.3.6.1.5.5.7.3.3'] }) }));

  test('expired at the stated time, though it was valid before', async () => {
    const signer = await stamper('S', root, { to: Date.now() - DAY });
    await bad('bad-chain', { signer });
    assert.equal((await judge({ signer, time: generalized(Date.now() - 2 * DAY) })).verdict, 'verified');
  });
  test('not valid yet at the stated time', async () =>
    bad('bad-chain', { signer: await stamper('S', root, { from: Date.now() + DAY }) }));
  test('with a critical extension that is not known', async () => {
    const strange = new Extension('1.2.3.4', true, Uint8Array.of(5, 0));
    const { signer } = { signer: await stamper('S', root, { extensions: [...purpose(), strange] }) };
    await bad('bad-chain', { signer });
  });

  test('of another root', async () => {
    const other = await ca('Other root');
    await bad('untrusted', { signer: await stamper('S', other) });
  });
  test('of a root that has the name of ours', async () => {
    const twin = await ca('Root');
    await bad('bad-chain', { signer: await stamper('S', twin), certificates: [twin] });
  });
  test('below an authority that has expired at the time', async () => {
    const between = await ca('Between', root, { to: Date.now() - DAY });
    await bad('bad-chain', { signer: await stamper('S', between), certificates: [between] });
  });
  test('below one that is no authority', async () => {
    const signs = new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true);
    for (const extensions of [[signs], [new BasicConstraintsExtension(false), signs]]) {
      const between = await ca('Between', root, { extensions });
      await bad('bad-chain', { signer: await stamper('S', between), certificates: [between] });
    }
  });
  test('below an authority that may not sign certificates', async () => {
    const extensions = [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ];
    const between = await ca('Between', root, { extensions });
    await bad('bad-chain', { signer: await stamper('S', between), certificates: [between] });
  });
  test('below more authorities than the root allows', async () => {
    const short = await ca('Short', null, { path: 0 });
    const between = await ca('Between', short);
    const wanted = { signer: await stamper('S', between), certificates: [between] };
    await bad('bad-chain', wanted, { roots: [short.der] });
    const direct = await stamper('S', short);
    assert.equal((await judge({ signer: direct }, { roots: [short.der] })).verdict, 'verified');
  });
  test('among many of one name, which is given up in time', async () => {
    const twins = await Promise.all(Array.from({ length: 15 }, () => ca('Root')));
    const report = await judge({ signer: await stamper('S', twins[14] as Holder), certificates: twins });
    assert.equal(report.verdict, 'bad');
  });
});

describe('bytes', () => {
  test('behind the token, and within the answer', async () => {
    const token = await forge({ signer: good, data: DATA });
    const more = concatBytes(token, Uint8Array.of(0));
    const report = await verifyTimestamp(more, DATA, { roots: [root.der] });
    assert.deepEqual(codes(report), ['malformed']);
    assert.throws(() => readAnswer(concatBytes(granted(token), Uint8Array.of(0))), /bytes follow/);
    assert.throws(() => readAnswer(granted(concatBytes(token, token))), /holds more/);
  });

  test('cut off anywhere', async () => {
    const token = await forge({ signer: good, data: DATA, certificates: [root] });
    for (let length = 0; length < token.length; length++) {
      const report = await verifyTimestamp(token.subarray(0, length), DATA, { roots: [root.der] });
      assert.deepEqual(codes(report), ['malformed'], `${length} bytes`);
    }
  });

  test('changed anywhere, except where nothing signed stands', async () => {
    const token = await forge({ signer: good, data: DATA });
    const before = await verifyTimestamp(token, DATA, { roots: [root.der] });
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = token.slice();
        changed[at] = (changed[at] as number) ^ mask;
        const report = await verifyTimestamp(changed, DATA, { roots: [root.der] });
        // What the signature does not cover (versions, the list of digest algorithms) proves nothing and changes nothing.
        if (report.verdict !== 'bad') assert.deepEqual({ ...report }, { ...before });
      }),
      { numRuns: runs(400) },
    );
  });

  test('of any kind: a report, never an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const report = await verifyTimestamp(bytes, DATA, { roots: [root.der] });
        assert.deepEqual(codes(report), ['malformed']);
      }),
      { numRuns: runs(300) },
    );
  });

  test('nested without end, or too many', async () => {
    const deep = concatBytes(...Array.from({ length: 5_000 }, () => Uint8Array.of(0x30, 0x80)));
    const wide = encode(TAG.sequence, ...Array.from({ length: 30_000 }, () => Uint8Array.of(5, 0)));
    for (const bytes of [deep, wide]) {
      assert.deepEqual(codes(await verifyTimestamp(bytes, DATA)), ['malformed']);
    }
  });

  test('of an envelope with indefinite lengths, as Bouncy Castle writes it: taken', async () => {
    const token = await forge({ signer: good, data: DATA });
    const open = (tag: number, ...parts: Uint8Array[]): Uint8Array =>
      concatBytes(Uint8Array.of(tag, 0x80), ...parts, Uint8Array.of(0, 0));
    const [oid, content] = readTwo(token);
    const loose = open(0x30, oid, open(0xa0, content));
    assert.equal((await verifyTimestamp(loose, DATA, { roots: [root.der] })).verdict, 'verified');
  });
});

function purpose(): Extension[] {
  return [new Extension('2.5.29.37', true, Uint8Array.of(0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8))];
}

/** The object identifier and the signed data of a token. */
function readTwo(token: Uint8Array): [Uint8Array, Uint8Array] {
  const at = token.indexOf(0x06);
  const oid = token.subarray(at, at + 2 + (token[at + 1] as number));
  const rest = token.subarray(at + oid.length);
  const header = 2 + ((rest[1] as number) & 0x7f);
  return [oid, rest.subarray(header)];
}
