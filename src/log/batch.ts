import { Buffer } from 'node:buffer';
import { leafHashes, type Tree } from '../merkle/mod.ts';
import { type EncodedRecord, maxEntryBytes, putEntry } from '../record/mod.ts';
import type { IdWrite, PayloadWrite, StateWrite } from '../store/store.ts';
import type { UnownedBatch } from './committer.ts';
import type { SealingChange } from './key-set.ts';
import type { PreparedRecord } from './placement.ts';
import type { Unit } from './unit.ts';

const FIRST_BYTES = 64 * 1024;

/**
 * The batch being filled. Records are numbered, written and hashed as they arrive, while the batch before is being
 * signed and committed: when that is done, only the signature is missing here.
 */
export class OpenBatch {
  readonly from: number;
  /** The tree before this batch: where it goes back to when the batch is not sealed. */
  readonly before: Tree;
  readonly loggedBefore: number;
  /** Appends answered when this batch is sealed. */
  readonly units: Unit[] = [];
  readonly payloads: PayloadWrite[] = [];
  readonly ids: IdWrite[] = [];
  readonly state: StateWrite[] = [];
  payloadBytes = 0;
  readonly #tree: Tree;
  #buffer = room(FIRST_BYTES);
  #length = 0;
  #leaves: Uint8Array[] = [];

  constructor(tree: Tree, loggedBefore: number) {
    this.#tree = tree;
    this.from = tree.size;
    this.before = tree.clone();
    this.loggedBefore = loggedBefore;
  }

  get count(): number {
    return this.#tree.size - this.from;
  }

  /** A batch that changes the sealing holds that record and no other. */
  get change(): SealingChange | null {
    return this.units[0]?.change ?? null;
  }

  get bytes(): number {
    return this.#length + this.payloadBytes;
  }

  /** Writes an append's new records, in order, from `seq` = the tree's size on. Returns their leaf hashes, 32 bytes each. */
  write(records: readonly PreparedRecord[], logged: number): Uint8Array {
    const start = this.#length;
    this.#reserve(records.reduce((bytes, { encoded }) => bytes + 2 + maxEntryBytes(encoded), 0));
    let seq = this.#tree.size;
    for (const { encoded } of records) {
      this.#put(encoded, logged, seq);
      for (const payload of encoded.payloads) {
        this.payloads.push({ ...payload, seq });
        this.payloadBytes += payload.bytes.length;
      }
      seq++;
    }
    const leaves = leafHashes(this.#buffer.subarray(start, this.#length));
    this.#tree.appendAll(leaves);
    this.#leaves.push(leaves);
    return leaves;
  }

  /** What the store is to make true. */
  finish(sealed: Pick<UnownedBatch, 'node' | 'origin' | 'root' | 'tiles' | 'signatures'>): UnownedBatch {
    return {
      ...sealed,
      from: this.from,
      entries: this.#buffer.subarray(0, this.#length),
      leaves: Buffer.concat(this.#leaves),
      keepCheckpoint: this.from === 0 || this.change !== null,
      payloads: this.payloads,
      ids: this.ids,
      state: this.state,
    };
  }

  /** One entry in bundle form. */
  #put(record: EncodedRecord, logged: number, seq: number): void {
    const at = this.#length;
    const out = this.#buffer;
    this.#length = putEntry(record, logged, seq, out, at + 2);
    const length = this.#length - at - 2;
    out[at] = length >> 8;
    out[at + 1] = length;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = room(Math.max(this.#buffer.length * 2, this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** A plain array, not a Buffer: its views are several times cheaper to make. */
function room(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}
