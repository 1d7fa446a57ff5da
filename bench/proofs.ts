import { randomFillSync, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { encodeBundle, HASH, TILE_WIDTH, Tree, verifyInclusion } from '../src/merkle/mod.ts';
import { AuditReader, type ReadableLog } from '../src/reader/audit-reader.ts';
import { openToWrite } from '../src/store/sqlite/database.ts';
import { SqliteStore } from '../src/store/sqlite/mod.ts';
import { compress } from '../src/store/sqlite/zstd.ts';
import type { StoredHead } from '../src/store/store.ts';
import { benchEntries } from './baselines.ts';
import { type Figure, quantile } from './measure.ts';

const NODE = 'bench';
const LEAVES = 10_000_000;
const PROOFS = 2_000;
/** Different bundles in the log: what is in them does not matter to a proof, only how much room they take. */
const BUNDLES = 32;

/**
 * Inclusion proofs of records anywhere in a log of ten million, made as `get --proof` and the server make them, the check
 * of every hash up to the root included; and checked, as whoever is given one does.
 */
export async function proving(dir: string): Promise<Figure[]> {
  const at = join(dir, 'ten-million');
  const leaves = build(at);
  const store = await SqliteStore.open({ dir: at, readOnly: true });
  const reader = await AuditReader.open(store, null, { live: standing(store) });
  const before = memoryMiB();
  const making: number[] = [];
  const checking: number[] = [];
  for (let i = 0; i < PROOFS; i++) {
    const seq = randomInt(LEAVES);
    const start = performance.now();
    const { head, proof } = await reader.prove(seq);
    making.push(performance.now() - start);
    const leaf = leaves.subarray(seq * HASH, (seq + 1) * HASH);
    const begin = performance.now();
    verifyInclusion(seq, LEAVES, leaf, proof, head.root);
    checking.push(performance.now() - begin);
  }
  const memory = memoryMiB() - before;
  await reader.close();
  return [
    figure('inclusion proof made, record of 10,000,000', quantile(making, 0.5), 1),
    { name: 'the same, 99 of 100', value: quantile(making, 0.99), unit: 'ms' },
    figure('inclusion proof checked', quantile(checking, 0.5), 0.1),
    { name: 'the same, 99 of 100', value: quantile(checking, 0.99), unit: 'ms' },
    {
      name: `memory that ${PROOFS} proofs took`,
      value: memory,
      unit: 'MiB',
      goal: 'below 32',
      met: memory < 32,
    },
  ];
}

function figure(name: string, value: number, below: number): Figure {
  return { name, value, unit: 'ms', goal: `below ${below} ms`, met: value < below };
}

/** The log as a process that writes it has it. Nobody signed this one: signatures are no part of what is measured. */
function standing(store: SqliteStore): ReadableLog {
  return {
    node: NODE,
    head: async () => ({ ...((await store.head(NODE)) as StoredHead), note: '' }),
    indexed: async () => {},
  };
}

/**
 * Writes a store as a log of that many records leaves it, with leaf hashes made up, and gives these. In one unsynced
 * transaction: that nothing else is measured of it saves a minute.
 */
function build(dir: string): Uint8Array {
  const entries = benchEntries(BUNDLES * TILE_WIDTH);
  const bundles = Array.from({ length: BUNDLES }, (_, i) =>
    compress(encodeBundle(entries.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH))),
  );
  const db = openToWrite(dir);
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
  const bundle = db.prepare('INSERT INTO bundles (node, idx, hashes, entries) VALUES (?, ?, ?, ?)');
  const edge = db.prepare('INSERT INTO edge (node, seq, count, hashes, entries) VALUES (?, ?, ?, ?, ?)');
  const tile = db.prepare('INSERT OR REPLACE INTO tiles (node, level, idx, hashes) VALUES (?, ?, ?, ?)');
  const leaves = new Uint8Array(LEAVES * HASH);
  const tree = new Tree();
  while (tree.size < LEAVES) {
    const from = tree.size;
    const count = Math.min(TILE_WIDTH, LEAVES - from);
    const hashes = randomFillSync(leaves.subarray(from * HASH, (from + count) * HASH));
    tree.appendAll(hashes);
    const index = from / TILE_WIDTH;
    const packed = bundles[index % BUNDLES] as Uint8Array;
    if (count === TILE_WIDTH) bundle.run(NODE, index, hashes, packed);
    else edge.run(NODE, from, count, hashes, compress(encodeBundle(entries.slice(0, count))));
    // The tree keeps the tiles it completes until they are taken.
    if (tree.size % TILE_WIDTH ** 2 !== 0 && tree.size !== LEAVES) continue;
    for (const { level, index: i, hashes: full } of tree.changedTiles()) tile.run(NODE, level, i, full);
  }
  db.prepare("INSERT INTO heads VALUES (?, 'bench-00000000/bench', 1, ?, ?, '', 0)").run(
    NODE,
    LEAVES,
    tree.root(),
  );
  db.exec('COMMIT; PRAGMA journal_mode = WAL');
  db.close();
  return leaves;
}

function memoryMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
}
