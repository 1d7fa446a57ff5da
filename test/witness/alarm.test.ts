import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { provenAlarms, shownByAlarms } from '../../src/witness/client/mod.ts';
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
    assert.match((await box.run(['status'])).out, /holds a checkpoint that this log has signed itself/);
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

test('an alarm that somebody has changed in the store is as if it were not there', () => {
  for (const value of [
    '{',
    'null',
    '{}',
    '{"proven":true,"seen":7,"own":"x"}',
    '{"proven":true,"seen":"x"}',
  ]) {
    const state = new Map([['witness/a/alarm/x/rolled-back', value]]);
    assert.deepEqual([shownByAlarms(state, 'a'), provenAlarms(state, 'a')], [[], []], value);
  }
});
