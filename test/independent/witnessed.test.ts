import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { openLog } from '../../src/open.ts';
import { Sandbox } from '../cli/harness.ts';
import { begin, goOn, serveWitness } from '../witness/organisation.ts';
import { Litewitness, missingAgent } from './litewitness.ts';
import { missing, run } from './programs.ts';

/** Our logs with torchwood's witness, as a user does it. */

const skip = missing ?? missingAgent;
const NAME = 'lite.example/w';

test('litewitness cosigns a log that grows, forgets, and has more keys; torchwood and we count it with ours', {
  skip,
}, async (t) => {
  const box = new Sandbox(t);
  const { data, vkey, origin } = await begin(box, 'a');
  const lite = await Litewitness.start(t, box, NAME);
  const own = await serveWitness(t, box, [
    vkey,
    '--data',
    box.at('w'),
    '--name',
    'own.example/w',
    '--ml-dsa',
  ]);
  const ask = (where = data, env = {}) => box.run(['witness', 'ask', '--data', where, '--json'], { env });
  const added = await box.run(['witness', 'add', lite.url, lite.vkey, '--data', data]);
  assert.equal(added.code, 0, added.err);

  // It does not know the log: 404.
  const unknown = await ask();
  assert.deepEqual(
    [unknown.code, unknown.json[0].result, unknown.json[0].code],
    [1, 'failed', 'WITNESS_REFUSED'],
  );
  lite.know(origin, vkey);

  // The first time; then with a proof across bundles.
  const first = await ask();
  assert.deepEqual([first.code, first.json[0].result, first.json[0].name], [0, 'cosigned', NAME]);
  assert.equal(lite.sizeOf(origin), first.json[0].size);
  await goOn(box, { data }, 300);
  const second = await ask();
  assert.equal(second.code, 0, second.out);
  assert.ok(second.json[0].size > first.json[0].size + 300);
  assert.equal(lite.sizeOf(origin), second.json[0].size);

  // Its answer was lost: it knows more than the log remembers, says so (409), and gets the proof from there.
  await goOn(box, { data }, 10);
  const copy = box.at('copy');
  cpSync(data, copy, { recursive: true });
  const unheard = await ask(copy, { TALLYSTICK_STATE: box.at('other-state') });
  assert.equal(unheard.code, 0, unheard.out);
  await goOn(box, { data }, 10);
  assert.equal(lite.sizeOf(origin), unheard.json[0].size);
  const asked = await ask();
  assert.equal(asked.code, 0, asked.out);
  assert.equal(lite.sizeOf(origin), asked.json[0].size);

  // Killed, it is away; started again, it goes on from what it knew.
  await lite.stop();
  const away = await ask();
  assert.deepEqual([away.code, away.json[0].code], [1, 'WITNESS_UNAVAILABLE']);
  await lite.start();
  assert.equal((await ask()).code, 0);

  // With an ML-DSA-44 key beside it, the Ed25519 key of the log is what litewitness goes by.
  const listed = (await box.ok(['keys', 'list', '--data', data, '--json'])).json.keys[0];
  await box.ok(['keys', 'generate', listed.token, 'pq', '--spec', 'ml-dsa-44', '--data', data]);
  const argv = ['keys', 'select', listed.token, listed.alias, '--also', `${listed.token}/pq`, '--data', data];
  await box.ok(argv);
  await goOn(box, { data }, 300);
  for (const key of own.keys) await box.ok(['witness', 'add', own.url, key, '--data', data]);
  const both = await ask();
  assert.deepEqual([both.code, both.json.length], [0, 2], both.out);

  // Counted together, by our verifier and by torchwood, from one policy and one note.
  const { size } = (await box.ok(['log', 'publish', box.at('site'), '--cosigned', '--data', data, '--json']))
    .json;
  const [held, policy] = [box.at('site', 'checkpoint'), box.at('policy')];
  const note = readFileSync(held, 'utf8');
  const signers = note.split('\n').flatMap((line) => /^— (\S+) /.exec(line)?.[1] ?? []);
  assert.deepEqual(signers.toSorted(), [origin, origin, NAME, 'own.example/w', 'own.example/w'].toSorted());
  const witnesses = `witness lite ${lite.vkey} ${lite.url}\nwitness own ${own.keys[0]} ${own.url}\n`;
  writeFileSync(policy, `log ${vkey}\n${witnesses}group both all lite own\nquorum both\n`);
  const verified = await box.ok([
    'verify',
    '--no-pin',
    '--data',
    data,
    '--policy',
    policy,
    '--cosigned',
    held,
  ]);
  assert.match(
    verified.out,
    new RegExp(`witnesses vouch for the first ${size.toLocaleString('en')} records`),
  );
  const judged = await run('policy', [policy, held]);
  assert.equal(judged.status, 0, judged.output);
  assert.match(judged.output, new RegExp(`^${origin} ${size} `));
  for (const name of [origin, NAME, 'own.example/w']) {
    assert.ok(judged.output.includes(`signed by ${name}\n`), judged.output);
  }
  // All five signatures stand for others, those by ML-DSA-44 too.
  const log = await openLog({ data, index: false, state: box.at('state') });
  const vkeys = [...log.vkeys, lite.vkey, ...own.keys];
  await log.close();
  assert.deepEqual(await run('signers', [held, ...vkeys]), { status: 0, output: 'signed by 5 keys\n' });
  // Without one of them it is neither's quorum.
  const lines = note.split('\n');
  writeFileSync(held, lines.filter((line) => !line.startsWith(`— ${NAME} `)).join('\n'));
  assert.match((await run('policy', [policy, held])).output, /note verification failed/);
});

test('what litewitness knows exposes an older copy, and one that went on otherwise', { skip }, async (t) => {
  const box = new Sandbox(t);
  const { data, vkey, origin } = await begin(box, 'a');
  const lite = await Litewitness.start(t, box, NAME);
  lite.know(origin, vkey);
  await box.ok(['witness', 'add', lite.url, lite.vkey, '--data', data]);
  await box.ok(['witness', 'ask', '--data', data]);
  const older = box.at('older');
  cpSync(data, older, { recursive: true });
  await goOn(box, { data }, 300);
  await box.ok(['witness', 'ask', '--data', data]);
  const known = lite.sizeOf(origin);
  rmSync(data, { recursive: true });
  cpSync(older, data, { recursive: true });

  const env = { TALLYSTICK_STATE: box.at('elsewhere') };
  const ask = () => box.run(['witness', 'ask', '--data', data, '--json'], { env });
  const back = await ask();
  const { alarm } = back.json[0];
  assert.deepEqual(
    [back.code, alarm.kind, alarm.size, alarm.answer],
    [1, 'rolled-back', known, `409\n${known}\n`],
  );
  await goOn(box, { data }, 400, 'elsewhere');
  const other = await ask();
  assert.deepEqual([other.code, other.json[0].alarm.kind], [1, 'split-view']);
  assert.match(other.json[0].alarm.answer, /^422\n/);
  assert.equal(lite.sizeOf(origin), known);
});
