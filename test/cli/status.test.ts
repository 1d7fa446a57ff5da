import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Json, ndjson, Sandbox, served } from './harness.ts';

const names = (answer: Json, state: string): string[] =>
  answer.checks.filter((check: Json) => check.state === state).map((check: Json) => check.name);

test('status tells what can be read while no server runs', async (t) => {
  const box = new Sandbox(t);
  assert.equal(await box.refused(['status'], 2), 'LOG_NOT_FOUND');
  await box.fill(3);
  const { json } = await box.ok(['status', '--json']);
  assert.deepEqual([json.status === 'failed', json.size, json.server], [false, 4, false]);
  assert.deepEqual(
    json.checks.map(({ name }: Json) => name),
    ['seal', 'late-acts', 'disk', 'expiry', 'time-sync', 'witnesses', 'timestamps', 'remembered'],
  );
  assert.ok(names(json, 'unknown').includes('seal'));
  const { out } = await box.ok(['status']);
  assert.match(out, /^(ok|warning): the log of \S+, 4 records, not served \(/);
  assert.match(out, /\n {2}disk +\w+ +[0-9,]+ MiB free for /);
});

test('self-test records what it found, with and without a server', async (t) => {
  const box = new Sandbox(t);
  assert.equal(await box.refused(['self-test'], 2), 'LOG_NOT_FOUND');
  await box.fill(1);
  const { out } = await box.ok(['self-test']);
  assert.equal(out, 'passed  token\npassed  store\npassed  head\npassed  clock\n');
  const { record } = (await box.ok(['get', '2', '--json'])).json;
  assert.deepEqual([record.event, record.outcome], ['SELFTESTS_EXECUTION', 'success']);
  assert.match(record.actor.name, /^CLI user/);
  await served(box, async () => {
    const { json } = await box.ok(['self-test', '--json']);
    assert.deepEqual(
      json.tests.map(({ problem }: Json) => problem),
      [null, null, null, null],
    );
  });
});

test('a server whose self-test fails refuses records, says so, and goes on once it passes', async (t) => {
  const box = new Sandbox(t);
  await box.fill(1);
  const [file, away] = [join(box.data, 'log.db'), join(box.data, 'away.db')];
  await served(box, async () => {
    const well = (await box.ok(['status', '--json'])).json;
    assert.deepEqual([well.server, names(well, 'failed')], [true, []]);
    renameSync(file, away);
    const ran = await box.run(['self-test']);
    assert.equal(ran.code, 1);
    assert.match(ran.out, /^passed {2}token\nfailed {2}store\n {4}\S*log\.db was moved or replaced/);
    const ill = await box.run(['status']);
    assert.equal(ill.code, 1);
    assert.match(ill.out, /^failed: /);
    assert.match(ill.out, /\n {2}self-tests +failed +store: /);
    const refused = await box.run(['append', '--json'], { stdin: ndjson(1) });
    assert.equal(refused.code, 1);
    assert.match(`${refused.out}${refused.err}`, /SELF_TEST_FAILED/);
    renameSync(away, file);
    await box.ok(['self-test']);
    assert.equal((await box.ok(['status', '--json'])).json.status === 'failed', false);
    await box.fill(1);
  });
});
