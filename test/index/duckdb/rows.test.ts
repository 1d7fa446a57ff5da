import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type IndexRow, indexRow } from '../../../src/catalog/row.ts';
import { DuckDbIndex } from '../../../src/index/duckdb/mod.ts';
import type { AuditRecord } from '../../../src/record/mod.ts';
import { collectRows } from '../contract.ts';
import { bundle } from '../samples.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'tallystick-rows-'));
after(() => rmSync(dir, { recursive: true }));

function record(seq: number, objects: number, correlation: string): AuditRecord {
  return {
    v: 1,
    node: 'n1',
    seq,
    logged: 1_000 + seq,
    time: seq,
    system: 'x',
    source: 's',
    event: `event ${seq % 3}`,
    outcome: 'success',
    correlation,
    objects: Array.from({ length: objects }, (_, i) => ({ kind: 'key', id: `key ${seq}.${i}` })),
  };
}

test('rows of which a page needs more memory than reading pages is given come back whole', async () => {
  const log = Array.from({ length: 600 }, (_, seq) => record(seq, 40, `${seq} ${'x'.repeat(20_000)}`));
  const index = await DuckDbIndex.open({ path: path.join(dir, 'large.duckdb') });
  await index.add('n1', 0, bundle(log));
  assert.deepEqual(
    await collectRows(index.rows('n1', 0, 600)),
    log.map((record) => indexRow(record)),
  );
  await index.close();
});

test('rows are added and searched while others are read', async () => {
  const log = Array.from({ length: 20_000 }, (_, seq) => record(seq, seq % 3, `text ${seq}`));
  const index = await DuckDbIndex.open({ path: path.join(dir, 'meanwhile.duckdb') });
  await index.add('n1', 0, bundle(log.slice(0, 18_000)));
  const reading = collectRows(index.rows('n1', 0, 18_000));
  await index.add('n1', 18_000, bundle(log.slice(18_000)));
  assert.equal(await index.count({ kind: 'all' }, new Map([['n1', 20_000]])), 20_000);
  assert.deepEqual(
    await reading,
    log.slice(0, 18_000).map((record) => indexRow(record)),
  );
  assert.deepEqual(
    await collectRows(index.rows('n1', 17_990, 20_000)),
    log.slice(17_990).map((record) => indexRow(record)),
  );
  await index.close();
});

const HEX = 'ab12'.repeat(16);

/** Another value of the same kind for every column, and a look-alike for those that are packed. */
const ALTERED: readonly Partial<IndexRow>[] = [
  { node: 'n2' },
  { seq: 2 },
  { logged: 1_002 },
  { time: 2 },
  { system: 'y' },
  { source: 't' },
  { event: 'event 2' },
  { action: 'create-key' },
  { outcome: 'failure' },
  { module: 'm' },
  { component: null },
  { actor: null },
  { actor: 'CN=b' },
  { ip: '10.0.0.2' },
  { ip: null },
  { correlation: null },
  { correlation: HEX.slice(0, 32) },
  { correlation: HEX.slice(0, 31) },
  { correlation: HEX.slice(0, 33) },
  { correlation: '' },
  { hash: null },
  { hash: HEX },
  { hash: HEX.slice(1) },
  { hash: `${HEX}0` },
  { flags: [] },
  { flags: ['late', 'odd', 'odd'] },
  { flags: ['odd', 'late'] },
  { objects: [] },
  { objects: [{ kind: 'key', id: 'k' }] },
  { objects: [{ kind: 'key', id: 'k', name: 'K' }] },
  {
    objects: [
      { kind: 'file', id: 'k', name: 'K' },
      { kind: 'key', id: 'k' },
    ],
  },
  {
    objects: [
      { kind: 'key', id: 'k', name: 'K' },
      { kind: 'key', id: 'l' },
    ],
  },
  {
    objects: [
      { kind: 'key', id: 'k', name: 'K' },
      { kind: 'key', id: 'k' },
      { kind: 'key', id: 'k' },
    ],
  },
];

test('a page knows its rows, and takes none of them for one that differs anywhere', async () => {
  const whole: AuditRecord = {
    ...record(1, 0, ''),
    component: 'c',
    actor: { name: 'CN=a', ip: '10.0.0.1' },
    flags: ['late', 'odd'],
    objects: [
      { kind: 'key', id: 'k', name: 'K' },
      { kind: 'key', id: 'k' },
    ],
  };
  const uuid = '01234567-89ab-cdef-0123-456789abcdef';
  const forms = [
    [uuid.replaceAll('-', ''), HEX.replace('a', 'b')],
    [uuid, HEX.slice(2)],
    ['free', `${HEX}ff`],
    [uuid.toUpperCase(), ''],
  ];
  const log = forms.map(([correlation = '', hash = ''], seq) => {
    return { ...whole, seq, correlation, signature: { hash } };
  });
  const index = await DuckDbIndex.open({ path: path.join(dir, 'same.duckdb') });
  await index.add('n1', 0, bundle(log));
  for await (const page of index.rows('n1', 0, log.length)) {
    for (const [i, each] of log.entries()) {
      const row = indexRow(each);
      assert.equal(page.isSame?.(i, row), true, JSON.stringify(row));
      for (const altered of [...ALTERED, ...log.filter((other) => other !== each).map((o) => indexRow(o))]) {
        const other = { ...row, ...altered };
        if (!isDeepStrictEqual(other, row))
          assert.equal(page.isSame?.(i, other), false, JSON.stringify(altered));
      }
    }
  }
  await index.close();
});
