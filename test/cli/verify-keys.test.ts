import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { openCheckpoint, parsePin, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { Log } from '../../src/log/log.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import { mlDsaSigner, testSigner } from '../checkpoint/signers.ts';
import { draft } from '../log/fixture.ts';
import { type Json, Sandbox } from './harness.ts';

const [A, B, C] = ['A', 'B', 'C'].map(testSigner) as [Signer, Signer, Signer];
const NODE = 'ca1';

/** Opens the log of a sandbox with these keys for as long as `act` takes. */
async function within(
  box: Sandbox,
  signers: readonly Signer[],
  act: (log: Log) => Promise<void>,
): Promise<void> {
  const store = await SqliteStore.open({ dir: box.data });
  try {
    const log = await Log.open({ store, node: NODE, signers });
    await act(log);
    await log.close();
  } finally {
    await store.close();
  }
}

function fill(count: number): (log: Log) => Promise<void> {
  return async (log) => {
    const appends = Array.from({ length: count }, () => log.append([draft()], { source: 'test' }));
    await Promise.all(appends);
  };
}

async function vkeyOf(box: Sandbox, signer: Signer): Promise<string> {
  const { origin } = (await box.ok(['checkpoint', '--json'])).json;
  return vkeyFromSpki(origin, signer.algorithm, signer.publicKey);
}

function codes({ findings }: Json): string[] {
  return findings.map(({ code }: { code: string }) => code);
}

/** 301 records by A, a change to B and C, 300 more by those. */
async function changed(t: TestContext, first: readonly Signer[] = [A]): Promise<Sandbox> {
  const box = new Sandbox(t);
  await within(box, first, fill(300));
  await box.ok(['verify', '--pin', 'before.json']);
  await within(box, first, async (log) => {
    await log.changeKeys({ signers: [B, C], state: [{ key: 'k', value: 'v' }] });
    await fill(300)(log);
  });
  return box;
}

describe('verify over a key change', () => {
  test('is no alarm, and the pin goes on with the keys in force', async (t) => {
    const box = await changed(t);
    const [b, c] = [await vkeyOf(box, B), await vkeyOf(box, C)];
    const { json } = await box.ok(['verify', '--pin', 'before.json', '--deep', '--json']);
    assert.deepEqual([json.verdict, json.trust, json.pin.status], ['intact', 'pinned-key', 'advanced']);
    assert.deepEqual(
      [json.keys, json.required],
      [
        [b, c],
        [b, c],
      ],
    );
    assert.deepEqual(
      json.eras.map(({ from, to }: Json) => [from, to]),
      [
        [0, 302],
        [302, null],
      ],
    );
    const pin = parsePin(readFileSync(box.at('before.json'), 'utf8'));
    assert.deepEqual([pin.keys, pin.size], [[b, c], 602]);
    const { out } = await box.ok(['verify', '--pin', 'before.json']);
    assert.match(out, /^intact: .*trust: pinned key/);
    assert.match(out, / {2}sealing keys changed at 302 records\n/);
    const head = (await box.ok(['checkpoint', '--json'])).json;
    assert.deepEqual([head.keys, head.standBy], [[b, c], []]);
    for (const argv of [['checkpoint'], ['get', '5'], ['export', '--from', '1', '--to', '3']])
      await box.ok(argv);
  });

  test('with a key given of either side, and without any', async (t) => {
    const box = await changed(t);
    for (const signer of [A, B, C]) {
      const { json } = await box.ok(['verify', '--no-pin', '--json', '--key', await vkeyOf(box, signer)]);
      assert.deepEqual([json.verdict, json.trust], ['intact', 'given-key']);
    }
    assert.equal((await box.ok(['verify', '--no-pin', '--json'])).json.trust, 'log-key');
    const part = ['--from', '295', '--to', '310'];
    await box.ok(['verify', '--no-pin', ...part, '--key', await vkeyOf(box, A)]);
  });

  test('a copy in which the retired key went on is found out by a pin from before and from after', async (t) => {
    const box = new Sandbox(t);
    await within(box, [A], fill(3));
    await box.ok(['verify', '--pin', 'before.json']);
    cpSync(box.data, box.at('copy'), { recursive: true });
    await within(box, [A], async (log) => {
      await log.changeKeys({ signers: [B] });
      await fill(2)(log);
    });
    await box.ok(['verify', '--pin', 'after.json']);
    const fork = ['verify', '--json', '--data', box.at('fork')];
    for (const count of [1, 20]) {
      rmSync(box.at('fork'), { recursive: true, force: true });
      cpSync(box.at('copy'), box.at('fork'), { recursive: true });
      const forked = { data: box.at('fork') } as Sandbox;
      await within(forked, [A], fill(count));
      // Who saw nothing of the change cannot know; who did is not deceived.
      assert.equal((await box.run([...fork, '--no-pin'])).code, 0);
      const { code, json } = await box.run([...fork, '--pin', 'after.json']);
      assert.equal(code, 1);
      assert.ok(codes(json).some((found) => ['unknown-key', 'rolled-back', 'truncated'].includes(found)));
    }
    // Whoever pinned the fork, which was longer, is shown that the retired key made it.
    cpSync(box.at('before.json'), box.at('forked.json'));
    await box.ok([...fork, '--pin', 'forked.json']);
    const { json } = await box.run(['verify', '--json', '--pin', 'forked.json']);
    assert.equal(json.verdict, 'not-intact');
  });

  test('a log sealed by a classic and a post-quantum key needs both', async (t) => {
    const mlDsa = mlDsaSigner('pq');
    const box = new Sandbox(t);
    await within(box, [A, mlDsa], fill(3));
    const { note } = await headOf(box);
    const keys = [await vkeyOf(box, A), await vkeyOf(box, mlDsa)];
    assert.equal((await openCheckpoint(note, keys)).verifiedBy.length, 2);
    const { json } = await box.ok(['verify', '--json', '--pin', 'both.json']);
    assert.deepEqual([json.keys, json.required], [keys, keys]);
    assert.deepEqual(parsePin(readFileSync(box.at('both.json'), 'utf8')).keys, keys);
    await within(box, [A, mlDsa], (log) => log.changeKeys({ signers: [B, mlDsa] }).then(() => {}));
    await box.ok(['verify', '--pin', 'both.json']);
    const pin = parsePin(readFileSync(box.at('both.json'), 'utf8'));
    assert.deepEqual(pin.keys, [await vkeyOf(box, B), keys[1]]);
  });

  test('where nothing but the keys is new, they are remembered', async (t) => {
    const box = new Sandbox(t);
    await within(box, [A], async (log) => {
      await log.announceStandBy({ signers: [C] });
      await log.changeKeys({ signers: [C], withoutOld: true });
    });
    const { json } = await box.ok(['verify', '--json', '--pin', 'p.json']);
    assert.deepEqual(json.required, [await vkeyOf(box, C)]);
    assert.match((await box.ok(['verify', '--pin', 'p.json'])).out, /at 3 \(a stand-by took over\) records/);
  });
});

async function headOf(box: Sandbox): Promise<{ note: string }> {
  return { note: (await box.ok(['checkpoint'])).out };
}
