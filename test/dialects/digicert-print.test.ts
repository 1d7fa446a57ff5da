import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { EventInfo } from '../../src/catalog/catalog.ts';
import { CATALOG } from '../../src/catalog/define.ts';
import { DIGICERT_REPORTS, type DigicertReport, digicert } from '../../src/catalog/digicert.ts';
import { draft } from '../../src/catalog/mod.ts';
import { type Dialect, MAX_NATIVE_BYTES, type PrinterOptions } from '../../src/dialects/dialect.ts';
import { FIELDS } from '../../src/dialects/digicert/columns.ts';
import { DIGICERT_CSV } from '../../src/dialects/digicert/dialect.ts';
import { DIGICERT_JSON } from '../../src/dialects/digicert/json-dialect.ts';
import type { Json, RecordDraft, SignatureInfo, SignatureMetadata } from '../../src/record/types.ts';
import { checkDraft } from '../../src/record/validate.ts';
import { runs } from '../runs.ts';
import { bytesOf, parse, records } from './helpers.ts';
import { DIGICERT_JSON_LINES, DIGICERT_LINES } from './lines.ts';
import { detailsOf, gentleText, hostileText, native, roundTrip } from './round-trip.ts';
import { readShared, skipWithoutShared as skip } from './shared.ts';

const catalog = digicert[CATALOG];
const HEX = fc.stringMatching(/^(?:[0-9a-f]{2}){20,32}$/);
const KEYS = [...FIELDS['signature-log']].filter(([, at]) => at === 'signature.metadata').map(([key]) => key);

/** All columns of a report that the catalog knows. An account chooses which it wants. */
function columns(report: DigicertReport): string[] {
  return [...FIELDS[report].keys()];
}

/** Texts of at most `max` UTF-16 units. */
function upTo(text: fc.Arbitrary<string>, max: number): fc.Arbitrary<string> {
  return text.map((one) => one.slice(0, max).toWellFormed());
}

/** Records of an event as a producer makes them: whatever the report has a place for. */
function recordsOf(event: EventInfo, text: fc.Arbitrary<string>, json: boolean): fc.Arbitrary<RecordDraft> {
  const name = upTo(text, 1024);
  const word = upTo(text, 256);
  const optional = { requiredKeys: [] };
  const common = {
    time: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    system: fc.constant('digicert'),
    event: fc.constant(event.event),
    module: fc.constant(event.part ?? undefined),
    details: detailsOf(catalog, event, text),
  };
  const actor = fc.record({ name, ip: word }, optional);
  const keyId = { keyAlias: name, keyId: name, keyType: word, algorithm: word, value: text, hash: HEX };
  const use = fc.constantFrom('production' as const, 'test' as const);
  const entry = json
    ? fc.record(
        { key: fc.oneof(fc.constantFrom(...KEYS), name), value: text, primary: fc.boolean(), source: name },
        { requiredKeys: ['key', 'value'] },
      )
    : fc.record({ key: fc.constantFrom(...KEYS), value: text });
  const metadata = fc.uniqueArray(entry, { selector: ({ key }) => key, maxLength: 8 });
  const reason = text;
  const outcome = fc.constantFrom('success' as const, 'failure' as const, 'void' as const);
  const drafts: fc.Arbitrary<unknown> =
    event.part === 'audit-log'
      ? fc.record(
          { ...common, outcome, actor, reason },
          { requiredKeys: ['time', 'system', 'event', 'module', 'outcome'] },
        )
      : event.part === 'signature-log'
        ? fc.record(
            {
              ...common,
              ...{ outcome, actor, reason, correlation: name },
              signature: fc.record({ ...keyId, use, metadata }, optional).map(withHashAlgorithm),
            },
            { requiredKeys: ['time', 'system', 'event', 'module', 'outcome'] },
          )
        : fc.record(
            {
              ...common,
              outcome: fc.constant('void'),
              correlation: name,
              signature: fc
                .record(
                  {
                    key: fc.oneof(fc.constantFrom(...KEYS), name),
                    value: text,
                    primary: fc.boolean(),
                    source: name,
                  },
                  { requiredKeys: ['key', 'value'] },
                )
                .map((one) => withHashAlgorithm({ metadata: [one] })),
            },
            { requiredKeys: ['time', 'system', 'event', 'module', 'outcome', 'signature'] },
          );
  return drafts.map((made) => told(made as RecordDraft));
}

/** The digest algorithm is told by the metadata alone. */
function withHashAlgorithm(signature: SignatureInfo): SignatureInfo {
  const told = signature.metadata?.find(({ key }) => key === 'digest-algorithm')?.value ?? '';
  return told === '' || told.length > 256 ? signature : { ...signature, hashAlgorithm: told };
}

/** Without members that say nothing. */
function told(record: RecordDraft): RecordDraft {
  const kept = Object.entries(record).filter(
    ([, value]) => typeof value !== 'object' || Object.keys(value as object).length > 0,
  );
  return JSON.parse(JSON.stringify(Object.fromEntries(kept))) as RecordDraft;
}

