import { checkpointBody, formatPin, signCheckpoint } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { type EvidenceRange, formatEvidence, type LogEvidence } from '../../src/evidence/mod.ts';
import { makeConsistency, makeSharedInclusion } from '../../src/merkle/mod.ts';
import { ed25519, vkeyOf } from './keys.ts';
import { genesis, keyChange, ORIGIN, START, VectorLog } from './log.ts';

/** Files, and `expected.json`, which says what a verifier has to find in each. */
export async function evidenceVectors(): Promise<[string, string][]> {
  const [a, b, eve] = ['A', 'B', 'Eve'].map(ed25519) as [Signer, Signer, Signer];
  const log = new VectorLog();
  await log.seal(1, genesis([a]), [a]);
  await log.seal(259, {}, [a]);
  const pinned = log.notes.get(260) as string;
  await log.seal(1, keyChange([b], a), [a, b]);
  await log.seal(39, {}, [b]);
  const files: [string, string][] = [];
  const expected: unknown[] = [];
  const add = (name: string, text: string, verdict: string, findings: unknown, given: object = {}): void => {
    if (!files.some(([file]) => file === `evidence/${name}`)) files.push([`evidence/${name}`, text]);
    expected.push({ file: name, given, verdict, findings });
  };
  const good = await evidenceOf(log, [7, 255, 256, 299]);
  const goodText = formatEvidence({ made: MADE, logs: [good] });
  const pin = formatPin({
    origin: ORIGIN,
    keys: [vkeyOf(a, ORIGIN)],
    size: 260,
    root: toHex(log.tree.root(260)),
    checkpoint: pinned,
    savedAt: START,
  });
  const other = new VectorLog();
  await other.seal(1, genesis([a]), [a]);
  await other.seal(259, { event: 'OTHER' }, [a]);
  const otherPin = formatPin({
    origin: ORIGIN,
    keys: [vkeyOf(a, ORIGIN)],
    size: 260,
    root: toHex(other.tree.root(260)),
    checkpoint: other.notes.get(260) as string,
    savedAt: START,
  });
  add('good.json', goodText, 'intact', []);
  add('good.json', goodText, 'intact', [], { pin: 'pin.json' });
  add('good.json', goodText, 'intact', [], { key: vkeyOf(a, ORIGIN) });
  add('good.json', goodText, 'not-intact', [['split-view', 0, 260]], { pin: 'other-pin.json' });
  add(
    'good.json',
    goodText,
    'not-intact',
    [
      ['unknown-key', 0, 260],
      ['unknown-key', 0, 261],
      ['unknown-key', 0, 300],
    ],
    { key: vkeyOf(eve, ORIGIN) },
  );
  files.push(['evidence/pin.json', pin], ['evidence/other-pin.json', otherPin]);
  const query = { ...MADE, query: 'event:EVENT_3' };
  const range = { from: 250, to: 270, since: null, until: null };
  const all = Array.from({ length: 20 }, (_, i) => 250 + i);
  const whole = await evidenceOf(log, all, { matches: [253, 263], range, searched: 300 });
  add('complete.json', formatEvidence({ made: query, logs: [whole] }), 'intact', [], { complete: true });
  add('left-out.json', formatEvidence({ made: query, logs: [{ ...whole, matches: [253] }] }), 'not-intact', [
    ['left-out', 263, 264],
  ]);
  // Records 249 and 270 stand beside the range, and show by their times that it is all of its time.
  const timed = { ...range, since: START + 250_000, until: START + 269_000 };
  const beside = { matches: [253, 263], range: timed, searched: null };
  const ofTime = await evidenceOf(log, [249, ...all, 270], beside);
  const withRange = (given: Partial<EvidenceRange>): string => {
    const named = { ...timed, ...given };
    const matches = [253, 263].filter((seq) => seq >= named.from && seq < named.to);
    return formatEvidence({ made: query, logs: [{ ...ofTime, range: named, matches }] });
  };
  add('of-time.json', withRange({}), 'intact', [], { complete: true });
  for (const [name, given] of [
    ['of-time-cut.json', { to: 260 }],
    ['of-time-from-cut.json', { since: null }],
    ['of-time-to-cut.json', { until: null }],
    ['of-time-since-moved.json', { since: START + 255_000 }],
    ['of-time-until-moved.json', { until: START + 265_000 }],
  ] as const) {
    const { from, to } = { ...timed, ...given };
    add(name, withRange(given), 'not-intact', [['not-complete', from, to]]);
  }
  // The log ends with the range: that it took no more by then is shown by nothing.
  const end = { from: 260, to: 300, since: START + 260_000, until: START + 400_000 };
  const last = await evidenceOf(
    log,
    Array.from({ length: 41 }, (_, i) => 259 + i),
    { matches: [263, 273, 283, 293], range: end, searched: null },
  );
  const open = formatEvidence({ made: query, logs: [last] });
  add('of-time-open.json', open, 'intact', []);
  add('of-time-open.json', open, 'not-intact', [['not-complete', 260, 300]], { complete: true });
  const nothing = { ...range, from: 260, to: 260 };
  for (const [name, claims] of [
    ['no-record.json', { matches: [], range: nothing }],
    ['no-claim.json', { matches: [], range: null }],
  ] as const) {
    const text = formatEvidence({ made: query, logs: [{ ...whole, ...claims }] });
    add(name, text, 'not-intact', [['bad-evidence', 0, 0]]);
  }
  const changed = (edit: (entry: string) => string, seq: number): LogEvidence => ({
    ...good,
    records: good.records.map((each) => (each.seq === seq ? { ...each, entry: edit(each.entry) } : each)),
  });
  const bad = (name: string, evidence: LogEvidence, findings: unknown): void =>
    add(name, formatEvidence({ made: MADE, logs: [evidence] }), 'not-intact', findings);
  bad(
    'altered.json',
    changed((entry) => entry.replace('EVENT_7', 'EVENT_8'), 7),
    [['altered', 7, 8]],
  );
  bad('hash-changed.json', { ...good, hashes: good.hashes.slice(0, -1) }, [['bad-proof', 0, 300]]);
  bad('signature-changed.json', { ...good, checkpoint: flipped(good.checkpoint) }, [
    ['bad-signature', 0, 300],
  ]);
  bad('old-key.json', { ...good, checkpoint: await resigned(log, 300, a) }, [['unknown-key', 0, 300]]);
  add('not-evidence.json', goodText.replace('"more":false', '"more":false,"more":false'), 'not-intact', [
    ['bad-evidence', 0, 0],
  ]);
  files.push(['evidence/expected.json', `${JSON.stringify(expected, null, 2)}\n`]);
  return files;
}

