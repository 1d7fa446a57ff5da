import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { cosignerKeyFromSpki } from '../../src/checkpoint/mod.ts';
import { provenAlarms, shownByAlarms, unprovenAlarms } from '../../src/witness/client/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { Sandbox } from '../cli/harness.ts';
import { running } from './fixture.ts';

/** A log that was put back and has gone on: what its witness showed is kept, and held against it from then on. */

/** @param more records that the log that was put back goes on by, before its witness is asked. */
async function putBack(box: Sandbox, w: Awaited<ReturnType<typeof running>>, more: number): Promise<void> {
  await box.ok(['witness', 'add', w.url, w.witness.keys[0]!.vkey]);
  await box.ok(['witness', 'ask']);
  cpSync(box.data, box.at('older'), { recursive: true });
  await box.fill(20);
  await box.ok(['witness', 'ask']);
  rmSync(box.data, { recursive: true });
  rmSync(box.at('state'), { recursive: true });
  cpSync(box.at('older'), box.data, { recursive: true });
  if (more > 0) await box.fill(more);
  await box.ok(['pin', 'create']);
  const asked = await box.run(['witness', 'ask']);
  assert.match(asked.out, /ALARM/);
}

for (const [more, code] of [
  [0, 'rolled-back'],
  [40, 'split-view'],
] as const) {
  test(`a proven alarm is held against the log by all that judges it: ${code}`, async (t) => {
    const box = new Sandbox(t);
    await box.fill(3, { objects: [{ kind: 'key', id: 'k1' }] });
    const { origin, keys } = (await box.ok(['checkpoint', '--json'])).json;
    const w = await running(t, { logs: [{ origin, vkey: keys[0] }] });
    await putBack(box, w, more);
    // The witness is away: what it has shown is here.
    await w.close();
    const verified = await box.run(['verify', '--no-pin', '--json']);
    const { findings, verdict } = verified.json;
    assert.deepEqual(
      [verified.code, verdict, findings.map((each: { code: string }) => each.code)],
      [1, 'not-intact', [code]],
    );
    const status = await box.run(['status', '--json']);
    assert.deepEqual([status.code, status.json.status], [1, 'failed']);
    const words = (await box.run(['status'])).out.replaceAll(/\s+/g, ' ');
    assert.match(words, /holds a checkpoint that this log has signed itself/);
    assert.equal(await box.refused(['evidence', 'create', '2', '--output', 'e.json'], 1), 'EVIDENCE_REFUSED');
    // What is remembered is of the log that was put back: it agrees with that, and shows nothing all the same.
    assert.equal(await box.refused(['get', '1'], 1), 'PIN_CONTRADICTED');
    assert.match((await box.run(['get', '1'])).err, /does not continue what a witness has seen of it/);
    const shown = await box.ok(['get', '1', '--no-pin']);
    assert.doesNotMatch(shown.out, /witness/);
    if (more === 0) await assertWarned(box);
    assert.equal((await box.run(['pin', 'update'])).code, 1);
    assert.equal((await box.run(['pin', 'create', '-o', 'new.pin'])).code, 1);
  });
}

/** Without a pin there is nothing that refuses: what is shown is shown as ever, and one line says what is known. */
async function assertWarned(box: Sandbox): Promise<void> {
  const reads = [['get', '1'], ['search', '--json'], ['tail'], ['trace', 'key', 'k1'], ['export']];
  for (const argv of reads) {
    const { err, out } = await box.ok([...argv, '--no-pin']);
    assert.match(
      err,
      /^warning: the witness \S+ has seen .*; it holds a checkpoint .* contradicts\. "tallystick status" says more\n$/,
      argv.join(' '),
    );
    assert.doesNotMatch(out, /warning/);
  }
}

test('what a witness says and does not prove is told by all that judges the log, and stops none of it', async (t) => {
  const box = new Sandbox(t);
  await box.fill(3);
  const server = createServer((request, response) => {
    response.writeHead(request.method === 'POST' ? 409 : 404).end('9007199254740991\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { vkey } = cosignerKeyFromSpki('liar.example', 'ed25519', testSigner('liar').publicKey);
  await box.ok(['witness', 'add', url, vkey]);
  const says = 'the witness liar.example says that it has seen 9,007,199,254,740,991 records of this log';
  const asked = await box.run(['witness', 'ask']);
  assert.deepEqual([asked.code, asked.out.startsWith(`ALARM ${says}, and was then shown `)], [1, true]);
  for (const part of [[], ['--from', '1', '--to', '2']]) {
    const verified = await box.ok(['verify', ...part]);
    assert.match(verified.out, new RegExp(`^intact: [^]*\n  notice witness-alarm: ${says}`));
  }
  const { findings, verdict } = (await box.ok(['verify', '--json'])).json;
  assert.deepEqual([verdict, findings.length, findings[0].class], ['intact', 1, 'notice']);
  const made = await box.ok(['evidence', 'create', '1', '-o', 'e.json']);
  assert.ok(made.err.startsWith(`warning: ${says}`), made.err);
  const status = await box.run(['status', '--json']);
  assert.deepEqual([status.code, status.json.status], [0, 'warning']);
  await box.ok(['witness', 'remove', 'liar.example']);
  assert.doesNotMatch((await box.ok(['verify'])).out, /notice/);
  assert.equal((await box.ok(['evidence', 'create', '1', '-o', 'e2.json'])).err, '');
});

test('an alarm that somebody has changed in the store is as if it were not there', () => {
  for (const value of [
    '{',
    'null',
    '{}',
    '{"proven":true,"seen":7,"own":"x"}',
    '{"proven":true,"seen":"x"}',
  ]) {
    const state = new Map([['witness/a/alarm/x/rolled-back', value]]);
    const found = [shownByAlarms, provenAlarms, unprovenAlarms].map((read) => read(state, 'a'));
    assert.deepEqual(found, [[], [], []], value);
  }
});
