import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { checkpointBody, type Pin, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { toHex, utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import { TallystickError } from '../../src/errors.ts';
import { createEvidence, verifyEvidence } from '../../src/evidence/mod.ts';
import { exportOf, verifyExport } from '../../src/exported/mod.ts';
import { Log } from '../../src/log/log.ts';
import { DirectoryFiles, publish } from '../../src/publish/mod.ts';
import { PublishedLog } from '../../src/published/mod.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { SqliteStore } from '../../src/store/sqlite/mod.ts';
import type { LogStore } from '../../src/store/store.ts';
import { type LogSource, verifyLog } from '../../src/verify/mod.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { Sandbox } from '../cli/harness.ts';
import { MADE } from '../evidence/fixture.ts';
import { drafts, FakeClock } from '../log/fixture.ts';
import { CutAt, tempDir } from '../publish/fixture.ts';
import { type FaultyCall, FaultyStore } from '../store/faulty.ts';

/** What happens to an honest log must not be remarked: in no medium, and against no pin that was made on the way. */

const NODE = 'ca1';
const SOURCE = { source: 'test' };
const [A, B] = [testSigner('A'), testSigner('B')];

/** A log as it goes on, and what somebody remembered of it at each stop. */
class Life {
  readonly store: LogStore;
  readonly clock = new FakeClock();
  readonly pins: Pin[] = [];
  log: Log | null = null;

  constructor(store: LogStore) {
    this.store = store;
  }

  async open(...signers: Signer[]): Promise<Log> {
    await this.log?.close();
    this.log = await Log.open({ store: this.store, signers, node: NODE, clock: this.clock });
    return this.log;
  }

  async append(count: number, ...signers: Signer[]): Promise<void> {
    const log = this.log as Log;
    await log.append(drafts(count), SOURCE);
    const { origin, size, root, signatures } = log.head;
    const keys = signers.map(({ algorithm, publicKey }) => vkeyFromSpki(origin, algorithm, publicKey));
    const checkpoint = `${checkpointBody(origin, size, root)}\n${signatures}`;
    this.pins.push({ origin, keys, size, root: toHex(root), checkpoint, savedAt: 0 });
  }
}

/** Verifies a log where it lies, as it is published, exported and in evidence, with nothing and with each pin. */
async function assertNoAlarm(t: TestContext, source: LogSource, pins: readonly Pin[]): Promise<void> {
  const head = await source.head();
  assert.ok(head);
  const { origin, size, root, signatures } = head;
  const note = `${checkpointBody(origin, size, root)}\n${signatures}`;
  const dir = tempDir(t);
  await publish(source, { origin, size, root, note }, dir, { entries: true });
  const places = { store: source, tiles: new PublishedLog(new DirectoryFiles(dir)) };
  for (const pin of [undefined, ...pins]) {
    const options = { deep: true, ...(pin === undefined ? {} : { pin }) };
    for (const [place, each] of Object.entries(places)) {
      const { verdict, findings } = await verifyLog(each, options);
      assert.deepEqual([verdict, findings], ['intact', []], `${place}, pinned at ${pin?.size}`);
    }
  }
  const { keys } = await verifyLog(source);
  let lines = '';
  for await (const line of exportOf(source, head, { from: 0, to: size, keys })) lines += line;
  const file = utf8(lines);
  for (const pin of [undefined, ...pins]) {
    const options = { deep: true, ...(pin === undefined ? {} : { pin }) };
    const { verdict, findings } = await verifyExport(once(file), options);
    assert.deepEqual([verdict, findings], ['intact', []], `export, pinned at ${pin?.size}`);
  }
  const range = { from: 0, to: size, since: null, until: null };
  const request = { source, matches: null, searched: null, range, pins };
  const { text } = await createEvidence([request], { made: { ...MADE, query: '' } });
  for (const pin of pins) {
    const report = await verifyEvidence(text, { pins: [pin], complete: true });
    const findings = [...report.findings, ...report.logs.flatMap((each) => each.findings)];
    assert.deepEqual([report.verdict, findings], ['intact', []], `evidence, pinned at ${pin.size}`);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function stores(t: TestContext, live: (life: Life) => Promise<void>): Promise<void> {
  const sqlite = await SqliteStore.open({ dir: tempDir(t) });
  for (const store of [new MemoryStore(), sqlite]) {
    const life = new Life(store);
    await live(life);
    await assertNoAlarm(t, store.source(NODE), life.pins);
    await life.log?.close();
    await store.close();
  }
}

describe('no alarm', () => {
  test('a key change', (t) =>
    stores(t, async (life) => {
      const log = await life.open(A);
      await life.append(254, A);
      await log.changeKeys({ signers: [B] });
      await life.append(300, B);
    }));

  test('a stand-by that takes over', (t) =>
    stores(t, async (life) => {
      const log = await life.open(A);
      await life.append(10, A);
      await log.announceStandBy({ signers: [B] });
      await life.append(10, A);
      await log.changeKeys({ signers: [B], withoutOld: true });
      await life.append(10, B);
    }));

  test('checkpoints that were thinned', (t) =>
    stores(t, async (life) => {
      await life.open(A);
      for (let i = 0; i < 60; i++) await life.append(10, A);
      life.pins.splice(0, life.pins.length, ...life.pins.filter((_, i) => i % 10 === 3));
    }));

  test('a clock that was set back', (t) =>
    stores(t, async (life) => {
      await life.open(A);
      await life.append(5, A);
      life.clock.wall -= 3_600_000;
      await life.append(5, A);
      life.clock.pass(7_200_000);
      await life.append(5, A);
    }));

  test('a crash between any two steps of the store', async (t) => {
    const calls: readonly FaultyCall[] = ['acquire', 'head', 'commit'];
    for (const call of calls) {
      for (const nth of [1, 2, 3]) {
        for (const applied of [false, true]) {
          const disk = new MemoryDisk();
          await dieAt(new FaultyStore(new MemoryStore(disk), [{ call, nth, applied }]));
          // The process is gone, and with it what it held.
          disk.owners.clear();
          const life = new Life(new MemoryStore(disk));
          await life.open(A);
          await life.append(10, A);
          await assertNoAlarm(t, life.store.source(NODE), life.pins);
        }
      }
    }
  });

  test('publishing that was cut off anywhere, and done again', async (t) => {
    const store = new MemoryStore();
    const life = new Life(store);
    await life.open(A);
    await life.append(300, A);
    const before = { ...(life.log as Log).head, note: life.pins[0]?.checkpoint ?? '' };
    for (let n = 1; n < 12; n++) {
      const dir = tempDir(t);
      await publish(store.source(NODE), before, dir, { entries: true });
      await life.append(100, A);
      const now = { ...(life.log as Log).head, note: life.pins.at(-1)?.checkpoint ?? '' };
      const { signal } = new CutAt(n);
      await publish(store.source(NODE), now, dir, { entries: true, signal }).catch((error: Error) => {
        assert.equal(error.message, 'cut off');
      });
      const report = await verifyLog(new PublishedLog(new DirectoryFiles(dir)), {
        deep: true,
        ...(life.pins[0] === undefined ? {} : { pin: life.pins[0] }),
      });
      assert.deepEqual([report.verdict, report.findings], ['intact', []], `cut at ${n}`);
    }
  });

  test('logs of other systems that rotate while they are imported', async (t) => {
    const box = new Sandbox(t);
    const lines = readFileSync(new URL('../../examples/story/logs/ca_audit', import.meta.url), 'utf8')
      .split('\n')
      .slice(0, -1);
    const file = box.at('ca_audit');
    const text = (from: number, to: number): string => `${lines.slice(from, to).join('\n')}\n`;
    const load = (...files: string[]) => box.ok(['import', ...files]);
    writeFileSync(file, text(0, 15));
    await load(file);
    assert.equal((await box.ok(['verify', '--deep', '--json'])).json.verdict, 'intact');
    appendFileSync(file, text(15, 30));
    renameSync(file, `${file}.1`);
    writeFileSync(file, text(30, 43));
    await load(`${file}.1`, file);
    const { json } = await box.ok(['verify', '--deep', '--json']);
    assert.deepEqual([json.verdict, json.findings], ['intact', []]);
    assert.equal(json.trust, 'pinned-key');
    assert.ok(json.size >= 43);
  });
});

/** A log that lives until something fails, and then lets everything lie. */
async function dieAt(store: LogStore): Promise<void> {
  try {
    const log = await Log.open({ store, signers: [A], node: NODE, clock: new FakeClock() });
    for (let i = 0; i < 3; i++) await log.append(drafts(10), SOURCE);
  } catch (error) {
    assert.ok(error instanceof TallystickError, String(error));
  }
}
