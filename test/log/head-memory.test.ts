import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Pin } from '../../src/checkpoint/mod.ts';
import { UsageError } from '../../src/errors.ts';
import { HeadDirectory, type HeadMemory } from '../../src/log/head-memory.ts';
import { MemoryDisk } from '../../src/store/memory.ts';
import { type Bench, draft, drafts, NODE, openBench, rejects, SOURCE } from './fixture.ts';

/** What a backup of the store would hold. */
function backup({ logs }: MemoryDisk): MemoryDisk {
  const copy = new MemoryDisk();
  for (const [node, log] of structuredClone(logs)) copy.logs.set(node, log);
  return copy;
}

async function append({ log }: Bench, count: number): Promise<void> {
  await log.append(drafts(count), SOURCE);
}

describe('a head remembered outside the store', () => {
  let directory: string;
  let headMemory: HeadDirectory;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'tallystick-heads-')), 'heads');
    headMemory = new HeadDirectory(directory);
  });
  afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

  /** Opens, appends and closes. */
  async function run(disk: MemoryDisk, count: number): Promise<Bench> {
    const bench = await openBench({ headMemory }, disk);
    if (count > 0) await append(bench, count);
    await bench.log.close();
    return bench;
  }

  test('lets the log go on while the store has it', async () => {
    const disk = new MemoryDisk();
    for (const count of [0, 1, 0, 300, 5, 0]) await run(disk, count);
    const { log } = await run(disk, 1);
    const pin = headMemory.recall(log.head.origin);
    assert.deepEqual([pin?.size, pin?.checkpoint, pin?.keys], [308, log.head.note, [log.vkey]]);
  });

  test('may be behind the store', async () => {
    const disk = new MemoryDisk();
    await run(disk, 10);
    const kept = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))] as const);
    await run(disk, 700);
    for (const [name, bytes] of kept) writeFileSync(join(directory, name), bytes);
    await run(disk, 1);
  });

  test('refuses an older copy of the store, and says so each time', async () => {
    const disk = new MemoryDisk();
    await run(disk, 10);
    const old = backup(disk);
    await run(disk, 1);
    for (let i = 0; i < 2; i++) {
      const error = await rejects(openBench({ headMemory }, old), 'ROLLED_BACK');
      assert.deepEqual([error.context.size, error.context.remembered], [11, 12]);
    }
    await run(disk, 1);
  });

  test('refuses a store that goes on from an older copy with other records', async () => {
    for (const before of [10, 700]) {
      const disk = new MemoryDisk();
      await run(disk, before);
      const old = backup(disk);
      await run(disk, 1);
      for (const more of [1, 400]) {
        const other = backup(old);
        const forked = await openBench({}, other);
        await append(forked, more);
        await forked.log.close();
        await rejects(openBench({ headMemory }, other), 'SPLIT_VIEW');
      }
    }
  });

  test('does not take damaged tiles for another history', async () => {
    const disk = new MemoryDisk();
    await run(disk, 700);
    const kept = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))] as const);
    await run(disk, 700);
    for (const [name, bytes] of kept) writeFileSync(join(directory, name), bytes);
    const leaf = disk.logs.get(NODE)?.leaves[600] as Uint8Array;
    leaf[0] = (leaf[0] as number) ^ 1;
    await rejects(openBench({ headMemory }, disk), 'LOG_DAMAGED');
  });

  test('is of one log: a new log is not compared with an old one', async () => {
    await run(new MemoryDisk(), 10);
    await run(new MemoryDisk(), 0);
    assert.equal(readdirSync(directory).length, 2);
  });

  test('is not for others to read, and is replaced whole', async () => {
    const { log } = await run(new MemoryDisk(), 1);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(headMemory.file(log.head.origin)).mode & 0o777, 0o600);
    assert.equal(readdirSync(directory).length, 1);
  });

  test('that is damaged or of another log is refused, and the log with it', async () => {
    const disk = new MemoryDisk();
    const { log } = await run(disk, 3);
    const other = await run(new MemoryDisk(), 3);
    const file = headMemory.file(log.head.origin);
    const good = readFileSync(file, 'utf8');
    const foreign = readFileSync(headMemory.file(other.log.head.origin), 'utf8');
    for (const text of ['', '{}', good.slice(0, -20), good.replace('"size": 4', '"size": 3'), foreign]) {
      writeFileSync(file, text);
      const error = await rejects(openBench({ headMemory }, disk), 'PIN_INVALID');
      assert.ok(error.message.includes(file));
      assert.equal(disk.owners.size, 0);
    }
    rmSync(file);
    mkdirSync(file);
    await rejects(openBench({ headMemory }, disk), 'FILE_UNREADABLE');
  });

  test('that cannot be written is said when the log is opened', async () => {
    const disk = new MemoryDisk();
    await run(disk, 3);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'in the way');
    // A file where the directory should be.
    const error = await openBench({ headMemory }, disk).catch((reason: unknown) => reason);
    assert.ok(error instanceof UsageError && error.code === 'FILE_UNREADABLE', `${error}`);
    assert.equal(disk.owners.size, 0);
  });
});

