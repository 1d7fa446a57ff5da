import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { edit, forge, hashAgain } from '../../src/cli/demo/forge.ts';
import { NODE, tamper } from '../../src/cli/demo/scene.ts';
import { LAYOUT } from '../../src/places.ts';
import { openSoftwareKey } from '../../src/tokens/software.ts';
import { type Ran, Sandbox } from '../cli/harness.ts';
import { begin, goOn, serveWitness } from './organisation.ts';

test('two organisations witness each other; whichever way one falsifies its log, the half of the other exposes it', async (t) => {
  const box = new Sandbox(t);
  const a = await begin(box, 'a');
  const b = await begin(box, 'b');
  const witnessB = await serveWitness(t, box, [
    a.vkey,
    '--data',
    box.at('b', 'witness'),
    '--name',
    'b.example/w',
  ]);
  const witnessA = await serveWitness(t, box, [
    b.vkey,
    '--data',
    box.at('a', 'witness'),
    '--name',
    'a.example/w',
  ]);
  const older = box.at('a', 'older');
  cpSync(a.data, older, { recursive: true });
  for (const [log, { url, keys }] of [
    [a, witnessB],
    [b, witnessA],
  ] as const) {
    const added = await box.run(['witness', 'add', url, keys[0]!, '--data', log.data]);
    assert.equal(added.code, 0, added.err);
    await goOn(box, log, 300);
    const asked = await box.run(['witness', 'ask', '--data', log.data]);
    assert.deepEqual([asked.code, asked.err], [0, '']);
    assert.match(asked.out, /\.example\/w cosigned 60\d records at /);
  }
  const policy = box.at('a.policy');
  writeFileSync(policy, `log ${a.vkey}\nwitness b.example ${witnessB.keys[0]}\nquorum b.example\n`);
  const verify = (more: readonly string[] = []): Promise<Ran> =>
    box.run(['verify', '--no-pin', '--data', a.data, '--policy', policy, ...more]);

  const whole = await verify(['--cosigned', witnessB.url]);
  assert.equal(whole.code, 0, whole.out + whole.err);
  assert.match(whole.out, /^intact: .* trust: key given/);
  assert.match(
    whole.out,
    /witnesses vouch for the first 60\d records since .*; 1 record behind them is not covered/,
  );
  assert.match(whole.out, /cosigned by b\.example \(20\d\d-/);
  const good = box.at('a', 'good');
  cpSync(a.data, good, { recursive: true });
  const restore = (from: string): void => {
    rmSync(a.data, { recursive: true });
    cpSync(from, a.data, { recursive: true });
  };

  // Rolled back: alone it lacks the cosignatures; the half of the other shows what is gone.
  restore(older);
  const alone = await verify();
  assert.equal(alone.code, 1);
  assert.match(alone.out, /FAIL {3}no-quorum/);
  const back = await verify(['--cosigned', witnessB.url]);
  assert.equal(back.code, 1);
  assert.match(
    back.out,
    /FAIL {3}rolled-back: a checkpoint cosigned by b\.example at 20\d\d-\S+Z shows that 60\d records were sealed; the log now has a signed head at 301/,
  );
  const added = await box.run(['witness', 'add', witnessB.url, witnessB.keys[0]!, '--data', a.data]);
  // The log's own machine remembers too: what it refuses, its copy elsewhere would not.
  assert.notEqual(added.code, 0);
  const elsewhere = { env: { TALLYSTICK_STATE: box.at('another-state') } };
  await box.run(['witness', 'add', witnessB.url, witnessB.keys[0]!, '--data', a.data], elsewhere);
  const asked = await box.run(['witness', 'ask', '--data', a.data], elsewhere);
  assert.equal(asked.code, 1);
  assert.match(
    asked.out,
    /ALARM the witness b\.example\/w has seen 60\d records of this log, and was then shown 302 records/,
  );
  const listed = await box.run(['witness', 'list', '--data', a.data], elsewhere);
  assert.match(
    listed.out,
    /ALARM .* it holds a checkpoint that this log has signed itself and now contradicts/,
  );

  // Cut back to an older checkpoint of its own.
  restore(good);
  tamper(a.data, (store) => {
    const log = store.contents();
    const { size, root, signatures } = log.checkpoints.findLast((each) => each.size < 400)!;
    log.entries.length = size;
    hashAgain(log);
    log.checkpoints = log.checkpoints.filter((each) => each.size < size);
    log.head = { origin: log.head.origin, size, root, signatures };
    store.replace(log);
  });
  const cut = await verify(['--cosigned', witnessB.url]);
  assert.equal(cut.code, 1);
  assert.match(cut.out, /FAIL {3}rolled-back: a checkpoint cosigned by b\.example/);

  // Rebuilt with its own key: nothing but the other half can tell.
  restore(good);
  const signer = openSoftwareKey({ file: join(a.data, LAYOUT.key) });
  const log = tamper(a.data, (store) => store.contents());
  edit(log, 100, { event: 'NEVER_HAPPENED' });
  await forge(log, signer);
  tamper(a.data, (store) => store.replace(log));
  const held = box.at('held.checkpoint');
  const shown = await box.run(['witness', 'logs', a.origin, '--data', box.at('b', 'witness')]);
  writeFileSync(held, shown.out);
  const rebuilt = await verify(['--cosigned', held]);
  assert.equal(rebuilt.code, 1);
  assert.match(
    rebuilt.out,
    /FAIL {3}split-view: a checkpoint cosigned by b\.example at \S+ shows another log of 60\d records, signed by this log's own key, than the one that is here now/,
  );
  const document = (await verify(['--cosigned', held, '--json'])).json;
  assert.equal(document.witnessed.covered, null);
  const finding = document.findings.find(({ code }: { code: string }) => code === 'split-view');
  assert.equal(finding.notes.length, 2);
  assert.ok(finding.notes[0].includes('b.example/w'));
});

test('a policy about other logs, a file that is no checkpoint, one of another log: said, never a pass', async (t) => {
  const box = new Sandbox(t);
  const a = await begin(box, 'a');
  const b = await begin(box, 'b');
  const policy = box.at('b.policy');
  writeFileSync(policy, `log ${b.vkey}\nquorum none\n`);
  const verify = (more: readonly string[]): Promise<Ran> =>
    box.run(['verify', '--no-pin', '--data', a.data, ...more]);
  const other = await verify(['--policy', policy]);
  assert.equal(other.code, 2);
  assert.match(other.err, /the policy is about b-[0-9a-f]{8}\/demo; this log calls itself a-/);
  writeFileSync(policy, `log ${a.vkey}\nquorum none`);
  assert.match((await verify(['--policy', policy])).err, /line 2 of the policy/);
  writeFileSync(policy, 'rubbish');
  assert.equal((await verify(['--cosigned', policy])).code, 2);
  assert.match((await verify(['--cosigned', policy, '--from', '3'])).err, /about a whole log/);
  assert.equal((await verify(['--cosigned', box.at('absent')])).code, 2);
  assert.equal((await verify(['--cosigned', 'http://127.0.0.1:9/'])).code, 2);
  const checkpoint = await box.run(['checkpoint', '--data', b.data]);
  writeFileSync(policy, checkpoint.out);
  const foreign = await verify(['--cosigned', policy]);
  assert.equal(foreign.code, 0);
  assert.match(foreign.out, /not checked: 1 cosigned checkpoint \(of another log/);
});

test('a log that was taken away is missed by the checkpoint that somebody kept', async (t) => {
  const box = new Sandbox(t);
  const a = await begin(box, 'a');
  const held = box.at('held.checkpoint');
  writeFileSync(held, (await box.run(['checkpoint', '--data', a.data])).out);
  const policy = box.at('a.policy');
  writeFileSync(policy, `log ${a.vkey}\nquorum none\n`);
  tamper(a.data, (store) => store.replace(null));
  const argv = ['verify', '--no-pin', '--node', NODE, '--data', a.data];
  assert.equal((await box.run(argv)).code, 2, 'nothing says that there was one');
  assert.equal((await box.run([...argv, '--cosigned', held])).code, 2, 'nobody says whose key it was');
  const { code, json } = await box.run([...argv, '--policy', policy, '--cosigned', held, '--json']);
  assert.deepEqual([code, json.verdict, json.findings[0].code], [1, 'not-intact', 'truncated']);
  assert.deepEqual([json.findings[0].from, json.findings[0].to], [0, 301]);
});
