import assert from 'node:assert/strict';
import { checkpointBody, openCheckpoint } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { bundleEntries, leafHash, TILE_WIDTH } from '../../src/merkle/mod.ts';
import { type AuditRecord, decodeEntry, payloadMatches, references } from '../../src/record/mod.ts';
import type { LogStore, StoredHead } from '../../src/store/store.ts';
import { naiveRoot } from '../merkle/naive.ts';

export interface CheckedLog {
  readonly head: StoredHead;
  readonly records: readonly AuditRecord[];
  /** Lower-case hex, by number. */
  readonly leaves: readonly string[];
}

/** Reads a whole log and verifies everything in it from the entries up, with as little of the real code as can be. */
export async function checkLog(store: LogStore, node: string, vkey: string): Promise<CheckedLog> {
  const head = await store.head(node);
  assert.ok(head !== null && head.size > 0, 'the log has a head');
  const entries = await readEntries(store, node, head.size);
  const hashes = entries.map(leafHash);
  assert.equal(toHex(naiveRoot(hashes)), toHex(head.root), 'the root is that of the entries');
  const note = `${checkpointBody(head.origin, head.size, head.root)}\n${head.signatures}`;
  assert.equal((await openCheckpoint(note, [vkey])).verifiedBy.length, 1, 'the key signed the head');
  await checkTiles(store, node, hashes);

  const records = entries.map(decodeEntry);
  for (const [seq, record] of records.entries()) {
    assert.equal(record.seq, seq);
    assert.equal(record.node, node);
    assert.ok(
      record.logged >= (records[seq - 1]?.logged ?? 0),
      `logged of ${seq} is not before that of ${seq - 1}`,
    );
    for (const { ref } of references(record)) {
      const payload = await store.payload(node, ref.payload);
      assert.ok(payload !== null && payloadMatches(ref, payload), `payload of ${seq}`);
    }
  }
  return { head, records, leaves: hashes.map(toHex) };
}

async function readEntries(store: LogStore, node: string, size: number): Promise<Uint8Array[]> {
  const entries: Uint8Array[] = [];
  for await (const { from, to, entries: bundle } of store.source(node).bundles(0, size)) {
    assert.equal(from, entries.length);
    assert.ok(bundle !== null);
    entries.push(...bundleEntries(bundle));
    assert.equal(to, entries.length);
  }
  assert.equal(entries.length, size, 'numbers have no gap');
  // Nothing stands behind the head.
  for await (const beyond of store.source(node).bundles(size, size + 1)) assert.fail(`entry ${beyond.from}`);
  return entries;
}

async function checkTiles(store: LogStore, node: string, leaves: readonly Uint8Array[]): Promise<void> {
  let hashes = leaves;
  for (let level = 0; hashes.length > 0; level++) {
    const count = Math.ceil(hashes.length / TILE_WIDTH);
    for await (const tile of store.source(node).tiles(level, 0, count)) {
      const expected = hashes.slice(tile.index * TILE_WIDTH, (tile.index + 1) * TILE_WIDTH);
      assert.equal(
        tile.hashes && toHex(tile.hashes),
        expected.map(toHex).join(''),
        `tile ${tile.index} of level ${level}`,
      );
    }
    const full = Math.floor(hashes.length / TILE_WIDTH);
    const below = hashes;
    hashes = Array.from({ length: full }, (_, i) =>
      naiveRoot(below.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH)),
    );
  }
}
