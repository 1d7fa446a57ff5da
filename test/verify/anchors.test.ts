import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { checkpointBody, signCheckpoint, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { leafHash, Tree } from '../../src/merkle/mod.ts';
import { verifyLog } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, forged, KEY, makeRecord, ORIGIN, setHash, VKEY } from './built-log.ts';
import { assertFound, assertIntact, type Brief, only } from './expect.ts';

const KEYS = { keys: [VKEY] };
const OTHER = testSigner('somebody else');
/** A SubjectPublicKeyInfo of the right form whose point is not on the curve. */
const P256_SPKI = new Uint8Array(
  Buffer.from(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${'ff'.repeat(64)}`, 'hex'),
);
let log: BuiltLog;
/** The same log when it had 300 records. */
let older: BuiltLog;

before(async () => {
  older = await BuiltLog.build(300);
  log = await BuiltLog.build(600);
});

/** The log with records changed and everything rebuilt over them but the signatures. */
async function rewritten(seq: number): Promise<BuiltLog> {
  const copy = log.copy();
  const built = await BuiltLog.build(600, 100, KEY, (s) =>
    makeRecord(s, s === seq ? { event: 'FORGED' } : {}),
  );
  copy.stored = built.stored;
  copy.hashes = built.hashes;
  return copy;
}

test('three greens: by a pinned key, by a given key, by the key of the log itself', async () => {
  const trust = async (options: Parameters<typeof verifyLog>[1]) => {
    const report = await verifyLog(log, options);
    assertIntact(report);
    return [report.trust, report.notChecked.map((n) => n.what)];
  };
  const rest = ['what is in the records', 'the search index'];
  assert.deepEqual(await trust({ pin: log.pin() }), ['pinned-key', rest]);
  assert.deepEqual(await trust(KEYS), ['given-key', ['an outside anchor', ...rest]]);
  assert.deepEqual(await trust({}), ['log-key', ['whose key it is', 'an outside anchor', ...rest]]);
});

test('everything rewritten without the key: the records between two signed checkpoints are named', async () => {
  for (const [seq, from, to] of [
    [0, 0, 100],
    [99, 0, 100],
    [100, 100, 200],
    [255, 200, 300],
    [256, 200, 300],
    [599, 500, 600],
  ] as const) {
    const report = await verifyLog(await rewritten(seq), KEYS);
    const ends: Brief[] = to < 600 ? [['coverage-ends', to, 600]] : [];
    assertFound(report, [['altered', from, to], ...ends], `record ${seq}`);
    assert.equal(report.checked.records, from);
  }
});

test('everything rewritten with the key: only what was remembered outside shows it', async () => {
  const forgery = await BuiltLog.build(600, 100, KEY, (s) =>
    makeRecord(s, s === 300 ? { event: 'FORGED' } : {}),
  );
  assertIntact(await verifyLog(forgery, KEYS));
  for (const [anchor, from] of [
    [older, null],
    [log, 0],
  ] as const) {
    const report = await verifyLog(forgery, { pin: anchor.pin() });
    if (from === null) {
      assertIntact(report, 'the pin is older than the change');
      continue;
    }
    const finding = only(report, 'split-view');
    assert.deepEqual(
      [finding.size, finding.expected, finding.actual],
      [600, toHex(log.root), toHex(forgery.root)],
    );
    assert.deepEqual(finding.notes, [log.note, forgery.note]);
    assert.equal(report.verdict, 'not-intact');
  }
});

test('a split view is found wherever the pin is, and as soon as records differ below it', async () => {
  const forgery = await BuiltLog.build(600, 100, KEY, (s) =>
    makeRecord(s, s === 10 ? { event: 'FORGED' } : {}),
  );
  for (const size of [1, 10, 11, 255, 256, 257, 300, 599, 600]) {
    const anchor = (await BuiltLog.build(size)).pin();
    const report = await verifyLog(forgery, { pin: anchor });
    const below =
      forgery.kept
        .map((c) => c.size)
        .filter((s) => s < size)
        .at(-1) ?? 0;
    if (size <= 10) assertIntact(report);
    else assertFound(report, [['split-view', below, size]], `pin at ${size}`);
  }
});

test('an older genuine head is a rollback; without anything outside it looks whole', async () => {
  assertIntact(await verifyLog(older, KEYS));
  const report = await verifyLog(older, { pin: log.pin() });
  assertFound(report, [['rolled-back', 300, 600]]);
  const finding = only(report, 'rolled-back');
  assert.deepEqual(finding.notes, [log.note, older.note]);
  assert.equal(finding.size, 600);
});

test('an older head put back while a newer checkpoint still stands is a rollback by itself', async () => {
  const back = older.copy();
  back.kept = log.kept;
  const report = await verifyLog(back, KEYS);
  assertFound(report, [['rolled-back', 300, 600]]);
  assert.deepEqual(only(report, 'rolled-back').notes, [log.note, older.note]);
  // One that nobody signed proves nothing.
  back.kept = [...older.kept, { size: 700, root: log.root, signatures: log.signatures }];
  assertIntact(await verifyLog(back, KEYS));
});

test('a log whose first record names no usable key is not believed without one', async () => {
  const named = (key: unknown) =>
    BuiltLog.build(3, 3, KEY, (seq) => makeRecord(seq, seq === 0 ? { details: { key: key as string } } : {}));
  const offCurve = vkeyFromSpki(ORIGIN, 'ecdsa-p256', P256_SPKI);
  for (const key of ['nonsense', 7, null, offCurve]) {
    const report = await verifyLog(await named(key), {});
    assertFound(report, [['unknown-key', 0, 3]]);
    assert.equal(report.trust, 'none');
    assert.ok(report.notChecked.some((n) => n.what === 'signatures'));
    assertIntact(await verifyLog(await named(key), KEYS));
  }
});

test('a rollback that went on with other records is a split view', async () => {
  const branch = older.copy();
  await branch.append(Array.from({ length: 400 }, (_, i) => forged(300 + i)));
  assertFound(await verifyLog(branch, { pin: log.pin() }), [['split-view', 300, 600]]);
  assertIntact(await verifyLog(branch, { pin: older.pin() }));
});

test('a cut tail under the old head is missing; with the head cut too it is truncated or rolled back', async () => {
  for (const cut of [599, 512, 511, 300, 256, 1]) {
    const short = log.copy();
    const full = Math.floor(cut / 256);
    for (const index of [0, 1, 2]) if (index * 256 >= cut) short.stored.delete(index);
    if (cut % 256 !== 0) short.bundle(cut).splice(cut % 256);
    assertFound(await verifyLog(short, KEYS), [['missing', cut, 600]], `hash tiles left, cut at ${cut}`);

    for (let index = full + 1; index < 3; index++) short.hashes.delete(`0/${index}`);
    if (cut % 256 === 0) short.hashes.delete(`0/${full}`);
    else short.hashes.set(`0/${full}`, short.tile(0, full).slice(0, 32 * (cut % 256)));
    const proven = Math.floor(cut / 100) * 100;
    const missing: Brief = ['missing', cut, 600];
    const ends: Brief = ['coverage-ends', proven, 600];
    const report = await verifyLog(short, KEYS);
    assertFound(report, proven === cut ? [missing, ends] : [ends, missing], `all cut at ${cut}`);
    assert.equal(report.checked.records, proven);
  }
});

test('a head moved back without the key is not signed, and behind the pin it is truncated', async () => {
  const short = log.copy();
  short.size = 550;
  const found: Brief[] = [
    ['bad-signature', 0, 550],
    ['coverage-ends', 500, 550],
  ];
  assertFound(await verifyLog(short, KEYS), [...found, ['truncated', 550, 600]], 'by the kept checkpoint');
  short.kept.pop();
  assertFound(await verifyLog(short, KEYS), found);
  const report = await verifyLog(short, { pin: log.pin() });
  assertFound(report, [...found, ['truncated', 550, 600]], 'by the pin');
  assert.equal(report.trust, 'none');
  assert.equal(report.checked.records, 500);
});

test('a log that is gone is truncated to nothing', async () => {
  const gone = new BuiltLog();
  const report = await verifyLog(gone, { pin: log.pin() });
  assertFound(report, [['truncated', 0, 600]]);
  const empty = await verifyLog(gone, KEYS);
  assertIntact(empty);
  assert.deepEqual([empty.origin, empty.size, empty.root], [null, 0, null]);
  assert.deepEqual(
    empty.notChecked.map((n) => n.what),
    ['everything'],
  );
});

test('another key, another log', async () => {
  const foreign = await BuiltLog.build(300, 100, OTHER);
  assertFound(await verifyLog(foreign, KEYS), [['unknown-key', 0, 300]]);
  assertFound(await verifyLog(foreign, { pin: older.pin() }), [['unknown-key', 0, 300]]);

  // Sealed with the right key, but for another origin, and its lines relabelled.
  const twin = new BuiltLog();
  twin.origin = 'test-0a1b2c3d/node-2';
  await twin.append([forged(0)]);
  const relabel = (line: string) => line.replace(/— \S+/, `— ${ORIGIN}`);
  const id = (origin: string) => vkeyFromSpki(origin, 'ed25519', KEY.publicKey);
  assertFound(await verifyLog(twin, KEYS), [['unknown-key', 0, 1]]);
  const signature = (
    await KEY.sign(new TextEncoder().encode(checkpointBody(twin.origin, 1, twin.root)))
  ).slice();
  const keyId = Buffer.from(id(ORIGIN).split('+')[1] as string, 'hex');
  twin.signatures = relabel(`— x ${Buffer.concat([keyId, signature]).toString('base64')}\n`);
  assertFound(await verifyLog(twin, KEYS), [['unknown-key', 0, 1]]);
  const report = await verifyLog(twin, { keys: [id(twin.origin)], pin: log.pin() });
  assert.ok(report.findings.some((f) => f.code === 'other-log'));
});

test('lines of a stranger beside the good one are noticed, no more', async () => {
  const cosigned = log.copy();
  const body = checkpointBody(ORIGIN, 600, log.root);
  cosigned.signatures += await signCheckpoint(body, 'witness.example', OTHER);
  const report = await verifyLog(cosigned, KEYS);
  assertFound(report, [['foreign-signature', 0, 600]]);
  assert.equal(report.verdict, 'intact');
});

test('a changed signature, root or size of the head is not signed; the rest of the log is still checked', async () => {
  const changes: ((log: BuiltLog) => void)[] = [
    (l) => {
      l.signatures = older.signatures;
    },
    (l) => {
      l.signatures = l.signatures.replace(/.{4}\n$/, 'AAA=\n');
    },
    (l) => {
      l.root = older.root;
    },
  ];
  for (const [i, change] of changes.entries()) {
    const changed = log.copy();
    change(changed);
    changed.kept.pop();
    changed.bundle(300)[44] = forged(300);
    const report = await verifyLog(changed, KEYS);
    const ends: Brief[] = i === 2 ? [['coverage-ends', 500, 600]] : [];
    assertFound(report, [['bad-signature', 0, 600], ['altered', 300, 301], ...ends], `change ${i}`);
    assert.equal(report.trust, 'none');
  }
  for (const signatures of ['', 'nonsense', '\n', '— a b\n']) {
    const changed = log.copy();
    changed.signatures = signatures;
    assertFound(await verifyLog(changed, KEYS), [['bad-checkpoint', 0, 600]]);
  }
  for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) {
    const changed = log.copy();
    changed.size = size;
    assertFound(await verifyLog(changed, KEYS), [['bad-checkpoint', 0, 0]]);
  }
});

test('kept checkpoints: each edited one is named', async () => {
  for (const at of [0, 2, 4]) {
    const changed = log.copy();
    const { size, signatures } = changed.kept[at] as (typeof changed.kept)[0];
    const from = at * 100;
    changed.kept[at] = { size, root: leafHash(forged(at)), signatures };
    assertFound(await verifyLog(changed, KEYS), [['bad-signature', from, size]], 'another root');
    changed.kept[at] = { size: size + 1, root: (log.kept[at] as { root: Uint8Array }).root, signatures };
    assertFound(await verifyLog(changed, KEYS), [['bad-signature', from, size + 1]], 'another size');
    changed.kept[at] = { size: Number.NaN, root: log.root, signatures };
    assertFound(await verifyLog(changed, KEYS), [['bad-checkpoint', 0, 0]], 'no size');
  }
});

test('a kept checkpoint that the key signed over other records is a split view, reported once', async () => {
  const changed = log.copy();
  for (const at of [2, 3, 4]) {
    const tree = new Tree();
    const size = (at + 1) * 100;
    for (let seq = 0; seq < size; seq++) tree.append(leafHash(forged(seq)));
    const body = checkpointBody(ORIGIN, size, tree.root());
    changed.kept[at] = { size, root: tree.root(), signatures: await signCheckpoint(body, ORIGIN, KEY) };
  }
  const report = await verifyLog(changed, KEYS);
  assertFound(report, [['split-view', 200, 300]]);
  const finding = only(report, 'split-view');
  assert.equal(finding.notes.length, 2);
  assert.equal(report.checked.checkpoints, 3);
});

test('checkpoints by a stranger are noted once, not for each', async () => {
  const changed = log.copy();
  for (const at of [1, 2, 3]) {
    const { size, root } = changed.kept[at] as (typeof changed.kept)[0];
    const body = checkpointBody(ORIGIN, size, root);
    changed.kept[at] = { size, root, signatures: await signCheckpoint(body, ORIGIN, OTHER) };
  }
  assertFound(await verifyLog(changed, KEYS), [['unknown-key', 100, 200]]);
});

test('a record edited below the pin while hashes lie too is bounded by the checkpoints', async () => {
  const changed = await rewritten(300);
  setHash(changed.tile(0, 0), 7, leafHash(forged(7)));
  const report = await verifyLog(changed, { pin: older.pin() });
  assert.equal(report.verdict, 'not-intact');
  assert.ok(report.findings.some((f) => f.code === 'altered' && f.from <= 300 && f.to > 300));
});

test('bad options are thrown, not reported', async () => {
  await assert.rejects(verifyLog(log, { keys: ['nonsense'] }), { name: 'ProofError', code: 'KEY_INVALID' });
  const pin = { ...log.pin(), keys: [vkeyFromSpki(ORIGIN, 'ed25519', OTHER.publicKey)] };
  await assert.rejects(verifyLog(log, { pin }), { name: 'UsageError', code: 'PIN_INVALID' });
});
