import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HASH, type TileReader, Tree, verifyInclusion } from '../../src/merkle/mod.ts';
import { type TrustedHead, TrustedTiles } from '../../src/reader/trusted-tiles.ts';
import { leavesOf } from '../merkle/naive.ts';
import { StoredTiles } from '../merkle/stored-tiles.ts';
import { rejects } from '../store/rejects.ts';

/** A tree's tiles and its heads at some sizes. */
function grow(sizes: readonly number[]): { leaves: Uint8Array[]; tiles: StoredTiles; heads: TrustedHead[] } {
  const leaves = leavesOf(sizes.at(-1) as number);
  const tree = new Tree();
  const tiles = new StoredTiles();
  const heads = sizes.map((size) => {
    const added = Buffer.concat(leaves.slice(tree.size, size));
    tree.appendAll(added);
    tiles.addLeaves(added);
    tiles.addTiles(tree.changedTiles());
    return { size, root: tree.root() };
  });
  return { leaves, tiles, heads };
}

/** Some numbers below a size, the edges among them. */
function some(size: number): number[] {
  const seqs = [0, 1, 254, 255, 256, 257, size - 257, size - 256, size - 255, size - 2, size - 1];
  return [...new Set(seqs)].filter((seq) => seq >= 0 && seq < size);
}

describe('trusted tiles', () => {
  test('give the leaves of any head, also of one that the store has outgrown', async () => {
    const sizes = [1, 2, 255, 256, 257, 300, 511, 512, 1_000, 65_535, 65_536, 65_537, 66_000];
    const { leaves, tiles, heads } = grow(sizes);
    const trusted = new TrustedTiles(tiles.read);
    for (const head of [...heads, ...heads.toReversed()]) {
      for (const seq of some(head.size)) {
        assert.deepEqual(await trusted.leaf(seq, head), leaves[seq], `${seq} of ${head.size}`);
      }
    }
  });

  test('give proofs that hold, under any head', async () => {
    const sizes = [1, 2, 255, 256, 257, 300, 512, 65_537, 66_000];
    const { leaves, tiles, heads } = grow(sizes);
    const trusted = new TrustedTiles(tiles.read);
    for (const head of [...heads, ...heads.toReversed()]) {
      for (const seq of some(head.size)) {
        const proof = await trusted.proof(seq, head);
        verifyInclusion(seq, head.size, leaves[seq] as Uint8Array, proof, head.root);
      }
    }
  });

  test('give no proof out of an altered tile, wherever it is on the way', async () => {
    const { tiles, heads } = grow([70_000]);
    const head = heads[0] as TrustedHead;
    const touched = [
      [0, 3],
      [1, 0],
      [0, 273],
      [1, 1],
      [2, 0],
    ] as const;
    for (const [level, index] of touched) {
      const trusted = new TrustedTiles(async (l, i, width) => {
        const tile = await tiles.read(l, i, width);
        if (l === level && i === index) tile[5] = (tile[5] as number) ^ 1;
        return tile;
      });
      await rejects(trusted.proof(3 * 256 + 7, head), 'STORE_DAMAGED');
    }
  });

  test('are read once', async () => {
    const { tiles, heads } = grow([1_000]);
    let reads = 0;
    const trusted = new TrustedTiles((...tile) => {
      reads++;
      return tiles.read(...tile);
    });
    const head = heads[0] as TrustedHead;
    for (let seq = 0; seq < 1_000; seq++) await trusted.leaf(seq, head);
    assert.equal(reads, 2 + 3, 'the edge of two levels, and three full tiles');
  });

  test('above those of the records are read once: a proof costs the tile that its record is in', async () => {
    const { tiles, heads } = grow([140_000]);
    const head = heads[0] as TrustedHead;
    let reads = 0;
    const trusted = new TrustedTiles((...tile) => {
      reads++;
      return tiles.read(...tile);
    });
    await trusted.proof(0, head);
    await trusted.proof(70_000, head);
    for (let seq = 1_000; seq < 140_000; seq += 5_000) {
      const before = reads;
      await trusted.proof(seq, head);
      assert.ok(reads - before <= 1, `${reads - before} reads for the proof of ${seq}`);
    }
  });

  test('can not be changed by whoever was given a proof', async () => {
    const { tiles, heads, leaves } = grow([1_000]);
    const head = heads[0] as TrustedHead;
    const trusted = new TrustedTiles(tiles.read);
    for (const seq of [5, 999]) {
      for (const hash of await trusted.proof(seq, head)) hash.fill(0);
      verifyInclusion(seq, 1_000, leaves[seq] as Uint8Array, await trusted.proof(seq, head), head.root);
    }
  });

  test('that were altered are not believed', async () => {
    const { tiles, heads, leaves } = grow([70_000]);
    const head = heads[0] as TrustedHead;
    const alter = (level: number, index: number): TileReader => {
      return async (l, i, width) => {
        const tile = await tiles.read(l, i, width);
        if (l === level && i === index) tile[5] = (tile[5] as number) ^ 1;
        return tile;
      };
    };
    const leaf = (read: TileReader, seq: number): Promise<Uint8Array> =>
      new TrustedTiles(read).leaf(seq, head);
    await rejects(leaf(alter(0, 3), 3 * 256 + 7), 'STORE_DAMAGED');
    await rejects(leaf(alter(1, 0), 3 * 256 + 7), 'STORE_DAMAGED');
    // The right edge counts for all.
    for (const [level, index] of [
      [0, 273],
      [1, 1],
      [2, 0],
    ] as const) {
      await rejects(leaf(alter(level, index), 7), 'STORE_DAMAGED');
    }
    // A tile beside the path does not.
    assert.deepEqual(await leaf(alter(0, 4), 3 * 256 + 7), leaves[3 * 256 + 7]);
  });

  test('that were good once stay good, and one bad read is not kept', async () => {
    const { tiles, heads, leaves } = grow([1_000]);
    const head = heads[0] as TrustedHead;
    let bad = true;
    const trusted = new TrustedTiles(async (level, index, width) => {
      const tile = await tiles.read(level, index, width);
      if (bad) tile[0] = (tile[0] as number) ^ 1;
      return tile;
    });
    await rejects(trusted.leaf(5, head), 'STORE_DAMAGED');
    bad = false;
    assert.deepEqual(await trusted.leaf(5, head), leaves[5]);
    bad = true;
    assert.deepEqual(await trusted.leaf(6, head), leaves[6]);
  });

  // Two readers of one page: the log has grown between the heads they were given.
  test('serve several heads at once', async () => {
    const sizes = [100, 256, 300, 700, 65_600];
    const { leaves, tiles, heads } = grow(sizes);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(sizes.length - 1), fc.nat()), { minLength: 2, maxLength: 12 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 10 }),
        async (asked, delays) => {
          let reads = 0;
          const trusted = new TrustedTiles(async (...tile) => {
            const turns = delays[reads++ % delays.length] as number;
            for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
            return tiles.read(...tile);
          });
          await Promise.all(
            asked.map(async ([which, any]) => {
              const head = heads[which] as TrustedHead;
              const seq = any % head.size;
              const leaf = await trusted.leaf(seq, head);
              assert.equal(leaf.length, HASH);
              assert.deepEqual(leaf, leaves[seq], `${seq} of ${head.size}`);
            }),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});