/** What comes back of a record. An empty text is not told apart from none, but in a list of metadata. */
function carried(record: RecordDraft, json: boolean): Partial<RecordDraft> {
  const wide = record.module === 'signature-log' && !json;
  const list = record.module === 'signature-log' && json;
  const full = <T extends object>(of: T | undefined): T | undefined => {
    if (of === undefined) return undefined;
    const kept = Object.entries(of).filter(([, value]) => value !== '');
    return kept.length === 0 ? undefined : (Object.fromEntries(kept) as T);
  };
  const { actor, details, signature, ...rest } = native(record) as {
    actor?: object;
    details?: object;
    signature?: SignatureInfo;
  };
  const metadata = (signature?.metadata ?? [])
    .filter(({ key, value }) => list || (key !== '' && !(wide && value === '')))
    .map((one) => (list ? one : ({ ...full(one), value: one.value } as SignatureMetadata)));
  const order = ({ key }: SignatureMetadata): number => (wide ? KEYS.indexOf(key) : 0);
  const sorted = metadata.sort((a, b) => order(a) - order(b));
  const { metadata: _, ...texts } = signature ?? {};
  const parts = {
    actor: full(actor),
    details: full(details),
    signature: full({ ...texts, ...(sorted.length === 0 ? {} : { metadata: sorted }) }),
  };
  return full({ ...full(rest), ...Object.fromEntries(Object.entries(parts).filter(([, of]) => of)) }) ?? {};
}

for (const [dialect, json] of [
  [DIGICERT_CSV, false],
  [DIGICERT_JSON, true],
] as const) {
  describe(`printing ${dialect.name}`, () => {
    const events = fc.constantFrom(...catalog.events.map(({ event }) => event));
    const print = (report: string): PrinterOptions =>
      json ? { report } : { report, columns: columns(report as DigicertReport) };

    test('what an ordinary record says comes back, of every event', () => {
      for (const event of catalog.events) {
        fc.assert(
          fc.property(recordsOf(event, gentleText, json), (record) => {
            checkDraft(record);
            const { flags, back } = roundTrip(dialect, record, print(event.part!));
            assert.deepEqual(native(back), carried(record, json));
            assert.deepEqual(
              flags,
              record.outcome === 'void' && event.part !== 'signature-metadata' ? ['escaped'] : [],
            );
          }),
          { numRuns: runs(event.part === 'audit-log' ? 15 : 150) },
        );
      }
    });

    test('whatever the values, it is one entry, and no value passes for another', () => {
      fc.assert(
        fc.property(
          events.chain((name) => recordsOf(catalog.find(name)!, hostileText, json)),
          fc.constantFrom(0, 60, -570),
          (record, zone) => {
            checkDraft(record);
            const { flags, back } = roundTrip(dialect, record, { ...print(record.module!), zone });
            const expected = carried(record, json);
            assert.deepEqual(native(back), expected);
            const lost = JSON.stringify(expected) !== JSON.stringify(native(record));
            if (!lost) assert.ok(!flags.includes('no-place'), flags.join());
            checkDraft(back);
          },
        ),
        { numRuns: runs(1000) },
      );
    });

    test('any details at all: nothing of them becomes a member, none is lost without a word', () => {
      const names = [
        ...FIELDS['audit-log'].keys(),
        ...FIELDS['signature-log'].keys(),
        ...['user_name', 'ID', ' Date', 'metadata', '__proto__', '', 'x', 'Alias', 'cells beyond the header'],
      ];
      const value = fc.oneof(hostileText, fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<Json>;
      fc.assert(
        fc.property(
          fc.dictionary(fc.oneof(fc.constantFrom(...names), hostileText), value, { maxKeys: 6 }),
          fc.constantFrom('success' as const, 'failure' as const, 'void' as const),
          fc.array(fc.constantFrom('time-uncertain', 'outcome-deduced'), { maxLength: 2 }),
          fc.constantFrom('Sign', 'Signature'),
          (details, outcome, remarks, event) => {
            const record = {
              ...{ time: 1_000_000, system: 'digicert', event, outcome, details },
              ...(remarks.length === 0 ? {} : { flags: remarks }),
            };
            const { flags, back } = roundTrip(dialect, record, print(catalog.find(event)!.part!));
            assert.equal(back.outcome, outcome);
            assert.equal(back.event, event);
            for (const member of ['actor', 'reason', 'correlation', 'signature'] as const)
              assert.equal(back[member], undefined);
            const kept = (back.details ?? {}) as Record<string, Json>;
            for (const [name, of] of Object.entries(kept)) {
              assert.ok(Object.hasOwn(details, name), name);
              if (!flags.includes('retyped')) assert.deepEqual(of, JSON.parse(JSON.stringify(details[name])));
            }
            const missing = Object.keys(details).filter((name) => !Object.hasOwn(kept, name));
            assert.ok(missing.length === 0 || flags.includes('no-place'), missing.join());
          },
        ),
        { numRuns: runs(1000) },
      );
    });

    test('what has no place is left out, and said to be', () => {
      const base = draft(digicert.Sign, {}, { time: 0 });
      for (const more of [
        { service: 's' },
        { component: 'c' },
        { actor: { role: 'admin' } },
        { objects: [{ kind: 'key', id: '1' }] },
        { refs: [{ node: 'n', seq: 1, why: 'x' }] },
        { correlation: 'c' },
        { signature: { keyId: 'k' } },
        { module: 'signature-log' },
        { details: { payload: 'ab'.repeat(32), bytes: 9 } },
        { reason: { payload: 'ab'.repeat(32), bytes: 9 } },
      ] satisfies Partial<RecordDraft>[]) {
        assert.deepEqual(roundTrip(dialect, { ...base, ...more }).flags, ['no-place'], JSON.stringify(more));
      }
      assert.deepEqual(roundTrip(dialect, { ...base, system: 'my-app' }).flags, ['other-system']);
      assert.deepEqual(roundTrip(dialect, { ...base, event: 'Teleport' }).flags, ['foreign-event']);
      const { flags, back } = roundTrip(dialect, { ...base, outcome: 'void', reason: 'who knows' });
      assert.deepEqual([flags, back.outcome, back.flags], [['escaped'], 'void', ['encoded-value']]);
    });

    test('a value that no entry could hold is left out', () => {
      const long = 'é"'.repeat(MAX_NATIVE_BYTES / 2);
      const record = draft(
        digicert.Sign,
        { Description: long, 'Resource name': 'code-1' },
        { outcome: 'failure', reason: 'no' },
      );
      const { text, flags, back } = roundTrip(dialect, record);
      assert.ok(bytesOf(text).length <= MAX_NATIVE_BYTES);
      assert.deepEqual(flags, ['no-place']);
      assert.deepEqual([back.details, back.reason], [{ 'Resource name': 'code-1' }, 'no']);
    });

    test('a report that there is none of, and columns that do not tell it', () => {
      assert.throws(() => dialect.printer({ report: 'audit' }), { code: 'USAGE' });
      if (json) return;
      for (const chosen of [['Date'], ['Action'], ['Action', 'Status', 'Result'], ['Action', 'Date', ''], []])
        assert.throws(() => dialect.printer({ columns: chosen }), { code: 'USAGE' }, chosen.join());
    });
  });
}

test('a row that repeats the header is a row', () => {
  const printer = DIGICERT_CSV.printer({ report: 'signature-metadata' });
  const { text } = printer.print({
    ...{
      time: 0,
      system: 'digicert',
      event: 'Signature metadata',
      outcome: 'void',
      correlation: 'Signature ID',
    },
    signature: { metadata: [{ key: 'Metadata key', value: 'Metadata value', source: 'Metadata source' }] },
    details: { 'Metadata primary': 'Metadata primary' },
    flags: ['time-uncertain'],
  });
  const items = parse(DIGICERT_CSV, printer.head + text);
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['header', 'record'],
  );
});

