import { BUNDLE } from './store.ts';

/** What a store holds of one log, as somebody sees it who can write the store: data to read, alter and put back. */
export interface StoredLog {
  head: StoredCheckpoint & { origin: string };
  entries: StoredEntry[];
  /** Hashes stored for the entries, 32 bytes each: the tiles of level 0. */
  leaves: Uint8Array[];
  /** By the number of a bundle what stands there in its stead: bytes that need not decode; null for nothing. */
  spoilt: Map<number, Uint8Array | null>;
  /** Hash tiles of level 1 and above, by `level/index`. */
  tiles: Map<string, Uint8Array>;
  /** Kept checkpoints, ascending, without the head's. */
  checkpoints: (StoredCheckpoint & { keep: boolean })[];
  payloads: { seq: number; digest: string; salt: Uint8Array; bytes: Uint8Array }[];
}

export interface StoredEntry {
  /** Which record it is given out as, where that is written beside it; else its place says so. */
  number: number;
  bytes: Uint8Array;
}

export interface StoredCheckpoint {
  size: number;
  /** 32 bytes. */
  root: Uint8Array;
  /** The signature lines of the checkpoint's note, each ending in LF. */
  signatures: string;
}

/** One that can be altered while the other stays. Bytes are shared: they are replaced, never written into. */
export function copyOf(log: StoredLog): StoredLog {
  return {
    head: { ...log.head },
    entries: log.entries.map((entry) => ({ ...entry })),
    leaves: [...log.leaves],
    spoilt: new Map(log.spoilt),
    tiles: new Map(log.tiles),
    checkpoints: log.checkpoints.map((checkpoint) => ({ ...checkpoint })),
    payloads: log.payloads.map((payload) => ({ ...payload })),
  };
}

/** The entries of a bundle by the numbers that they are given out as; in the last one, all that come behind it too. */
export function entriesOf({ entries }: StoredLog, index: number, isLast: boolean): Uint8Array[] {
  const own = entries.filter(({ number }) => {
    const bundle = Math.floor(number / BUNDLE);
    return bundle === index || (isLast && bundle > index);
  });
  return own.map(({ bytes }) => bytes);
}

/** The hashes stored for the entries of a bundle. */
export function leavesOf({ leaves }: StoredLog, index: number): Uint8Array[] {
  return leaves.slice(index * BUNDLE, (index + 1) * BUNDLE);
}
