import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { cosignCheckpoint, cosignerKeyFromSpki, parsePolicy } from '../../src/checkpoint/mod.ts';
import { seenLines } from '../../src/cli/evidence-text.ts';
import { toHex, utf8 } from '../../src/crypto/bytes.ts';
import { type CreatedEvidence, rangeOfTime, verifyEvidence, wholeRange } from '../../src/evidence/mod.ts';
import type { Timestamped } from '../../src/timestamps/mod.ts';
import { mlDsaSigner, testSigner } from '../checkpoint/signers.ts';
import { forge } from '../timestamps/support/forge.ts';
import { ca, type Holder, make, stamper } from '../timestamps/support/pki.ts';
import { BuiltLog, entryOf, KEY, makeRecord, START, VKEY } from '../verify/built-log.ts';
import { assertFound, assertIntact, edited, evidenceOf, findingsOf, sealedBy, vkey } from './fixture.ts';

const AUTHORITY = 'http://tsa.example/';

/** The log after 100, 200 and 300 records: its notes. */
interface Grown {
  readonly log: BuiltLog;
  readonly notes: readonly string[];
}

async function grown(): Promise<Grown> {
  const notes: string[] = [];
  for (const size of [100, 200, 300]) notes.push((await BuiltLog.build(size, 100)).note);
  return { log: await BuiltLog.build(300, 100), notes };
}

function textOf(note: string): string {
  return note.slice(0, note.indexOf('\n\n') + 1);
}

let root: Holder;
let signer: Holder;
let it: Grown;
before(async () => {
  root = await ca('Root');
  signer = await stamper('Stamps', root);
  it = await grown();
});

async function stamped(note: string): Promise<Timestamped> {
  const token = await forge({ signer, certificates: [root], data: utf8(textOf(note)) });
  const [, size = '', base64 = ''] = note.split('\n');
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return { size: Number(size), root: toHex(bytes), note, token, authority: AUTHORITY };
}

const NAMES = ['w1.example/a', 'w2.example/b'];
const WITNESSES = NAMES.map((name) => cosignerKeyFromSpki(name, 'ed25519', testSigner(name).publicKey).vkey);

async function cosigned(note: string, time: number, names = NAMES): Promise<{ size: number; note: string }> {
  const text = textOf(note);
  const lines = await Promise.all(names.map((name) => cosignCheckpoint(text, name, testSigner(name), time)));
  return { size: Number(note.split('\n')[1]), note: note + lines.join('') };
}

function policy(threshold: string): ReturnType<typeof parsePolicy> {
  return parsePolicy(policyText(threshold));
}

function policyText(threshold: string): string {
  const lines = WITNESSES.map((vkey, i) => `witness w${i + 1} ${vkey}\n`);
  return `log ${VKEY}\n${lines.join('')}group all2 ${threshold} w1 w2\nquorum all2\n`;
}

