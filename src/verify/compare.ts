import { toBase64, toHex } from '../crypto/bytes.ts';
import { HASH } from '../merkle/mod.ts';
import { type Finding, finding, MISSING } from './findings.ts';

/** More moved records than this in one bundle are one finding. */
const MAX_MOVED = 16;

/** Where one run of leaves differs from another. */
interface Alignment {
  /** For each found leaf, the sealed position it belongs to, -1 for none. */
  readonly belongs: readonly number[];
  /** Found positions that stand in sealed order, ascending. */
  readonly kept: readonly number[];
  /** Sealed positions found nowhere. */
  readonly lost: ReadonlySet<number>;
}

/**
 * What became of sealed records, told from leaf hashes alone: which were altered, are missing, stand elsewhere, and
 * what stands between them that was never sealed. `sealed` are the hashes of records `from` onwards, 32 bytes each;
 * `found` those of the `entries` that are stored in their place, in any number. Nothing when they are equal.
 */
export function compareLeaves(
  from: number,
  sealed: Uint8Array,
  found: Uint8Array,
  entries: readonly Uint8Array[],
): Finding[] {
  const sealedHex = hexes(sealed);
  const foundHex = hexes(found);
  const alignment = align(sealedHex, foundHex);
  const places = displacement(alignment, sealedHex.length);
  if (places !== 0) return [displaced(from, from + sealedHex.length, places)];
  return [
    ...changed(from, alignment, sealedHex, foundHex, entries),
    ...moved(from, alignment, foundHex.length === sealedHex.length),
  ];
}

function align(sealed: readonly string[], found: readonly string[]): Alignment {
  const places = new Map(sealed.map((hash, i) => [hash, i]));
  const belongs = found.map((hash) => {
    const place = places.get(hash) ?? -1;
    // A second copy of a record belongs nowhere.
    places.delete(hash);
    return place;
  });
  return { belongs, kept: longestAscending(belongs), lost: new Set(places.values()) };
}

/**
 * By how many places a whole bundle stands behind its own (negative: before it), as all do that follow a record that
 * was slipped in or taken out; 0 when it is not that.
 */
function displacement({ belongs, kept }: Alignment, sealed: number): number {
  const first = kept[0];
  if (first === undefined || belongs.length !== sealed) return 0;
  const places = first - (belongs[first] as number);
  const isWhole = kept.length === sealed - Math.abs(places) && kept.length > sealed / 2;
  return isWhole && kept.every((i) => i - (belongs[i] as number) === places) ? places : 0;
}

/** Altered, missing and inserted: between two records that stand in order, what is lost is matched with what is foreign. */
function changed(
  from: number,
  { belongs, kept, lost }: Alignment,
  sealed: readonly string[],
  found: readonly string[],
  entries: readonly Uint8Array[],
): Finding[] {
  const findings: Finding[] = [];
  let sealedAt = 0;
  let foundAt = 0;
  for (const keptAt of [...kept, found.length]) {
    const sealedEnd = keptAt < found.length ? (belongs[keptAt] as number) : sealed.length;
    const gone = numbers(sealedAt, sealedEnd).filter((i) => lost.has(i));
    const foreign = numbers(foundAt, keptAt).filter((i) => belongs[i] === -1);
    const pairs = Math.min(gone.length, foreign.length);
    for (let i = 0; i < pairs; i++) {
      const at = foreign[i] as number;
      findings.push(altered(from + (gone[i] as number), sealed[gone[i] as number], found[at], entries[at]));
    }
    for (const [a, b] of runs(gone.slice(pairs))) findings.push(missing(from + a, from + b, sealed[a]));
    for (const i of foreign.slice(pairs)) findings.push(inserted(from + i, found[i], entries[i]));
    sealedAt = sealedEnd + 1;
    foundAt = keptAt + 1;
  }
  return findings;
}

/** Records at another's place. When nothing was lost or added each is named, else those that stand out of order. */
function moved(from: number, { belongs, kept, lost }: Alignment, sameLength: boolean): Finding[] {
  const isPermutation = sameLength && lost.size === 0;
  const out = numbers(0, belongs.length).filter((i) => {
    const place = belongs[i] as number;
    return place >= 0 && (isPermutation ? place !== i : !kept.includes(i));
  });
  if (out.length > MAX_MOVED) {
    const [first, last] = [from + (out[0] as number), from + (out.at(-1) as number)];
    const message = `${out.length} of the records ${first} to ${last} stand at another's place`;
    return [finding({ code: 'reordered', from: first, to: last + 1, message })];
  }
  return out.map((i) => {
    const belongsAt = from + (belongs[i] as number);
    const message = `record ${belongsAt} stands at the place of record ${from + i}`;
    const [expected, actual] = [`record ${from + i}`, `record ${belongsAt}`];
    return finding({
      code: 'reordered',
      from: from + i,
      to: from + i + 1,
      belongsAt,
      expected,
      actual,
      message,
    });
  });
}

function displaced(from: number, to: number, places: number): Finding {
  const message = `stand ${Math.abs(places)} places ${places < 0 ? 'before' : 'behind'} their own`;
  return finding({ code: 'reordered', from, to, message });
}

function altered(seq: number, expected = '', actual = '', entry: Uint8Array = new Uint8Array(0)): Finding {
  const message = `record ${seq} was changed: its bytes hash to ${actual}, sealed was ${expected}`;
  return finding({
    code: 'altered',
    from: seq,
    to: seq + 1,
    expected,
    actual,
    found: toBase64(entry),
    message,
  });
}

function missing(from: number, to: number, expected = ''): Finding {
  const one = to - from === 1 ? { expected } : {};
  return finding({ code: 'missing', from, to, ...one, message: MISSING });
}

function inserted(seq: number, actual = '', entry: Uint8Array = new Uint8Array(0)): Finding {
  const message = `at the place of record ${seq} stands an entry that was not sealed there, with hash ${actual}`;
  return finding({ code: 'inserted', from: seq, to: seq + 1, actual, found: toBase64(entry), message });
}

/** Positions of a longest ascending run of the places that are not negative. */
function longestAscending(places: readonly number[]): number[] {
  const length = places.map(() => 0);
  const before = places.map(() => -1);
  let best = -1;
  for (const [i, place] of places.entries()) {
    if (place < 0) continue;
    length[i] = 1;
    for (let j = 0; j < i; j++) {
      const isLonger = (length[j] as number) + 1 > (length[i] as number);
      if ((places[j] as number) >= 0 && (places[j] as number) < place && isLonger) {
        length[i] = (length[j] as number) + 1;
        before[i] = j;
      }
    }
    if (best < 0 || (length[i] as number) > (length[best] as number)) best = i;
  }
  const run: number[] = [];
  for (let i = best; i >= 0; i = before[i] as number) run.unshift(i);
  return run;
}

/** Ascending numbers as ranges [first, last + 1). */
function runs(list: readonly number[]): [number, number][] {
  const out: [number, number][] = [];
  for (const n of list) {
    const last = out.at(-1);
    if (last?.[1] === n) last[1] = n + 1;
    else out.push([n, n + 1]);
  }
  return out;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

function hexes(hashes: Uint8Array): string[] {
  return numbers(0, hashes.length / HASH).map((i) => toHex(hashes.subarray(i * HASH, (i + 1) * HASH)));
}
