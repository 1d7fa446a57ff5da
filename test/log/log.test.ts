import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { openCheckpoint } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { Log, type SealedBatch } from '../../src/log/log.ts';
import { bundleEntries, countEntries, makeInclusion, verifyInclusion } from '../../src/merkle/mod.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { tileReader } from '../../src/store/tile-reader.ts';
import { checkLog } from './check.ts';
import { draft, drafts, NODE, openBench, rejects, SOURCE, START, StagedSigner } from './fixture.ts';

describe('a new log', () => {
  test('begins with a genesis record that names origin and key, and is signed once', async () => {
    const { log, store, signer } = await openBench({ name: 'acme', software: 'tallystick 9.9' });
    const { records, head } = await checkLog(store, NODE, log.vkey);
    assert.equal(records.length, 1);
    const [genesis] = records;
    assert.match(head.origin, /^acme-[0-9a-f]{8}\/ca1$/);
    assert.equal(genesis?.system, 'tallystick');
    assert.equal(genesis?.event, 'GENESIS');
    assert.equal(genesis?.time, START);
    assert.deepEqual(genesis?.details, { origin: head.origin, key: log.vkey, software: 'tallystick 9.9' });
    assert.equal(signer.calls, 1);
    assert.equal(store.batches[0]?.keepCheckpoint, true);
  });

  test('is another log each time', async () => {
    const origins = await Promise.all([1, 2, 3].map(async () => (await openBench()).log.head.origin));
    assert.equal(new Set(origins).size, 3);
  });

  test('refuses a bad name or node, and leaves the store as it was', async () => {
    for (const options of [{ name: '' }, { name: 'a b' }, { name: 'a+b' }, { name: 'x'.repeat(64) }]) {
      const disk = new MemoryDisk();
      await rejects(openBench(options, disk), 'USAGE');
      assert.equal(disk.logs.size, 0);
      assert.equal(disk.owners.size, 0);
    }
    await rejects(openBench({ node: 'a/b' }), 'RECORD_INVALID');
    await rejects(openBench({ node: '..' }), 'RECORD_INVALID');
  });

  test('takes the only node of the store when none is named', async () => {
    const { log, disk } = await openBench();
    await log.close();
    const again = await openBenchWithoutNode(disk);
    assert.equal(again.node, NODE);
    assert.equal(again.head.size, 1);
    await again.close();
  });
});

async function openBenchWithoutNode(disk: MemoryDisk): Promise<Log> {
  return Log.open({ store: new MemoryStore(disk), signers: [new StagedSigner()] });
}

describe('receipts', () => {
  test('name number, leaf and a checkpoint that covers them', async () => {
    const { log, store } = await openBench();
    const receipts = await log.append(drafts(600), SOURCE);
    const source = store.source(NODE);
    const entries: Uint8Array[] = [];
    for await (const part of source.bundles(0, 601))
      entries.push(...bundleEntries(part.entries as Uint8Array));
    assert.deepEqual(
      receipts.map(({ seq }) => seq),
      Array.from({ length: 600 }, (_, i) => i + 1),
    );
    for (const receipt of receipts) {
      const leaf = createHash('sha256')
        .update(Uint8Array.of(0))
        .update(entries[receipt.seq] as Uint8Array);
      assert.equal(receipt.leaf, leaf.digest('hex'));
      assert.equal(receipt.node, NODE);
      assert.equal(receipt.duplicate, false);
    }
    const { checkpoint } = await openCheckpoint(receipts[0]?.checkpoint as string, [log.vkey]);
    assert.equal(checkpoint.origin, log.head.origin);
    assert.equal(checkpoint.size, 601);
    for (const seq of [1, 255, 256, 257, 600]) {
      const proof = await makeInclusion(seq, checkpoint.size, tileReader(source));
      const leaf = Buffer.from(receipts[seq - 1]?.leaf as string, 'hex');
      verifyInclusion(seq, checkpoint.size, leaf, proof, checkpoint.root);
    }
  });

  test('are plain data as JSON', async () => {
    const { log } = await openBench();
    const [receipt] = await log.append([draft()], SOURCE);
    const { node, seq, leaf, checkpoint, duplicate } = receipt as NonNullable<typeof receipt>;
    assert.deepEqual(JSON.parse(JSON.stringify(receipt)), { node, seq, leaf, checkpoint, duplicate });
  });

  test('speak of the state in which the record was sealed or a later one', async () => {
    const { log } = await openBench();
    const all = await Promise.all(Array.from({ length: 20 }, () => log.append([draft()], SOURCE)));
    for (const [receipt] of all) {
      const { checkpoint } = await openCheckpoint(receipt?.checkpoint as string, [log.vkey]);
      assert.ok(checkpoint.size > (receipt?.seq as number));
      assert.ok(checkpoint.size <= log.head.size);
    }
  });
});