describe('time stamps', () => {
  test('bound the records that they cover, by a root that is given or by nobody known', async () => {
    const timestamps = [await stamped(it.notes[0] as string), await stamped(it.notes[2] as string)];
    const { text, evidence } = await evidenceOf(it.log, [50, 250], { timestamps });
    assert.deepEqual(
      evidence.logs[0]?.timestamps.map(({ size }) => size),
      [100, 300],
    );
    const open = await verifyEvidence(text);
    assertIntact(open);
    assert.deepEqual(
      open.logs[0]?.records.map(({ bound }) => [bound?.size, bound?.trust]),
      [
        [100, 'file'],
        [100, 'file'],
        [300, 'file'],
      ],
    );
    assert.ok(open.logs[0]?.notChecked.some(({ what }) => what === 'whom 2 time stamps come from'));
    const rooted = await verifyEvidence(text, { tsaRoots: [root.der] });
    assertIntact(rooted);
    assert.deepEqual(
      rooted.logs[0]?.records.map(({ bound }) => [bound?.size, bound?.trust, bound?.by]),
      [
        [100, 'given', 'CN=Stamps'],
        [100, 'given', 'CN=Stamps'],
        [300, 'given', 'CN=Stamps'],
      ],
    );
    const stranger = await verifyEvidence(text, { tsaRoots: [(await ca('Other')).der] });
    assertFound(stranger, [['not-dated', 0, 251]]);
    assert.equal(stranger.logs[0]?.records[1]?.bound, null);
  });

  test('that are asked for by their root have to be there; how far they reach is said', async () => {
    const roots = { tsaRoots: [root.der] };
    const without = await verifyEvidence((await evidenceOf(it.log, [50])).text, roots);
    assertFound(without, [['not-dated', 0, 51]]);
    const timestamps = [await stamped(it.notes[0] as string)];
    const behind = async (numbers: readonly number[]) => {
      const report = await verifyEvidence((await evidenceOf(it.log, numbers, { timestamps })).text, roots);
      assertIntact(report);
      return report.logs[0]?.notChecked.flatMap(({ what }) => (what.startsWith('by when') ? [what] : []));
    };
    assert.deepEqual(await behind([50, 99]), []);
    assert.deepEqual(await behind([50, 250]), ['by when records from 100 on existed']);
    const single = await evidenceOf(it.log, [50], { timestamps });
    const whom = (await verifyEvidence(single.text)).logs[0]?.notChecked.find(({ what }) =>
      /^whom/.test(what),
    );
    assert.equal(whom?.what, 'whom 1 time stamp comes from');
  });

  test('that are over something else, or changed, are named', async () => {
    const timestamps = [await stamped(it.notes[0] as string), await stamped(it.notes[2] as string)];
    const { text } = await evidenceOf(it.log, [50, 250], { timestamps });
    const moved = edited(text, ({ logs: [log] }) => (log.timestamps[0].size = 300));
    assertFound(await verifyEvidence(moved), [['bad-timestamp', 0, 300]]);
    const changed = edited(text, ({ logs: [log] }) => {
      const bytes = Buffer.from(log.timestamps[1].token, 'base64');
      bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1;
      log.timestamps[1].token = bytes.toString('base64');
    });
    assertFound(await verifyEvidence(changed), [['bad-timestamp', 0, 300]]);
  });

  test('dated before a record says it was logged are told', async () => {
    const late = await BuiltLog.build(3, 3, KEY, (seq) => ({
      ...JSON.parse(JSON.stringify({ v: 1, node: 'node-1', seq, outcome: 'success', source: 'test' })),
      ...{ system: seq === 0 ? 'tallystick' : 'x', event: seq === 0 ? 'GENESIS' : 'E' },
      ...(seq === 0 ? { details: { key: VKEY, origin: 'test-0a1b2c3d/node-1', software: 'test' } } : {}),
      ...{ time: START, logged: Date.now() + 10_000_000 },
    }));
    const { text } = await evidenceOf(late, [2], { timestamps: [await stamped(late.note)] });
    const report = await verifyEvidence(text, { tsaRoots: [root.der] });
    assert.equal(report.verdict, 'intact');
    assert.deepEqual(new Set(findingsOf(report).map(({ code }) => code)), new Set(['clock-skew']));
  });

  test('that are kept and do not hold stay where they are', async () => {
    const good = await stamped(it.notes[2] as string);
    const bad = { ...good, token: good.token.slice(0, -1) };
    assert.equal(
      (await evidenceOf(it.log, [250], { timestamps: [bad] })).evidence.logs[0]?.timestamps.length,
      0,
    );
  });
});

