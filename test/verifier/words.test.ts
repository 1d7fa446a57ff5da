import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rangeOfTime, verifyEvidence } from '../../src/evidence/mod.ts';
import { wordsOf } from '../../src/verifier/words.ts';
import { completeOf, edited, evidenceOf, withContent } from '../evidence/fixture.ts';
import { BuiltLog, START } from '../verify/built-log.ts';

test('a pass over no record is no pass in words, but where it is proven that there is none', async () => {
  const words = async (text: string): Promise<[string, string]> => {
    const { tone, headline } = wordsOf(await verifyEvidence(text));
    return [tone, headline];
  };
  const log = await BuiltLog.build(30);
  const { text } = await evidenceOf(log, [3, 13]);
  assert.deepEqual(await words(text), ['good', 'Verified: 2 records are as sealed']);
  const proven = 'Verified: the query finds nothing in the range';
  assert.deepEqual(await words((await completeOf(log, [0, 30], 'event:NONE')).text), ['good', proven]);
  const range = await rangeOfTime(log, START + 10_000_000, null);
  const later = await evidenceOf(log, null, { range }, { query: '' });
  assert.deepEqual(await words(later.text), ['good', proven]);
  const whole = await completeOf(await withContent(), [100, 200], '"content of 150"');
  const undecided = edited(whole.text, ({ logs: [it] }) => {
    it.matches = [];
    for (const record of it.records) record.payloads = [];
  });
  const open = 'No record is shown: whether the query finds any could not be told';
  assert.deepEqual(await words(undecided), ['open', open]);
  const [tone] = await words(text.replace('EVENT_3', 'EVENT_4'));
  assert.equal(tone, 'bad');
});
