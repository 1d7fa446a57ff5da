import { equalBytes, toHex } from '../crypto/bytes.ts';
import { emptyRoot, HASH, hashesAtLevel, partialWidth, TILE_WIDTH, Tree, tileCount } from '../merkle/mod.ts';
import { isPart, readPart } from './bundle.ts';
import { signedCheckpoints } from './checkpoints.ts';
import { type Findings, MISSING } from './findings.ts';
import type { FixedHead } from './head.ts';
import type { KeyPolicy } from './policy.ts';
import type { LogSource } from './source.ts';
import { type Base, cutTile, reportTile, storedTile } from './tiles.ts';

/**
 * The stored right edge at the head, when it folds to the head's root, if need be with the leaves of the last bundle
 * made from its entries, which is then reported. Null when it does not.
 */
export async function storedBase(
  source: LogSource,
  head: FixedHead,
  findings: Findings,
): Promise<Base | null> {
  const { size, root } = head;
  const stored = await readEdges(source, size);
  if (await leadsTo(root, size, stored)) return { size, root, edges: stored as Uint8Array[] };
  const mended = [await lastLeaves(source, size), ...stored.slice(1)];
  if (!(await leadsTo(root, size, mended))) return null;
  const base = { size, root, edges: mended as Uint8Array[] };
  reportEdges(stored, base, findings);
  return base;
}

/**
 * The base when the stored right edge does not lead to the head: found by reading the log from its start, once by its
 * hash tiles and once by its entries, up to the newest signed checkpoint that either still leads to. Reports what
 * keeps it from reaching the head.
 */
export async function provenBase(
  source: LogSource,
  head: FixedHead,
  policy: KeyPolicy,
  findings: Findings,
): Promise<Base> {
  const stored = await readEdges(source, head.size);
  const byTiles = await readPrefix(tileRuns(source, head.size), signedCheckpoints(source, head, policy));
  if (byTiles.base.size === head.size) {
    reportEdges(stored, byTiles.base, findings);
    return byTiles.base;
  }
  const byEntries = await readPrefix(entryRuns(source, head.size), signedCheckpoints(source, head, policy));
  const best = byEntries.base.size >= byTiles.base.size ? byEntries : byTiles;
  if (best.base.size === head.size) reportEdges(stored, best.base, findings);
  else await reportShort(source, head, best, byEntries.end, findings);
  return best.base;
}

/** Reports what of the stored right edge is not the sealed one. */
function reportEdges(
  stored: readonly (Uint8Array | null)[],
  { size, edges }: Base,
  findings: Findings,
): void {
  for (const [level, sealed] of edges.entries()) {
    if (sealed.length === 0) continue;
    const index = Math.floor(hashesAtLevel(level, size) / TILE_WIDTH);
    reportTile(findings, { level, index, stored: stored[level] ?? null, sealed });
  }
}

async function readEdges(source: LogSource, size: number): Promise<(Uint8Array | null)[]> {
  const edges: (Uint8Array | null)[] = [];
  for (let level = 0; tileCount(level, size) > 0; level++) {
    const width = partialWidth(level, size);
    const index = Math.floor(hashesAtLevel(level, size) / TILE_WIDTH);
    edges.push(width === 0 ? new Uint8Array(0) : await storedTile(source, level, index, width));
  }
  return edges;
}

async function leadsTo(
  root: Uint8Array,
  size: number,
  edges: readonly (Uint8Array | null)[],
): Promise<boolean> {
  if (edges.includes(null)) return false;
  const tree = await Tree.read(size, async (level) => edges[level] as Uint8Array);
  return equalBytes(tree.root(), root);
}

async function lastLeaves(source: LogSource, size: number): Promise<Uint8Array | null> {
  const width = partialWidth(0, size);
  const runs: Uint8Array[] = [];
  for await (const run of entryRuns(source, size, size - width)) runs.push(run);
  const leaves = new Uint8Array(width * HASH);
  let at = 0;
  for (const run of runs) {
    leaves.set(run, at);
    at += run.length;
  }
  return at === leaves.length ? leaves : null;
}

/** Leaf hashes as the tiles of level 0 have them, to the first that is not there. */
async function* tileRuns(source: LogSource, size: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const { index, hashes } of source.tiles(0, 0, tileCount(0, size))) {
    const width = Math.min(TILE_WIDTH, size - at);
    const run = index * TILE_WIDTH === at ? cutTile(hashes, width) : null;
    if (run === null) return;
    yield run;
    at += width;
  }
}