test('cells that a spreadsheet would take for formulas stay as they are', () => {
  const record = draft(digicert.Generate, { 'Resource name': '=1+1', Description: '@x' });
  const { text, back } = roundTrip(DIGICERT_CSV, record);
  assert.ok(text.includes(',=1+1,') && text.includes(',@x,'));
  assert.deepEqual(back.details, record.details);
});

describe('byte for byte', () => {
  /** All rows of a file, printed from their members alone. */
  function printed(dialect: Dialect, text: string, report: string, columns?: readonly string[]): string {
    const printer = dialect.printer({ report, ...(columns === undefined ? {} : { columns }) });
    return (
      printer.head +
      records(dialect, text)
        .map(({ raw: _, ...record }) => {
          const { text: row, flags } = printer.print(record);
          assert.deepEqual(flags, []);
          return row;
        })
        .join('')
    );
  }

  test('lines of these tests', () => {
    const text = DIGICERT_LINES.join('');
    const chosen = DIGICERT_LINES[0]!.trimEnd().split(',');
    assert.equal(printed(DIGICERT_CSV, text, 'audit-log', chosen), text);
  });

  test('objects that were printed once', () => {
    const [audit, signature] = records(DIGICERT_JSON, DIGICERT_JSON_LINES.join('')).map((record) =>
      DIGICERT_JSON.printer({ report: record.module! }).print(record),
    );
    for (const [one, report] of [
      [audit!, 'audit-log'],
      [signature!, 'signature-log'],
    ] as const) {
      assert.deepEqual(one.flags, []);
      assert.equal(printed(DIGICERT_JSON, one.text, report), one.text);
    }
  });

  for (const report of Object.keys(DIGICERT_REPORTS)) {
    test(`every row of the sample ${report}`, { skip }, () => {
      const text = Buffer.from(readShared(`samples/digicert/${report}.csv`)).toString();
      assert.equal(printed(DIGICERT_CSV, text, report), text);
    });
  }
});
