import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Phase } from '../../src/log/phase.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { checkLog } from './check.ts';
import { draft, NODE, openBench, rejects, SOURCE } from './fixture.ts';

const REF = { node: NODE, seq: 1, why: 'attempt' };
const attempt = (more: Partial<RecordDraft> = {}): RecordDraft =>
  draft({ outcome: 'void', correlation: 'c', ...more });
const outcome = (more: Partial<RecordDraft> = {}): RecordDraft =>
  draft({ outcome: 'success', correlation: 'c', refs: [REF], ...more });

describe('the phase of a guarded operation', () => {
  test('is sealed with the record, by the log', async () => {
    const { log, store } = await openBench();
    await log.append([attempt()], { ...SOURCE, phase: 'attempt' });
    const refs = [{ node: 'elsewhere', seq: 7, why: 'cause' }, REF];
    await log.append([outcome({ outcome: 'failure', reason: 'no', refs })], { ...SOURCE, phase: 'outcome' });
    await log.append([draft()], SOURCE);
    const { records } = await checkLog(store, NODE, log.vkey);
    assert.deepEqual(
      records.map((record) => record.phase),
      [undefined, 'attempt', 'outcome', undefined],
    );
    assert.deepEqual(records[2]?.refs, refs);
  });

  test('holds its record to rules, and what breaks them is not in the log', async () => {
    const { log } = await openBench();
    await log.append([attempt()], { ...SOURCE, phase: 'attempt' });
    const refused: [Phase, RecordDraft, string][] = [
      ['attempt', draft({ outcome: 'void' }), 'correlation'],
      ['attempt', attempt({ outcome: 'success' }), 'outcome'],
      ['outcome', draft({ refs: [REF] }), 'correlation'],
      ['outcome', outcome({ outcome: 'void' }), 'outcome'],
      ['outcome', draft({ correlation: 'c' }), 'refs'],
      ['outcome', outcome({ refs: [{ ...REF, why: 'cause' }] }), 'refs'],
      ['outcome', outcome({ refs: [{ ...REF, node: 'elsewhere' }] }), 'refs'],
      ['outcome', outcome({ refs: [{ ...REF, seq: 2 }] }), 'refs'],
      ['outcome', outcome({ refs: [REF, REF] }), 'refs'],
    ];
    for (const [phase, record, path] of refused) {
      const error = await rejects(log.append([record], { ...SOURCE, phase }), 'RECORD_INVALID');
      assert.equal(error.context.path, path);
    }
    assert.equal(log.head.size, 2);
  });

  test('is part of what an id stands for', async () => {
    const { log } = await openBench();
    const record = attempt({ id: 'once' });
    const [first] = await log.append([record], { ...SOURCE, phase: 'attempt' });
    const [again] = await log.append([record], { ...SOURCE, phase: 'attempt' });
    assert.deepEqual([again?.seq, again?.duplicate], [first?.seq, true]);
    await rejects(log.append([record], SOURCE), 'ID_REUSED');
  });
});
