import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findServer } from '../../src/cli/server-here.ts';
import { Sandbox } from '../cli/harness.ts';
import { NAME, running } from './fixture.ts';

test('while a server runs: witnesses are added, asked, listed and removed through it, and it asks by itself', async (t) => {
  const box = new Sandbox(t);
  const stop = new AbortController();
  const began = Promise.withResolvers<string>();
  const argv = ['serve', '--port', '0', '--node', 'a', '--log-level', 'silent', '--json'];
  const serving = box.run(argv, { signal: stop.signal, onOut: began.resolve });
  serving.then(({ err }) => began.reject(new Error(err)), began.reject);
  const { origin, key } = JSON.parse(await began.promise) as { origin: string; key: string };
  const w = await running(t, { logs: [{ origin, vkey: key }] });
  const vkey = w.witness.keys[0]!.vkey;
  assert.equal(
    (await box.run(['witness', 'list'])).out,
    'No witness is set: "tallystick witness add" sets one.\n',
  );
  const added = await box.run(['witness', 'add', w.url, vkey, '--json']);
  assert.deepEqual([added.code, added.json], [0, { url: w.url, vkey }]);
  // The server shows it by itself within a few seconds.
  const server = (await findServer(box.data))!;
  while ((await server.client.witnesses())[0]?.newest === null)
    await new Promise((go) => setTimeout(go, 100));
  server.close();
  const asked = await box.run(['witness', 'ask', '--json']);
  assert.equal(asked.code, 0, asked.err);
  assert.deepEqual([asked.json[0].name, asked.json[0].result], [NAME, 'cosigned']);
  const listed = (await box.run(['witness', 'list', '--json'])).json;
  assert.deepEqual(
    [listed[0].name, listed[0].url, listed[0].vkeys, listed[0].alarms],
    [NAME, w.url, [vkey], []],
  );
  const wrong = await box.run(['witness', 'add', w.url, key]);
  assert.match(wrong.err, /this is the key of a log, not of a witness/);
  await w.close();
  const failed = await box.run(['witness', 'ask']);
  assert.equal(failed.code, 1);
  assert.match(failed.out, /FAIL {2}the witness witness\.example\/w cannot be asked/);
  assert.match((await box.run(['witness', 'list'])).out, /failing 1 time: the witness/);
  assert.equal((await box.run(['witness', 'remove', NAME])).code, 0);
  assert.notEqual((await box.run(['witness', 'remove', NAME])).code, 0);
  stop.abort('SIGTERM');
  assert.equal((await serving).code, 0);
});

test('a witness from the command line: logs added and removed, wrong names and keys refused', async (t) => {
  const box = new Sandbox(t);
  const { FakeLog } = await import('./fake-log.ts');
  const { writeFileSync, rmSync } = await import('node:fs');
  const [one, two] = [new FakeLog('one.example'), new FakeLog('two.example')];
  assert.equal((await box.run(['witness', 'logs'])).code, 2);
  assert.equal((await box.run(['witness', 'add-log', one.vkey])).code, 0);
  writeFileSync(box.at('both.policy'), `log ${one.vkey}\nlog ${two.vkey}\nquorum none\n`);
  const both = await box.run(['witness', 'add-log', 'both.policy', '--json']);
  assert.deepEqual(both.json, [{ origin: two.origin, vkey: two.vkey }]);
  const renamed = await box.run([
    'witness',
    'add-log',
    two.vkey,
    '--origin',
    'go.sum database tree',
    '--json',
  ]);
  assert.deepEqual(renamed.json, [{ origin: 'go.sum database tree', vkey: two.vkey }]);
  assert.match(
    (await box.run(['witness', 'logs'])).out,
    /one\.example {2}not seen yet\n {2}believed by one\.example\+3786a8f7\ntwo\.example/,
  );
  assert.equal((await box.run(['witness', 'remove-log', one.vkey])).code, 0);
  assert.equal((await box.run(['witness', 'remove-log', one.vkey])).code, 1);
  assert.equal((await box.run(['witness', 'logs', one.origin])).code, 2);
  assert.equal((await box.run(['witness', 'add-log', 'rubbish'])).code, 2);
  const stop = new AbortController();
  const serve = (argv: readonly string[]) =>
    box.run(['witness', 'serve', '--listen', '0', ...argv], {
      signal: stop.signal,
      onOut: () => stop.abort(),
    });
  const first = await serve(['--name', 'w.example', '--ml-dsa']);
  assert.equal(first.code, 0, first.err);
  assert.match(
    first.out,
    /Tallystick witness w\.example[\s\S]*key {3}w\.example\+[\s\S]*key {3}w\.example\+/,
  );
  for (const [argv, told] of [
    [['--name', 'other.example'], /this witness is called w\.example/],
    [['--listen', 'x:y:z'], /it reads HOST:PORT/],
    [['--listen', '127.0.0.1:99999'], /the port is/],
  ] as const) {
    const refused = await box.run(['witness', 'serve', ...argv]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, told);
  }
  // Its key is lost: another one would not be the same witness.
  rmSync(box.at('tallystick-witness', 'keys', 'ed25519.key'));
  assert.match((await serve([])).err, /has no key "?ed25519/);
});
