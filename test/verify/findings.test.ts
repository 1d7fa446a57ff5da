import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings, MAX_FINDINGS } from '../../src/verify/findings.ts';

const notice = (seq: number) => ({
  ...({ code: 'clock-skew', from: seq, to: seq + 1 } as const),
  message: `record ${seq} is early`,
});
const failure = (seq: number) => ({
  ...({ code: 'altered', from: seq, to: seq + 1 } as const),
  message: `record ${seq} was changed`,
});

test('many notices hide no failure: they give way in the list, and the verdict is by all', () => {
  const findings = new Findings();
  for (let seq = 0; seq < 3 * MAX_FINDINGS; seq += 2) findings.add(notice(seq));
  findings.add(failure(1_001));
  findings.add(failure(1_003));
  const list = findings.list();
  assert.deepEqual(
    list.filter((each) => each.class === 'fail').map(({ from }) => from),
    [1_001, 1_003],
  );
  assert.equal(findings.verdict, 'not-intact');
  // The last one says how many are not listed.
  assert.equal(list.length, MAX_FINDINGS + 1);
});

test('of more failures than are listed the first are', () => {
  const findings = new Findings();
  for (let seq = 0; seq < 3 * MAX_FINDINGS; seq += 2) findings.add(failure(seq));
  assert.deepEqual(
    findings
      .list()
      .slice(0, 3)
      .map(({ from }) => from),
    [0, 2, 4],
  );
});