const MADE = {
  ...{ at: START + 1_000_000, by: null, software: 'tallystick vectors', query: null as string | null },
  ...{ catalogs: '0000000000000000', more: false },
};

/** Records of a log with all that proves them, made from what the log is alone. */
async function evidenceOf(
  log: VectorLog,
  wanted: readonly number[],
  more: Partial<LogEvidence> = {},
): Promise<LogEvidence> {
  const size = log.entries.length;
  const changes = [260, 261];
  const seqs = [...new Set([0, 260, ...wanted])].sort((x, y) => x - y);
  const checkpoints = [];
  for (const each of changes) {
    checkpoints.push({
      checkpoint: log.notes.get(each) as string,
      consistency: await makeConsistency(each, size, log.tree.tile),
    });
  }
  return {
    ...{
      checkpoint: log.notes.get(size) as string,
      searched: null,
      matches: wanted,
      range: null,
      checkpoints,
    },
    records: seqs.map((seq) => ({ seq, entry: log.entries[seq] as string, payloads: [] })),
    hashes: await makeSharedInclusion(seqs, size, log.tree.tile),
    ...{ timestamps: [], witnesses: [], certificates: [] },
    ...more,
  };
}

function flipped(note: string): string {
  return note.replace(/(.)(.{8}=*\n)$/, (_, a, end) => `${a === 'A' ? 'B' : 'A'}${end}`);
}

async function resigned(log: VectorLog, size: number, by: Signer): Promise<string> {
  const body = checkpointBody(ORIGIN, size, log.tree.root(size));
  return `${body}\n${await signCheckpoint(body, ORIGIN, by)}`;
}
