import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { openCheckpoint } from '../../src/checkpoint/mod.ts';
import { toHex } from '../../src/crypto/bytes.ts';
import { leafHash, nodeHash } from '../../src/merkle/mod.ts';
import type { Json } from './harness.ts';

/**
 * Verifies an export with nothing but its bytes and a key, as docs/cli.md describes it. Returns its lines.
 */
export async function checkExport(text: string, key: string): Promise<Json[]> {
  const rows = text.split('\n').slice(0, -1);
  const header = JSON.parse(rows[0] as string);
  assert.equal(header.format, 'tallystick-export/2');
  const { checkpoint } = await openCheckpoint(header.checkpoint, [key]);
  assert.deepEqual(
    [checkpoint.origin, checkpoint.size, toHex(checkpoint.root)],
    [header.origin, header.size, header.root],
  );
  assert.deepEqual(JSON.parse(rows.at(-1) as string), { end: true, count: header.to - header.from });
  const records = rows.slice(1, -1);
  assert.equal(records.length, header.to - header.from);
  const leaves = records.map((row, i) => {
    const { seq, leaf, entry, payloads } = JSON.parse(row);
    assert.equal(seq, header.from + i);
    // The canonical bytes stand in the line as they are.
    const canonical = row.slice(
      `{"seq":${seq},"leaf":"${leaf}","entry":`.length,
      row.lastIndexOf(',"payloads":['),
    );
    assert.deepEqual(JSON.parse(canonical), entry);
    for (const { digest, salt, content } of payloads) {
      const bytes = Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(JSON.stringify(content))]);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), digest);
      assert.ok(canonical.includes(digest));
    }
    const hash = leafHash(new TextEncoder().encode(canonical));
    assert.equal(toHex(hash), leaf);
    return hash;
  });
  assert.equal(toHex(rootOf(leaves, header)), header.root);
  return records.map((row) => JSON.parse(row));
}

interface Header {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly proof: { readonly first: string[]; readonly last: string[] };
}

/** Root over the leaves [from, to) of a tree, given the inclusion proofs of the first and the last of them. */
function rootOf(leaves: readonly Uint8Array[], { from, to, size, proof }: Header): Uint8Array {
  const [first, last] = [[...proof.first], [...proof.last]];
  /** Hash over [lo, hi), which overlaps [from, to). Proofs are leaf side first, so their ends are met first. */
  const hash = (lo: number, hi: number): Uint8Array => {
    if (hi - lo === 1) return leaves[lo - from] as Uint8Array;
    let split = lo + 1;
    while ((split - lo) * 2 < hi - lo) split = lo + (split - lo) * 2;
    const siblings: (Uint8Array | undefined)[] = [undefined, undefined];
    // Whoever's path goes through one half has the other half's hash in its proof.
    if (from >= lo && from < hi) siblings[from < split ? 1 : 0] = Buffer.from(first.pop() as string, 'hex');
    if (to - 1 >= lo && to - 1 < hi)
      siblings[to - 1 < split ? 1 : 0] = Buffer.from(last.pop() as string, 'hex');
    const left = from < split && to > lo ? hash(lo, split) : (siblings[0] as Uint8Array);
    const right = from < hi && to > split ? hash(split, hi) : (siblings[1] as Uint8Array);
    return nodeHash(left, right);
  };
  const root = hash(0, size);
  assert.deepEqual([first, last], [[], []]);
  return root;
}
