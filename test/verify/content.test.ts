import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type IndexRow, indexRow } from '../../src/catalog/row.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { type AuditRecord, payloadDigest } from '../../src/record/mod.ts';
import {
  type DeepChecker,
  deepCheckBundle,
  type IndexSource,
  type SourcePayload,
  verifyLog,
} from '../../src/verify/mod.ts';
import { BuiltLog, entryOf, forged, KEY, makeRecord, NODE, START, VKEY } from './built-log.ts';
import { assertFound, assertIntact, only } from './expect.ts';

const KEYS = { keys: [VKEY] };
const DEEP = { keys: [VKEY], deep: true };
const SIZE = 600;

/** A log in which some records were sealed as given. */
function withRecords(records: Record<number, Partial<AuditRecord>>): Promise<BuiltLog> {
  return BuiltLog.build(SIZE, 100, KEY, (seq) => makeRecord(seq, records[seq]));
}

test('a record sealed under another number or node is named', async () => {
  const log = await withRecords({ 255: { seq: 254 }, 256: { node: 'node-2' }, 599: { seq: 600 } });
  assertIntact(await verifyLog(log, KEYS));
  const report = await verifyLog(log, DEEP);
  assertFound(report, [
    ['misnumbered', 255, 256],
    ['misnumbered', 256, 257],
    ['misnumbered', 599, 600],
  ]);
  assert.deepEqual(
    report.findings.map((f) => [f.expected, f.actual]),
    [
      [`${NODE} 255`, `${NODE} 254`],
      [`${NODE} 256`, 'node-2 256'],
      [`${NODE} 599`, `${NODE} 600`],
    ],
  );
});

test('a clock that went back is noticed, within a bundle and between two', async () => {
  const log = await withRecords({ 100: { logged: START }, 256: { logged: START + 1 } });
  const report = await verifyLog(log, DEEP);
  assertFound(report, [
    ['clock-skew', 100, 101],
    ['clock-skew', 256, 257],
  ]);
  assert.equal(report.verdict, 'intact');
});

test('bytes that were sealed but are no canonical record are named', async () => {
  const entries = Array.from({ length: SIZE }, (_, seq) => entryOf(makeRecord(seq)));
  entries[1] = utf8('not a record');
  entries[255] = utf8(` ${new TextDecoder().decode(entries[255])}`);
  entries[256] = Uint8Array.of(0xff);
  const log = new BuiltLog();
  await log.append(entries);
  assertIntact(await verifyLog(log, KEYS));
  assertFound(await verifyLog(log, DEEP), [
    ['not-canonical', 1, 2],
    ['not-canonical', 255, 256],
    ['not-canonical', 256, 257],
  ]);
});

test('records whose bytes are not the sealed ones are not read, and it is said so', async () => {
  const log = await BuiltLog.build(SIZE);
  log.bundle(300)[44] = forged(300);
  const report = await verifyLog(log, DEEP);
  assertFound(report, [['altered', 300, 301]]);
  assert.ok(report.notChecked.some((n) => n.what === 'what is in 256 records'));
});

test('bundles may be read elsewhere, several at a time; what they say comes in order', async () => {
  const log = await withRecords({ 100: { logged: START }, 256: { logged: START + 1 }, 511: { seq: 0 } });
  let underWay = 0;
  let most = 0;
  const checker: DeepChecker = {
    atOnce: 2,
    async check(...args) {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, args[1] === 0 ? 20 : 1));
      underWay--;
      return structuredClone(deepCheckBundle(...args));
    },
  };
  assert.deepEqual(
    (await verifyLog(log, { ...DEEP, checker })).findings,
    (await verifyLog(log, DEEP)).findings,
  );
  assert.equal(most, 2);
  const broken: DeepChecker = { atOnce: 2, check: () => Promise.reject(new Error('the thread ended')) };
  await assert.rejects(verifyLog(log, { ...DEEP, checker: broken }), /the thread ended/);
});

function payload(seq: number, text: string): SourcePayload {
  const salt = new Uint8Array(16).fill(7);
  const bytes = utf8(JSON.stringify(text));
  return { seq, digest: payloadDigest(salt, bytes), salt, bytes };
}

async function withPayloads(): Promise<BuiltLog> {
  const sealed = [5, 255, 256, 599].map((seq) => payload(seq, `reason of ${seq}`));
  const records = sealed.map(({ seq, digest, bytes }) => [
    seq,
    { reason: { payload: digest, bytes: (bytes as Uint8Array).length } },
  ]);
  const log = await withRecords(Object.fromEntries(records));
  log.sealedPayloads = sealed;
  return log;
}

test('payloads are checked with the records that refer to them, and without', async () => {
  const log = await withPayloads();
  for (const options of [KEYS, DEEP]) {
    const report = await verifyLog(log, options);
    assertIntact(report);
    assert.equal(report.checked.payloads, 4);
  }
});

