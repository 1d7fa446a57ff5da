import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type AuditRecord,
  canonicalize,
  completeEntry,
  decodeEntry,
  type EncodedRecord,
  type Json,
  MAX_INLINE_BYTES,
  MAX_PAYLOAD_BYTES,
  type Payload,
  payloadMatches,
  type RecordDraft,
  type Reference,
  references,
  restorePayloads,
} from '../../src/record/mod.ts';
import { runs } from '../runs.ts';
import { anyDraft, anyText, assertRefused, encode, LOGGED, minimal } from './support.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const sealed = (encoded: EncodedRecord): AuditRecord => decodeEntry(utf8(completeEntry(encoded, LOGGED, 3)));
const byDigest = (payloads: readonly Payload[]): Map<string, Payload> =>
  new Map(payloads.map((payload) => [payload.digest, payload]));
const long = (unit = 'x'): string => unit.repeat(9000);

describe('from 8,193 bytes on a member is sealed', () => {
  /** Two quotes, and text of exactly the bytes that are left. */
  const textOf = (bytes: number, unit: string): string => {
    const each = utf8(JSON.stringify(unit)).length - 2;
    const units = Math.floor((bytes - 2) / each);
    return unit.repeat(units) + 'x'.repeat(bytes - 2 - units * each);
  };
  const members: Readonly<Record<string, (text: string) => Partial<RecordDraft>>> = {
    reason: (text) => ({ reason: text }),
    raw: (text) => ({ raw: { text: text.slice('{"text":}'.length) } }),
    signature: (text) => ({ signature: { value: text.slice('{"value":}'.length) } }),
    details: (text) => ({
      details: { a: text.slice(0, 4000), b: text.slice('{"a":"","b":}'.length + 4000) },
    }),
  };
  for (const unit of ['x', '"', 'é', '€', '😀']) {
    for (const [path, draft] of Object.entries(members)) {
      // Cut texts begin with ASCII, so that the cut is as many bytes as units.
      const of = (bytes: number): Partial<RecordDraft> => {
        const head = 'x'.repeat(path === 'details' ? 4100 : 20);
        return draft(head + textOf(bytes - head.length, unit));
      };
      test(`${path} of ${unit}`, () => {
        const inline = encode(minimal(of(MAX_INLINE_BYTES)));
        assert.equal(inline.payloads.length, 0);
        assert.deepEqual(references(sealed(inline)), []);
        const encoded = encode(minimal(of(MAX_INLINE_BYTES + 1)));
        const [payload] = encoded.payloads as [Payload];
        assert.equal(encoded.payloads.length, 1);
        assert.equal(payload.bytes.length, MAX_INLINE_BYTES + 1);
        const ref = { bytes: MAX_INLINE_BYTES + 1, payload: payload.digest };
        assert.deepEqual(references(sealed(encoded)), [{ path, ref }]);
      });
    }
  }
});

test('a field is sealed alone from 8,193 bytes on; with one of less, details may be too long as a whole', () => {
  const paths = (bytes: number): string[] => {
    const encoded = encode(minimal({ details: { F: 'x'.repeat(bytes - 2), G: 1 } }));
    return references(sealed(encoded)).map(({ path }) => path);
  };
  assert.deepEqual(paths(MAX_INLINE_BYTES - '{"F":,"G":1}'.length), []);
  assert.deepEqual(paths(MAX_INLINE_BYTES), ['details']);
  assert.deepEqual(paths(MAX_INLINE_BYTES + 1), ['details.F']);
});

test('members that are never sealed stay, however long', () => {
  const draft = minimal({
    upstream: { a: long() },
    objects: Array.from({ length: 20 }, () => ({ kind: 'k', id: 'x'.repeat(1000) })),
  });
  const encoded = encode(draft);
  assert.equal(encoded.payloads.length, 0);
  assert.deepEqual(sealed(encoded).upstream, draft.upstream);
});

