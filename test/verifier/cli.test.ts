import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Sandbox } from '../cli/harness.ts';

test('evidence create --html and evidence verify agree, and say whose page it is', async (t) => {
  const box = new Sandbox(t);
  const record = { time: 1_790_000_000_000, system: 'shop', event: 'SALE', outcome: 'success' };
  const lines = [1, 2, 3].map((n) => `${JSON.stringify({ ...record, details: { n, text: '</script>' } })}\n`);
  assert.equal((await box.run(['append', '--node', 'ca1'], { stdin: lines.join('') })).code, 0);
  for (const more of [
    ['-o', 'sales.json'],
    ['--html', '-o', 'sales.html'],
  ]) {
    const made = await box.run(['evidence', 'create', 'ca1', '1', '2', ...more]);
    assert.equal(made.code, 0, made.err);
  }
  const [json, html] = await Promise.all(
    ['sales.json', 'sales.html'].map((file) => box.run(['evidence', 'verify', file, '--json'])),
  );
  assert.deepEqual([json?.code, html?.code], [0, 0]);
  const { page, made: _, ...report } = html?.json ?? {};
  const { page: none, made: __, ...other } = json?.json ?? {};
  assert.deepEqual(report, other);
  assert.match(page, /^[0-9a-f]{64}$/);
  assert.equal(none, null);
  const own = await box.run(['evidence', 'verify', 'sales.html']);
  assert.match(own.out, /the page around it is the one of this program/);
  const text = readFileSync(box.at('sales.html'), 'utf8');
  writeFileSync(box.at('foreign.html'), text.replace('records with their proof', 'trust me'));
  const foreign = await box.run(['evidence', 'verify', 'foreign.html']);
  assert.equal(foreign.code, 0);
  assert.match(
    foreign.out,
    /notice other-page: the page around it is not the one of this program \(SHA-256 [0-9a-f]{64}\)/,
  );
  writeFileSync(box.at('altered.html'), text.replace('\\"n\\":2', '\\"n\\":3'));
  const altered = await box.run(['evidence', 'verify', 'altered.html']);
  assert.equal(altered.code, 1);
  assert.match(altered.out, /altered: record 2: its bytes/);
});
