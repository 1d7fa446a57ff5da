import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SqliteStore } from '../../../src/store/sqlite/mod.ts';
import { onDisk } from '../../disk.ts';
import { isCi } from '../../runs.ts';
import { Model } from '../model.ts';
import { rejects } from '../rejects.ts';
import { tempDir } from '../temp.ts';

const SCRIPT = fileURLToPath(new URL('commit-forever.ts', import.meta.url));
const ROUNDS = isCi ? 12 : 4;

let dir: string;
let remove: () => void;
beforeEach(() => {
  ({ dir, remove } = tempDir(onDisk));
});
afterEach(() => remove());

interface Writing {
  readonly child: ChildProcess;
  /** The size that the last answered commit gave the log. */
  acknowledged: number;
  /** Ends when so many commits were answered. */
  reached(commits: number): Promise<void>;
}

function startWriting(seed: number): Writing {
  const child = spawn(process.execPath, [SCRIPT, dir, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let answered = 0;
  const lines = createInterface({ input: child.stdout! });
  const writing: Writing = {
    child,
    acknowledged: 0,
    reached: (commits) =>
      new Promise((resolve, reject) => {
        child.on('exit', () => reject(new Error('the writer ended by itself')));
        lines.on('line', () => answered >= commits && resolve());
      }),
  };
  lines.on('line', (line) => {
    answered++;
    writing.acknowledged = Number(line);
  });
  return writing;
}

async function kill({ child }: Writing): Promise<void> {
  assert.equal(child.exitCode, null, 'the writer ended by itself');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('killed in the middle of commits: what was answered is there, whole, and the log is free at once', async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    const writing = startWriting(round);
    await writing.reached(30 * round);
    await kill(writing);

    const store = await SqliteStore.open({ dir });
    const { epoch, head } = await store.acquire('n', 'the test');
    assert.equal(epoch, 2 * round);
    assert.ok(head.size >= writing.acknowledged, `${head.size} of ${writing.acknowledged}`);
    const log = new Model('n', epoch);
    log.size = head.size;
    await log.checkEntries(store.source('n'), 0, head.size);
    assert.equal((await store.state('size')).get('size'), String(head.size));
    await store.close();
  }
});

test('a log that another process writes is refused by its name, and read meanwhile', async () => {
  const writing = startWriting(99);
  try {
    await writing.reached(5);
    const store = await SqliteStore.open({ dir });
    const { context } = await rejects(store.acquire('n', 'the test'), 'LOG_HELD');
    assert.equal(context.holder, `pid ${writing.child.pid}`);
    await store.acquire('another', 'the test');
    await new Model('another', 1).commit(store, 300);
    await store.close();

    const reading = await SqliteStore.open({ dir, readOnly: true });
    for (let i = 0; i < 5; i++) {
      const log = new Model('n', 0);
      log.size = (await reading.head('n'))?.size ?? 0;
      await log.checkEntries(reading.source('n'), 0, log.size);
    }
    await reading.close();
  } finally {
    await kill(writing);
  }
});
