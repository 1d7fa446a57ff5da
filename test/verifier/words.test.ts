import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogEvidenceReport, rangeOfTime, verifyEvidence } from '../../src/evidence/mod.ts';
import { trustWords, wordsOf } from '../../src/verifier/words.ts';
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

test('a pin that was compared with nothing is no pin that it stands on', async () => {
  const [log, fork] = [await BuiltLog.build(300, 100), await BuiltLog.build(300, 100)];
  const [early, newer] = [(await BuiltLog.build(120, 60)).pin(), (await BuiltLog.build(400, 100)).pin()];
  const { text } = await evidenceOf(fork, [250]);
  for (const pin of [early, newer]) {
    const report = await verifyEvidence(text, { pins: [pin] });
    const { tone, headline, notices } = wordsOf(report);
    assert.deepEqual([report.verdict, tone], ['not-compared', 'open']);
    assert.equal(headline, 'Signed by the keys of your pin; not compared with it: 1 record is as sealed');
    assert.deepEqual(
      notices.map(({ code }) => code),
      ['not-compared'],
    );
    assert.match(trustWords(report.logs[0] as LogEvidenceReport), /keys of your pin; it was NOT compared/);
  }
  const { text: proven } = await evidenceOf(log, [250], { pins: [early] });
  const report = await verifyEvidence(proven, { pins: [early] });
  assert.equal(wordsOf(report).tone, 'good');
  assert.match(trustWords(report.logs[0] as LogEvidenceReport), /stands on a pin/);
});

test('where no more findings are listed, the count says that there may be more', async () => {
  const log = await BuiltLog.build(300, 100);
  const { text } = await completeOf(log, [0, 300], '');
  const broken = edited(text, ({ logs: [it] }) => {
    for (const record of it.records) record.entry = record.entry.replace('EVENT_', 'OTHER_');
  });
  const { headline } = wordsOf(await verifyEvidence(broken));
  assert.match(headline, /^Not verified: 10\d or more things are wrong$/);
  const one = edited(text, ({ logs: [it] }) => {
    it.records[7].entry = it.records[7].entry.replace('EVENT_', 'OTHER_');
  });
  assert.equal(wordsOf(await verifyEvidence(one)).headline, 'Not verified: 1 thing is wrong');
});
