import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AuditRecord } from '../../src/record/mod.ts';
import { AttemptCheck, type GuardedRecord } from '../../src/verify/attempts.ts';
import { type Report, verifyLog, verifyRange } from '../../src/verify/mod.ts';
import { BuiltLog, KEY, makeRecord, NODE, START, VKEY } from './built-log.ts';
import { assertIntact } from './expect.ts';

const DEEP = { keys: [VKEY], deep: true };
const SIZE = 600;

const attempt = (correlation: string): Partial<AuditRecord> => ({
  ...{ phase: 'attempt', outcome: 'void', correlation },
});
const outcome = (correlation: string, seq: number, node = NODE, why = 'attempt'): Partial<AuditRecord> => ({
  ...{ phase: 'outcome', correlation, refs: [{ node, seq, why }] },
});

/** Verifies a log in which some records were sealed as given. */
async function verified(records: Record<number, Partial<AuditRecord>>): Promise<Report> {
  const log = await BuiltLog.build(SIZE, 100, KEY, (seq) => makeRecord(seq, records[seq]));
  const report = await verifyLog(log, DEEP);
  assertIntact(report);
  return report;
}

const open = ({ attempts }: Report): unknown => attempts?.listed.map(({ seq }) => seq);

test('attempts without outcome are listed, in a list of their own, and accuse nobody', async () => {
  const report = await verified({
    3: attempt('a'),
    5: attempt('b'),
    250: attempt('c'),
    258: outcome('a', 3),
    599: attempt('d'),
    590: outcome('c', 250),
  });
  assert.deepEqual(report.attempts, {
    ...{ sealed: 4, open: 2, unfollowed: 0 },
    listed: [5, 599].map((seq) => ({ seq, logged: START + 1000 * seq })),
  });
  assert.equal(report.verdict, 'intact');
  assert.deepEqual(report.findings, []);
});

test('an outcome counts for the attempt it names, of its own source and correlation', async () => {
  const report = await verified({
    1: attempt('a'),
    2: outcome('b', 1),
    3: { ...outcome('a', 1), source: 'another' },
    4: outcome('a', 1, 'node-2'),
    5: outcome('a', 1, NODE, 'cause'),
    6: { correlation: 'a', refs: [{ node: NODE, seq: 1, why: 'attempt' }] },
    7: outcome('a', 8),
    8: attempt('a'),
    9: { phase: 'outcome', correlation: 'a' },
  });
  assert.deepEqual(open(report), [1, 8]);
});

test('two outcomes of one attempt, or of none, are no trouble', async () => {
  const report = await verified({
    1: attempt('a'),
    2: outcome('a', 1),
    3: outcome('a', 1),
    4: outcome('b', 9),
  });
  assert.deepEqual(report.attempts, { sealed: 1, open: 0, listed: [], unfollowed: 0 });
});

test('without reading the records, or of a part, nothing is said, and that is said', async () => {
  const log = await BuiltLog.build(SIZE, 100, KEY, (seq) => makeRecord(seq, seq === 7 ? attempt('a') : {}));
  const shallow = await verifyLog(log, { keys: [VKEY] });
  assert.equal(shallow.attempts, null);
  assert.ok(shallow.notChecked.some(({ why }) => why.includes('attempts without outcome')));
  const part = await verifyRange(log, 5, 20, DEEP);
  assert.equal(part.attempts, null);
  assert.ok(part.notChecked.some(({ what }) => what === 'attempts without outcome'));
});

test('in any order of operations, those are open that were not concluded', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (which) => {
      const check = new AttemptCheck();
      const running = new Map<number, GuardedRecord>();
      for (const [seq, operation] of which.entries()) {
        const begun = running.get(operation);
        const record = { seq, logged: seq, key: String(operation), attempt: begun?.seq ?? null };
        if (begun === undefined) running.set(operation, record);
        else running.delete(operation);
        check.add([record]);
      }
      const expected = [...running.values()].map(({ seq }) => seq).sort((a, b) => a - b);
      assert.deepEqual(
        check.result.listed.map(({ seq }) => seq),
        expected,
      );
    }),
  );
});

test('memory is bounded: what is beyond it is counted', () => {
  const check = new AttemptCheck();
  const records = Array.from({ length: 100_010 }, (_, seq) => ({ seq, logged: 0, key: 'k', attempt: null }));
  check.add(records);
  check.add([{ seq: 100_010, logged: 0, key: 'k', attempt: 0 }]);
  check.add([{ seq: 100_011, logged: 0, key: 'k', attempt: 100_005 }]);
  const { listed, ...counts } = check.result;
  assert.deepEqual(counts, { sealed: 100_010, open: 99_999, unfollowed: 10 });
  assert.equal(listed.length, 1_000);
  assert.equal(listed[0]?.seq, 1);
});
