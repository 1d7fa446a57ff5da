import type { IndexRow } from '../catalog/row.ts';

/**
 * What a verifier reads from. Stores, archives and clients provide it; none of them is trusted: every byte is
 * checked against hashes, and a source that lies is found out by what it serves.
 *
 * Reads never throw for damaged content: what does not decode is yielded as damage, with its range, so that one
 * bad bundle does not end a verification. They throw `StoreError` STORE_UNAVAILABLE when the medium itself fails.
 */
export interface LogSource {
  /** The newest sealed state, or null for a log that has none yet. */
  head(): Promise<SourceHead | null>;

  /**
   * Entries [from, to) in order, a bundle (256 entries, aligned) or a part of one at a time. Nothing is skipped:
   * the yielded ranges join without gap or overlap, except that the source may end early where it has no more.
   */
  bundles(from: number, to: number): AsyncIterable<SourceBundle>;

  /**
   * The stored hash tiles [from, to) of a level as C2SP tlog-tiles counts them: `hashes` is 32 bytes × width, up to
   * 256 wide, null when the tile is not there.
   */
  tiles(level: number, from: number, to: number): AsyncIterable<SourceTile>;

  /** Kept checkpoints, oldest first, the head's included. */
  checkpoints(): AsyncIterable<SourceCheckpoint>;

  /**
   * Those of the kept checkpoints that must stay, oldest first, the head's included when it is one: where keys changed.
   * A hint: what it leaves out is no key change to a verifier, and each is checked.
   */
  keyChanges(): AsyncIterable<SourceCheckpoint>;

  /** Payloads of the entries [from, to), by seq. Removed ones are absent. */
  payloads(from: number, to: number): AsyncIterable<SourcePayload>;
}

export interface SourceHead {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The signature lines of the checkpoint's note, each ending in LF. */
  readonly signatures: string;
}

export interface SourceBundle {
  readonly from: number;
  readonly to: number;
  /**
   * For each entry: u16 big-endian length, then its bytes; null when it does not decode. When what is stored decodes
   * to another number of entries than `to - from`, it is given all the same: the verifier finds out which. The
   * verifier writes into the buffer while it hashes, and leaves it as it was.
   */
  readonly entries: Uint8Array | null;
  /** `entries` is null because nothing is stored for the range. */
  readonly missing?: true;
  /** Why `entries` is null. */
  readonly damage?: string;
  /** Gives the memory of `entries` back at once. Called when they are needed no more. */
  release?(): void;
}

export interface SourceTile {
  readonly index: number;
  readonly hashes: Uint8Array | null;
}

export interface SourceCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  readonly signatures: string;
}

export interface SourcePayload {
  readonly seq: number;
  readonly digest: string;
  readonly salt: Uint8Array;
  /** null when the stored bytes do not decode. */
  readonly bytes: Uint8Array | null;
}

/** Index rows as a verifier re-derives them: see `catalog/row.ts`. */
export interface IndexSource {
  /** The index holds exactly the rows of entries [0, position). */
  position(node: string): Promise<number>;
  /** Rows [from, to) of a node by seq, some thousands at a time. A page is good until the next is asked for. */
  rows(node: string, from: number, to: number): AsyncIterable<RowPage>;
}

/** Rows in their order; an array will do. */
export interface RowPage extends Iterable<IndexRow> {
  readonly length: number;
  at(index: number): IndexRow | undefined;
  /**
   * Whether the row at `index` is equal to `row`, found out without making it. False says only that both have to be
   * compared column by column.
   */
  isSame?(index: number, row: IndexRow): boolean;
}
