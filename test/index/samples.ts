import fc from 'fast-check';
import { utf8 } from '../../src/crypto/bytes.ts';
import { encodeBundle } from '../../src/merkle/mod.ts';
import type { AuditRecord } from '../../src/record/mod.ts';

const HEX_32 = '0123456789abcdef0123456789abcdef';
const UUID = '01234567-89ab-cdef-0123-456789abcdef';
const HEX_64 = 'ab'.repeat(32);

/** Texts that look alike, fold unlike, or mean something to some engine. */
const TEXTS = [
  ...'a|A|ab|AB|aab|ba|é|É|k|K|\u212a|ß|SS|ı|İ|👍|👍🏽|z\u0301|a b| a|a |\u00a0|\u0001|\ufeffa|a\nb'.split(
    '|',
  ),
  ...`% _ * \\ \\\\ " ' ';-- $1 ? [a] a%b a_b a*b a.b (?i)a ^a$`.split(' '),
  ...['', 'CN=Admin 1,O=Bench', 'CN=admin 1,o=bench'],
  ...[HEX_32, HEX_32.toUpperCase(), HEX_32.slice(1), 'f'.repeat(32), '0'.repeat(32)],
  ...[UUID, UUID.toUpperCase(), UUID.replace('-', 'x'), `${HEX_32}${'0'.repeat(4)}`],
  ...[
    HEX_64,
    HEX_64.toUpperCase(),
    '0'.repeat(64),
    `${HEX_64.slice(2)}xy`,
    HEX_64.slice(24),
    HEX_64.repeat(2),
  ],
];

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }).map((s) => s.replaceAll('\0', '')) },
);

const digits = fc.oneof(
  text,
  fc.constantFrom(32, 64, 40).chain((n) => hex(n)),
);

function hex(length: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
}

const object = fc.record(
  { kind: fc.oneof(fc.constantFrom('key', 'certificate', 'Key'), text), id: text, name: text },
  { requiredKeys: ['kind', 'id'] },
);

type Draft = Omit<AuditRecord, 'v' | 'node' | 'seq' | 'logged'>;

const draft: fc.Arbitrary<Draft> = fc.record(
  {
    time: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 253_402_300_799_999 })),
    system: fc.constantFrom('signserver', 'bench', 'x'),
    source: text,
    event: text,
    outcome: fc.constantFrom('success', 'failure', 'void'),
    module: text,
    component: text,
    actor: fc.record({ name: text, ip: text }, { requiredKeys: [] }),
    correlation: digits,
    signature: fc.record({ hash: digits }, { requiredKeys: [] }),
    objects: fc.array(object, { maxLength: 4 }),
    flags: fc.array(fc.constantFrom('late', 'unknown-event', 'unknown-field'), { maxLength: 3 }),
  },
  { requiredKeys: ['time', 'system', 'source', 'event', 'outcome'] },
) as fc.Arbitrary<Draft>;

/** Records of a node, from its first on; `logged` never decreases and often stands still. */
export function records(node: string, size: { min: number; max: number }): fc.Arbitrary<AuditRecord[]> {
  const steps = fc.tuple(draft, fc.constantFrom(0, 0, 1, 5));
  return fc.array(steps, { minLength: size.min, maxLength: size.max }).map((drafts) => {
    let logged = 1_790_000_000_000;
    return drafts.map(([members, step], seq) => {
      logged += step;
      // As JSON gives it back: plain objects throughout.
      return JSON.parse(JSON.stringify({ ...members, v: 1, node, seq, logged })) as AuditRecord;
    });
  });
}

/** Entries in bundle form. */
export function bundle(of: readonly AuditRecord[]): Uint8Array {
  return encodeBundle(of.map((record) => utf8(JSON.stringify(record))));
}
