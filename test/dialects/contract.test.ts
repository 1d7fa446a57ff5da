import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_NATIVE_BYTES } from '../../src/dialects/dialect.ts';
import { DIALECTS } from '../../src/dialects/dialects.ts';
import { FLAGS } from '../../src/dialects/flags.ts';
import { codePoint } from '../code-point.ts';
import { runs } from '../runs.ts';
import { assertSound, bytesOf, one, parse, rawBytes } from './helpers.ts';
import {
  DIGICERT_JSON_LINES,
  DIGICERT_LINES,
  DOGTAG_LINES,
  SIGNSERVER_LINES,
  SIGNSERVER_WORKER_LINES,
  XROAD_LINES,
} from './lines.ts';

const SAMPLES = new Map([
  ['signserver', SIGNSERVER_LINES],
  ['signserver-worker/1', SIGNSERVER_WORKER_LINES],
  ['dogtag', DOGTAG_LINES],
  ['xroad', XROAD_LINES],
  ['digicert', DIGICERT_LINES],
  ['digicert-json/1', DIGICERT_JSON_LINES],
]);

/** Pieces that mean something to one of the dialects, for inputs that reach deep into them. */
const PIECES = [
  'EVENT: ',
  'OUTCOME: SUCCESS; ',
  'OUTCOMESUCCESS; ',
  'MODULE: WORKER; ',
  'CUSTOM_ID: ; ',
  'WORKER_ID: null; ',
  '; ADMINISTRATOR: x; ISSUER: ',
  'payload: x; bytes: y; ',
  '__proto__: x; ',
  'REPLY_TIME:1772439330123',
  'REPLY_TIME:99999999999999999999',
  'AllVariablesLogger; A: ',
  'AUDIT; DefaultTimeStampLogger; LOG_ID: ',
  'B64:QQ==: B64:QQ==; ',
  '2026-03-02 08:15:30+01:00;KEYGEN;SUCCESS;;;;;;;a=b;c',
  '[AuditEvent=AUTH]',
  '[[AuditEvent=',
  '0.main - [02/Mar/2026:08:15:30 UTC] [14] [6] ',
  '[Outcome=Failure]',
  '[x=',
  ']',
  '2026-03-02T10:15:30.250+02:00 INFO  [main] a.AuditLogger - {"event":',
  '{"a":{"payload":1,"bytes":2},"a":1e400,"\\ud800":"\\u0000"}',
  '[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]',
  '"',
  '""',
  ',',
  'Action,Resource type\n',
  'Metadata key,Metadata value\n',
  '{"total":1,"items":[',
  '{"action":"Sign","status":"SUCCESS"}',
  '"items"',
  ']}',
  '[',
  '{',
  '}',
  ':',
  '\n',
  '\r\n',
  '\r',
  ' ',
  '; ',
  ': ',
  '\0',
  '\ud83d\ude00',
];

const hostile = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: fc.string({ unit: codePoint, maxLength: 8 }) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(...[...SAMPLES.values()].flat()),
      },
    ),
    { maxLength: 30 },
  )
  .map((parts) => bytesOf(parts.join('').toWellFormed()));

/** The same with some bytes changed, so that UTF-8 breaks too. */
const mutated = fc
  .tuple(hostile, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }))
  .map(([bytes, changes]) => {
    const out = bytes.slice();
    for (const [at, byte] of changes) if (out.length > 0) out[at % out.length] = byte;
    return out;
  });

