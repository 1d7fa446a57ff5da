import { tallystick } from '../catalog/mod.ts';
import { Keyring, nodeOf, openCheckpoint, parseVkey } from '../checkpoint/mod.ts';
import { ProofError, TallystickError } from '../errors.ts';
import {
  bundleEntries,
  leafHash,
  leafHashes,
  makeInclusion,
  TILE_WIDTH,
  verifyInclusion,
} from '../merkle/mod.ts';
import { type AuditRecord, decodeEntry } from '../record/mod.ts';
import { composeNote } from './note.ts';
import type { LogSource, SourceCheckpoint } from './source.ts';
import { storedTile } from './tiles.ts';

/**
 * Which keys seal a log, and up to where: concluded from the log itself. Record 0 names the first keys. A later record
 * changes them only together with the checkpoint that ends behind it, which has to bear the signatures that the change
 * needs: nobody who can merely append, import, or mark a checkpoint as one that stays can bring about a change.
 */

/** Keys that seal together. Checkpoints of more than `from` records, up to `to`, bear the signatures of all. */
export interface Era {
  readonly from: number;
  /** The checkpoint at exactly this size is signed by these keys and by those of the next era; null: they seal now. */
  readonly to: number | null;
  /** vkeys, the first as the record has them first. */
  readonly keys: readonly string[];
  /** A stand-by took over: these keys alone signed the checkpoint at `from`. */
  readonly takenOver: boolean;
}

export interface KeyHistory {
  /** By size, at least one. */
  readonly eras: readonly Era[];
  /** vkeys that may take over. */
  readonly standBy: readonly string[];
  /** vkeys that stood by at some time, those that do now included. */
  readonly stoodBy: readonly string[];
}

/** Keys of a set, at most: the record that names them is read from its entry, so that it must be short. */
export const MAX_KEYS = 4;

/** What key changes are concluded from: a whole log, or as much of it as somebody took along. */
export interface KeyChangeSource {
  /** A record's canonical bytes, null when they can't be had. */
  entry(seq: number): Promise<Uint8Array | null>;
  /** As `LogSource.keyChanges`. */
  keyChanges(): AsyncIterable<SourceCheckpoint>;
  /** Whether an entry is the last one of the tree of `size` records that a root is of. */
  isLast(size: number, root: Uint8Array, entry: Uint8Array): Promise<boolean>;
}

/**
 * Follows a log's key changes up to a size: see `followKeys`. Throws what the source throws when its medium fails.
 *
 * @param onUnread called when a record that may tell of keys can't be read, or is not the one that was sealed: then there may
 *   be changes that are not known.
 */
export function readKeyHistory(
  source: LogSource,
  origin: string,
  upTo: number,
  onUnread: () => void = () => {},
): Promise<KeyHistory | null> {
  return followKeys(
    {
      entry: async (seq) => {
        const entry = await readEntry(source, seq);
        if (entry === null) onUnread();
        return entry;
      },
      keyChanges: () => source.keyChanges(),
      isLast: async (size, root, entry) => {
        const isLast = await isIncluded(source, size, root, entry);
        if (!isLast) onUnread();
        return isLast;
      },
    },
    origin,
    upTo,
  );
}

/**
 * Follows a log's key changes up to a size. The source's list of checkpoints that must stay is a hint: each is checked,
 * and what does not hold is no change. Null when record 0 can't be had or names no usable key.
 *
 * @param upTo records of the head. That it is signed is for the caller to check, by these very keys.
 */
export async function followKeys(
  source: KeyChangeSource,
  origin: string,
  upTo: number,
): Promise<KeyHistory | null> {
  const first = upTo === 0 ? null : await readRecord(source, 0);
  const keys = first === null ? null : await genesisKeys(first.record);
  if (keys === null) return null;
  let history: KeyHistory = {
    eras: [{ from: 0, to: null, keys, takenOver: false }],
    standBy: [],
    stoodBy: [],
  };
  let last = 1;
  for await (const checkpoint of source.keyChanges()) {
    const { size } = checkpoint;
    // Written so that a size that is no number is passed over.
    if (!(size > last && size <= upTo)) continue;
    last = size;
    history = (await follow(history, source, origin, checkpoint)) ?? history;
  }
  return history;
}

