import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import independent from 'canonicalize';
import fc from 'fast-check';
import {
  canonicalize,
  checkDraft,
  completeEntry,
  decodeEntry,
  type EncodedRecord,
  type Json,
  MAX_ENTRY_BYTES,
  maxEntryBytes,
  type RecordDraft,
} from '../../src/record/mod.ts';
import { runs } from '../runs.ts';
import { anyDraft, assertRefused, ENVELOPE, encode, fullDraft, LOGGED, minimal } from './support.ts';

const LAST_TIME = 253_402_300_799_999;
const utf8Length = (text: string): number => new TextEncoder().encode(text).length;

/** The record whose entry `completeEntry` makes, put together the plain way. */
function whole(draft: RecordDraft, seq: number, phase?: 'attempt'): Json {
  const log = { v: 1, node: ENVELOPE.node, source: ENVELOPE.source, seq, logged: LOGGED };
  return { ...draft, ...log, ...(phase && { phase }) } as unknown as Json;
}

describe('an entry', () => {
  test('is the canonical form of the whole record, whichever members it has', () => {
    fc.assert(
      fc.property(fc.oneof(anyDraft, fullDraft), fc.maxSafeNat(), fc.boolean(), (draft, seq, guarded) => {
        checkDraft(draft);
        const phase = guarded ? ('attempt' as const) : undefined;
        const encoded = encode(draft, guarded ? { ...ENVELOPE, phase } : ENVELOPE);
        const text = completeEntry(encoded, LOGGED, seq);
        assert.equal(text, canonicalize(whole(draft, seq, phase)));
        assert.equal(text, independent(whole(draft, seq, phase)));
        assert.ok(utf8Length(text) <= maxEntryBytes(encoded));
        assert.deepEqual(encoded.payloads, []);
      }),
      { numRuns: runs(500) },
    );
  });

  test('does not depend on the order of members', () => {
    const reversed = (value: Json): Json => {
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map(reversed);
      const members = Object.entries(value as Record<string, Json>).map(([name, v]) => [name, reversed(v)]);
      return Object.fromEntries(members.reverse());
    };
    fc.assert(
      fc.property(anyDraft, (draft) => {
        const other = reversed(draft as unknown as Json) as unknown as RecordDraft;
        assert.equal(completeEntry(encode(other), 1, 2), completeEntry(encode(draft), 1, 2));
      }),
    );
  });

  test('keeps the zero without a sign', () => {
    const text = completeEntry(encode(minimal({ time: -0, details: { a: -0 } })), 0, 0);
    assert.equal(
      text,
      canonicalize({ ...(whole(minimal({ time: 0, details: { a: 0 } }), 0) as object), logged: 0 }),
    );
  });
});

describe('what waits for its number', () => {
  const expected = (draft: RecordDraft): string => canonicalize(whole(draft, 7));
  const assertIntact = (drafts: readonly RecordDraft[], encoded: readonly EncodedRecord[]): void => {
    for (const [i, draft] of drafts.entries()) {
      assert.equal(completeEntry(encoded[i] as EncodedRecord, LOGGED, 7), expected(draft));
    }
  };

  test('keeps its bytes, whatever is written after it', () => {
    // Several slabs, large and small records, and in between some that are refused or sealed.
    const drafts = Array.from({ length: 3_000 }, (_, i) =>
      minimal({ event: `E${i}`, component: 'é'.repeat((i * 7919) % 1000), refs: [] }),
    );
    const encoded = drafts.map((draft, i) => {
      if (i % 500 === 1) encode(minimal({ reason: 'x'.repeat(600_000) }));
      if (i % 500 === 2) assertRefused(() => encode(minimal({ event: '\ud800' })), 'RECORD_INVALID');
      return encode(draft);
    });
    assertIntact(drafts, encoded);
  });

  test('is not mixed with what a getter writes meanwhile', () => {
    const inner = minimal({ event: 'inner' });
    const written: EncodedRecord[] = [];
    const outer = minimal({ event: 'outer' });
    Object.defineProperty(outer, 'component', {
      enumerable: true,
      get() {
        written.push(encode(inner));
        return 'c';
      },
    });
    const encoded = encode(outer);
    written.push(encode(inner));
    assertIntact([inner, inner, { ...minimal({ event: 'outer' }), component: 'c' }], [...written, encoded]);
  });

  test('takes numbers of any width', () => {
    const encoded = encode(minimal());
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.nat()), fc.maxSafeNat(), (logged, seq) => {
        const record = { ...(whole(minimal(), seq) as object), logged };
        assert.equal(completeEntry(encoded, logged, seq), canonicalize(record));
        assert.equal(canonicalize(seq), String(seq));
      }),
    );
    for (let power = 1; power <= Number.MAX_SAFE_INTEGER; power *= 10) {
      for (const n of [power - 1, power]) assert.equal(canonicalize(n), String(n));
    }
    for (const n of [2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1]) assert.equal(canonicalize(n), String(n));
  });
});