for (const dialect of DIALECTS) {
  const sample = (SAMPLES.get(dialect.name) ?? SAMPLES.get(dialect.system)!).join('');

  describe(`every dialect: ${dialect.name}`, () => {
    test('any input is covered, obeys the rules of a record and can be had back', () => {
      fc.assert(
        fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), (bytes) => {
          assertSound(bytes, parse(dialect, bytes));
        }),
        { numRuns: runs(1500) },
      );
    });

    test('the items do not depend on how the bytes are pushed', () => {
      fc.assert(
        fc.property(
          fc.oneof(mutated, fc.constant(bytesOf(sample))),
          fc.array(fc.nat(), { maxLength: 12 }),
          (bytes, places) => {
            const cuts = places.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b);
            assert.deepEqual(parse(dialect, bytes, cuts), parse(dialect, bytes));
          },
        ),
        { numRuns: runs(500) },
      );
      const bytes = bytesOf(sample);
      assert.deepEqual(
        parse(
          dialect,
          bytes,
          [...bytes].map((_, i) => i),
        ),
        parse(dialect, bytes),
      );
    });

    test('detection is total and stays between 0 and 1', () => {
      fc.assert(
        fc.property(mutated, (bytes) => {
          const score = dialect.detect(bytes);
          assert.ok(score >= 0 && score <= 1);
        }),
        { numRuns: runs(300) },
      );
      assert.equal(dialect.detect(new Uint8Array(0)), 0);
      assert.equal(dialect.detect(bytesOf('\n \n\r\n')), 0);
      assert.equal(dialect.detect(bytesOf(sample)), 1);
    });

    test('flags are of the table', () => {
      fc.assert(
        fc.property(mutated, (bytes) => {
          for (const { record } of parse(dialect, bytes)) {
            for (const flag of record?.flags ?? []) assert.ok(Object.hasOwn(FLAGS, flag), flag);
          }
        }),
        { numRuns: runs(200) },
      );
    });

    test('ranges begin at the offset where reading continues', () => {
      const items = parse(dialect, sample, [], { offset: 1000 });
      assertSound(sample, items, 1000);
    });

    test('carriage returns are kept, and read over', () => {
      const crlf = sample.replaceAll(/\r?\n/g, '\r\n');
      const items = parse(dialect, crlf);
      assertSound(crlf, items);
      assert.ok(items.every(({ record }) => !record?.flags?.includes('unparsed')));
    });

    test('a byte order mark is kept, and read over', () => {
      const items = parse(dialect, `\uFEFF${sample}`);
      assertSound(`\uFEFF${sample}`, items);
      assert.ok(items.every(({ record }) => !record?.flags?.includes('unparsed')));
    });

    test('a last line without line feed says so', () => {
      const items = parse(dialect, sample.replace(/\r?\n$/, ''));
      assert.ok(items.at(-1)?.record?.flags?.includes('unterminated'));
      assert.ok(!parse(dialect, sample).at(-1)?.record?.flags?.includes('unterminated'));
    });

    test('blank lines are items of their own', () => {
      const kinds = parse(dialect, `\n  \r\n${sample}\n`).map(({ kind }) => kind);
      assert.deepEqual([kinds[0], kinds[1], kinds.at(-1)], ['blank', 'blank', 'blank']);
    });

    test('what cannot be read is kept whole, at the time the reader supplies', () => {
      const bytes = Uint8Array.of(0xff, 0x00, 0x41, 0x0a);
      const record = one(dialect, bytes, { fallbackTime: 1_234_567 });
      assert.equal(record.event, 'UNPARSED');
      assert.equal(record.outcome, 'void');
      assert.equal(record.time, 1_234_567);
      assert.equal(record.system, dialect.system);
      assert.equal(record.dialect, dialect.name);
      for (const flag of ['unparsed', 'time-uncertain', 'invalid-utf8', 'nul-byte'] as const) {
        assert.ok(record.flags?.includes(flag), flag);
      }
      assert.deepEqual(rawBytes(record), bytes);
    });

    test('a line longer than the limit is cut at a character, and its rest is kept', () => {
      const long = `${sample}"${'é'.repeat(MAX_NATIVE_BYTES)}"\n${sample}`;
      const items = parse(dialect, long);
      assertSound(long, items);
      assert.ok(items.every(({ start, end }) => end - start <= MAX_NATIVE_BYTES));
      const cut = items.filter(({ record }) => record?.flags?.includes('truncated'));
      assert.ok(cut.length >= 1);
      assert.ok(items.every(({ record }) => !record?.flags?.includes('invalid-utf8')));
      const bytes = bytesOf(long);
      assert.deepEqual(parse(dialect, bytes, [70_001, 1_048_577, 2_000_003]), items);
      assert.ok(!items.at(-1)?.record?.flags?.includes('unparsed'));
    });
  });
}
