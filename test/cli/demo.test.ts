import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { Sandbox } from './harness.ts';

interface Row {
  readonly number: number;
  readonly attack: string;
  readonly alone: string | null;
  readonly pinned: string;
  readonly caught: boolean;
}

test('demo tamper: every attack of the table is tried, and each is caught with its finding and place', async (t) => {
  const box = new Sandbox(t);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = box.dir;
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });
  const { json } = await box.ok(['demo', 'tamper', '--json']);
  const rows: Row[] = json.attacks;
  assert.equal(json.missed, 0);
  assert.deepEqual(
    rows.filter(({ caught }) => !caught),
    [],
  );
  assert.deepEqual(
    [...new Set(rows.map(({ number }) => number))],
    Array.from({ length: 15 }, (_, i) => i + 1),
  );
  // What only an anchor can show, and nothing else.
  const anchored = rows.filter(({ alone }) => alone === null).map(({ number }) => number);
  assert.deepEqual([...new Set(anchored)], [3, 5, 6, 7, 8, 9, 10, 15]);
  for (const { attack, pinned } of rows) assert.doesNotMatch(pinned, /MISSED/, attack);
  assert.deepEqual(readdirSync(box.dir), [], 'nothing is left behind');
});

test('demo story: the sample month, sealed, once', async (t) => {
  const box = new Sandbox(t);
  const { out } = await box.ok(['demo', 'story']);
  assert.match(out, /8 files: \d+ records sealed\n/);
  assert.match(out, /trace key HSM1\/seal-2026/);
  const data = join(box.dir, 'tallystick-demo');
  assert.equal((await box.ok(['verify', '--data', data, '--json'])).json.verdict, 'intact');
  const again = await box.run(['demo', 'story', '--data', data]);
  assert.equal(again.code, 2);
  assert.match(again.err, /holds a log already/);
});
