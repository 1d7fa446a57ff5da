import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { indexRow } from '../../src/catalog/row.ts';
import { IndexError } from '../../src/errors.ts';
import { MemoryIndex } from '../../src/index/memory.ts';
import type { Log } from '../../src/log/log.ts';
import { bundleEntries } from '../../src/merkle/mod.ts';
import { IndexFollower } from '../../src/reader/follower.ts';
import { decodeEntry } from '../../src/record/mod.ts';
import type { LogStore } from '../../src/store/store.ts';
import { drafts, settle } from '../log/fixture.ts';
import { rejects } from '../store/rejects.ts';
import { type Archive, openArchive, withDamagedBundle } from './fixture.ts';

/** An index that fails and waits as told. */
class StagedIndex extends MemoryIndex {
  /** `from` of each call. */
  readonly adds: number[] = [];
  failures = 0;
  gate: Promise<void> | null = null;

  override async add(node: string, from: number, entries: Uint8Array): Promise<void> {
    this.adds.push(from);
    await this.gate;
    if (this.failures > 0) {
      this.failures--;
      throw new IndexError('INDEX_UNAVAILABLE', 'made to fail by the test');
    }
    return super.add(node, from, entries);
  }
}

/** A log that a follower is told of, as the composition root does it. */
async function follow(): Promise<{
  archive: Archive;
  index: StagedIndex;
  follower: IndexFollower;
  log: Log;
}> {
  const index = new StagedIndex();
  const archive = await openArchive({ index });
  const log = archive.log();
  const follower = new IndexFollower(index, archive.store, log.node);
  log.subscribe(({ from, entries }) => follower.sealed(from, entries));
  return { archive, index, follower, log };
}

/** The index holds the rows of the whole log, each once, in order. */
async function assertFollowed({
  log,
  store,
  index,
}: {
  log: Log;
  store: LogStore;
  index: MemoryIndex;
}): Promise<void> {
  const expected: unknown[] = [];
  for await (const part of store.source(log.node).bundles(0, log.head.size)) {
    for (const entry of bundleEntries(part.entries as Uint8Array))
      expected.push(indexRow(decodeEntry(entry)));
  }
  const rows: unknown[] = [];
  for await (const page of index.rows(log.node, 0, Number.MAX_SAFE_INTEGER)) rows.push(...page);
  assert.equal(rows.length, log.head.size);
  assert.deepEqual(rows, expected);
}

