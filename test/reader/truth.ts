import fc from 'fast-check';
import { type IndexRow, indexRow } from '../../src/catalog/row.ts';
import type { Filter } from '../../src/query/mod.ts';
import { type AuditRecord, decodeEntry, type RecordDraft, restorePayloads } from '../../src/record/mod.ts';
import { filters } from '../query/filters.ts';
import type { Archive } from './fixture.ts';

/** Records and filters that meet, and what is true of the records whichever way they are found. */

const TEXTS = [
  ...[
    'a',
    'A',
    'ab',
    'b',
    'é',
    'É',
    'k',
    '\u212a',
    'ß',
    '\u{1f44d}',
    'z\u0301',
    '1',
    'true',
    '1e-7',
    'CN=Admin 1',
  ],
  ...[
    '"',
    '\\',
    '\\"',
    '\n',
    '\t',
    '\u0001',
    '\u2028',
    '/',
    '\u007f',
    '{"a":"b"}',
    '\\u0041',
    'payload',
    '*',
    '%',
    '.',
    'a|b',
    '(?:',
    '[^a]',
    'base64',
  ],
];
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }).filter((s) => !s.includes('\0')) },
);
/** Texts joined; some so long that they are sealed beside the record. */
const words = fc
  .tuple(fc.array(text, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.nat(9))
  .map(([parts, spaced, long]) => (long === 0 ? 'x'.repeat(8_200) : '') + parts.join(spaced ? ' ' : ''));
const value = fc.oneof(
  { weight: 4, arbitrary: words },
  fc.constantFrom(1, -2.5, 1e-7, true, false, null),
  fc.array(words, { maxLength: 2 }),
  fc.dictionary(text, words, { maxKeys: 2, noNullPrototype: true }),
);
const raw = fc.oneof(
  words.map((t) => ({ text: t })),
  words.map((t) => ({ base64: Buffer.concat([Buffer.from(t), Uint8Array.of(0xff)]).toString('base64') })),
);
export const draft: fc.Arbitrary<RecordDraft> = fc.record(
  {
    time: fc.integer({ min: 0, max: 50 }),
    system: fc.constantFrom('signserver', 'dogtag', 'test'),
    event: fc.oneof(text, fc.constantFrom('PROCESS', 'SET_WORKER_CONFIG')),
    outcome: fc.constantFrom('success', 'failure', 'void'),
    reason: words,
    module: text,
    actor: fc.record({ name: text, ip: text }, { requiredKeys: [] }),
    correlation: text,
    details: fc.dictionary(fc.constantFrom('a', 'A', 'KEYALIAS', 'WORKER_ID', 'é', '\u{1f44d}'), value, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    objects: fc.array(fc.record({ kind: fc.constantFrom('key', 'file'), id: text }), { maxLength: 2 }),
    signature: fc.record({ hash: text, value: words }, { requiredKeys: [] }),
    raw,
  },
  { requiredKeys: ['time', 'system', 'event', 'outcome'] },
) as fc.Arbitrary<RecordDraft>;

export const filter: fc.Arbitrary<Filter> = filters({ text, time: fc.nat(60), scanned: true });

export interface Truth {
  readonly record: AuditRecord;
  /** Of the record without its sealed content. */
  readonly row: IndexRow;
}

/** Every record there is, oldest first. */
export function everything({ disk }: Archive): Truth[] {
  const all: Truth[] = [];
  for (const { entries, payloads } of disk.logs.values()) {
    for (const entry of entries) {
      const sealed = decodeEntry(entry.subarray(2));
      all.push({ record: restorePayloads(sealed, payloads), row: indexRow(sealed) });
    }
  }
  return all.sort(
    ({ record: a }, { record: b }) =>
      a.logged - b.logged || (a.node < b.node ? -1 : a.node > b.node ? 1 : a.seq - b.seq),
  );
}
