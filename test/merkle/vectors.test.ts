import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex } from '../../src/crypto/bytes.ts';
import {
  emptyRoot,
  leafHash,
  nodeHash,
  rootFromTiles,
  Tree,
  tilePath,
  tileRoot,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../src/merkle/mod.ts';

const VECTORS = new URL('../vectors/', import.meta.url);

interface Row {
  readonly file: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
  readonly [name: string]: unknown;
}

/** Numbers reach 2^64-1: as `Number` they stay what no safe integer is. */
function rows(file: string): Row[] {
  return JSON.parse(readFileSync(new URL(`merkle/${file}`, VECTORS), 'utf8'));
}

function bytes(text: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(text as string, 'base64'));
}

function check(file: string, count: number, verify: (row: Row, proof: Uint8Array[]) => void): void {
  const all = rows(file);
  assert.equal(all.length, count);
  for (const row of all) {
    const run = () => verify(row, (row.proof ?? []).map(bytes));
    if (row.wantErr) assert.throws(run, { name: 'ProofError', code: 'PROOF_INVALID' }, row.file);
    else assert.doesNotThrow(run, row.file);
  }
}

const n = (value: unknown): number => value as number;

test('inclusion vectors', () => {
  check('inclusion.json', 33, (r, proof) =>
    verifyInclusion(n(r.leafIdx), n(r.treeSize), bytes(r.leafHash), proof, bytes(r.root)),
  );
});

test('consistency vectors', () => {
  check('consistency.json', 33, (r, proof) =>
    verifyConsistency(n(r.size1), n(r.size2), proof, bytes(r.root1), bytes(r.root2)),
  );
});

test('subtree inclusion vectors', () => {
  check('subtreeinclusion.json', 68, (r, proof) =>
    verifySubtreeInclusion(n(r.leafIdx), n(r.start), n(r.end), bytes(r.leafHash), proof, bytes(r.root)),
  );
});

test('subtree consistency vectors', () => {
  check('subtreeconsistency.json', 38, (r, proof) =>
    verifySubtreeConsistency(n(r.start), n(r.end), n(r.size), proof, bytes(r.root1), bytes(r.root2)),
  );
});

test('hash constants', () => {
  const expected = JSON.parse(readFileSync(new URL('merkle/rfc6962-hasher.json', VECTORS), 'utf8'));
  const text = new TextEncoder();
  assert.equal(toHex(emptyRoot()), expected.empty_root);
  assert.equal(toHex(leafHash(new Uint8Array(0))), expected.empty_leaf);
  assert.equal(toHex(leafHash(text.encode('L123456'))), expected.leaf_L123456);
});

test('a log of 300 entries written by another implementation', async () => {
  const folder = new URL('tiled-log-300/', VECTORS);
  const read = async (level: number, index: number, width: number) =>
    new Uint8Array(readFileSync(new URL(tilePath({ level, index, width }), folder)));
  const root = bytes(readFileSync(new URL('checkpoint', folder), 'utf8').split('\n')[2]);

  assert.deepEqual(await rootFromTiles(300, read), root);
  assert.deepEqual((await Tree.read(300, read)).root(), root);

  const tree = new Tree();
  tree.appendAll(await read(0, 0, 256));
  tree.appendAll(await read(0, 1, 44));
  assert.deepEqual(tree.root(), root);
  assert.deepEqual(tree.changedTiles(), [{ level: 1, index: 0, hashes: await read(1, 0, 1) }]);
  assert.deepEqual(nodeHash(await read(1, 0, 1), tileRoot(await read(0, 1, 44))), root);
});
