/** What the main thread asks of its worker threads. Each call has one argument; calls are answered in order. */

import type { Payload } from '../../record/types.ts';
import type { SourceBundle, SourceCheckpoint, SourcePayload, SourceTile } from '../../verify/source.ts';
import type { Batch, IdRow, Ownership, StoredHead } from '../store.ts';
import type { Durability } from './database.ts';

export interface WriterCalls {
  open(dir: string): void;
  durability(arg: null): Durability;
  acquire(arg: { readonly node: string; readonly holder: string }): Ownership;
  release(node: string): void;
  commit(batch: PackedBatch): void;
  close(arg: null): void;
}

export interface ReaderCalls {
  open(dir: string): void;
  nodes(arg: null): string[];
  head(node: string): StoredHead | null;
  payload(arg: { readonly node: string; readonly digest: string }): Payload | null;
  /** Keys of 16 bytes each; answers by their places. */
  findIds(arg: { readonly node: string; readonly keys: Uint8Array }): Map<number, IdRow>;
  state(prefix: string): Map<string, string>;
  bundles(arg: Range): Chunk<SourceBundle>;
  tiles(arg: Range & { readonly level: number }): Chunk<SourceTile>;
  checkpoints(arg: { readonly node: string; readonly after: number }): Chunk<SourceCheckpoint>;
  /** Those that must stay, and the head's when it is one. */
  keyChanges(arg: { readonly node: string; readonly after: number }): Chunk<SourceCheckpoint>;
  payloads(arg: Range & { readonly after: string }): Chunk<SourcePayload, PayloadPlace>;
  close(arg: null): void;
}

export interface Range {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

/** A part of a longer answer, and where the next part starts: null when nothing follows. */
export interface Chunk<T, Place = number> {
  readonly items: readonly T[];
  readonly next: Place | null;
}

/** Behind the payload `after` (hex digest, may be empty) of record `from`. */
export interface PayloadPlace {
  readonly from: number;
  readonly after: string;
}

/** A checked batch as it is sent: every byte array in a buffer of its own, ids as they are stored. */
export interface PackedBatch extends Omit<Batch, 'ids'> {
  readonly ids: readonly PackedIds[];
}

/** The ids of one commit that lie in one bucket: `ID_BYTES` each, see `ids.ts`. */
export interface PackedIds {
  readonly bucket: number;
  readonly rows: Uint8Array;
}
