import assert from 'node:assert/strict';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { deriveObjects } from '../../src/catalog/derive.ts';
import { FORMS } from '../../src/catalog/identity.ts';
import { readCertificate, readRequest } from '../../src/catalog/x509.ts';
import type { AuditRecord } from '../../src/record/types.ts';

/** Made with OpenSSL; serial 0xab12cd34ef; the request is for the same key. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIICLTCCAdOgAwIBAgIGAKsSzTTvMAoGCCqGSM49BAMCMHMxCzAJBgNVBAYTAlNF
MRUwEwYDVQQKDAxFeGFtcGxlLCBJbmMxIDALBgNVBAsMBCBsZWQwEQYDVQQDDApT
aWduZXIgIjEiMRIwEAYKCZImiZPyLGQBAQwCczExFzAVBgoJkiaJk/IsZAEZFgdl
eGFtcGxlMB4XDTI2MTEyMTExMDk1OFoXDTM2MTExODExMDk1OFowczELMAkGA1UE
BhMCU0UxFTATBgNVBAoMDEV4YW1wbGUsIEluYzEgMAsGA1UECwwEIGxlZDARBgNV
BAMMClNpZ25lciAiMSIxEjAQBgoJkiaJk/IsZAEBDAJzMTEXMBUGCgmSJomT8ixk
ARkWB2V4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQpZGhamKiRTXid
jkRKW3GRQcF1IsqPd00fTZUMzF+WxK6mCf6QKMX/cQ+xYb3FIvwhUQXhdq1k2D54
HN92/kSoo1MwUTAdBgNVHQ4EFgQUu4eRu9BQmasfSbUR+omCboL+4QowHwYDVR0j
BBgwFoAUu4eRu9BQmasfSbUR+omCboL+4QowDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiBIM6KOJuIbgKh1ROcXT2OJd82WqfTzfjP7OaV4AGsNtwIh
AMnmgZuCXA86feweGeoFLNfwa21DuB1WiZeW2LBwPthv
-----END CERTIFICATE-----
`;
const REQUEST = `-----BEGIN CERTIFICATE REQUEST-----
MIHbMIGDAgEAMCExCzAJBgNVBAYTAlNFMRIwEAYDVQQDDAlTaWduw6lyIDIwWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAAQpZGhamKiRTXidjkRKW3GRQcF1IsqPd00f
TZUMzF+WxK6mCf6QKMX/cQ+xYb3FIvwhUQXhdq1k2D54HN92/kSooAAwCgYIKoZI
zj0EAwIDRwAwRAIgUaFpEU+phd/6MioKoyvCzXrU0T1RW9+hz91a1WKBXXECIBr7
HOfQYZPNOzkI3AU29EYrB0JyAJVPRkzV5r6tFDyu
-----END CERTIFICATE REQUEST-----
`;

const SUBJECT = String.raw`DC=example,UID=s1,OU=\ led+CN=Signer \"1\",O=Example\, Inc,C=SE`;
const x509 = new X509Certificate(CERTIFICATE);
const der = new Uint8Array(x509.raw);
const request = new Uint8Array(Buffer.from(REQUEST.replaceAll(/-----[^-]*-----/g, ''), 'base64'));
const key = createHash('sha256')
  .update(createPublicKey(CERTIFICATE).export({ type: 'spki', format: 'der' }))
  .digest('hex');

test('a certificate tells what Node reads in it', () => {
  assert.deepEqual(readCertificate(der), {
    digest: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    key,
    subject: SUBJECT,
    issuer: SUBJECT,
    serial: x509.serialNumber.toLowerCase(),
  });
});

test('a request tells its key and subject', () => {
  assert.equal(readRequest(request)?.key, key);
  assert.equal(readRequest(request)?.subject, 'CN=Signér 2,C=SE');
});

test('each is not taken for the other', () => {
  assert.equal(readCertificate(request), null);
  assert.equal(readRequest(der), null);
});

test('whatever the bytes, there is an answer, and what is cut off is none', () => {
  for (let length = 0; length < der.length; length++)
    assert.equal(readCertificate(der.subarray(0, length)), null);
  assert.equal(readCertificate(Uint8Array.of(...der, 0)), null);
  assert.equal(readCertificate(new Uint8Array(100_000).fill(0x30)), null);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const bytes = der.slice();
      for (const [at, byte] of changes) bytes[at] = byte;
      readCertificate(bytes);
      readRequest(bytes);
    }),
  );
});

describe('as identities', () => {
  const context = { kind: 'certificate', system: 's', within: undefined, name: undefined };

  test('a certificate is known by its digest, by issuer and serial, and names its key', () => {
    const expected = [
      { id: x509.fingerprint256.replaceAll(':', '').toLowerCase(), name: SUBJECT },
      // As with every serial number, blanks after commas do not count.
      { id: `${SUBJECT.replaceAll(', ', ',')}#ab12cd34ef`, name: SUBJECT, same: true },
      { id: key, name: SUBJECT, kind: 'key' },
    ];
    assert.deepEqual(FORMS.pem(`Subject: x\n${CERTIFICATE}`, context), expected);
    assert.deepEqual(FORMS.certificate(x509.raw.toString('base64'), context), expected);
    assert.deepEqual(FORMS.certificate(CERTIFICATE, context), expected);
  });

  test('a request names its key, by its alias where that is told', () => {
    const name = 'CN=Signér 2,C=SE';
    assert.deepEqual(FORMS['certificate-request'](REQUEST, context), [{ id: key, name }]);
    assert.deepEqual(FORMS['certificate-request'](REQUEST, { ...context, name: 'k1' }), [
      { id: key, name: 'k1' },
    ]);
  });

  test('Dogtag tells the certificate that it issued, and the CA that it trusts', () => {
    const base64 = x509.raw.toString('base64');
    for (const field of ['InfoValue', 'CA']) {
      const record = { system: 'dogtag', event: 'X', outcome: 'success', details: { [field]: base64 } };
      const objects = deriveObjects(record as unknown as AuditRecord);
      assert.ok(objects.some(({ kind, id }) => kind === 'key' && id === key));
      assert.equal(objects[0]?.kind, 'certificate');
    }
  });

  test('what is no certificate tells nothing', () => {
    for (const value of ['', 'null', '!', 'AQID', 'A'.repeat(300_000), 5, null, ['AQID'], { a: 1 }]) {
      assert.deepEqual(FORMS.certificate(value, context), []);
      assert.deepEqual(FORMS['certificate-request'](value, context), []);
    }
  });
});
