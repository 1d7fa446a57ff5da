import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { StoreError } from '../../src/errors.ts';
import { RecordReader } from '../../src/reader/records.ts';
import type { RecordView } from '../../src/reader/types.ts';
import type { Payload, RecordDraft } from '../../src/record/mod.ts';
import type { LogStore } from '../../src/store/store.ts';
import { draft } from '../log/fixture.ts';
import { rejects } from '../store/rejects.ts';
import { type Archive, flip, openArchive, placeOf, rewrite, withDamagedBundle } from './fixture.ts';

const LONG = 'long '.repeat(3_000);

let archive: Archive;
let said: RecordDraft[];
beforeEach(async () => {
  archive = await openArchive();
  said = Array.from({ length: 599 }, (_, i) => draft({ event: `E${i + 1}`, reason: 'as it was' }));
  said[99] = draft({ reason: LONG, details: { SHORT: 'short', LONG: { a: [LONG] } } });
  await archive.append(said);
});

function read(seqs: readonly number[], store: LogStore = archive.store): Promise<RecordView[]> {
  return new RecordReader(store, 'ca1').views(seqs, archive.log().head);
}

async function readOne(seq: number, store?: LogStore): Promise<RecordView> {
  return (await read([seq], store))[0] as RecordView;
}

describe('a record that is read', () => {
  test('is what was sealed, in the order asked for', async () => {
    const seqs = [599, 1, 255, 256, 257, 1, 512];
    const views = await read(seqs);
    assert.deepEqual(views.map(placeOf), [
      'ca1/599',
      'ca1/1',
      'ca1/255',
      'ca1/256',
      'ca1/257',
      'ca1/1',
      'ca1/512',
    ]);
    for (const [i, seq] of seqs.entries()) {
      const { record, leaf, problem } = views[i] as RecordView;
      const { v, node, logged, source, seq: number, ...producers } = record as NonNullable<typeof record>;
      assert.deepEqual([v, node, number, source], [1, 'ca1', seq, 'test']);
      assert.deepEqual(producers, said[seq - 1]);
      assert.equal(leaf, Buffer.from(archive.stored().leaves[seq] as Uint8Array).toString('hex'));
      assert.equal(problem, undefined);
    }
  });

  test('has its sealed content put back', async () => {
    const { record, status } = await readOne(100);
    assert.equal(status, 'verified');
    assert.equal(record?.reason, LONG);
    assert.deepEqual(record?.details, { SHORT: 'short', LONG: { a: [LONG] } });
  });

  test('keeps the reference where its content was removed', async () => {
    archive.stored().payloads.clear();
    const { record, status } = await readOne(100);
    assert.equal(status, 'verified');
    assert.deepEqual(Object.keys(record?.reason as object).sort(), ['bytes', 'payload']);
  });
});

describe('a record whose stored form was touched is shown, with what is wrong, and the others are not concerned', () => {
  /** Reads some records around, of which only this one is not verified. */
  async function assertOnly(
    seq: number,
    status: RecordView['status'],
    store?: LogStore,
  ): Promise<RecordView> {
    const views = await read([seq - 1, seq, seq + 1, 5], store);
    assert.deepEqual(
      views.map((view) => view.status),
      ['verified', status, 'verified', 'verified'],
    );
    const view = views[1] as RecordView;
    assert.ok(view.problem);
    assert.equal(view.leaf, Buffer.from(archive.stored().leaves[seq] as Uint8Array).toString('hex'));
    return view;
  }

  test('altered: it says what it says now', async () => {
    rewrite(archive.stored(), 300, '"outcome":"success"', '"outcome":"failure"');
    assert.equal((await assertOnly(300, 'altered')).record?.outcome, 'failure');
  });

  test('altered into something that is no record', async () => {
    rewrite(archive.stored(), 300, '{', '[');
    assert.equal((await assertOnly(300, 'altered')).record, null);
  });

  test('exchanged for its neighbour', async () => {
    const { entries } = archive.stored();
    entries[300] = entries[301] as Uint8Array;
    assert.equal((await assertOnly(300, 'altered')).record?.seq, 301);
  });

  test('payload altered', async () => {
    for (const payload of archive.stored().payloads.values()) flip(payload.bytes, 3);
    const view = await assertOnly(100, 'altered');
    assert.equal(view.record?.seq, 100);
  });

  test('salt altered', async () => {
    for (const payload of archive.stored().payloads.values()) flip(payload.salt);
    await assertOnly(100, 'altered');
  });

  test('payload that cannot be read', async () => {
    const store = withPayload(async () => {
      throw new StoreError('STORE_DAMAGED', 'made unreadable by the test');
    });
    const view = await assertOnly(100, 'unreadable', store);
    assert.equal(view.record?.event, said[99]?.event, 'what the entry itself says is there');
  });
});

function withPayload(payload: () => Promise<Payload | null>): LogStore {
  return new Proxy(archive.store, {
    get: (target, name: keyof LogStore) =>
      name === 'payload' ? payload : (target[name] as () => unknown).bind(target),
  });
}

describe('a part of the store that was touched', () => {
  const SEQS = [10, 255, 256, 300, 511, 512, 599];

  test('a bundle that does not decode: its records are unreadable, the page is not lost', async () => {
    const views = await read(SEQS, withDamagedBundle(archive.store, 'ca1', 300));
    assert.deepEqual(views.map(placeOf), [
      'ca1/10',
      'ca1/255',
      'ca1/256 unreadable',
      'ca1/300 unreadable',
      'ca1/511 unreadable',
      'ca1/512',
      'ca1/599',
    ]);
    assert.ok(views[3]?.problem?.includes('made unreadable by the test'));
  });

  test('entries cut off at the end are missing', async () => {
    archive.stored().entries.length = 512;
    assert.deepEqual((await read(SEQS)).map(placeOf).slice(-3), [
      'ca1/511',
      'ca1/512 missing',
      'ca1/599 missing',
    ]);
  });

  test('a hash tile: its records cannot be checked', async () => {
    flip(archive.stored().leaves[300]);
    const views = await read(SEQS);
    assert.deepEqual(views.map(placeOf), [
      'ca1/10',
      'ca1/255',
      'ca1/256 unreadable',
      'ca1/300 unreadable',
      'ca1/511 unreadable',
      'ca1/512',
      'ca1/599',
    ]);
    assert.equal(views[3]?.leaf, null);
  });

  test('the right edge: nothing can be checked, all is shown', async () => {
    flip(archive.stored().leaves[599]);
    const views = await read(SEQS);
    assert.ok(views.every(({ status }) => status === 'unreadable'));
  });

  test('a store that cannot be read at all is an error, not a status', async () => {
    const store = withPayload(async () => {
      throw new StoreError('STORE_UNAVAILABLE', 'made to fail by the test');
    });
    await rejects(read([100], store), 'STORE_UNAVAILABLE');
  });
});