describe('cosignatures', () => {
  test('count by the policy that is given, over what they cover', async () => {
    const seen = await cosigned(it.notes[1] as string, START / 1000 + 1_000);
    const more = { cosigned: [seen], witnesses: WITNESSES };
    const { text } = await evidenceOf(it.log, [150], more);
    const report = await verifyEvidence(text, { policy: policy('all') });
    assertIntact(report);
    assert.deepEqual(
      report.logs[0]?.records.map(({ bound }) => [bound?.size, bound?.by, bound?.trust]),
      [
        [200, 'w1, w2', 'given'],
        [200, 'w1, w2', 'given'],
      ],
    );
    assert.equal(report.logs[0]?.trust, 'given-key');
    // A record behind what they have seen.
    const { text: beyond } = await evidenceOf(it.log, [150, 250], more);
    assertFound(await verifyEvidence(beyond, { policy: policy('all') }), [['no-quorum', 200, 251]]);
  });

  test('are demanded over every record that is there for more than the keys, whatever is called a match', async () => {
    const { text } = await evidenceOf(it.log, [150, 250], { witnesses: WITNESSES });
    const emptied = edited(text, (doc) => {
      doc.made.query = 'event:NONE';
      doc.logs[0].matches = [0];
    });
    const without = edited(text, ({ logs: [log] }) => {
      log.matches = [0];
      log.range = { from: 0, to: 1, since: null, until: null };
    });
    for (const file of [emptied, without]) {
      const found = findingsOf(await verifyEvidence(file, { policy: policy('any') }));
      assert.ok(found.some(({ code, from, to }) => code === 'no-quorum' && from === 0 && to === 251));
    }
    const first = await evidenceOf(it.log, [0], { witnesses: WITNESSES });
    assertFound(await verifyEvidence(first.text, { policy: policy('any') }), [['no-quorum', 0, 1]]);
  });

  test('are demanded over the record that shows that the time of a range was over', async () => {
    const seen = await cosigned(it.notes[1] as string, START / 1000 + 1_000);
    for (const [end, expected] of [
      [198, []],
      [199, [['no-quorum', 200, 201]]],
    ] as const) {
      const range = await rangeOfTime(it.log, START + 150_000, START + end * 1_000);
      const timed = await evidenceOf(it.log, null, { range, cosigned: [seen] }, { query: '' });
      assert.deepEqual([range.to, timed.evidence.logs[0]?.records.at(-1)?.seq], [end + 1, end + 1]);
      assertFound(await verifyEvidence(timed.text, { policy: policy('all'), complete: true }), expected);
    }
  });

  test('are reached by evidence of a whole log, though each seals a record behind itself', async () => {
    const log = await BuiltLog.build(300, 100);
    const seen = await cosigned(log.note, START / 1000 + 1_000);
    const add = async (event: string): Promise<void> => {
      const own = { system: 'tallystick', source: 'tallystick' };
      await log.append([entryOf(makeRecord(log.size, { ...own, event }))]);
    };
    const sizes = [await cosigned(it.notes[0] as string, 1), seen];
    const more = { cosigned: [seen], witnesses: WITNESSES };
    const whole = async () => wholeRange(log, sizes);
    assert.deepEqual(await whole(), { from: 0, to: 300, since: null, until: null });
    await add('AUDIT_LOG_SIGNING');
    await add('AUDIT_LOG_SIGNING');
    const range = await whole();
    assert.equal(range.to, 300);
    const { evidence, text, report } = await evidenceOf(log, null, { range, ...more }, { query: '' });
    const { logs } = await verifyEvidence(text, { policy: policy('all'), complete: true });
    assert.deepEqual([logs[0]?.verdict, logs[0]?.completeness.verdict], ['intact', 'complete']);
    assert.deepEqual(seenLines({ evidence, report }, true), [
      '  of node-1 it ends where w1.example/a and w2.example/b have cosigned: the 2 records behind say no more than that something was cosigned or dated',
    ]);
    // Nothing else is left out of the whole.
    await add('AUDIT_LOG_SHUTDOWN');
    assert.equal((await whole()).to, 303);
    assert.equal((await wholeRange(log, [])).to, 303);
    const later = await evidenceOf(log, null, { range: await whole(), ...more }, { query: '' });
    assertFound(await verifyEvidence(later.text, { policy: policy('all') }), [['no-quorum', 300, 303]]);
    assert.deepEqual(seenLines(later, true), [
      '  records 300 to 302 of node-1 are under no cosigned checkpoint yet: a policy that demands witnesses refuses this; ask them first (witness ask), or name less',
    ]);
  });

  test('of several go along so that a quorum is reached, though one of them is away', async () => {
    const [first, both, alone] = [
      await cosigned(it.notes[0] as string, START / 1000 + 1_000),
      await cosigned(it.notes[1] as string, START / 1000 + 1_000),
      await cosigned(it.notes[2] as string, START / 1000 + 1_000, [NAMES[0] as string]),
    ];
    const more = { cosigned: [first, both, alone], witnesses: WITNESSES };
    const whole = await evidenceOf(
      it.log,
      null,
      { range: await wholeRange(it.log, more.cosigned), ...more },
      { query: '' },
    );
    // The first is surpassed by the second; the third is not over less.
    assert.deepEqual(sizesIn(whole), [200, 300]);
    assertFound(await verifyEvidence(whole.text, { policy: policy('all') }), [['no-quorum', 200, 300]]);
    assertIntact(await verifyEvidence(whole.text, { policy: policy('any') }));
    assert.deepEqual(seenLines(whole, true), [
      '  no checkpoint of node-1 over all of this is cosigned by w2.example/b besides w1.example/a: a policy that demands so many refuses this; ask them first (witness ask), or name less',
    ]);
    const part = await evidenceOf(it.log, [150], more);
    assertIntact(await verifyEvidence(part.text, { policy: policy('all') }));
    assert.deepEqual(seenLines(part, false), []);
  });

  test('of one that was asked again alone end a whole log no later than those of all', async () => {
    const log = await BuiltLog.build(300, 100);
    const own = { system: 'tallystick', source: 'tallystick', event: 'AUDIT_LOG_SIGNING' };
    const add = () => log.append([entryOf(makeRecord(log.size, own))]);
    const [both, alone] = [NAMES, NAMES.slice(1)];
    const seen = [await cosigned(log.note, START / 1000 + 1_000, both)];
    await add();
    await add();
    seen.push(await cosigned(log.note, START / 1000 + 2_000, alone));
    await add();
    const more = { cosigned: seen, witnesses: WITNESSES };
    const range = await wholeRange(log, seen);
    assert.equal(range.to, 300);
    const made = await evidenceOf(log, null, { range, ...more }, { query: '' });
    const { logs, verdict } = await verifyEvidence(made.text, { policy: policy('all'), complete: true });
    assert.deepEqual([verdict, logs[0]?.completeness.verdict], ['intact', 'complete']);
    assert.deepEqual(seenLines(made, true), [
      '  of node-1 it ends where w1.example/a and w2.example/b have cosigned: the 3 records behind say no more than that something was cosigned or dated',
    ]);
    // Of those who have cosigned the same it ends with the newest.
    assert.equal(
      (await wholeRange(log, [await cosigned(it.notes[2] as string, 1, alone), ...seen.slice(1)])).to,
      302,
    );
  });

  test('of more than can go along leave none out that a policy may need', async () => {
    const log = await BuiltLog.build(60, 1);
    const notes = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => (await BuiltLog.build(i + 1, 1)).note),
    );
    const seen = await Promise.all(
      notes.map((note, i) => cosigned(note, START / 1000 + 1_000, i === 30 ? NAMES : NAMES.slice(0, 1))),
    );
    const made = await evidenceOf(log, [5], { cosigned: seen, witnesses: WITNESSES });
    assert.ok(sizesIn(made).includes(31) && sizesIn(made).length < 25);
    assertIntact(await verifyEvidence(made.text, { policy: policy('all') }));
  });

  test('without a policy stand on the keys that the file names, and say so', async () => {
    const seen = await cosigned(it.notes[2] as string, START / 1000 + 1_000);
    const { text } = await evidenceOf(it.log, [150], { cosigned: [seen], witnesses: WITNESSES });
    const report = await verifyEvidence(text);
    assertIntact(report);
    assert.equal(report.logs[0]?.checked.cosignatures, 2);
    assert.deepEqual(report.logs[0]?.records[1]?.bound?.trust, 'file');
    assert.ok(report.logs[0]?.notChecked.some(({ what }) => what.startsWith('who made 2 cosignatures')));
    const nameless = edited(text, ({ logs: [log] }) => (log.witnesses = []));
    assertFound(await verifyEvidence(nameless), [['foreign-signature', 0, 300]]);
  });

  test('one of two is no quorum of both, and a changed one is named', async () => {
    const seen = await cosigned(it.notes[2] as string, START / 1000 + 1_000, [NAMES[0] as string]);
    const { text } = await evidenceOf(it.log, [150], { cosigned: [seen], witnesses: WITNESSES });
    assertIntact(await verifyEvidence(text, { policy: policy('any') }));
    assertFound(await verifyEvidence(text, { policy: policy('all') }), [['no-quorum', 0, 151]]);
    // A pin remembers whom to demand.
    const pinned = (threshold: string) => ({ ...it.log.pin(), policy: policyText(threshold) });
    assertIntact(await verifyEvidence(text, { pins: [pinned('any')] }));
    assertFound(await verifyEvidence(text, { pins: [pinned('all')] }), [['no-quorum', 0, 151]]);
    const changed = edited(text, ({ logs: [log] }) => {
      log.checkpoint = log.checkpoint.replace(
        /(w1\.example\/a \S{20})(.)/,
        (_: string, a: string, b: string) => `${a}${b === 'A' ? 'B' : 'A'}`,
      );
    });
    const codes = findingsOf(await verifyEvidence(changed, { policy: policy('any') })).map(
      ({ code }) => code,
    );
    assert.deepEqual(codes.sort(), ['bad-signature', 'no-quorum']);
  });

  test('of another tree under the same name keep evidence from being made', async () => {
    const other = await BuiltLog.build(200, 100, testSigner('other'));
    const seen = { size: 200, note: other.note.replace(/\n\S+\n\n/, `\n${btoa('x'.repeat(32))}\n\n`) };
    await assert.rejects(evidenceOf(it.log, [150], { cosigned: [seen] }), { code: 'EVIDENCE_REFUSED' });
  });
});