/** The keys that seal beyond the last change. */
export function keysInForce({ eras }: KeyHistory): readonly string[] {
  return (eras.at(-1) as Era).keys;
}

/** The keys that a checkpoint of this size has to be signed by. */
export function keysAt(history: KeyHistory, size: number): readonly string[] {
  return [...new Set(erasAt(history, size).flatMap((i) => history.eras[i]?.keys ?? []))];
}

/** Which eras' keys have to sign a checkpoint of this size: of a key change both, unless a stand-by took over. */
export function erasAt({ eras }: KeyHistory, size: number): readonly number[] {
  return [...eras.keys()].filter((i) => {
    const { from, to } = eras[i] as Era;
    if (size < from) return false;
    return to === null || size < to || (size === to && eras[i + 1]?.takenOver !== true);
  });
}

/** Where a key that seals no more was retired, null when it seals or never did. */
export function retiredAt({ eras }: KeyHistory, vkey: string): number | null {
  return eras.findLast(({ keys }) => keys.includes(vkey))?.to ?? null;
}

interface Change {
  readonly kind: 'change' | 'stand-by';
  /** vkeys; none only of a stand-by that is withdrawn. */
  readonly keys: readonly string[];
  readonly takenOver: boolean;
}

/** The history with the change that a checkpoint completes; null when it completes none. */
async function follow(
  history: KeyHistory,
  source: KeyChangeSource,
  origin: string,
  checkpoint: SourceCheckpoint,
): Promise<KeyHistory | null> {
  const { size, root } = checkpoint;
  const last = await readRecord(source, size - 1);
  const node = nodeOf(origin);
  if (last === null || !(await source.isLast(size, root, last.entry))) return null;
  if (last.record.seq !== size - 1 || last.record.node !== node) return null;
  const before = keysInForce(history);
  const change = readChange(last.record, origin, before[0] as string);
  if (change === null || !isAllowed(change, history, before)) return null;
  const sets = change.takenOver ? [change.keys] : [before, change.keys];
  if (!(await isSignedByAll(checkpoint, origin, sets))) return null;
  const { kind, keys, takenOver } = change;
  if (kind === 'stand-by') {
    return { ...history, standBy: keys, stoodBy: [...new Set([...history.stoodBy, ...keys])] };
  }
  const eras = history.eras.with(-1, { ...(history.eras.at(-1) as Era), to: size });
  return {
    ...history,
    eras: [...eras, { from: size, to: null, keys, takenOver }],
    standBy: history.standBy.filter((key) => !keys.includes(key)),
  };
}

/** Whether the keys before, or an announcement of theirs, allow what a record says, once the signatures are there. */
function isAllowed(
  { kind, keys, takenOver }: Change,
  { standBy }: KeyHistory,
  before: readonly string[],
): boolean {
  if (kind === 'stand-by') return !keys.some((key) => before.includes(key));
  if (!takenOver) return true;
  return mayTakeOver(keys, before, standBy);
}

/** A set that takes over has keys that sealed or stood by, one that stood by among them. */
export function mayTakeOver(
  keys: readonly string[],
  before: readonly string[],
  standBy: readonly string[],
): boolean {
  return (
    keys.every((key) => before.includes(key) || standBy.includes(key)) &&
    keys.some((key) => standBy.includes(key))
  );
}

function readChange(record: AuditRecord, origin: string, previous: string): Change | null {
  const { KEY_CHANGE, KEY_STANDBY } = tallystick;
  if (record.system !== KEY_CHANGE.system || record.outcome !== 'success') return null;
  const details = (record.details ?? {}) as { readonly [name: string]: unknown };
  const keys = namedKeys(details);
  if (keys === null || keys.some((key) => parseVkey(key).name !== origin)) return null;
  if (record.event === KEY_STANDBY.event) return { kind: 'stand-by', keys, takenOver: false };
  if (record.event !== KEY_CHANGE.event || keys.length === 0 || details.previousKey !== previous) return null;
  return { kind: 'change', keys, takenOver: details.standBy === true };
}

/** The set of keys that a record names as `key`, or as `keys` with `key` for the first; null when they are not one. */
function namedKeys({ key, keys }: { readonly [name: string]: unknown }): readonly string[] | null {
  if (key === undefined && keys === undefined) return [];
  const set: readonly unknown[] = keys === undefined ? [key] : Array.isArray(keys) ? keys : [];
  if (set.length < 1 || set.length > MAX_KEYS || set[0] !== key || new Set(set).size !== set.length)
    return null;
  return set.every(isVkey) ? set : null;
}

