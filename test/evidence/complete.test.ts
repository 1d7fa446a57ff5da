import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rangeOfTime, verifyEvidence } from '../../src/evidence/mod.ts';
import { BuiltLog, START } from '../verify/built-log.ts';
import {
  assertFound,
  assertIntact,
  completeOf,
  edited,
  evidenceOf,
  findingsOf,
  withContent,
} from './fixture.ts';

const COMPLETE = { complete: true };

describe('evidence of a range', () => {
  test('proves that nothing the query finds was left out, at every edge of a bundle', async () => {
    const log = await BuiltLog.build(600, 200);
    for (const [from, to] of [
      [0, 600],
      [0, 1],
      [255, 257],
      [256, 512],
      [599, 600],
    ] as const) {
      const { text } = await completeOf(log, [from, to], 'event:EVENT_3');
      const report = await verifyEvidence(text, COMPLETE);
      assertIntact(report, `${from} ${to}`);
      const matching = Array.from({ length: to - from }, (_, i) => from + i).filter((seq) => seq % 10 === 3);
      const { completeness, records } = report.logs[0] as (typeof report.logs)[0];
      assert.deepEqual(
        [completeness.verdict, completeness.found, completeness.undecided],
        ['complete', matching.length, 0],
      );
      assert.deepEqual(
        records.filter(({ isMatch }) => isMatch).map(({ seq }) => seq),
        matching,
      );
    }
  });

  test('names what is left out, what does not belong, and what is missing', async () => {
    const log = await BuiltLog.build(300, 100);
    const { text } = await completeOf(log, [100, 200], 'event:EVENT_3');
    const left = edited(text, ({ logs: [it] }) => it.matches.splice(2, 1));
    assertFound(await verifyEvidence(left), [['left-out', 123, 124]]);
    const more = edited(text, ({ logs: [it] }) => it.matches.splice(3, 0, 124));
    assertFound(await verifyEvidence(more), [['not-a-match', 124, 125]]);
    const wider = edited(text, ({ logs: [it] }) => (it.range.to = 250));
    assertFound(await verifyEvidence(wider), [['missing', 200, 250]]);
    const other = edited(text, (doc) => (doc.made.query = 'event:EVENT_4'));
    const codes = new Set(findingsOf(await verifyEvidence(other)).map(({ code }) => code));
    assert.deepEqual(codes, new Set(['left-out', 'not-a-match']));
    // Taken out with its proof, as somebody would who makes the file anew.
    const anew = await evidenceOf(
      log,
      [103, 113],
      {
        range: null,
      },
      { query: 'event:EVENT_3' },
    );
    const claimed = edited(anew.text, ({ logs: [it] }) => {
      it.range = { from: 100, to: 200, since: null, until: null };
    });
    assert.equal((await verifyEvidence(claimed)).verdict, 'not-intact');
  });

  test('that shows nothing and claims nothing, or claims no record, is refused', async () => {
    const log = await BuiltLog.build(30);
    const { text } = await completeOf(log, [10, 20], 'event:EVENT_3');
    const empty = edited(text, ({ logs: [it] }) => {
      it.matches = [];
      it.range = { from: 0, to: 0, since: null, until: null };
    });
    const none = edited(text, ({ logs: [it] }) => {
      it.matches = [];
      it.range = null;
    });
    for (const file of [empty, none]) assertFound(await verifyEvidence(file), [['bad-evidence', 0, 0]]);
    await assert.rejects(completeOf(log, [10, 10], ''), { code: 'EVIDENCE_REFUSED' });
    await assert.rejects(evidenceOf(log, []), { code: 'EVIDENCE_REFUSED' });
  });

  test('is demanded in vain of a file without one', async () => {
    const log = await BuiltLog.build(30);
    const { text } = await evidenceOf(log, [3, 13], {}, { query: 'event:EVENT_3' });
    assertIntact(await verifyEvidence(text));
    assertFound(await verifyEvidence(text, COMPLETE), [['not-complete', 0, 30]]);
  });

  test('is decided neither way where sealed content is not in the file', async () => {
    const log = await withContent();
    const { text } = await completeOf(log, [0, 300], '"content of 150"');
    const whole = await verifyEvidence(text, COMPLETE);
    assertIntact(whole);
    assert.deepEqual(
      [whole.logs[0]?.completeness.verdict, whole.logs[0]?.completeness.found],
      ['complete', 1],
    );
    const without = edited(text, ({ logs: [it] }) => {
      it.records[150].payloads = [];
      it.matches = [];
    });
    const open = await verifyEvidence(without);
    assertIntact(open);
    assert.equal(open.logs[0]?.completeness.verdict, 'undecided');
    assertFound(await verifyEvidence(without, COMPLETE), [['not-complete', 0, 300]]);
  });

  test('by time shows its edges', async () => {
    const log = await BuiltLog.build(300, 100);
    const [since, until] = [START + 100_000 - 500, START + 199_000];
    const range = await rangeOfTime(log, since, until);
    assert.deepEqual(range, { from: 100, to: 200, since, until });
    const { text } = await evidenceOf(log, null, { range }, { query: '' });
    assertIntact(await verifyEvidence(text, COMPLETE));
    const earlier = edited(text, ({ logs: [it] }) => {
      it.range.since = new Date(START + 90_000).toISOString();
    });
    assertFound(await verifyEvidence(earlier), [['not-complete', 100, 200]]);
  });

  test('by time names no end that nothing in the log shows', async () => {
    const log = await BuiltLog.build(300, 100);
    const far = START + 10_000_000;
    const all = await rangeOfTime(log, null, far);
    assert.deepEqual(all, { from: 0, to: 300, since: null, until: null });
    const none = await rangeOfTime(log, far, far + 10_000_000);
    assert.deepEqual(none, { from: 300, to: 300, since: far, until: null });
    for (const range of [all, none]) {
      const { text } = await evidenceOf(log, null, { range }, { query: '' });
      assertIntact(await verifyEvidence(text, COMPLETE));
    }
  });

  test('by time that goes on behind the newest checkpoint is not decided there: an older one could be shown', async () => {
    const until = START + 250_000;
    const older = await BuiltLog.build(200, 100);
    const range = { from: 100, to: 200, since: START + 100_000 - 500, until };
    const { text } = await evidenceOf(older, null, { range }, { query: 'event:EVENT_3' });
    const report = await verifyEvidence(text);
    assertIntact(report);
    const [it] = report.logs as [(typeof report.logs)[0]];
    assert.deepEqual([it.completeness.verdict, it.completeness.range?.until], ['undecided', null]);
    assert.match(it.notChecked.map(({ what }) => what).join(), /what the log took up to 20\d\d-/);
    assertFound(await verifyEvidence(text, COMPLETE), [['not-complete', 100, 200]]);
  });

  test('by time holds no record of another time, and does not end before it begins', async () => {
    const log = await BuiltLog.build(300, 100);
    const range = await rangeOfTime(log, START + 100_000 - 500, START + 199_000);
    const { text } = await evidenceOf(log, null, { range }, { query: '' });
    const moved = (name: 'since' | 'until', ms: number): string =>
      edited(text, ({ logs: [it] }) => {
        it.range[name] = new Date(ms).toISOString();
      });
    for (const file of [moved('since', START + 150_000), moved('until', START + 150_000)]) {
      for (const options of [{}, COMPLETE]) {
        assertFound(await verifyEvidence(file, options), [['not-complete', 100, 200]]);
      }
    }
    assertFound(await verifyEvidence(moved('since', START + 250_000)), [['bad-evidence', 0, 0]]);
  });

  test('by time can not be cut at the end that it names no time for', async () => {
    const log = await BuiltLog.build(300, 100);
    const cut = (text: string, [from, to]: readonly [number, number]): string =>
      edited(text, ({ logs: [it] }) => {
        Object.assign(it.range, { from, to });
        it.matches = it.matches.filter((seq: number) => seq >= from && seq < to);
      });
    const query = { query: 'event:EVENT_3' };
    const late = await rangeOfTime(log, START + 100_000, null);
    const { text: since } = await evidenceOf(log, null, { range: late }, query);
    assertIntact(await verifyEvidence(since, COMPLETE));
    for (const options of [{}, COMPLETE]) {
      const report = await verifyEvidence(cut(since, [late.from, 290]), options);
      assertFound(report, [['not-complete', late.from, 290]]);
    }
    const early = await rangeOfTime(log, null, START + 200_000);
    const { text: until } = await evidenceOf(log, null, { range: early }, query);
    assertIntact(await verifyEvidence(until, COMPLETE));
    assertFound(await verifyEvidence(cut(until, [10, early.to])), [['not-complete', 10, early.to]]);
    // Who takes its times away as well is left with a claim about numbers.
    const numbered = edited(cut(since, [late.from, 290]), ({ logs: [it] }) => {
      it.range.since = null;
    });
    assertIntact(await verifyEvidence(numbered, COMPLETE));
  });

  test('with other catalogs than it was made with accuses nobody of what those conclude', async () => {
    const log = await BuiltLog.build(30);
    const { text } = await completeOf(log, [0, 30], 'action:sign');
    const other = edited(text, (doc) => {
      doc.made.catalogs = '0123456789abcdef';
      doc.made.query = 'action:set-up';
    });
    const report = await verifyEvidence(other);
    assertIntact(report);
    assert.equal(report.logs[0]?.completeness.verdict, 'undecided');
    assertFound(await verifyEvidence(other, COMPLETE), [['not-complete', 0, 30]]);
    // What stands in the records themselves is the same with any catalog.
    const own = edited(text, (doc) => {
      doc.made.catalogs = '0123456789abcdef';
      doc.made.query = 'event:EVENT_3';
    });
    assertFound(await verifyEvidence(own), [
      ['left-out', 3, 4],
      ['left-out', 13, 14],
      ['left-out', 23, 24],
    ]);
  });
});