test('long fields are sealed one by one, the others stay readable', () => {
  const details = { a: 'short', b: long(), c: [long('é')], '': long('€') };
  const encoded = encode(minimal({ details }));
  const record = sealed(encoded);
  assert.deepEqual(
    references(record)
      .map(({ path }) => path)
      .sort(),
    ['details.', 'details.b', 'details.c'],
  );
  assert.equal((record.details as Record<string, Json>).a, 'short');
  assert.equal(encoded.payloads.length, 3);
});

test('where what remains is still long, details are sealed as one and nothing else is kept', () => {
  const details: Record<string, Json> = { long: long() };
  for (let i = 0; i < 100; i++) details[`f${i}`] = 'x'.repeat(200);
  const encoded = encode(minimal({ details }));
  assert.deepEqual(
    references(sealed(encoded)).map(({ path }) => path),
    ['details'],
  );
  assert.equal(encoded.payloads.length, 1);
  assert.equal(new TextDecoder().decode(encoded.payloads[0]?.bytes), canonicalize(details));
});

test('a field with a very long name is sealed with the details', () => {
  const details = { ['n'.repeat(100_000)]: 1 };
  const encoded = encode(minimal({ details }));
  const restored = restorePayloads(sealed(encoded), byDigest(encoded.payloads));
  assert.deepEqual(restored.details, details);
});

describe('a payload', () => {
  const [payload] = encode(minimal({ reason: long('é') })).payloads as [Payload];
  const ref = { payload: payload.digest, bytes: payload.bytes.length };

  test('is the canonical JSON of the value, sealed by SHA-256 of salt and bytes', () => {
    assert.equal(new TextDecoder().decode(payload.bytes), JSON.stringify(long('é')));
    assert.equal(payload.salt.length, 16);
    const digest = createHash('sha256').update(payload.salt).update(payload.bytes).digest('hex');
    assert.equal(payload.digest, digest);
  });

  test('has a salt of its own', () => {
    const { payloads } = encode(minimal({ details: { a: long(), b: long() } }));
    assert.equal(new Set(payloads.map(({ digest }) => digest)).size, 2);
    assert.notDeepEqual(payloads[0]?.salt, payloads[1]?.salt);
  });

  test('matches its reference, and no other payload does', () => {
    assert.ok(payloadMatches(ref, payload));
    assert.ok(!payloadMatches({ ...ref, bytes: ref.bytes - 1 }, payload));
    assert.ok(!payloadMatches({ ...ref, payload: '0'.repeat(64) }, payload));
    const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((b, i) => (i === at ? b ^ 1 : b));
    for (let at = 0; at < 16; at++)
      assert.ok(!payloadMatches(ref, { ...payload, salt: flip(payload.salt, at) }));
    for (const at of [0, 100, payload.bytes.length - 1]) {
      assert.ok(!payloadMatches(ref, { ...payload, bytes: flip(payload.bytes, at) }));
    }
  });

  test('does not match when a byte moves from content to salt', () => {
    const salt = new Uint8Array([...payload.salt, payload.bytes[0] as number]);
    assert.ok(!payloadMatches(ref, { salt, bytes: payload.bytes.subarray(1) }));
  });
});

describe('16 MiB', () => {
  const quotes = 2;
  test('go in, one byte more does not', () => {
    const reason = 'x'.repeat(MAX_PAYLOAD_BYTES - quotes);
    const encoded = encode(minimal({ reason }));
    assert.equal(encoded.payloads[0]?.bytes.length, MAX_PAYLOAD_BYTES);
    assert.equal(references(sealed(encoded))[0]?.ref.bytes, MAX_PAYLOAD_BYTES);
    assertRefused(() => encode(minimal({ reason: `${reason}x` })), 'RECORD_TOO_LARGE', 'reason');
  });

  test('are counted in bytes of UTF-8', () => {
    const F = 'é'.repeat(MAX_PAYLOAD_BYTES / 2 - 1);
    assert.equal(encode(minimal({ details: { F } })).payloads[0]?.bytes.length, MAX_PAYLOAD_BYTES);
    assertRefused(() => encode(minimal({ details: { F: `${F}x` } })), 'RECORD_TOO_LARGE', 'details.F');
  });
});

