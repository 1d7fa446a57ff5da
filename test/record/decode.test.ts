import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { RecordError } from '../../src/errors.ts';
import {
  type AuditRecord,
  canonicalize,
  decodeEntry,
  type Json,
  MAX_ENTRY_BYTES,
} from '../../src/record/mod.ts';
import { runs, stride } from '../runs.ts';
import { anyDraft, anyJson, assertRefused, ENVELOPE, entryOf, LOGGED, minimal } from './support.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A small entry that has a bit of everything, as text. */
const RECORD = {
  ...{
    v: 1,
    node: 'n1',
    seq: 7,
    logged: LOGGED,
    source: 's',
    time: 1,
    system: 'demo',
    event: 'E',
    outcome: 'void',
  },
  details: { 'A"': '\\\n', b: [1.5, -2, true, null], é: '€😀' },
  reason: 'r\u007f',
  zz: { later: [], n: 1e21 },
};
const TEXT = canonicalize(RECORD as unknown as Json);

function decodesTo(text: string): AuditRecord {
  return decodeEntry(bytesOf(text));
}

function refused(text: string): void {
  assertRefused(() => decodesTo(text), 'RECORD_NOT_CANONICAL');
}

test('what was encoded is read back whole', () => {
  fc.assert(
    fc.property(anyDraft, fc.maxSafeNat(), (draft, seq) => {
      const log = { v: 1, node: ENVELOPE.node, source: ENVELOPE.source, seq, logged: LOGGED };
      assert.deepStrictEqual(decodeEntry(entryOf(draft, seq)), { ...draft, ...log });
    }),
    { numRuns: runs(500) },
  );
});

test('members of later versions are kept, whatever they are', () => {
  fc.assert(
    fc.property(anyJson, (later) => {
      const record = { ...RECORD, later } as unknown as Json;
      assert.deepStrictEqual(decodesTo(canonicalize(record)), record);
    }),
    { numRuns: runs(500) },
  );
});

test('no change of one byte reads as the same record', () => {
  const bytes = bytesOf(TEXT);
  const same = decodeEntry(bytes);
  let decoded = 0;
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    for (let byte = at % stride(4); byte < 256; byte += stride(4)) {
      if (byte === bytes[at]) continue;
      changed[at] = byte;
      decoded += differs(changed, same);
    }
  }
  assert.ok(decoded > bytes.length, 'some changes are records, or nothing was tested');
});

test('no byte more or less reads as the same record', () => {
  const bytes = [...bytesOf(TEXT)];
  const same = decodesTo(TEXT);
  const printable = [9, 10, 13, ...Array.from({ length: 95 }, (_, i) => 32 + i)];
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length) differs(Uint8Array.from(bytes.toSpliced(at, 1)), same);
    for (let i = at % stride(4); i < printable.length; i += stride(4)) {
      const byte = printable[i] as number;
      differs(Uint8Array.from(bytes.toSpliced(at, 0, byte)), same);
    }
  }
});

/** 1 when the bytes are a record, which then must be another one and be the only form of that one; else 0. */
function differs(bytes: Uint8Array, same: AuditRecord): 0 | 1 {
  let record: AuditRecord;
  try {
    record = decodeEntry(bytes);
  } catch (error) {
    assert.ok(error instanceof RecordError, String(error));
    assert.ok(['RECORD_NOT_CANONICAL', 'RECORD_INVALID'].includes(error.code));
    return 0;
  }
  assert.ok(!isDeepStrictEqual(record, same));
  assert.deepEqual(bytesOf(canonicalize(record as unknown as Json)), bytes);
  return 1;
}

