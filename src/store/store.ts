import type { Payload } from '../record/types.ts';
import type { LogSource } from '../verify/source.ts';

/**
 * The truth. A store holds any number of nodes' logs; each log is written by one owner at a time and read by
 * anyone. The same contract suite (`test/store/contract.ts`) runs over every driver, faults included.
 *
 * - **Atomic**: a commit is there whole or not at all, state writes and ids included.
 * - **Durable**: when `commit` resolves, the batch survives power loss, as far as the disk keeps its word.
 * - **Fenced**: `commit` compares the head row's epoch and size; a writer whose ownership was taken or renewed
 *   since can change nothing (`STORE_CONFLICT`).
 * - **Honest**: `commit` rejects with `STORE_OUTCOME_UNKNOWN` unless it knows that nothing was applied. Known not
 *   applied: `STORE_CONFLICT`, `STORE_FULL`, `STORE_READ_ONLY`, `STORE_UNAVAILABLE`, `STORE_DAMAGED`.
 *   `STORE_SYNC_FAILED` means that what the disk holds can no longer be known from this process, which must end.
 * - **In order**: commits may be posted without waiting for one another and apply in the order of the calls; when
 *   one fails, those posted after it for the same log meet another head than theirs and fail with `STORE_CONFLICT`.
 * - **Trusted with**: availability and the secrecy of entries; not with integrity, which the verifier checks.
 */
export interface LogStore {
  /** Logs that have a head, by node id. */
  nodes(): Promise<readonly string[]>;

  /**
   * Takes write ownership of a node's log (creating an empty head for a new node) and raises its epoch. Rejects
   * with `LOG_HELD` naming the holder when another live process or object has it. Calling it again by the same
   * object renews ownership: the epoch rises and commits of the old epoch can no longer apply.
   *
   * @param holder who to name to others: for people, as `pid 4711 on host ca1`.
   */
  acquire(node: string, holder: string): Promise<Ownership>;

  /** Gives ownership back. Also happens when the process ends, however it ends. */
  release(node: string): Promise<void>;

  head(node: string): Promise<StoredHead | null>;

  commit(batch: Batch): Promise<void>;

  /** Reads a node's log as a verifier does. Reads see only committed batches. */
  source(node: string): LogSource;

  /** One payload by digest, or null when it was never there or has been removed. */
  payload(node: string, digest: string): Promise<StoredPayload | null>;

  /**
   * Which of the idempotency keys are remembered, by key. Those of a log's newest bucket and of the one before are;
   * older ones may or may not be found.
   */
  findIds(node: string, keys: readonly string[]): Promise<ReadonlyMap<string, IdRow>>;

  /** State values whose key starts with `prefix`, by key, in order of the keys' UTF-8 bytes. */
  state(prefix: string): Promise<ReadonlyMap<string, string>>;

  /** Lets what was called before finish, gives every ownership back and ends. Calls after it reject with `STORE_UNAVAILABLE`. */
  close(): Promise<void>;
}

export interface Ownership {
  readonly epoch: number;
  readonly head: StoredHead;
}

export interface StoredHead {
  readonly node: string;
  /** Empty until the genesis record is committed. */
  readonly origin: string;
  readonly epoch: number;
  readonly size: number;
  /** 32 bytes; the root of the empty tree while size is 0. */
  readonly root: Uint8Array;
  /** Signature lines of the checkpoint's note, each ending in LF; empty while size is 0. */
  readonly signatures: string;
}

/**
 * One group commit: everything in it becomes true together. Without entries it changes state only: origin, root,
 * signatures, tiles and `keepCheckpoint` are then ignored, and the head stays as it is.
 */
export interface Batch {
  readonly node: string;
  readonly origin: string;
  readonly epoch: number;
  /** The head's size before; entries are numbered from here. */
  readonly from: number;
  /** In bundle form: u16 big-endian length ‖ bytes, repeated. */
  readonly entries: Uint8Array;
  /** 32 bytes per entry. */
  readonly leaves: Uint8Array;
  /** Hash tiles of level 1 and above that this batch changed, each as it is afterwards. Level 0 is the leaves. */
  readonly tiles: readonly TileWrite[];
  readonly root: Uint8Array;
  readonly signatures: string;
  /** Whether this batch's checkpoint must never be thinned (key changes). Others may be: at most one per 256 entries need stay. */
  readonly keepCheckpoint: boolean;
  readonly payloads: readonly PayloadWrite[];
  readonly ids: readonly IdWrite[];
  readonly state: readonly StateWrite[];
}

export interface TileWrite {
  readonly level: number;
  readonly index: number;
  /** 32 bytes × width, width 1 to 256. */
  readonly hashes: Uint8Array;
}

export interface PayloadWrite extends Payload {
  readonly seq: number;
}

export interface StoredPayload extends Payload {
  /** Gives the memory of `bytes` back at once. May be called when they are needed no more. */
  release?(): void;
}

export interface IdRow {
  readonly seq: number;
  /** Digest of the content first delivered under the id: 32 lower-case hex digits. */
  readonly content: string;
}

/** An id of one of the batch's records. A key that is remembered already keeps its first row. */
export interface IdWrite extends IdRow {
  /** 32 lower-case hex digits made of source and id. */
  readonly key: string;
  /** Ids are forgotten by whole buckets; a bucket is a day of `logged`: floor(logged / 86,400,000). */
  readonly bucket: number;
}

/** null removes the key. */
export interface StateWrite {
  readonly key: string;
  readonly value: string | null;
}

/** A bundle and a tile span this many entries or hashes (C2SP tlog-tiles). */
export const BUNDLE = 256;