/** Sizes of the checkpoints that evidence of one log has. */
function sizesIn({ evidence }: CreatedEvidence): number[] {
  const [log] = evidence.logs;
  const notes = [...(log?.checkpoints ?? []).map(({ checkpoint }) => checkpoint), log?.checkpoint ?? ''];
  return notes.map((note) => Number(note.split('\n')[1]));
}

describe('certificates of the sealing key', () => {
  test('are shown when they are its own, each signed by the next', async () => {
    const issuer = await ca('Issuer');
    const own = await make('ca1 sealing', issuer, { of: KEY.publicKey });
    const { text } = await evidenceOf(it.log, [5], { certificates: [own.der, issuer.der] });
    const report = await verifyEvidence(text);
    assertIntact(report);
    assert.deepEqual(
      report.logs[0]?.certificates.map(({ subject }) => subject),
      ['CN=ca1 sealing', 'CN=Issuer'],
    );
    for (const [at, i] of [
      [100, 0],
      [60, 1],
      [own.der.length - 5, 0],
    ] as const) {
      const changed = edited(text, ({ logs: [log] }) => {
        const bytes = Buffer.from(log.certificates[i], 'base64');
        bytes[at] = (bytes[at] as number) ^ 1;
        log.certificates[i] = bytes.toString('base64');
      });
      const codes = new Set(findingsOf(await verifyEvidence(changed)).map(({ code }) => code));
      assert.deepEqual(codes, new Set(['bad-certificate']), `${at} of ${i}`);
    }
    const foreign = await make('other', issuer, {});
    await assert.rejects(evidenceOf(it.log, [5], { certificates: [foreign.der] }), {
      code: 'EVIDENCE_REFUSED',
      message: /bad-certificate/,
    });
  });
});

test('a log that is sealed with ML-DSA-44 too says so', async () => {
  const quantum = mlDsaSigner('pq');
  const log = await sealedBy([{ records: 4, by: [KEY, quantum] }], [KEY, quantum]);
  const { text } = await evidenceOf(log, [2]);
  const report = await verifyEvidence(text, { keys: [vkey(KEY), vkey(quantum)] });
  assertIntact(report);
  assert.equal(report.logs[0]?.keys.length, 2);
});
