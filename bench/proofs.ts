import { randomFillSync, randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  HASH,
  makeInclusion,
  partialWidth,
  TILE_WIDTH,
  type TileId,
  type TileReader,
  Tree,
  tileCount,
  tilePath,
  tileWidth,
  verifyInclusion,
} from '../src/merkle/mod.ts';
import { DirectoryFiles } from '../src/publish/mod.ts';
import { type Figure, quantile } from './measure.ts';

/** Leaves of the tree, made up: what they are the hashes of does not matter to a proof. */
const LEAVES = 10_000_000;
const PROOFS = 2_000;

/** Inclusion proofs in a log of ten million records, made from its published tiles on the disk, and checked. */
export async function proving(dir: string): Promise<Figure[]> {
  const at = join(dir, 'tiles');
  const root = build(at);
  const files = new DirectoryFiles(at);
  const read: TileReader = async (level, index, width) =>
    (await files.read(tilePath({ level, index, width }), TILE_WIDTH * HASH)) ?? new Uint8Array(0);
  const before = memoryMiB();
  const making: number[] = [];
  const checking: number[] = [];
  for (let i = 0; i < PROOFS; i++) {
    const index = randomInt(LEAVES);
    const start = performance.now();
    const proof = await makeInclusion(index, LEAVES, read);
    const made = performance.now();
    making.push(made - start);
    const leaf = await leafAt(index, read);
    const begin = performance.now();
    verifyInclusion(index, LEAVES, leaf, proof, root);
    checking.push(performance.now() - begin);
  }
  return [
    figure('inclusion proof in 10,000,000 records, made from tiles', quantile(making, 0.5), 1),
    { name: 'the same, 99 of 100', value: quantile(making, 0.99), unit: 'ms' },
    figure('inclusion proof checked', quantile(checking, 0.5), 0.1),
    { name: 'the same, 99 of 100', value: quantile(checking, 0.99), unit: 'ms' },
    {
      name: `memory that ${PROOFS} proofs took`,
      value: memoryMiB() - before,
      unit: 'MiB',
      goal: 'below 20',
      met: memoryMiB() - before < 20,
    },
  ];
}

function figure(name: string, value: number, below: number): Figure {
  return { name, value, unit: 'ms', goal: `below ${below} ms`, met: value < below };
}

async function leafAt(index: number, read: TileReader): Promise<Uint8Array> {
  const tile = Math.floor(index / TILE_WIDTH);
  const hashes = await read(0, tile, tileWidth(0, tile, LEAVES));
  const from = (index % TILE_WIDTH) * HASH;
  return hashes.subarray(from, from + HASH);
}

/** Writes every hash tile of the tree, one at a time, and gives its root. */
function build(dir: string): Uint8Array {
  const tree = new Tree();
  const leaves = new Uint8Array(TILE_WIDTH * HASH);
  const write = (tile: TileId, hashes: Uint8Array): void => {
    const name = join(dir, tilePath(tile));
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(name, hashes);
  };
  while (tree.size < LEAVES) {
    const index = tree.size / TILE_WIDTH;
    const hashes = leaves.subarray(0, tileWidth(0, index, LEAVES) * HASH);
    randomFillSync(hashes);
    tree.appendAll(hashes);
    write({ level: 0, index, width: hashes.length / HASH }, hashes);
    if (tree.size % TILE_WIDTH ** 2 !== 0 && tree.size !== LEAVES) continue;
    for (const { level, index: i, hashes: full } of tree.changedTiles()) {
      if (full.length === TILE_WIDTH * HASH) write({ level, index: i, width: TILE_WIDTH }, full);
    }
  }
  for (let level = 1; tileCount(level, LEAVES) > 0; level++) {
    const width = partialWidth(level, LEAVES);
    if (width > 0) write({ level, index: tileCount(level, LEAVES) - 1, width }, tree.edge(level));
  }
  return tree.root();
}

function memoryMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
}
