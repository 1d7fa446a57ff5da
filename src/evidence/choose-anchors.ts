import { parseNote, signatureLine } from '../checkpoint/mod.ts';
import { equalBytes } from '../crypto/bytes.ts';
import { makeConsistency, rootFromTiles, type TileReader } from '../merkle/mod.ts';
import { type Timestamped, verifyTimestamped } from '../timestamps/mod.ts';
import { counted } from '../verify/words.ts';
import { type EarlierCheckpoint, LIMITS } from './format.ts';
import { checkpointOf } from './read.ts';
import { proofOf, refusal, tooLarge } from './refusal.ts';

/** The sealed state that evidence is made of. */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** The signed checkpoint. */
  readonly note: string;
}

/** A checkpoint that witnesses have cosigned: size, and the note with their signatures. */
export interface Cosigned {
  readonly size: number;
  readonly note: string;
}

/** Cosigned checkpoints and time stamps that are taken along, at most. */
const MAX_COSIGNED = 20;
const MAX_STAMPS = 100;

/** The first that cover all that is needed, and those that no policy can do without. */
export function cosignedFor(
  cosigned: readonly Cosigned[],
  needed: number,
  size: number,
): readonly Cosigned[] {
  const known = cosigned.filter((each) => each.size <= size).sort((a, b) => a.size - b.size);
  const covering = known.filter((each) => each.size > needed);
  const first = covering.slice(0, covering.length > MAX_COSIGNED ? MAX_COSIGNED / 2 : MAX_COSIGNED);
  const chosen = new Set([
    ...first,
    ...covering.slice(first.length).slice(-MAX_COSIGNED / 2),
    ...unsurpassed(known),
  ]);
  return known.filter((each) => chosen.has(each));
}

/**
 * The checkpoints of which no larger one has all the cosignatures, largest first. Whatever a policy demands, the largest that has
 * it is among them: whichever witnesses are away, what the others have cosigned alone is no reason to pass over what all have.
 */
export function unsurpassed<C extends Cosigned>(cosigned: readonly C[]): readonly C[] {
  const found: { readonly each: C; readonly by: ReadonlySet<string> }[] = [];
  for (const each of cosigned.toSorted((a, b) => b.size - a.size)) {
    if (found.length === MAX_COSIGNED) break;
    const by = cosignersOf(each.note);
    if (!found.some((larger) => [...by].every((key) => larger.by.has(key)))) found.push({ each, by });
  }
  return found.map(({ each }) => each);
}

/** Whoever has signed a checkpoint besides its log: names and ids of keys, not verified. */
function cosignersOf(note: string): ReadonlySet<string> {
  const { origin } = checkpointOf(note, 'checkpoints');
  const { signatures } = parseNote(note);
  return new Set(signatures.flatMap(({ name, keyId }) => (name === origin ? [] : [`${name}+${keyId}`])));
}

/** Of each authority the first that covers each record of those numbers, which ascend: what bounds its time most closely. */
export async function stampsFor(
  wanted: readonly number[],
  timestamps: readonly Timestamped[],
  size: number,
): Promise<readonly Timestamped[]> {
  const chosen = new Set<Timestamped>();
  for (const [, all] of Map.groupBy(timestamps, ({ authority }) => authority)) {
    const ascending = all.filter((each) => each.size <= size).sort((a, b) => a.size - b.size);
    let at = 0;
    for (const seq of wanted) {
      while (at < ascending.length && (ascending[at] as Timestamped).size <= seq) at++;
      const first = ascending[at];
      if (first !== undefined) chosen.add(first);
    }
  }
  const sound: Timestamped[] = [];
  for (const each of [...chosen].sort((a, b) => a.size - b.size)) {
    // What is kept beside the log may have been changed there; verifying the log says so.
    if ((await verifyTimestamped(each, {})).verdict !== 'bad') sound.push(each);
  }
  const step = Math.ceil(sound.length / MAX_STAMPS);
  return sound.filter((_, i) => i % step === 0 || i === sound.length - 1);
}

/** Checkpoints before the head, each with the proof that the head goes on from it. Throws like `createEvidence`, also for one that is not of this log. */
export async function earlier(
  notes: ReadonlyMap<number, readonly string[]>,
  head: Head,
  read: TileReader,
): Promise<EarlierCheckpoint[]> {
  const found: EarlierCheckpoint[] = [];
  for (const [size, all] of [...notes].sort(([a], [b]) => a - b)) {
    const root = size > head.size ? null : await proofOf(() => rootFromTiles(size, read));
    for (const note of all) {
      const said = checkpointOf(note, 'checkpoints');
      if (root !== null && equalBytes(said.root, root)) continue;
      const message = `a checkpoint of ${head.origin} at ${counted(size, 'record')} that somebody remembered, saw or dated is not one of this log`;
      throw refusal(`${message}; run verify`, null);
    }
    if (size >= head.size) continue;
    if (found.length === LIMITS.checkpoints) throw tooLarge('the number of checkpoints');
    const consistency = await proofOf(() => makeConsistency(size, head.size, read));
    found.push({ checkpoint: merged(all), consistency });
  }
  return found;
}

/** One note of several over the same text, each signature line once. */
export function merged(notes: readonly string[]): string {
  const { text } = parseNote(notes[0] as string);
  const lines = notes.flatMap((note) =>
    parseNote(note).signatures.map(({ name, keyId, signature }) => signatureLine(name, keyId, signature)),
  );
  return `${text}\n${[...new Set(lines)].join('')}`;
}
