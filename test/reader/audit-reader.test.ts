import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '../../src/errors.ts';
import { MemoryIndex } from '../../src/index/memory.ts';
import { verifyInclusion } from '../../src/merkle/mod.ts';
import { AuditReader, type ReadableLog } from '../../src/reader/audit-reader.ts';
import { IndexFollower } from '../../src/reader/follower.ts';
import type { RecordView } from '../../src/reader/types.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import type { LogStore } from '../../src/store/store.ts';
import { draft, drafts, settle } from '../log/fixture.ts';
import { rejects } from '../store/rejects.ts';
import { type Archive, flip, openArchive, placeOf, rewrite, withDamagedBundle } from './fixture.ts';

/** Reads logs that others write. */
function readerOf(archive: Archive, store: LogStore = archive.store): Promise<AuditReader> {
  return AuditReader.open(store, archive.index);
}

async function collect(views: AsyncIterable<RecordView>): Promise<string[]> {
  const places: string[] = [];
  for await (const view of views) places.push(placeOf(view));
  return places;
}

function marked(count: number, nth: number): RecordDraft[] {
  return Array.from({ length: count }, (_, i) =>
    draft(i % nth === 0 ? { module: 'm', outcome: 'failure' } : {}),
  );
}

describe('a reader', () => {
  test('knows the logs, and which one is meant when there is one', async () => {
    const one = await openArchive({ nodes: ['a'] });
    const reader = await readerOf(one);
    assert.deepEqual(reader.nodes, ['a']);
    assert.equal((await reader.head()).note, one.log('a').head.note);
    await rejects(reader.get(0, 'b'), 'LOG_NOT_FOUND');

    const two = await readerOf(await openArchive({ nodes: ['a', 'b'] }));
    assert.deepEqual(two.nodes, ['a', 'b']);
    assert.equal((await two.get(0, 'b')).node, 'b');
    await rejects(two.head(), 'LOG_NOT_FOUND');
    await rejects(two.get(0), 'LOG_NOT_FOUND');
    await rejects(two.prove(0), 'LOG_NOT_FOUND');
  });

  test('follows logs that grow', async () => {
    const archive = await openArchive();
    const reader = await readerOf(archive);
    for (const size of [2, 257, 258]) {
      await archive.append(drafts(size - archive.log().head.size));
      assert.equal((await reader.head()).size, size);
      assert.equal((await reader.get(size - 1)).status, 'verified');
      await rejects(reader.get(size), 'LOG_NOT_FOUND');
      assert.equal((await reader.search({ limit: 1 })).records[0]?.seq, size - 1);
    }
    for (const seq of [-1, 1.5, Number.NaN]) await rejects(reader.get(seq), 'LOG_NOT_FOUND');
  });

  test('passes over a log that was never begun', async () => {
    const archive = await openArchive({ nodes: ['a'] });
    await archive.store.acquire('b', 'somebody whose disk was full');
    const reader = await readerOf(archive);
    assert.deepEqual(reader.nodes, ['a']);
    assert.equal((await reader.search()).records.length, 1);
    assert.equal(await reader.count(''), 1);
  });

  test('of several logs is not kept from the others by one that cannot be read', async () => {
    const archive = await openArchive({ nodes: ['a', 'b'] });
    const { store } = archive;
    const head = store.head.bind(store);
    store.head = async (node) => {
      if (node === 'b') throw new StoreError('STORE_DAMAGED', 'made unreadable by the test');
      return head(node);
    };
    const reader = await readerOf(archive);
    assert.equal((await reader.get(0, 'a')).status, 'verified');
    await rejects(reader.get(0, 'b'), 'STORE_DAMAGED');
  });

  test('does not believe a head whose signature is not that of the log’s key', async () => {
    const archive = await openArchive();
    await archive.append(drafts(3));
    const stored = archive.stored();
    stored.head = { ...stored.head, signatures: stored.checkpoints[0]?.signatures ?? 'none\n' };
    const reader = await readerOf(archive);
    await rejects(reader.head(), 'LOG_DAMAGED');
    await rejects(reader.get(1), 'LOG_DAMAGED');
    await rejects(reader.search(), 'LOG_DAMAGED');
  });

  test('does not believe a log without its first record', async () => {
    const archive = await openArchive();
    await archive.append(drafts(3));
    rewrite(archive.stored(), 0, '{', '[');
    await rejects((await readerOf(archive)).head(), 'LOG_DAMAGED');
  });
});