describe('restored', () => {
  const stretched = fc.tuple(
    anyDraft,
    anyText,
    fc.uniqueArray(fc.constantFrom<string>('reason', 'raw', 'signature', 'a', '__proto__')),
  );

  test('is what the producer sent', () => {
    fc.assert(
      fc.property(stretched, ([draft, text, which]) => {
        const filler = `${text.replaceAll('\0', '')}x`.repeat(9000);
        const own = (name: string): [string, Json][] => (which.includes(name) ? [[name, filler]] : []);
        const full: RecordDraft = {
          ...draft,
          ...(which.includes('reason') && { reason: filler }),
          ...(which.includes('raw') && { raw: { text: filler } }),
          ...(which.includes('signature') && { signature: { value: filler } }),
          details: Object.fromEntries([
            ...Object.entries(draft.details ?? {}),
            ...own('a'),
            ...own('__proto__'),
          ]),
        };
        const encoded = encode(full);
        const record = sealed(encoded);
        assert.ok(references(record).length > 0 || which.length === 0);
        const { v, node, seq, logged, source, ...restored } = restorePayloads(
          record,
          byDigest(encoded.payloads),
        );
        assert.deepStrictEqual(restored, full);
      }),
      { numRuns: runs(200) },
    );
  });

  test('keeps references whose payload was removed, and does not touch the record given', () => {
    const encoded = encode(minimal({ reason: long(), details: { a: long(), b: long() } }));
    const record = sealed(encoded);
    const before = structuredClone(record);
    const reason = references(record).find(({ path }) => path === 'reason');
    const some = byDigest(encoded.payloads.filter(({ digest }) => digest !== reason?.ref.payload));
    const restored = restorePayloads(record, some);
    assert.deepEqual(restored.reason, reason?.ref);
    assert.deepEqual(restored.details, { a: long(), b: long() });
    assert.deepEqual(record, before);
    assert.equal(restorePayloads(record, new Map()), record);
  });

  test('refuses what a log never seals', () => {
    const record = sealed(encode(minimal({ reason: long() })));
    const [{ ref }] = references(record) as [Reference];
    const restore = (bytes: Uint8Array): AuditRecord =>
      restorePayloads(
        record,
        new Map([[ref.payload, { digest: ref.payload, salt: new Uint8Array(16), bytes }]]),
      );
    assertRefused(() => restore(utf8('no JSON')), 'RECORD_INVALID', 'reason');
    assertRefused(() => restore(Uint8Array.of(0x22, 0xff, 0x22)), 'RECORD_INVALID', 'reason');
    assertRefused(() => restore(utf8('{"a":1,"a":2}')), 'RECORD_INVALID', 'reason');
    assertRefused(() => restore(utf8('["of another type"]')), 'RECORD_INVALID', 'reason');
    assert.equal(restore(utf8('"fine"')).reason, 'fine');
  });
});

test('references stand where the log puts them, nowhere else', () => {
  const ref = { payload: 'ab'.repeat(32), bytes: 9000 };
  const record = {
    ...{
      v: 1,
      node: 'n',
      seq: 1,
      logged: 1,
      source: 's',
      time: 1,
      system: 'demo',
      event: 'E',
      outcome: 'void',
    },
    details: { a: ref, b: { c: ref }, d: [ref], e: { ...ref, more: 1 } },
    raw: ref,
    reason: ref,
    signature: ref,
    upstream: { a: ref },
    later: ref,
  };
  const decoded = decodeEntry(utf8(canonicalize(record as unknown as Json)));
  assert.deepEqual(
    references(decoded)
      .map(({ path }) => path)
      .sort(),
    ['details.a', 'raw', 'reason', 'signature'],
  );
});
