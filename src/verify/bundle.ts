import { equalBytes, toHex } from '../crypto/bytes.ts';
import { bundleEntries, HASH, TILE_WIDTH, tileRoot } from '../merkle/mod.ts';
import type { Ahead } from './ahead.ts';
import { compareLeaves } from './compare.ts';
import { type Findings, MISSING } from './findings.ts';
import type { SourceBundle } from './source.ts';
import { reportTile, tryLeafHashes } from './tiles.ts';

/** Stored entries of a bundle or a part of one: records [from, to). */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly entries: Uint8Array | null;
  /** Leaf hashes of whatever is there, in any number; null when there is nothing or it does not decode. */
  readonly leaves: Uint8Array | null;
  readonly trouble: 'missing' | 'unreadable' | null;
  /** What is to say of records that are not among the leaves. */
  readonly why: string;
  /** As in `SourceBundle`. */
  release?(): void;
}

/** No bundle with more entries is looked into: the work of comparing grows with the square. */
const MAX_ENTRIES = 2 * TILE_WIDTH;

/** The parts that make up records [from, to) of one bundle. What the source skips is a part that is missing. */
export async function takeParts(bundles: Ahead<SourceBundle>, from: number, to: number): Promise<Part[]> {
  const parts: Part[] = [];
  let at = from;
  while (at < to) {
    const next = await bundles.peek();
    if (next === null || next.from >= to) {
      parts.push(trouble(at, to, 'missing', MISSING));
      break;
    }
    await bundles.take();
    if (!isPart(next, at, to)) continue;
    if (next.from > at) parts.push(trouble(at, next.from, 'missing', MISSING));
    parts.push({ ...readPart(next), release: () => next.release?.() });
    at = next.to;
  }
  return parts;
}

/** Whether a source's answer lies in [at, end). One that repeats itself or gives what was not asked for is not heard. */
export function isPart(
  { from, to }: { readonly from: number; readonly to: number },
  at: number,
  end: number,
): boolean {
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= at && to > from && to <= end;
}

/** Hashes what a source gave for a bundle or a part of one. */
export function readPart({ from, to, entries, missing, damage }: SourceBundle): Part {
  if (entries === null) {
    return missing === true
      ? trouble(from, to, 'missing', MISSING)
      : trouble(from, to, 'unreadable', damage ?? 'the stored bytes do not decode');
  }
  const leaves = tryLeafHashes(entries);
  if (leaves === null || leaves.length > MAX_ENTRIES * HASH) {
    return trouble(from, to, 'unreadable', 'the stored bytes are no bundle of entries');
  }
  if (leaves.length === 0) return trouble(from, to, 'missing', MISSING);
  return { from, to, entries, leaves, trouble: null, why: MISSING };
}

function trouble(from: number, to: number, kind: 'missing' | 'unreadable', why: string): Part {
  return { from, to, entries: null, leaves: null, trouble: kind, why };
}

/** What is known of a bundle before its entries are looked at. */
export interface SealedPlace {
  /** Its number = the index of its hash tile. */
  readonly index: number;
  /** Records in it, 1 to 256. */
  readonly width: number;
  /** The stored hash tile, null when it is missing or too short. */
  readonly tile: Uint8Array | null;
  /** The sealed hash over it; for the partial bundle at the right edge its sealed leaves themselves. */
  readonly sealed: { readonly root: Uint8Array } | { readonly leaves: Uint8Array };
}

export interface Judged {
  /** The sealed leaf hashes of the whole bundle; null when they can't be known. */
  readonly leaves: Uint8Array | null;
  /** Every part is what was sealed. */
  readonly clean: boolean;
  /** Records whose bytes hash to their sealed leaf. */
  readonly good: number;
  /** The stored tile is the sealed one. */
  readonly tileGood: boolean;
}

/** Compares stored entries and stored tile with what was sealed, and reports which of them is wrong, and where. */
export function judgeBundle(place: SealedPlace, parts: readonly Part[], findings: Findings): Judged {
  const leaves = sealedLeaves(place, parts);
  // Mostly the stored tile is what was believed; then it need not be compared with itself.
  const tileGood =
    leaves !== null && place.tile !== null && (leaves === place.tile || equalBytes(leaves, place.tile));
  // Of the right edge the tiles have been compared already.
  if (leaves !== null && !tileGood && 'root' in place.sealed) {
    reportTile(findings, { level: 0, index: place.index, stored: place.tile, sealed: leaves });
  }
  if (leaves === null) {
    reportUnknown(place, parts, findings);
    return { leaves, clean: false, good: 0, tileGood };
  }
  const start = place.index * TILE_WIDTH;
  let clean = true;
  let good = 0;
  for (const part of parts) {
    const sealed = leaves.subarray((part.from - start) * HASH, (part.to - start) * HASH);
    if (part.leaves !== null && equalBytes(part.leaves, sealed)) {
      good += part.to - part.from;
      continue;
    }
    clean = false;
    if (!reportTrouble(part, findings)) {
      const differences = compareLeaves(
        part.from,
        sealed,
        part.leaves as Uint8Array,
        bundleEntries(part.entries as Uint8Array),
      );
      findings.addAll(differences);
      good += countEqual(part.leaves as Uint8Array, sealed);
    }
  }
  return { leaves, clean, good, tileGood };
}

/** The stored tile when it hashes to what was sealed; else the entries' own hashes when they do. */
function sealedLeaves({ sealed, tile, width }: SealedPlace, parts: readonly Part[]): Uint8Array | null {
  if ('leaves' in sealed) return sealed.leaves;
  if (tile !== null && equalBytes(tileRoot(tile), sealed.root)) return tile;
  const [only] = parts;
  const isWhole = parts.length === 1 && only?.leaves?.length === width * HASH;
  return isWhole && equalBytes(tileRoot(only.leaves as Uint8Array), sealed.root) ? only.leaves : null;
}

/** Neither tile nor entries lead to the sealed hash: what is plain is said of the parts, the rest of the bundle. */
function reportUnknown(place: SealedPlace, parts: readonly Part[], findings: Findings): void {
  const readable = parts.filter((part) => !reportTrouble(part, findings));
  const expected = 'root' in place.sealed ? toHex(place.sealed.root) : null;
  const records = parts.reduce((n, part) => n + part.to - part.from, 0);
  for (const { from, to } of readable) {
    if (records < place.width) {
      // Of a slice alone it can't be told whether its records or the tile were changed.
      const tile = place.tile === null ? 'is missing' : 'is not as sealed';
      const message = `hash tile ${place.index} of level 0 ${tile}, so the records under it can't be tied to the signed root; verify the whole log`;
      findings.add({ code: 'coverage-ends', from, to, expected, message });
    } else {
      const tile = place.tile === null ? 'is missing' : 'was changed too';
      const message = `records ${from} to ${to - 1}: one or more were changed; which can't be told, since the hash tile over them ${tile}`;
      findings.add({ code: 'altered', from, to, expected, message });
    }
  }
}

function reportTrouble(part: Part, findings: Findings): boolean {
  if (part.trouble === null) return false;
  findings.add({ code: part.trouble, from: part.from, to: part.to, message: part.why });
  return true;
}

function countEqual(found: Uint8Array, sealed: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < sealed.length; at += HASH) {
    if (equalBytes(found.subarray(at, at + HASH), sealed.subarray(at, at + HASH))) count++;
  }
  return count;
}
