import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BUILT_IN } from '../../src/catalog/builtin.ts';
import type { EventInfo } from '../../src/catalog/catalog.ts';
import { canonicalBytes } from '../../src/record/canonical.ts';
import { canonicalize, type Json, MAX_DEPTH, parseJson } from '../../src/record/mod.ts';
import { isPlainCanonical } from '../../src/record/plain.ts';
import { runs, stride } from '../runs.ts';
import { anyDraft, anyJson, ENVELOPE, entryOf, LOGGED } from './support.ts';

/** What canonical form is: the text is what the strict reader and the writer make of it. */
function isCanonical(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return canonicalize(parseJson(text)) === text;
  } catch {
    return false;
  }
}

/** Asserts that what is called plain is canonical, and that the engine reads it as the strict reader does. */
function agrees(bytes: Uint8Array): boolean {
  if (!isPlainCanonical(bytes)) return false;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  assert.ok(isCanonical(bytes), text);
  assert.deepStrictEqual(JSON.parse(text), parseJson(text));
  return true;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A value for every field that an event may carry at the top level of its details. */
function recordOf(system: string, { event, part, names }: EventInfo, seq: number): Json {
  const values: Json[] = ['a "quoted" \\ text\nof two lines', 'CN=Müller,O=日本', 4711, true, null, [], {}];
  return {
    ...{
      v: 1,
      node: ENVELOPE.node,
      source: ENVELOPE.source,
      seq,
      logged: LOGGED,
      time: LOGGED - 5,
      system,
      event,
      outcome: 'success',
    },
    ...(part === null ? {} : { module: part }),
    details: Object.fromEntries(
      [...names].map((name, i) => [name, values[(i + seq) % values.length] as Json]),
    ),
  };
}

const RECORDS = [...BUILT_IN.values()].flatMap(({ system, events }) =>
  events.map((event, seq) => recordOf(system, event, seq)),
);

test('the records of all catalogs are plain', () => {
  assert.ok(RECORDS.length > 100);
  for (const record of RECORDS) {
    const bytes = canonicalBytes(record);
    assert.ok(agrees(bytes), canonicalize(record));
  }
});

test('what is plain is canonical: records and any JSON', () => {
  let plain = 0;
  const count = (bytes: Uint8Array): void => {
    if (agrees(bytes)) plain++;
  };
  fc.assert(fc.property(anyDraft, fc.maxSafeNat(), (draft, seq) => count(entryOf(draft, seq))));
  fc.assert(
    fc.property(anyJson, (value) => count(canonicalBytes(value))),
    { numRuns: runs(1_000) },
  );
  assert.ok(plain > 100, `${plain} of them are plain`);
});

const SAMPLES = [
  ...[0, 40, 80].map((i) => canonicalBytes(RECORDS[i] as Json)),
  bytesOf('{"":0,"!":[true,false,null,"",{}],"a":{"a":{"a":123456789012345}},"a!":[[],[[]]],"a ":"\\\\\\""}'),
  bytesOf('{"A":"\\b\\f\\n\\r\\t","B":"é€😀","C":100}'),
];

test('what is plain is canonical: every change of one byte', () => {
  let plain = 0;
  for (const bytes of SAMPLES) {
    const changed = bytes.slice();
    for (let at = 0; at < bytes.length; at++) {
      for (let byte = at % stride(4); byte < 256; byte += stride(4)) {
        changed[at] = byte;
        if (agrees(changed)) plain++;
      }
      changed[at] = bytes[at]!;
    }
  }
  assert.ok(plain > 10_000 / stride(4), `${plain} of them are plain`);
});

test('what is plain is canonical: a byte less, a byte more, cut off, two bytes or members changed places', () => {
  for (const bytes of SAMPLES) {
    const list = [...bytes];
    for (let at = 0; at <= list.length; at++) {
      agrees(Uint8Array.from(list.toSpliced(at, 1)));
      agrees(bytes.slice(0, at));
      agrees(
        Uint8Array.from([...list.slice(0, at), ...list.slice(at, at + 2).reverse(), ...list.slice(at + 2)]),
      );
      for (const byte of bytesOf(' \n"\\{}[]:,0-.eE9a')) agrees(Uint8Array.from(list.toSpliced(at, 0, byte)));
    }
  }
});

test('what is plain is canonical: pieces of JSON in any order', () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '{"a":',
      ',"b":',
      ',"a":',
      '"a"',
      '"b"',
      '"a!"',
      '""',
      '"\\n"',
      '"\\/"',
    ],
    ...[
      '0',
      '1',
      '9',
      '.5',
      '1e3',
      '-1',
      '-0',
      '00',
      'true',
      'false',
      'null',
      'tru',
      ' ',
      '"\\u0001"',
      '"é":',
    ],
  );
  let plain = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      if (agrees(bytesOf(pieces.join('')))) plain++;
    }),
    { numRuns: runs(20_000) },
  );
  assert.ok(plain > 100, `${plain} of them are plain`);
});

test('UTF-8 is as the decoder takes it: every two bytes at the ends of a range, every length', () => {
  const edges = [
    0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
  ];
  edges.push(0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff);
  let [plain, all] = [0, 0];
  for (const a of edges) {
    for (const b of edges) {
      for (const c of [0x22, 0x7f, 0x80, 0xbf, 0xc0]) {
        for (const d of [0x41, 0x7f, 0x80, 0xbf, 0xc0]) {
          all++;
          const bytes = Uint8Array.from([0x22, a, b, c, d, 0x22]);
          if (agrees(bytes)) plain++;
          else assert.ok(!isCanonical(bytes) || a === 0x5c, `${bytes}`);
        }
      }
    }
  }
  assert.ok(plain > 100 && plain < all / 2, `${plain} of ${all}`);
});

test('is not plain: what is not canonical, or takes more than a look at bytes', () => {
  const lists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  assert.ok(isPlainCanonical(bytesOf(lists(MAX_DEPTH))));
  for (const text of [
    ...['', ' ', '{', '[', '"', '"a', '"\\', '"\\"', '{"a"', '{"a":', '{"a":1', '{"a":1,', '[1,', '[1'],
    ...['{"a":1,}', '[1,]', '{,}', '[,]', '{"a":1}}', '[]]', '1 ', ' 1', '{"a" :1}', '{"a": 1}', '[1, 2]'],
    ...['{"b":1,"a":1}', '{"a":1,"a":1}', '{"ab":1,"a":1}', '{"a":1,"":1}', '{"a!":1,"a":1}'],
    ...['01', '00', '-0', '1.0', '1e3', '1E3', '+1', '.5', '1234567890123456', 'NaN', 'True', 'nul', 'truee'],
    ...['"\\/"', '"\\u000a"', '"\\u0061"', '"\\x"', '"\n"', '"\u0000"', '{"\\n":1}', '\ufeff{}', '{a:1}'],
    ...[lists(MAX_DEPTH + 1), '['.repeat(60_000), '{"a":'.repeat(12_000)],
  ])
    assert.equal(isPlainCanonical(bytesOf(text)), false, text.slice(0, 40));
});