/** Leaf hashes of the entries, to the first that is not there. */
async function* entryRuns(source: LogSource, size: number, from = 0): AsyncGenerator<Uint8Array> {
  let at = from;
  for await (const stored of source.bundles(from, size)) {
    const part = readPart(stored);
    if (!isPart(part, at, size) || part.from !== at || part.leaves === null) return;
    const run = part.leaves.subarray(0, (part.to - at) * HASH);
    yield run;
    if (run.length < (part.to - at) * HASH) return;
    at = part.to;
  }
}

interface Prefix {
  readonly base: Base;
  /** The first signed checkpoint that the records do not lead to, and the root they have there. */
  readonly contradicted: {
    readonly size: number;
    readonly root: Uint8Array;
    readonly actual: Uint8Array;
  } | null;
  /** How far the leaves went. */
  readonly end: number;
}

/** Follows leaves from the log's start past signed checkpoints, as long as they agree. */
async function readPrefix(
  runs: AsyncIterable<Uint8Array>,
  checkpoints: AsyncGenerator<{ readonly size: number; readonly root: Uint8Array }>,
): Promise<Prefix> {
  const tree = new Tree();
  const bundle = new Uint8Array(TILE_WIDTH * HASH);
  let base: Base = { size: 0, root: emptyRoot(), edges: [] };
  let next = await checkpoints.next();
  for await (const run of runs) {
    for (let at = 0; at < run.length; ) {
      const toBundleEnd = TILE_WIDTH - (tree.size % TILE_WIDTH);
      const toCheckpoint = next.done === true ? toBundleEnd : next.value.size - tree.size;
      const step = Math.min(run.length - at, toBundleEnd * HASH, toCheckpoint * HASH);
      bundle.set(run.subarray(at, at + step), (tree.size % TILE_WIDTH) * HASH);
      tree.appendAll(run.subarray(at, at + step));
      // The tree keeps the tiles it completes until they are taken.
      if (tree.size % (TILE_WIDTH * TILE_WIDTH) === 0) tree.changedTiles();
      at += step;
      if (next.done === true || next.value.size !== tree.size) continue;
      const { size, root } = next.value;
      const actual = tree.root();
      if (!equalBytes(actual, root)) return { base, contradicted: { size, root, actual }, end: size };
      base = { size, root, edges: edgesOf(tree, bundle) };
      next = await checkpoints.next();
    }
  }
  return { base, contradicted: null, end: tree.size };
}

function edgesOf(tree: Tree, bundle: Uint8Array): Uint8Array[] {
  const edges: Uint8Array[] = [bundle.slice(0, partialWidth(0, tree.size) * HASH)];
  for (let level = 1; tileCount(level, tree.size) > 0; level++) edges.push(tree.edge(level));
  return edges;
}

async function reportShort(
  source: LogSource,
  head: FixedHead,
  { base, contradicted }: Prefix,
  entriesEnd: number,
  findings: Findings,
): Promise<void> {
  let from = base.size;
  if (contradicted !== null) {
    const { size, root, actual } = contradicted;
    const message = `records ${base.size} to ${size - 1} do not lead to the checkpoint signed at ${size}: one or more were changed, and their hash tiles with them`;
    findings.add({ code: 'altered', from, to: size, expected: toHex(root), actual: toHex(actual), message });
    from = size;
  } else if (entriesEnd < head.size) {
    await reportGap(source, entriesEnd, head.size, findings);
  }
  if (from < head.size) {
    const message = 'no signed checkpoint could be reached from here on';
    findings.add({ code: 'coverage-ends', from, to: head.size, message });
  }
}

/** Reports the entries that are not there or do not decode, from the first one on to the next that is good. */
async function reportGap(source: LogSource, from: number, size: number, findings: Findings): Promise<void> {
  let at = from;
  for await (const stored of source.bundles(from, size)) {
    if (!isPart(stored, at, size)) continue;
    if (stored.from > at) findings.add({ code: 'missing', from: at, to: stored.from, message: MISSING });
    const part = readPart(stored);
    const good = part.from + (part.leaves?.length ?? 0) / HASH;
    if (good >= part.to) return;
    findings.add({ code: part.trouble ?? 'missing', from: good, to: part.to, message: part.why });
    at = part.to;
  }
  // A source may end early where it has no more.
  if (at < size) findings.add({ code: 'missing', from: at, to: size, message: MISSING });
}