describe('forms that are not canonical', () => {
  const change = (from: string | RegExp, to: string): string => {
    const text = TEXT.replace(from, to);
    assert.notEqual(text, TEXT);
    return text;
  };
  const cases: Readonly<Record<string, string>> = {
    'white space in front': ` ${TEXT}`,
    'line end behind': `${TEXT}\n`,
    'white space in an object': change('{"later"', '{ "later"'),
    'white space in a list': change('[1.5,', '[1.5, '),
    'white space in an empty list': change('[]', '[ ]'),
    'byte order mark': `\ufeff${TEXT}`,
    'members out of order': change(/"seq":7,"source":"s"/, '"source":"s","seq":7'),
    'inner members out of order': change(/"A\\"":"\\\\\\n",("b":\[.*?\])/, '$1,"A\\"":"\\\\\\n"'),
    'needless escape': change('"demo"', '"d\\u0065mo"'),
    'needless escape in a name': change('"event"', '"\\u0065vent"'),
    'long escape': change('\\n', '\\u000a'),
    'escaped slash': change('"demo"', '"de\\/mo"'),
    'escaped non-ASCII': change('€', '\\u20ac'),
    'escaped pair': change('😀', '\\ud83d\\ude00'),
    'number with exponent': change('"logged":', '"logged":1e3,"x":'),
    '1e3': change('"time":1', '"time":1e3'),
    '1.0': change('"v":1', '"v":1.0'),
    '-0': change('"seq":7', '"seq":-0'),
    'capital E': change('1e+21', '1E+21'),
    'no plus': change('1e+21', '1e21'),
    'all digits': change('1e+21', '1000000000000000000000'),
    'too many digits': change('1.5', '1.50000000000000000001'),
    'twice the same member': change('"seq":7', '"seq":7,"seq":7'),
    'twice the same member, first another value': change('"seq":7', '"seq":8,"seq":7'),
    'twice the same inner member': change('"later":[]', '"later":[],"later":[]'),
    'half a pair, escaped': change('"later":[]', '"later":"\\ud800"'),
    'half a pair, escaped, in a name': change('"later"', '"\\ud800"'),
    'indices in order of number': change('"later":[]', '"9":1,"10":2'),
    infinity: change('1.5', '1e999'),
    'two records': TEXT + TEXT,
    'cut off': TEXT.slice(0, -1),
    nothing: '',
    'no JSON': 'record',
  };
  for (const [name, text] of Object.entries(cases)) test(name, () => refused(text));

  test('bytes that are not UTF-8', () => {
    for (const bytes of [[0xff], [0xc0, 0xa2], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      const at = bytesOf(TEXT).indexOf(0x64);
      const changed = Uint8Array.from([...bytesOf(TEXT)].toSpliced(at, 1, ...bytes));
      assertRefused(() => decodeEntry(changed), 'RECORD_NOT_CANONICAL');
    }
  });

  test('nesting without end', () => {
    const list = (levels: number): string =>
      TEXT.replace('"later":[]', `"later":${'['.repeat(levels)}${']'.repeat(levels)}`);
    decodesTo(list(30));
    refused(list(31));
    refused(list(32_000));
    refused('['.repeat(MAX_ENTRY_BYTES));
  });

  test('the error says nothing of the content', () => {
    const error = assertRefused(() => decodesTo('{"secret":secret}'), 'RECORD_NOT_CANONICAL');
    assert.equal(error.cause, undefined);
    assert.doesNotMatch(error.message, /secret/);
  });
});

test('names that look like array indices are in their place', () => {
  const text = TEXT.replace('"later":[]', '"-":0,"10":1,"9":2');
  assert.deepEqual(decodesTo(text)['zz' as keyof AuditRecord], { '-': 0, 10: 1, 9: 2, n: 1e21 });
});

test('a record is read the same, whatever was read before', () => {
  // V8 takes the second name of `zz` for the one that was there before (nodejs/node issue 63785).
  const before = decodesTo(TEXT.replace('"later":[]', '"!":0,"\\\\":1'));
  assert.deepEqual(before['zz' as keyof AuditRecord], { '!': 0, '\\': 1, n: 1e21 });
  const after = decodesTo(TEXT.replace('"later":[]', '"!":0,"\\"":1'));
  assert.deepEqual(after['zz' as keyof AuditRecord], { '!': 0, '"': 1, n: 1e21 });
});

test('canonical JSON that is no record is refused by its rule', () => {
  assertRefused(() => decodesTo('[]'), 'RECORD_INVALID', '');
  assertRefused(() => decodesTo('1'), 'RECORD_INVALID', '');
  assertRefused(() => decodesTo('{}'), 'RECORD_INVALID', 'v');
  assertRefused(() => decodesTo(TEXT.replace('"v":1', '"v":2')), 'RECORD_INVALID', 'v');
  assertRefused(() => decodesTo(TEXT.replace('"void"', '"maybe"')), 'RECORD_INVALID', 'outcome');
  assertRefused(() => decodesTo(TEXT.replace('"r\u007f"', '"r\\u0000"')), 'RECORD_INVALID', 'reason');
});

test('an entry has 65,535 bytes at the most', () => {
  const entry = (more: number): Uint8Array => {
    const text = TEXT.replace('"later":[]', '"later":""');
    return bytesOf(text.replace('""', `"${'x'.repeat(MAX_ENTRY_BYTES - bytesOf(text).length + more)}"`));
  };
  assert.equal(entry(0).length, MAX_ENTRY_BYTES);
  decodeEntry(entry(0));
  assertRefused(() => decodeEntry(entry(1)), 'RECORD_TOO_LARGE');
});

test('the bytes may lie in the middle of others', () => {
  const entry = entryOf(minimal());
  const around = new Uint8Array(entry.length + 20).fill(0xff);
  around.set(entry, 10);
  assert.deepEqual(decodeEntry(around.subarray(10, 10 + entry.length)), decodeEntry(entry));
});
