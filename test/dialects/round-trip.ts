/** Printing and parsing are each other's inverse: what the suites of all dialects share. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Catalog, EventInfo } from '../../src/catalog/catalog.ts';
import type { Field } from '../../src/catalog/table.ts';
import type { Dialect, PrinterOptions } from '../../src/dialects/dialect.ts';
import { PRINT_FLAGS } from '../../src/dialects/flags.ts';
import type { Json, RecordDraft } from '../../src/record/types.ts';
import { codePoint } from '../code-point.ts';
import { bytesOf, records } from './helpers.ts';

/** Pieces of values that try to end a field, a line or an entry, or to look like another. */
const HOSTILE = [
  ...[
    ';',
    '; ',
    ': ',
    ']',
    '[',
    '[[',
    ']]',
    '{',
    '}',
    '"',
    '""',
    "'",
    ',',
    '=',
    '|',
    '\\',
    '\\n',
    '\\u000a',
    '%0A',
  ],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\t',
    '\u2028',
    '\u0085',

    '\u001b[31m',
    '\u202e',
    '\u2066',
    '\ufeff',
    '\u200b',
  ],
  ...['null', '', ' ', 'true', 'B64:', 'B64:QQ==', 'ü', '日本', '😀', 'CN=Ä\\, B,O="x, y",C=SE'],
  ...[
    'REPLY_TIME:1350562045545',
    'EVENT: KEYGEN; OUTCOME: SUCCESS; MODULE: X; ',
    '; OUTCOME: FAILURE',
    '; KEYALIAS: k2',
  ],
  ...[
    '[AuditEvent=AUTH][Outcome=Failure] ',
    '][Outcome=Success',
    '0.main - [02/Mar/2026:08:15:30 UTC] [14] [6] ',
  ],
  ...['{"event":"Log in user","user":"x"}', '","user":"admin', '</string>', '<!DOCTYPE x>', '&amp;', ']]>'],
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
];

/** A text as no gentle user writes it, within what a record may hold (no NUL); seldom one of 60 kB. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.array(fc.constantFrom(...HOSTILE), { maxLength: 5 }).map((parts) => parts.join('')),
  },
  {
    weight: 10,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
  },
  {
    weight: 5,
    arbitrary: fc
      .string({ unit: codePoint, maxLength: 20 })
      .map((text) => text.toWellFormed().replaceAll('\0', '')),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...HOSTILE)
      .map((piece) => (piece || 'x').repeat(60_000 / (piece.length || 1))),
  },
);

export const gentleText: fc.Arbitrary<string> = fc.stringMatching(
  /^[A-Za-z0-9][A-Za-z0-9 ._/@=,+-]{0,18}[A-Za-z0-9]$/,
);

/** A value of a field; of a textual system a text. */
export function fieldValue(field: Field, textual: boolean, text: fc.Arbitrary<string>): fc.Arbitrary<Json> {
  const single = textual ? text : typed(field, text);
  return field.list ? fc.array(single, { minLength: textual ? 2 : 0, maxLength: 4 }) : single;
}

function typed({ type }: Field, text: fc.Arbitrary<string>): fc.Arbitrary<Json> {
  if (type === 'integer') return fc.maxSafeInteger();
  if (type === 'boolean') return fc.boolean();
  if (type === 'any') return fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
  if (type === 'object' || type === 'member')
    return fc.dictionary(
      text.filter((name) => name !== ''),
      text,
      { maxKeys: 4 },
    ) as fc.Arbitrary<Json>;
  return text;
}

/** Details of an event: its named fields at the top level that stand there, optional ones now and then. */
export function detailsOf(
  catalog: Catalog,
  event: EventInfo,
  text: fc.Arbitrary<string>,
): fc.Arbitrary<Record<string, Json>> {
  const names = event.fields.filter(
    ({ name, pattern }) => !pattern && !/[.[]/.test(name) && catalog.field(name)?.at === undefined,
  );
  const model = Object.fromEntries(
    names.map(({ name }) => [name, fieldValue(catalog.field(name)!, catalog.table.textual, text)]),
  );
  return fc.record(model, {
    requiredKeys: names.filter(({ optional }) => !optional).map(({ name }) => name),
  });
}

/**
 * The native content of a record: what printing must keep. Flags, dialect and raw are remarks about a text.
 */
export function native(record: RecordDraft): Partial<RecordDraft> {
  const { raw: _raw, flags: _flags, dialect: _dialect, objects: _objects, ...content } = record;
  return content;
}

/** Prints and parses. One entry comes back, whatever the values; what its flags do not excuse is equal. */
export function roundTrip(
  dialect: Dialect,
  record: RecordDraft,
  options?: PrinterOptions,
): { readonly text: string; readonly flags: readonly string[]; readonly back: RecordDraft } {
  const printer = dialect.printer(options);
  const { text, flags } = printer.print(record);
  for (const flag of flags) assert.ok(Object.hasOwn(PRINT_FLAGS, flag), flag);
  assert.equal(new Set(flags).size, flags.length);
  const back = records(dialect, bytesOf(printer.head + text));
  assert.equal(back.length, 1, `${back.length} records of ${JSON.stringify(text)}`);
  return { text, flags, back: back[0]! };
}

/** Every event of a catalog, by turns. */
export function eventsOf(catalog: Catalog): fc.Arbitrary<EventInfo> {
  return fc.constantFrom(...catalog.events);
}
