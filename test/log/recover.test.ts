import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from 'node:v8';
import { type ErrorCode, StoreError } from '../../src/errors.ts';
import type { Log, LogOptions } from '../../src/log/log.ts';
import { decodeEntry } from '../../src/record/mod.ts';
import { type MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { checkLog } from './check.ts';
import { draft, drafts, NODE, openBench, rejects, SOURCE, StagedSigner } from './fixture.ts';

/** What lies behind a store that is not open, for writing on it. */
type Stored = NonNullable<ReturnType<MemoryDisk['logs']['get']>>;

/** A log of `count` + 1 records that was closed. */
async function closedLog(count: number): Promise<MemoryDisk> {
  const { log, disk } = await openBench();
  if (count > 0) await log.append(drafts(count), SOURCE);
  await log.close();
  return disk;
}

function stored(disk: MemoryDisk): Stored {
  return disk.logs.get(NODE) as Stored;
}

function reopen(disk: MemoryDisk, options: Partial<LogOptions> = {}): Promise<Log> {
  return openBench(options, disk).then(({ log }) => log);
}

/** Opening is refused with this code, and changes nothing but the epoch. */
async function assertRefused(
  disk: MemoryDisk,
  code: ErrorCode,
  options?: Partial<LogOptions>,
): Promise<void> {
  const content = (): Buffer => serialize({ ...stored(disk), head: { ...stored(disk).head, epoch: 0 } });
  const before = content();
  await rejects(reopen(disk, options), code);
  assert.ok(content().equals(before), 'the store is as it was');
  assert.equal(disk.owners.size, 0);
}

/** The entry at `seq` with a part of its text replaced by one of the same length. */
function rewrite(log: Stored, seq: number, from: string, to: string): void {
  assert.equal(from.length, to.length);
  const text = Buffer.from(log.entries[seq] as Uint8Array).toString('latin1');
  assert.ok(text.includes(from));
  log.entries[seq] = new Uint8Array(Buffer.from(text.replace(from, to), 'latin1'));
}

function flip(bytes: Uint8Array | undefined, at = 0): void {
  (bytes as Uint8Array)[at] = (bytes as Uint8Array)[at]! ^ 1;
}

describe('opening an intact log', () => {
  test('of any size goes on from its newest record', async () => {
    for (const count of [0, 1, 254, 255, 256, 511, 700]) {
      const disk = await closedLog(count);
      const log = await reopen(disk);
      assert.equal(log.head.size, count + 1);
      assert.equal((await log.append([draft()], SOURCE))[0]?.seq, count + 1);
      await checkLog(new MemoryStore(disk), NODE, log.vkey);
    }
  });
});

describe('opening with', () => {
  test('another key is refused', async () => {
    const disk = await closedLog(3);
    await assertRefused(disk, 'LOG_KEY_MISMATCH', { signers: [new StagedSigner('another key')] });
    assert.equal((await reopen(disk)).head.size, 4);
  });

  test('a store that cannot be read is refused as that, not as damage', async () => {
    const disk = await closedLog(3);
    const store = new MemoryStore(disk);
    const source = store.source.bind(store);
    store.source = (node) => ({
      ...source(node),
      // biome-ignore lint/correctness/useYield: it fails before
      async *bundles() {
        throw new StoreError('STORE_UNAVAILABLE', 'made to fail by the test');
      },
    });
    await assertRefused(disk, 'STORE_UNAVAILABLE', { store });
  });
});

describe('opening is refused as damaged when', () => {
  const cases: readonly { name: string; spoil: (log: Stored) => void }[] = [
    {
      name: 'the signature is of another checkpoint',
      spoil: (log) => {
        log.head = { ...log.head, signatures: log.checkpoints[0]?.signatures as string };
      },
    },
    {
      name: 'the signature is not one',
      spoil: (log) => {
        log.head = { ...log.head, signatures: 'signed, me\n' };
      },
    },
    {
      name: 'the head names another root',
      spoil: (log) => {
        flip(log.head.root);
      },
    },
    {
      name: 'the head names another origin',
      spoil: (log) => {
        log.head = { ...log.head, origin: 'other-00000000/ca1' };
      },
    },
    {
      name: 'the head names an origin that cannot be one',
      spoil: (log) => {
        log.head = { ...log.head, origin: 'a b' };
      },
    },
    {
      name: 'the head is cut back without its signature',
      spoil: (log) => {
        log.head = { ...log.head, size: log.head.size - 1 };
      },
    },
    {
      name: 'a leaf at the right edge differs',
      spoil: (log) => flip(log.leaves.at(-1)),
    },
    {
      name: 'a leaf at the right edge is missing',
      spoil: (log) => log.leaves.pop(),
    },
    {
      name: 'a tile above differs',
      spoil: (log) => flip(log.tiles.get('1/0'), 40),
    },
    {
      name: 'a tile above is missing',
      spoil: (log) => log.tiles.delete('1/0'),
    },
    {
      name: 'the newest entry says something else',
      spoil: (log) => rewrite(log, 699, 'success', 'failure'),
    },
    {
      name: 'the newest entry says another time',
      spoil: (log) => rewrite(log, 699, '"logged":16', '"logged":99'),
    },
    {
      name: 'the newest entry is not a record',
      spoil: (log) => rewrite(log, 699, '{', '['),
    },
    {
      name: 'the newest entry is missing',
      spoil: (log) => log.entries.pop(),
    },
    {
      name: 'the newest entry does not decode',
      spoil: (log) => {
        log.entries[699] = Uint8Array.of(0, 9, 1);
      },
    },
    {
      name: 'the first entry says something else',
      spoil: (log) => rewrite(log, 0, '"software":"tallystick', '"software":"tallystock'),
    },
    {
      name: 'the first entry is not a genesis record',
      spoil: (log) => rewrite(log, 0, '"GENESIS"', '"EXODUS!"'),
    },
    {
      name: 'the log stands under the name of another node',
      spoil: (log) => {
        for (const [seq, entry] of log.entries.entries()) {
          const { node } = decodeEntry(entry.subarray(2));
          rewrite(log, seq, `"node":"${node}"`, '"node":"ca2"');
        }
      },
    },
  ];
  for (const { name, spoil } of cases) {
    test(name, async () => {
      const disk = await closedLog(699);
      spoil(stored(disk));
      await assertRefused(disk, 'LOG_DAMAGED');
    });
  }
});
