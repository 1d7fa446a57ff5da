import { toBase64, toHex, utf8 } from '../../src/crypto/bytes.ts';
import { leafHash } from '../../src/merkle/mod.ts';
import { type AuditRecord, canonicalize, type Json, payloadDigest } from '../../src/record/mod.ts';
import { NODE, recordOf } from './log.ts';

export function recordVectors(): unknown {
  const salt = new Uint8Array(16).map((_, i) => i);
  const content = canonicalize({ secret: 'only for those who may see it' });
  const reference = { payload: payloadDigest(salt, utf8(content)), bytes: utf8(content).length };
  const cases: [string, Partial<AuditRecord>][] = [
    ['the least', {}],
    ['every member', every()],
    ['sealed content', { details: reference }],
    [
      'names sorted by UTF-16 code units',
      { details: { '\ufb33': 1, '\u{1f600}': 2, '\r': 3, ö: 4, 1: 5, '': 6 } },
    ],
    ['numbers', { details: { n: [0, -0, 1e-7, 0.000001, 9007199254740991, -1.5] } }],
    ['texts', { details: { t: '"\\/\b\f\n\r\t\u0001\u007f\u2028é\u{10ffff}' } }],
    ['original bytes', { dialect: 'xroad/1', raw: { base64: '/wA=' } }],
  ];
  const good = cases.map(([name, more], i) => {
    const entry = canonicalize(recordOf(i + 1, more) as unknown as Json);
    return { name, entry, bytes: utf8(entry).length, leaf: toHex(leafHash(utf8(entry))) };
  });
  const least = canonicalize(recordOf(1) as unknown as Json);
  const bad = [
    ['white space', least.replace('{', '{ ')],
    [
      'members out of order',
      least.replace(/^\{"event":"EVENT_1",/, '{').replace(/\}$/, ',"event":"EVENT_1"}'),
    ],
    ['a member twice', least.replace('{"event":"EVENT_1",', '{"event":"EVENT_1","event":"EVENT_1",')],
    ['an escape that is not needed', least.replace('EVENT_1', 'EVENT\\u005f1')],
    ['a number written otherwise', least.replace('"v":1', '"v":1.0')],
    ['another format version', least.replace('"v":1', '"v":2')],
    ['a required member is missing', least.replace('"outcome":"success",', '')],
    ['a member breaks its rule', least.replace('"outcome":"success"', '"outcome":"maybe"')],
    ['a number that loses digits', least.replace('"event"', '"details":{"n":9007199254740992},"event"')],
    ['half of a surrogate pair', least.replace('EVENT_1', '\\ud800')],
    ['a byte order mark', `\ufeff${least}`],
  ].map(([name, entry]) => ({ name, entry }));
  return { good, bad, payload: { salt: toBase64(salt), content, reference } };
}

function every(): Partial<AuditRecord> {
  return {
    ...{
      id: 'order-17',
      module: 'WORKER',
      service: 'Signing',
      component: 'node A',
      phase: 'outcome',
      reason: 'none',
    },
    actor: {
      name: 'CN=Client',
      serial: '17',
      issuer: 'CN=CA',
      ip: '192.0.2.1',
      auth: 'certificate',
      role: 'user',
    },
    correlation: 'c-1',
    details: { WORKER_ID: '17', list: ['a', 'b'], nested: { yes: true, no: null } },
    signature: {
      algorithm: 'SHA256withRSA',
      hashAlgorithm: 'SHA-256',
      hash: '00ff',
      value: 'c2ln',
      keyAlias: 'k',
      use: 'test',
    },
    objects: [{ kind: 'key', id: 'k', name: 'Key' }],
    refs: [{ node: NODE, seq: 1, why: 'attempt' }],
    ...{ dialect: 'signserver/1', raw: { text: 'a line\n' }, upstream: { verdict: 'none' }, flags: ['late'] },
  };
}
