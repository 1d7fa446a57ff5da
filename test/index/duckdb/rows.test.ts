import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { indexRow } from '../../../src/catalog/row.ts';
import { DuckDbIndex } from '../../../src/index/duckdb/mod.ts';
import type { AuditRecord } from '../../../src/record/mod.ts';
import { collect } from '../contract.ts';
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
    (await collect(index.rows('n1', 0, 600))).flat(),
    log.map((record) => indexRow(record)),
  );
  await index.close();
});

test('rows are added and searched while others are read', async () => {
  const log = Array.from({ length: 20_000 }, (_, seq) => record(seq, seq % 3, `text ${seq}`));
  const index = await DuckDbIndex.open({ path: path.join(dir, 'meanwhile.duckdb') });
  await index.add('n1', 0, bundle(log.slice(0, 18_000)));
  const reading = collect(index.rows('n1', 0, 18_000));
  await index.add('n1', 18_000, bundle(log.slice(18_000)));
  assert.equal(await index.count({ kind: 'all' }, new Map([['n1', 20_000]])), 20_000);
  assert.deepEqual(
    (await reading).flat(),
    log.slice(0, 18_000).map((record) => indexRow(record)),
  );
  assert.deepEqual(
    (await collect(index.rows('n1', 17_990, 20_000))).flat(),
    log.slice(17_990).map((record) => indexRow(record)),
  );
  await index.close();
});