describe('65,535 bytes', () => {
  /** Of many objects, which are never sealed. */
  const draft = (objects: number, filler: string, service = 0): RecordDraft =>
    minimal({
      objects: Array(objects).fill({ kind: 'k', id: filler.repeat(300 / filler.length) }),
      service: 's'.repeat(service),
    });

  /** The entry's bytes when both its numbers are as long as numbers get. */
  const size = (of: RecordDraft): number => {
    const longest = Number.MAX_SAFE_INTEGER;
    return utf8Length(canonicalize({ ...(whole(of, longest) as object), logged: longest }));
  };

  for (const filler of ['x', 'é', '€', '😀', '\n', '"']) {
    test(`of ${JSON.stringify(filler)} go in, one more does not`, () => {
      const one = size(draft(1, filler));
      const each = size(draft(2, filler)) - one;
      const objects = 1 + Math.floor((MAX_ENTRY_BYTES - one) / each);
      const rest = MAX_ENTRY_BYTES - size(draft(objects, filler));

      const encoded = encode(checkDraft(draft(objects, filler, rest)));
      assert.equal(maxEntryBytes(encoded), MAX_ENTRY_BYTES);
      const last = new TextEncoder().encode(completeEntry(encoded, LAST_TIME, Number.MAX_SAFE_INTEGER));
      assert.equal(last.length, MAX_ENTRY_BYTES - 1, 'the last time has 15 digits');
      decodeEntry(last);

      const larger = checkDraft(draft(objects, filler, rest + 1));
      assertRefused(() => encode(larger), 'RECORD_TOO_LARGE');
    });
  }

  test('hold for upstream, refs and flags too, which are never sealed', () => {
    const field = { a: 'x'.repeat(70_000) };
    assertRefused(() => encode(minimal({ upstream: field })), 'RECORD_TOO_LARGE');
    const refs = Array.from({ length: 256 }, (_, seq) => ({ node: 'n', seq, why: 'w'.repeat(256) }));
    assertRefused(() => encode(minimal({ refs })), 'RECORD_TOO_LARGE');
  });
});

test('the size that is reserved is enough, whatever the text', () => {
  const check = (encoded: EncodedRecord): void => {
    const text = completeEntry(encoded, LAST_TIME, Number.MAX_SAFE_INTEGER);
    assert.ok(utf8Length(text) <= maxEntryBytes(encoded));
  };
  fc.assert(fc.property(anyDraft, (draft) => check(encode(draft))));
  for (const unit of ['x', 'é', '€', '😀', '\x01']) check(encode(minimal({ event: unit.repeat(300) })));
});

test('what names no node or source is refused before it is sealed', () => {
  const draft = minimal();
  assertRefused(() => encode(draft, { node: '..', source: 's' }), 'RECORD_INVALID', 'node');
  for (const source of ['', 's'.repeat(257), 'a\0', '\ud800', 1 as unknown as string]) {
    assertRefused(() => encode(draft, { node: 'n', source }), 'RECORD_INVALID', 'source');
  }
});

test('what was not checked and has no canonical form is refused still', () => {
  const cases: Record<string, unknown>[] = [
    { details: { a: Number.NaN } },
    { event: '\ud800' },
    { details: { a: new Date() } },
    { upstream: { a: undefined } },
  ];
  for (const members of cases) {
    assertRefused(() => encode(minimal(members as Partial<RecordDraft>)), 'RECORD_INVALID');
  }
});

test('a record of very many fields in the worst order is written in good time', () => {
  const names = Array.from({ length: 200_000 }, (_, i) => `n${String(200_000 - i).padStart(6, '0')}`);
  const { payloads } = encode(minimal({ details: Object.fromEntries(names.map((name) => [name, 1])) }));
  assert.equal(payloads.length, 1);
});