describe('remembering', () => {
  /** Remembers in memory, and fails as told. */
  class Notebook implements HeadMemory {
    readonly pins: Pin[] = [];
    broken = false;

    recall(): Pin | null {
      return this.pins.at(-1) ?? null;
    }

    async remember(pin: Pin): Promise<void> {
      if (this.broken) throw new UsageError('FILE_UNREADABLE', 'made to fail by the test');
      this.pins.push(pin);
    }
  }

  test('happens at opening, at most once a second, and at closing', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const headMemory = new Notebook();
    const bench = await openBench({ headMemory });
    const sizes = (): number[] => headMemory.pins.map(({ size }) => size);
    const tick = (ms: number): Promise<void> => {
      t.mock.timers.tick(ms);
      return setImmediate();
    };
    assert.deepEqual(sizes(), [1]);
    for (let i = 0; i < 5; i++) await append(bench, 1);
    assert.deepEqual(sizes(), [1]);
    await tick(1_000);
    assert.deepEqual(sizes(), [1, 6]);
    await tick(10_000);
    assert.deepEqual(sizes(), [1, 6]);
    await append(bench, 1);
    await append(bench, 1);
    await tick(1_000);
    assert.deepEqual(sizes(), [1, 6, 8]);
    await append(bench, 1);
    await bench.log.close();
    assert.deepEqual(sizes(), [1, 6, 8, 9]);
    await tick(10_000);
    assert.deepEqual(sizes(), [1, 6, 8, 9]);
  });

  test('does one thing at a time: a slow one is followed by one with the newest head', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const headMemory = new Notebook();
    const bench = await openBench({ headMemory });
    const { promise, resolve } = Promise.withResolvers<void>();
    const remember = t.mock.method(headMemory, 'remember', () => promise, { times: 1 });
    for (let i = 0; i < 3; i++) {
      await append(bench, 1);
      t.mock.timers.tick(1_000);
      await setImmediate();
    }
    assert.equal(remember.mock.callCount(), 1);
    const closed = bench.log.close();
    resolve();
    await closed;
    assert.deepEqual(
      headMemory.pins.map(({ size }) => size),
      [1, 4, 4, 4],
    );
  });

  test('holds no record back and stops nothing when it fails', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const headMemory = new Notebook();
    const bench = await openBench({ headMemory });
    headMemory.broken = true;
    await append(bench, 1);
    t.mock.timers.tick(1_000);
    await append(bench, 1);
    headMemory.broken = false;
    t.mock.timers.tick(1_000);
    await setImmediate();
    assert.equal(headMemory.pins.at(-1)?.size, 3);
    headMemory.broken = true;
    await bench.log.append([draft()], SOURCE);
    await bench.log.close();
    assert.equal(bench.disk.owners.size, 0);
  });
});