describe('an append', () => {
  test('seals what the producer said and what the log adds', async () => {
    const { log, store } = await openBench();
    const said = draft({ reason: 'ß\n\u{1F511}', details: { KEY: ['a', 'b'] }, id: 'x-1' });
    await log.append([said], { source: 'signer 1' });
    const { records } = await checkLog(store, NODE, log.vkey);
    assert.deepEqual(records[1], { ...said, node: NODE, seq: 1, logged: START, source: 'signer 1', v: 1 });
  });

  test('keeps long members as payloads in the same commit', async () => {
    const { log, store } = await openBench();
    await log.append(
      [draft({ reason: 'x'.repeat(9_000) }), draft({ details: { A: 'y'.repeat(20_000) } })],
      SOURCE,
    );
    assert.deepEqual(
      store.batches[1]?.payloads.map(({ seq }) => seq),
      [1, 2],
    );
    await checkLog(store, NODE, log.vkey);
  });

  test('with a bad record is refused whole, and says which', async () => {
    const { log, store } = await openBench();
    const bad = { ...draft(), outcome: 'maybe' } as unknown as ReturnType<typeof draft>;
    const error = await rejects(log.append([draft(), draft(), bad], SOURCE), 'RECORD_INVALID');
    assert.equal(error.context.index, 2);
    assert.equal(error.context.path, 'outcome');
    await rejects(log.append([draft({ system: 'tallystick' })], SOURCE), 'SYSTEM_RESERVED');
    await rejects(log.append([{ ...draft(), seq: 3 } as never], SOURCE), 'RECORD_INVALID');
    await rejects(log.append([draft()], { source: '' }), 'RECORD_INVALID');
    const actor = { name: 'a'.repeat(4_000), issuer: 'i'.repeat(4_000) };
    const objects = Array.from({ length: 256 }, () => ({ kind: 'key', id: 'k'.repeat(1_000) }));
    await rejects(log.append([draft({ actor, objects })], SOURCE), 'RECORD_TOO_LARGE');
    assert.equal(store.batches.length, 1);
    assert.equal((await checkLog(store, NODE, log.vkey)).head.size, 1);
  });

  test('of nothing adds nothing', async () => {
    const { log, store } = await openBench();
    assert.deepEqual(await log.append([], SOURCE), []);
    assert.equal(store.batches.length, 1);
  });

  test('of the log itself may use the reserved system', async () => {
    const { log, store } = await openBench();
    const receipt = await log.appendOwn(draft({ system: 'tallystick' }));
    assert.equal(receipt.seq, 1);
    const { records } = await checkLog(store, NODE, log.vkey);
    assert.equal(records[1]?.source, 'tallystick');
  });

  test('commits its state writes with its records', async () => {
    const { log, store } = await openBench();
    await Promise.all([
      log.append([draft()], { ...SOURCE, state: [{ key: 'a', value: '1' }] }),
      log.append([draft()], { ...SOURCE, state: [{ key: 'b', value: '2' }] }),
    ]);
    assert.deepEqual(
      store.batches.map((batch) => batch.state),
      [
        [],
        [
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ],
      ],
    );
    assert.deepEqual(
      [...(await store.state(''))],
      [
        ['a', '1'],
        ['b', '2'],
      ],
    );
  });
});

describe('subscribers', () => {
  test('get every batch in order, with the head that sealed it, before its appends are answered', async () => {
    const { log, store } = await openBench();
    const seen: SealedBatch[] = [];
    const end = log.subscribe((batch) => seen.push(batch));
    let at = 0;
    for (const count of [1, 3, 2]) {
      await log.append(drafts(count), SOURCE);
      assert.equal(seen.length, ++at);
    }
    end();
    await log.append([draft()], SOURCE);
    assert.deepEqual(
      seen.map(({ node, from, entries }) => [node, from, countEntries(entries)]),
      [
        [NODE, 1, 1],
        [NODE, 2, 3],
        [NODE, 5, 2],
      ],
    );
    assert.deepEqual(
      seen.map(({ head }) => toHex(head.root)),
      store.batches.slice(1, 4).map(({ root }) => toHex(root)),
    );
  });
});

describe('opening', () => {
  test('goes on where the log ended', async () => {
    const disk = new MemoryDisk();
    let size = 1;
    for (const count of [1, 254, 1, 1, 300]) {
      const { log, store } = await openBench({}, disk);
      assert.equal(log.head.size, size);
      const receipts = await log.append(drafts(count), SOURCE);
      assert.equal(receipts[0]?.seq, size);
      size += count;
      await checkLog(store, NODE, log.vkey);
      await log.close();
    }
  });

  test('refuses a second writer and names the first', async () => {
    const disk = new MemoryDisk();
    const { log } = await openBench({ holder: 'the first one' }, disk);
    const error = await rejects(openBench({}, disk), 'LOG_HELD');
    assert.match(error.message, /the first one/);
    await log.append([draft()], SOURCE);
    await log.close();
    await openBench({}, disk);
  });

  test('gives ownership back when it fails', async () => {
    const disk = new MemoryDisk();
    const { log } = await openBench({}, disk);
    await log.close();
    await rejects(openBench({ signers: [new StagedSigner('another key')] }, disk), 'LOG_KEY_MISMATCH');
    assert.equal(disk.owners.size, 0);
    await openBench({}, disk);
  });
});
