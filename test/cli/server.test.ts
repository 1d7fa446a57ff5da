import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { xroadLines } from '../sources/lines.ts';
import { ndjson, Sandbox } from './harness.ts';
import { exitCode, firstLine, start } from './spawn.ts';

test('while a server runs, every command works, through it where it must', { timeout: 60_000 }, async (t) => {
  const box = new Sandbox(t);
  const server = start(box, ['serve', '--port', '0', '--json', '--node', 'n1']);
  t.after(() => server.kill('SIGKILL'));
  const facts = JSON.parse(await firstLine(server));
  assert.deepEqual([facts.node, facts.data], ['n1', box.data]);
  assert.match(facts.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const listed = (await (await fetch(`${facts.url}/v1/records`)).json()) as { records: unknown[] };
  const started = listed.records.length;

  writeFileSync(box.at('a.log'), xroadLines(0, 3));
  assert.match((await box.ok(['import', 'a.log'])).out, /3 records: n1\/\d+ to \d+\n$/);
  assert.match((await box.ok(['import', 'a.log'])).out, /nothing new/);
  const bad = JSON.stringify({ system: 't', event: 'E'.repeat(2_000), outcome: 'void', time: 1 });
  const { code, lines } = await box.run(['append', '--json'], { stdin: `${ndjson(2, { id: 'x' })}${bad}\n` });
  assert.equal(code, 1);
  assert.deepEqual(
    lines.map(({ receipt, error }) => error?.code ?? receipt.duplicate),
    [false, 'ID_REUSED', 'RECORD_INVALID'],
  );

  const found = (await box.ok(['search', 'system:xroad', '--order', 'oldest', '--json'])).json;
  assert.deepEqual(
    found.records.map(
      ({ record }: { record: { actor: { name: string }; source: string } }) => record.actor.name,
    ),
    ['user0', 'user1', 'user2'],
  );
  assert.equal(found.records[0].record.source, 'import');
  assert.equal(await box.refused(['search', 'event:('], 2), 'QUERY_INVALID');

  const size = started + 4;
  assert.equal((await box.ok(['checkpoint', '--json'])).json.size, size);
  assert.equal((await box.ok(['get', `${size - 1}`, '--json'])).json.status, 'verified');
  assert.equal((await box.ok(['tail', '-n', '2', '--json'])).lines.length, 2);
  const { json } = await box.ok(['verify', '--deep', '--json']);
  assert.deepEqual([json.verdict, json.checked.records], ['intact', size]);
  assert.ok(
    json.notChecked.some(({ why }: { why: string }) => why.startsWith('the server that runs has it open')),
  );

  assert.equal(await box.refused(['append', '--node', 'n2'], 2, { stdin: ndjson(1) }), 'LOG_HELD');
  assert.equal((await box.ok(['status', '--node', 'n1', '--json'])).json.server, true);
  for (const command of [['status'], ['witness', 'list'], ['timestamp', 'list']]) {
    assert.equal(await box.refused([...command, '--node', 'nope'], 2), 'LOG_NOT_FOUND');
  }
  assert.equal(await box.refused(['serve', '--port', '0'], 2), 'LOG_HELD');

  server.kill('SIGTERM');
  assert.equal(await exitCode(server), 0);
  const last = (await box.ok(['tail', '-n', '1', '--json'])).lines[0];
  assert.deepEqual([last.record.system, last.record.event], ['tallystick', 'AUDIT_LOG_SHUTDOWN']);
  await box.ok(['append'], { stdin: ndjson(1) });
});

test('a server that was killed leaves nothing in the way', { timeout: 60_000 }, async (t) => {
  const box = new Sandbox(t);
  const server = start(box, ['serve', '--port', '0', '--json']);
  await firstLine(server);
  await box.fill(1);
  server.kill('SIGKILL');
  await exitCode(server);
  assert.ok(existsSync(box.at('tallystick-data', 'control.sock')));
  await box.fill(1);
  await box.ok(['search', 'system:test']);
  assert.equal((await box.ok(['verify', '--json'])).json.verdict, 'intact');
});

test('a signal that comes twice, as one to a whole group of processes does, is one', {
  timeout: 60_000,
}, async (t) => {
  const box = new Sandbox(t);
  const server = start(box, ['serve', '--port', '0', '--json', '--log-level', 'silent']);
  t.after(() => server.kill('SIGKILL'));
  await firstLine(server);
  server.kill('SIGTERM');
  setTimeout(() => server.kill('SIGTERM'), 20);
  assert.equal(await exitCode(server), 0);
  const last = (await box.ok(['tail', '-n', '1', '--json'])).lines[0];
  assert.equal(last.record.event, 'AUDIT_LOG_SHUTDOWN');
});

test('--public: everybody may verify the hashes, nobody reads a record', { timeout: 60_000 }, async (t) => {
  const box = new Sandbox(t);
  await box.fill(300);
  const server = start(box, ['serve', '--port', '0', '--public', '0', '--json', '--log-level', 'silent']);
  t.after(() => server.kill('SIGKILL'));
  const { publicUrl, node, key } = JSON.parse(await firstLine(server));
  assert.match(publicUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
  const published = ['verify', '--published', `${publicUrl}/log/${node}`, '--key', key];
  const { json } = await box.ok([...published, '--no-entries', '--json']);
  assert.deepEqual([json.verdict, json.checked.records], ['intact', 0]);
  assert.equal(await box.refused(published, 2), 'STORE_UNAVAILABLE');
  assert.equal((await fetch(`${publicUrl}/v1/records`)).status, 404);
});

test('an address for the public that does not read, or is not there', { timeout: 60_000 }, async (t) => {
  const box = new Sandbox(t);
  for (const bad of ['', 'x', 'a:b', '127.0.0.1:99999', 'http://h:1']) {
    assert.equal(await box.refused(['serve', '--port', '0', '--public', bad], 2), 'USAGE', bad);
  }
  assert.equal(existsSync(box.data), false);
  const away = ['serve', '--port', '0', '--public', '192.0.2.1:4781'];
  assert.equal(await box.refused(away, 2), 'SERVER_UNAVAILABLE');
});

test('an address for the whole network is refused before a log is begun', async (t) => {
  const box = new Sandbox(t);
  assert.equal(await box.refused(['serve', '--host', '0.0.0.0'], 2), 'USAGE');
  assert.equal(existsSync(box.data), false);
});

test('as a process: exit codes, and a reader that goes away', { timeout: 60_000 }, async (t) => {
  const box = new Sandbox(t);
  await box.fill(5_000);
  const reading = start(box, ['export']);
  assert.match(await firstLine(reading), /^\{"format":"tallystick-export\/2"/);
  reading.stdout?.destroy();
  let err = '';
  reading.stderr?.on('data', (text) => {
    err += text;
  });
  assert.deepEqual([await exitCode(reading), err], [0, '']);

  const following = start(box, ['tail', '-n', '1', '-f', '--json']);
  await firstLine(following);
  following.kill('SIGINT');
  assert.equal(await exitCode(following), 130);

  const mistaken = start(box, ['no-such-command']);
  mistaken.stdout?.resume();
  assert.equal(await exitCode(mistaken), 2);
});