describe('records in order', () => {
  test('are given as far as they are sealed', async () => {
    const archive = await openArchive();
    await archive.append(drafts(599));
    const reader = await readerOf(archive);
    assert.deepEqual(await collect(reader.records(254, 258)), ['ca1/254', 'ca1/255', 'ca1/256', 'ca1/257']);
    assert.deepEqual(await collect(reader.records(598, 5_000)), ['ca1/598', 'ca1/599']);
    assert.deepEqual(await collect(reader.records(600, 700)), []);
    assert.equal((await collect(reader.records(0, 600))).length, 600);
  });

  test('are given with what is wrong: a range that cannot be had once, at its first number', async () => {
    const archive = await openArchive();
    await archive.append(drafts(699));
    rewrite(archive.stored(), 100, '"outcome":"success"', '"outcome":"failure"');
    const damaged = await collect(
      (await readerOf(archive, withDamagedBundle(archive.store, 'ca1', 300))).records(0, 700),
    );
    assert.equal(damaged.length, 700 - 255);
    assert.deepEqual(
      damaged.filter((place) => place.includes(' ')),
      ['ca1/100 altered', 'ca1/256 unreadable'],
    );
    archive.stored().entries.length = 600;
    const cut = await collect((await readerOf(archive)).records(50, 700));
    assert.deepEqual(cut.slice(-2), ['ca1/599', 'ca1/600 missing']);
  });
});

describe('a proof', () => {
  test('shows that the record is in the head it comes with', async () => {
    const archive = await openArchive();
    await archive.append(drafts(999));
    const reader = await readerOf(archive);
    for (const seq of [0, 1, 255, 256, 998, 999]) {
      const { head, proof } = await reader.prove(seq);
      const { leaf } = await reader.get(seq);
      assert.equal(head.note, archive.log().head.note);
      verifyInclusion(seq, head.size, Buffer.from(leaf as string, 'hex'), proof, head.root);
    }
    await rejects(reader.prove(1_000), 'LOG_NOT_FOUND');
  });
});

describe('counting', () => {
  test('answers for all that is sealed', async () => {
    const archive = await openArchive({ nodes: ['a', 'b'] });
    await archive.append(marked(100, 10), 'a');
    await archive.append(marked(30, 3), 'b');
    const reader = await readerOf(archive);
    assert.equal(await reader.count('module:m'), 20);
    await archive.append(marked(1, 1), 'b');
    assert.equal(await reader.count('module:m'), 21);
    assert.deepEqual(await reader.facets('module:m', { field: 'node', limit: 5 }), [
      { value: 'b', count: 11 },
      { value: 'a', count: 10 },
    ]);
    const span = { from: archive.clock.now(), to: archive.clock.now() + 10, bucketMs: 10 };
    const buckets = await reader.histogram('outcome:failure', span);
    assert.deepEqual(buckets, [{ start: span.from, outcome: 'failure', count: 21 }]);
  });

  test('is refused for what the index cannot know', async () => {
    const reader = await readerOf(await openArchive());
    await rejects(reader.count('"free text"'), 'QUERY_INVALID');
    await rejects(reader.facets('details.A:b', { field: 'node', limit: 5 }), 'QUERY_INVALID');
    await rejects(reader.histogram('free', { from: 0, to: 9, bucketMs: 1 }), 'QUERY_INVALID');
  });

  test('and searching need an index', async () => {
    const archive = await openArchive();
    const reader = await AuditReader.open(archive.store, null);
    await rejects(reader.search(), 'INDEX_UNAVAILABLE');
    await rejects(reader.count(''), 'INDEX_UNAVAILABLE');
    await rejects(reader.rebuildIndex(), 'INDEX_UNAVAILABLE');
    assert.equal((await reader.get(0)).status, 'verified');
    await reader.close();
  });
});

describe('rebuilding the index', () => {
  test('fills it again from the logs, and tells how far it is', async () => {
    const index = new MemoryIndex();
    const archive = await openArchive({ nodes: ['a', 'b'], index });
    await archive.append(marked(300, 10), 'a');
    const reader = await readerOf(archive);
    assert.equal(await reader.count('module:m'), 30);
    const progress: [number, number][] = [];
    await reader.rebuildIndex((done, total) => progress.push([done, total]));
    assert.deepEqual([await index.position('a'), await index.position('b')], [301, 1]);
    assert.deepEqual(progress, [
      [301, 301],
      [1, 1],
    ]);
    assert.equal(await reader.count('module:m'), 30);
  });

  test('of a log that is being written loses nothing', async () => {
    const index = new MemoryIndex();
    const archive = await openArchive({ index });
    const log = archive.log();
    const follower = new IndexFollower(index, archive.store, log.node);
    log.subscribe(({ from, entries }) => follower.sealed(from, entries));
    const live: ReadableLog = {
      node: log.node,
      head: async () => log.head,
      indexed: (size, onProgress) => follower.catchUp(size, onProgress),
    };
    const reader = await AuditReader.open(archive.store, index, { live });
    const appends: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      appends.push(archive.append(marked(50, 5)));
      if (i % 4 === 0) await reader.rebuildIndex();
      else await settle(i % 3);
    }
    await Promise.all(appends);
    assert.equal(await reader.count('module:m'), 200);
    assert.equal(await reader.count(''), 1_001);
  });
});

describe('verifying through a reader', () => {
  test('includes the index', async () => {
    const archive = await openArchive();
    await archive.append(drafts(300));
    const reader = await readerOf(archive);
    await reader.count('');
    const report = await reader.verify();
    assert.deepEqual([report.verdict, report.size, report.checked.rows], ['intact', 301, 301]);
    flip(archive.stored().leaves[7]);
    assert.equal((await reader.verify()).verdict, 'not-intact');
  });
});