test('each changed payload is named', async () => {
  for (const [i, seq] of [5, 255, 256, 599].entries()) {
    const sealed = (await withPayloads()).sealedPayloads[i] as SourcePayload;
    const changes: [SourcePayload, string][] = [
      [{ ...sealed, bytes: utf8('"forged"') }, 'payload-altered'],
      [{ ...sealed, salt: new Uint8Array(16) }, 'payload-altered'],
      [{ ...sealed, salt: new Uint8Array(0) }, 'payload-altered'],
      [{ ...sealed, bytes: null }, 'payload-unreadable'],
    ];
    for (const [changed, code] of changes) {
      const log = await withPayloads();
      log.sealedPayloads[i] = changed;
      for (const options of [KEYS, DEEP]) {
        const report = await verifyLog(log, options);
        assertFound(report, [[code, seq, seq + 1]]);
        assert.equal(report.checked.payloads, 3);
      }
    }
  }
});

test('a removed payload leaves the log intact and is counted; one nobody refers to is named', async () => {
  const log = await withPayloads();
  log.sealedPayloads.splice(1, 2);
  const report = await verifyLog(log, DEEP);
  assertIntact(report);
  assert.ok(report.notChecked.some((n) => n.what === '2 payloads'));
  log.sealedPayloads.splice(1, 0, payload(300, 'smuggled in'));
  assertFound(await verifyLog(log, DEEP), [['payload-foreign', 300, 301]]);
});

let log: BuiltLog;
let rows: IndexRow[];

before(async () => {
  log = await BuiltLog.build(SIZE);
  rows = Array.from({ length: SIZE }, (_, seq) => indexRow(makeRecord(seq)));
});

function index(rows: readonly IndexRow[], position: number = SIZE): IndexSource {
  return {
    position: async () => position,
    async *rows(node, from, to) {
      const wanted = rows.filter((r) => r.node === node && r.seq >= from && r.seq < to);
      for (let at = 0; at < wanted.length; at += 100) yield wanted.slice(at, at + 100);
    },
  };
}

test('an index that says what the log says', async () => {
  const report = await verifyLog(log, { ...KEYS, index: index(rows) });
  assertIntact(report);
  assert.equal(report.checked.rows, SIZE);
  assert.ok(report.notChecked.every((n) => !n.what.includes('index')));
});

test('order of flags and objects does not matter, their content does', async () => {
  const objects = [
    { kind: 'key', id: 'a' },
    { kind: 'key', id: 'b', name: 'B' },
  ];
  const flags = ['late', 'ambiguous'];
  const sealed = await withRecords({ 7: { objects, flags } });
  const row = indexRow(makeRecord(7, { objects, flags }));
  const turned = { ...row, objects: row.objects.toReversed(), flags: row.flags.toReversed() };
  assertIntact(await verifyLog(sealed, { ...KEYS, index: index(rows.with(7, turned)) }));
  const less = { ...row, objects: row.objects.slice(1), flags: [] };
  const report = await verifyLog(sealed, { ...KEYS, index: index(rows.with(7, less)) });
  assert.deepEqual(only(report, 'index-differs').columns, ['flags', 'objects']);
});

test('changed, hidden, doubled and invented rows are named', async () => {
  for (const seq of [0, 255, 256, 599]) {
    const row = rows[seq] as IndexRow;
    const changed = rows.with(seq, { ...row, outcome: 'void', actor: 'nobody' });
    const report = await verifyLog(log, { ...KEYS, index: index(changed) });
    assertFound(report, [['index-differs', seq, seq + 1]], 'changed');
    assert.deepEqual(only(report, 'index-differs').columns, ['outcome', 'actor']);
    const other = (list: IndexRow[]) => verifyLog(log, { ...KEYS, index: index(list) });
    assertFound(await other(rows.toSpliced(seq, 1)), [['index-differs', seq, seq + 1]], 'hidden');
    assertFound(await other(rows.toSpliced(seq, 0, row)), [['index-differs', seq, seq + 1]], 'doubled');
  }
  const hidden = await verifyLog(log, { ...KEYS, index: index(rows.toSpliced(250, 20)) });
  assertFound(hidden, [['index-differs', 250, 270]]);
  assert.equal(hidden.checked.rows, SIZE - 20);
});

test('an index that is behind is no finding, and it is said how far it went', async () => {
  for (const position of [0, 300, SIZE + 50]) {
    const report = await verifyLog(log, { ...KEYS, index: index(rows, position) });
    assertIntact(report);
    assert.equal(report.checked.rows, Math.min(position, SIZE));
    assert.equal(
      report.notChecked.some((n) => n.what === `index rows from ${position} on`),
      position < SIZE,
    );
  }
});
