import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { cosignCheckpoint, parsePolicy } from '../../src/checkpoint/mod.ts';
import { type EvidenceOptions, rangeOfTime, verifyEvidence } from '../../src/evidence/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { brief, type Doc, edited, evidenceOf } from '../evidence/fixture.ts';
import { BuiltLog, START, VKEY } from '../verify/built-log.ts';
import { WITNESS_KEY } from './anchors.ts';

/**
 * Every record of the file is as sealed, and whoever has it makes it claim less than it did: its matches and its range are no
 * record's, and nothing signs them. Tried with every anchor, demanded to be complete or not.
 */

const SIZE = 300;
/** What the witness has cosigned. */
const SEEN = 200;
const MATCHES = Array.from({ length: 30 }, (_, i) => 10 * i + 3);
const [FROM, TO] = [100, 250];

type Found = readonly (readonly [string, number, number])[];

interface Claim {
  readonly what: string;
  /** Times that the range of the honest file names. */
  readonly times: readonly [since: number | null, until: number | null];
  readonly edit: (log: Doc) => void;
  /** Beyond what is found of the file as it was. */
  readonly finds: (isWitness: boolean) => Found;
}

const [SINCE, UNTIL] = [START + FROM * 1000, START + (TO - 1) * 1000];
const always = (found: Found) => () => found;

/** The range becomes [from, to), and what it finds with it. */
function narrow(from: number, to: number, more: object = {}): (log: Doc) => void {
  return (log) => {
    Object.assign(log.range, { from, to, ...more });
    log.matches = MATCHES.filter((seq) => seq >= from && seq < to);
  };
}

const CLAIMS: readonly Claim[] = [
  {
    ...{ what: 'the end of a range that goes to the newest is cut', times: [SINCE, null] },
    ...{ edit: narrow(FROM, 280), finds: always([['not-complete', FROM, 280]]) },
  },
  {
    ...{ what: 'the beginning of a range that goes from the first is cut', times: [null, UNTIL] },
    ...{ edit: narrow(20, TO), finds: always([['not-complete', 20, TO]]) },
  },
  {
    ...{ what: 'the end of a range between two times is cut', times: [SINCE, UNTIL] },
    ...{ edit: narrow(FROM, TO - 20), finds: always([['not-complete', FROM, TO - 20]]) },
  },
  {
    ...{ what: 'a range between two times names its beginning no more', times: [SINCE, UNTIL] },
    ...{ edit: narrow(FROM, TO, { since: null }), finds: always([['not-complete', FROM, TO]]) },
  },
  {
    ...{ what: 'a range between two times is said to be of less time', times: [SINCE, UNTIL] },
    edit: narrow(FROM, TO, { until: new Date(UNTIL - 10_000).toISOString() }),
    finds: always([['not-complete', FROM, TO]]),
  },
  {
    ...{ what: 'a range between two times is said to go on to the end of the day', times: [SINCE, UNTIL] },
    edit: narrow(FROM, TO, { until: new Date(UNTIL + 86_400_000).toISOString() }),
    finds: always([['not-complete', FROM, TO]]),
  },
  {
    ...{ what: 'a match is taken away', times: [null, null] },
    edit: (log) => void log.matches.splice(4, 1),
    finds: always([['left-out', 43, 44]]),
  },
  {
    ...{ what: 'the matches are emptied', times: [null, null] },
    edit: (log) => void log.matches.splice(0),
    finds: always(MATCHES.map((seq) => ['left-out', seq, seq + 1] as const)),
  },
  {
    ...{ what: 'the matches are emptied, and the range is taken away', times: [null, null] },
    edit: (log) => Object.assign(log, { matches: [], range: null }),
    finds: always([['bad-evidence', 0, 0]]),
  },
  {
    ...{ what: 'the matches are emptied, and the range is of no record', times: [null, null] },
    edit: (log) => {
      log.matches = [];
      Object.assign(log.range, { from: 0, to: 0 });
    },
    finds: always([['bad-evidence', 0, 0]]),
  },
  {
    // It says less, and all that it says is so: but the records behind what witnesses have seen are still in it.
    ...{ what: 'the range is cut to what the witness has seen', times: [null, null] },
    ...{ edit: narrow(0, SEEN), finds: (isWitness) => (isWitness ? [['no-quorum', SEEN, SIZE]] : []) },
  },
];

describe('what evidence claims', () => {
  let log: BuiltLog;
  let cosigned: { size: number; note: string };
  let anchors: Readonly<Record<string, EvidenceOptions>>;
  before(async () => {
    log = await BuiltLog.build(SIZE, 100);
    const { note } = await BuiltLog.build(SEEN, 100);
    const body = note.slice(0, note.indexOf('\n\n') + 1);
    const line = await cosignCheckpoint(body, 'witness.example/1', testSigner('witness'), START);
    cosigned = { size: SEEN, note: note + line };
    const policy = parsePolicy(`log ${VKEY}\nwitness w ${WITNESS_KEY}\nquorum w\n`);
    anchors = { none: {}, key: { keys: [VKEY] }, pin: { pins: [log.pin()] }, witness: { policy } };
  });

  for (const { what, times, edit, finds } of CLAIMS) {
    test(what, async () => {
      const range = await rangeOfTime(log, ...times);
      const more = { range, cosigned: [cosigned], witnesses: [WITNESS_KEY] };
      const { text } = await evidenceOf(log, null, more, { query: 'event:EVENT_3' });
      const claimed = edited(text, ({ logs: [it] }) => edit(it));
      for (const [name, options] of Object.entries(anchors)) {
        const honest = await verifyEvidence(text, { ...options, complete: true });
        // That the newest records are under no cosignature is found in the honest file, too.
        const end = range.to + (range.until === null ? 0 : 1);
        const before = name === 'witness' ? [['no-quorum', SEEN, end]] : [];
        assert.deepEqual([brief(honest), honest.logs[0]?.completeness.verdict], [before, 'complete'], name);
        const found = finds(name === 'witness');
        for (const complete of [false, true]) {
          const report = await verifyEvidence(claimed, { ...options, complete });
          const all = brief(report);
          for (const each of found) {
            const isThere = all.some((other) => JSON.stringify(other) === JSON.stringify(each));
            assert.ok(isThere, `${name}: ${JSON.stringify(each)} is not in ${JSON.stringify(all)}`);
          }
          const isRight = found.length === 0 && name !== 'witness';
          assert.equal(report.verdict, isRight ? 'intact' : 'not-intact', name);
        }
      }
    });
  }
});
