import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertSafe, Sandbox } from './harness.ts';

const LOGS = fileURLToPath(new URL('../../examples/story/logs', import.meta.url));
const KEY = ['trace', 'key', 'HSM1/seal-2026'];

async function story(t: ConstructorParameters<typeof Sandbox>[0]): Promise<Sandbox> {
  const box = new Sandbox(t);
  await box.ok(['import', LOGS]);
  return box;
}

function recordLines(out: string): string[] {
  return out.split('\n').filter((line) => /^\d{4}-/.test(line));
}

test('trace: names and what proves them, namesakes apart, records of all systems as they happened', async (t) => {
  const box = await story(t);
  const { out } = await box.ok(KEY);
  assertSafe(out);
  const [same = '', alike = ''] = out.split('Of the same name');
  assert.match(same, /HSM1\/seal-2026 .*asked for\n/);
  assert.match(same, /says \(GENCSR\)/);
  assert.ok(!same.includes('TEST/seal-2026') && alike.includes('TEST/seal-2026'));
  const lines = recordLines(out);
  const times = lines.map((line) => line.slice(0, 24));
  assert.deepEqual(times, [...times].sort());
  for (const system of ['signserver', 'dogtag', 'xroad'])
    assert.ok(lines.some((line) => line.includes(` ${system} `)));
  assert.match(out, new RegExp(`^${lines.length} records, all of them: tallystick search `, 'm'));
});

test('trace --limit: the first that the log took, and that there are more', async (t) => {
  const box = await story(t);
  const { out } = await box.ok([...KEY, '--limit', '2']);
  assert.equal(recordLines(out).length, 2);
  assert.match(out, /^2 records, there are more: /m);
});

test('trace --json: one document, whose query finds the records', async (t) => {
  const box = await story(t);
  const { json } = await box.ok([...KEY, '--json']);
  assert.deepEqual(json.same[0], { kind: 'key', id: 'HSM1/seal-2026', name: 'seal-2026', told: null });
  assert.equal(json.cut, false);
  const found = await box.ok(['search', '--json', '--all', '--', json.query]);
  assert.ok(found.lines.at(-1).count > 10);
});

test('trace: a name that several bear is refused, with which there are', async (t) => {
  const box = await story(t);
  const { err, code } = await box.run(['trace', 'key', 'seal-2026']);
  assert.equal(code, 2);
  assert.match(err, /"HSM1\/seal-2026".*"TEST\/seal-2026"/);
  const unknown = await box.run(['trace', 'key', 'nobodys']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /no record names a key "nobodys"/);
});