describe('an index that follows a log', () => {
  test('is given sealed batches without being asked, and what was there before', async () => {
    const { archive, index, log } = await follow();
    for (const count of [1, 300, 5]) {
      await archive.append(drafts(count));
      await settle();
    }
    await assertFollowed({ log, store: archive.store, index });
    assert.deepEqual(index.adds, [0, 1, 2, 302]);
  });

  test('does not hold sealing back, and catches up when it can', async () => {
    const { archive, index, follower, log } = await follow();
    const gate = Promise.withResolvers<void>();
    index.gate = gate.promise;
    for (let i = 0; i < 10; i++) await archive.append(drafts(3));
    assert.equal(await index.position('ca1'), 0);
    const progress: number[] = [];
    const caughtUp = follower.catchUp(log.head.size, (done) => progress.push(done));
    gate.resolve();
    await caughtUp;
    await assertFollowed({ log, store: archive.store, index });
  });

  test('reports how far it is', async () => {
    const { archive, index, follower, log } = await follow();
    await archive.append(drafts(600));
    await index.reset();
    const progress: [number, number][] = [];
    await follower.catchUp(log.head.size, (done, total) => progress.push([done, total]));
    assert.deepEqual(progress.at(-1), [601, 601]);
  });

  test('recovers after it failed: who asks while it fails is told, who asks later gets it all', async () => {
    const { archive, index, follower, log } = await follow();
    index.failures = 3;
    await archive.append(drafts(2));
    await settle();
    await archive.append(drafts(2));
    await settle();
    await rejects(follower.catchUp(log.head.size), 'INDEX_UNAVAILABLE');
    await follower.catchUp(log.head.size);
    await assertFollowed({ log, store: archive.store, index });
  });

  test('that failed before the question does not fail the question', async () => {
    const { archive, index, follower, log } = await follow();
    const gate = Promise.withResolvers<void>();
    index.gate = gate.promise;
    index.failures = 1;
    await archive.append(drafts(2));
    const caughtUp = follower.catchUp(log.head.size);
    gate.resolve();
    await caughtUp;
    await assertFollowed({ log, store: archive.store, index });
  });

  test('is filled again after it was emptied, or lost what it had last', async () => {
    const { archive, index, follower, log } = await follow();
    await archive.append(drafts(300));
    await follower.catchUp(log.head.size);
    await index.reset();
    await follower.catchUp(log.head.size);
    await assertFollowed({ log, store: archive.store, index });
    await index.reset();
    await archive.append(drafts(2));
    await settle();
    await assertFollowed({ log, store: archive.store, index });
  });

  test('is not asked to go back when it has more than is wanted', async () => {
    const { archive, index, follower } = await follow();
    await archive.append(drafts(10));
    await follower.catchUp(11);
    const { length } = index.adds;
    await follower.catchUp(5);
    assert.equal(index.adds.length, length);
  });

  test('is refused what cannot be read, which is named', async () => {
    const { archive, index, log } = await follow();
    await archive.append(drafts(700));
    await index.reset();
    const damaged = withDamagedBundle(archive.store, 'ca1', 300);
    const error = await rejects(new IndexFollower(index, damaged, 'ca1').catchUp(701), 'INDEX_UNAVAILABLE');
    assert.match(error.message, /256/);
    archive.stored().entries.length = 600;
    await rejects(new IndexFollower(index, archive.store, 'ca1').catchUp(701), 'INDEX_UNAVAILABLE');
    assert.equal(log.head.size, 701);
  });

  test('keeps at most so much waiting; the rest is read back', async () => {
    const index = new StagedIndex();
    let readBack = 0;
    const store = { source: () => ({ bundles: fakeBundles }) } as unknown as LogStore;
    async function* fakeBundles(from: number, to: number): AsyncGenerator<unknown> {
      for (let at = from; at < to; at++) {
        readBack += ENTRY.length;
        yield { from: at, to: at + 1, entries: ENTRY };
      }
    }
    const taken: number[] = [];
    index.add = async (_node, from, entries) => {
      await index.gate;
      // One call is worked on after another, as it came.
      assert.equal(from, taken.length);
      for (let i = 0; i < entries.length / ENTRY.length; i++) taken.push(from + i);
    };
    index.position = async () => taken.length;
    const gate = Promise.withResolvers<void>();
    index.gate = gate.promise;
    const follower = new IndexFollower(index, store, 'ca1');
    for (let seq = 0; seq < 700; seq++) follower.sealed(seq, ENTRY);
    gate.resolve();
    await follower.catchUp(700);
    assert.equal(taken.length, 700);
    assert.ok(700 * ENTRY.length - readBack <= 33 * 1024 * 1024, 'only so much was kept');
    assert.ok(readBack < (700 * ENTRY.length) / 2, 'and no less');
  });

  test('holds every row once, however batches, questions, failures and resets come together', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 2, arbitrary: fc.record({ settle: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ catchUp: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ fail: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ reset: fc.constant(true) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15, size: 'max' }), async (steps) => {
        const { archive, index, follower, log } = await follow();
        const running: Promise<unknown>[] = [];
        for (const one of steps) {
          if ('append' in one) await archive.append(drafts(one.append));
          else if ('settle' in one) await settle(one.settle);
          else if ('fail' in one) index.failures = one.fail;
          else if ('reset' in one) await index.reset();
          else
            running.push(
              follower
                .catchUp(log.head.size)
                .catch((error: unknown) => assert.ok(error instanceof IndexError)),
            );
        }
        await Promise.all(running);
        await settle();
        index.failures = 0;
        await follower.catchUp(log.head.size);
        await assertFollowed({ log, store: archive.store, index });
      }),
      { numRuns: 60 },
    );
  });
});

/** One entry of some 60 KB in bundle form. */
const ENTRY = Buffer.concat([Uint8Array.of(0xea, 0x60), Buffer.alloc(60_000)]);