function isVkey(text: unknown): text is string {
  try {
    return typeof text === 'string' && parseVkey(text).vkey === text;
  } catch (error) {
    if (error instanceof TallystickError) return false;
    throw error;
  }
}

/** The vkeys that a genesis record names, null when they are not ones that could verify anything anywhere. */
async function genesisKeys(record: AuditRecord): Promise<readonly string[] | null> {
  if (record.system !== tallystick.GENESIS.system) return null;
  const keys = namedKeys((record.details ?? {}) as { readonly [name: string]: unknown });
  if (keys === null || keys.length === 0) return null;
  try {
    for (const key of keys) {
      const parsed = parseVkey(key);
      if (!parsed.canVerify) return null;
      // Throws for what is no key.
      await parsed.isCheckable();
    }
    return keys;
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}

/**
 * Whether every key has signed, as far as this platform can check, and of each set at least one that it can. Two keys
 * of one name and id make no ring: that is no change either.
 */
async function isSignedByAll(
  { size, root, signatures }: SourceCheckpoint,
  origin: string,
  sets: readonly (readonly string[])[],
): Promise<boolean> {
  const note = composeNote(origin, size, root, signatures);
  if (note === null) return false;
  try {
    const { verifiedBy, unchecked } = await openCheckpoint(note, new Keyring([...new Set(sets.flat())]));
    const verified = new Set(verifiedBy.map(({ vkey }) => vkey));
    const there = new Set([...verified, ...unchecked.map(({ vkey }) => vkey)]);
    return sets.every(
      (keys) =>
        keys.every((key) => there.has(key)) && (keys.length === 0 || keys.some((key) => verified.has(key))),
    );
  } catch (error) {
    if (error instanceof TallystickError) return false;
    throw error;
  }
}

/** Whether an entry is the last of the tree that a root is of: by the hash tiles, or else by the entries beside it. */
async function isIncluded(
  source: LogSource,
  size: number,
  root: Uint8Array,
  entry: Uint8Array,
): Promise<boolean> {
  for (const leaves of [storedLeaves, hashedLeaves]) {
    try {
      const proof = await makeInclusion(size - 1, size, async (level, index, width) => {
        const tile =
          level === 0 ? await leaves(source, index, width) : await storedTile(source, level, index, width);
        if (tile !== null) return tile;
        throw new ProofError('TILE_INVALID', `hash tile ${index} of level ${level} is missing`);
      });
      verifyInclusion(size - 1, size, leafHash(entry), proof, root);
      return true;
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
    }
  }
  return false;
}

function storedLeaves(source: LogSource, index: number, width: number): Promise<Uint8Array | null> {
  return storedTile(source, 0, index, width);
}

async function hashedLeaves(source: LogSource, index: number, width: number): Promise<Uint8Array | null> {
  const from = index * TILE_WIDTH;
  const leaves = new Uint8Array(width * 32);
  let at = 0;
  for await (const { entries } of source.bundles(from, from + width)) {
    const part = entries === null ? null : leafHashes(entries);
    if (part === null || at + part.length > leaves.length) return null;
    leaves.set(part, at);
    at += part.length;
  }
  return at === leaves.length ? leaves : null;
}

/** A record and its bytes, null when it can't be had or is not in canonical form. */
async function readRecord(
  source: KeyChangeSource,
  seq: number,
): Promise<{ readonly record: AuditRecord; readonly entry: Uint8Array } | null> {
  const entry = await source.entry(seq);
  try {
    return entry === null ? null : { record: decodeEntry(entry), entry };
  } catch (error) {
    // What is wrong with it is found where records are checked.
    if (error instanceof TallystickError) return null;
    throw error;
  }
}

async function readEntry(source: LogSource, seq: number): Promise<Uint8Array | null> {
  for await (const { entries } of source.bundles(seq, seq + 1)) {
    try {
      const [entry] = entries === null ? [] : bundleEntries(entries);
      return entry ?? null;
    } catch (error) {
      if (error instanceof TallystickError) return null;
      throw error;
    }
  }
  return null;
}
