import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../src/crypto/bytes.ts';
import { formatEvidence, LIMITS, parseEvidence } from '../../src/evidence/mod.ts';
import { EMPTY_SLOT, embedEvidence, readEvidenceFile, verifyEvidenceFile } from '../../src/verifier/file.ts';
import { assertIntact, evidenceOf, findingsOf } from '../evidence/fixture.ts';
import { isCi, runs } from '../runs.ts';
import { BuiltLog, entryOf, makeRecord } from '../verify/built-log.ts';

const PAGE = `<!doctype html>\n<html lang="en">\n<p>A page.</p>\n${EMPTY_SLOT}`;
/** What ends an element, opens one, or is escaped by the embedding itself. */
const PIECE = fc.constantFrom(
  '</script>',
  '<!--<script>',
  '\\u003c',
  '<',
  '\\',
  '"',
  '\u2028',
  '\ufeff',
  ']]>',
  EMPTY_SLOT,
);
const HOSTILE = fc
  .array(fc.oneof(PIECE, fc.string({ unit: 'grapheme' })), { maxLength: 8 })
  .map((all) => all.join(''));

describe('evidence in its page', () => {
  test('is the same content, whatever is in the records', async () => {
    await fc.assert(
      fc.asyncProperty(HOSTILE, async (text) => {
        const log = new BuiltLog();
        const details = { text: text.replaceAll('\0', '') };
        await log.append([0, 1].map((seq) => entryOf(makeRecord(seq, seq === 1 ? { details } : {}))));
        const { text: json } = await evidenceOf(log, [1], {}, { by: text });
        const page = embedEvidence(PAGE, json);
        assert.equal(page.split('</script>').length, 2, 'nothing in it ends the element');
        const read = readEvidenceFile(utf8(page));
        assert.ok(read !== null);
        assert.equal(formatEvidence(parseEvidence(read.json)), json);
        assert.deepEqual(read.page, readEvidenceFile(embedEvidence(PAGE, ''))?.page);
        assertIntact((await verifyEvidenceFile(page)).report);
      }),
      { numRuns: isCi ? 200 : 30 },
    );
  });

  test('JSON is taken as it is', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(3), [1]);
    assert.deepEqual(readEvidenceFile(text), { json: text, page: null });
    assertIntact((await verifyEvidenceFile(utf8(text))).report);
  });

  test('what is around it decides the digest of the page', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(3), [1]);
    const own = readEvidenceFile(embedEvidence(PAGE, text))?.page;
    const changed = readEvidenceFile(embedEvidence(PAGE, text).replace('A page.', 'All good.'))?.page;
    assert.ok(own !== undefined && changed !== undefined && own !== changed);
  });

  test('a byte changed anywhere shows: in the digest of the page, or as evidence does', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(3), [1]);
    const good = utf8(embedEvidence(PAGE, text));
    const own = readEvidenceFile(good);
    await fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = good.slice();
        changed[at] = (changed[at] as number) ^ by;
        const read = readEvidenceFile(changed);
        assert.ok(read === null || read.page !== own?.page || read.json !== own?.json);
      }),
      { numRuns: runs(300) },
    );
  });

  test('pages that are none, or hold more than one could mean, are refused', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(3), [1]);
    const good = embedEvidence(PAGE, text);
    const files: readonly (string | Uint8Array)[] = [
      '<html></html>',
      PAGE.replace('id="evidence"', 'id="other"'),
      `${good}<script>alert(1)</script>`,
      `${good}\n`,
      good.replace('"format"', '</script><p>"format"'),
      good.replace('"format"', '<b>"format"'),
      Uint8Array.of(0x3c, 0xff, 0xfe),
      ' '.repeat(LIMITS.bytes + 5 * 1024 * 1024),
    ];
    for (const [i, file] of files.entries()) {
      assert.equal(readEvidenceFile(file), null, String(i));
      const { report } = await verifyEvidenceFile(file);
      assert.deepEqual(
        [report.verdict, findingsOf(report)[0]?.code],
        ['not-intact', 'bad-evidence'],
        String(i),
      );
    }
    // An empty page is one, and holds no evidence.
    const { report } = await verifyEvidenceFile(PAGE);
    assert.deepEqual([report.verdict, findingsOf(report)[0]?.code], ['not-intact', 'bad-evidence']);
    assert.throws(() => embedEvidence('<html></html>', text), TypeError);
  });
});
