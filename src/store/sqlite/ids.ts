/**
 * Idempotency ids. On disk they are a log, too: a row per commit and bucket, never changed. To find one, the reader
 * keeps a table of fingerprints in memory, about 14 bytes an id of the last two buckets, made from those rows when
 * it is first asked and carried on from there. A fingerprint leads to a row, and the row's bytes decide.
 */

import { Buffer } from 'node:buffer';
import { equalBytes } from '../../crypto/bytes.ts';
import type { IdRow, IdWrite } from '../store.ts';
import type { PackedIds } from './protocol.ts';

export const KEY_BYTES = 16;
const CONTENT_BYTES = 16;
/** key ‖ content ‖ seq minus the row's seq, u32 big-endian. */
export const ID_BYTES: number = KEY_BYTES + CONTENT_BYTES + 4;

/** 16 bytes each, one after another. */
export function packKeys(keys: readonly string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(keys.join(''), 'hex'));
}

/**
 * One item per bucket, ids in the order given.
 *
 * @param from the batch's first seq.
 */
export function packIds(ids: readonly IdWrite[], from: number): PackedIds[] {
  return [...Map.groupBy(ids, (id) => id.bucket)].map(([bucket, group]) => {
    const hex = Buffer.from(group.map((id) => id.key + id.content).join(''), 'hex');
    const rows = Buffer.from(new ArrayBuffer(group.length * ID_BYTES));
    const head = KEY_BYTES + CONTENT_BYTES;
    for (const [i, { seq }] of group.entries()) {
      hex.copy(rows, i * ID_BYTES, i * head, (i + 1) * head);
      rows.writeUInt32BE(seq - from, i * ID_BYTES + head);
    }
    return { bucket, rows };
  });
}

/** @param from the seq of the stored row. */
export function unpackId(rows: Uint8Array, at: number, from: number): IdRow {
  const row = Buffer.from(rows.buffer, rows.byteOffset + at * ID_BYTES, ID_BYTES);
  return {
    seq: from + row.readUInt32BE(KEY_BYTES + CONTENT_BYTES),
    content: row.toString('hex', KEY_BYTES, KEY_BYTES + CONTENT_BYTES),
  };
}

/** Whether the id at place `at` of a stored row has this key. */
export function isKey(rows: Uint8Array, at: number, key: Uint8Array): boolean {
  return equalBytes(rows.subarray(at * ID_BYTES, at * ID_BYTES + KEY_BYTES), key);
}

/** Where an id may be: the stored row's seq, and its place in it. */
export interface Candidate {
  readonly seq: number;
  readonly at: number;
}

const FIRST_SLOTS = 1024;
/** A full table makes every miss a long walk. */
const MAX_LOAD = 0.75;

/** Fingerprints of one bucket's ids: open addressing, two words a slot (fingerprint, number of the id + 1). */
export class IdTable {
  #slots = new Uint32Array(2 * FIRST_SLOTS);
  #count = 0;
  /** Of each stored row: the number of its first id, and its seq. */
  readonly #starts: number[] = [];
  readonly #seqs: number[] = [];

  /** Adds the ids of a stored row; rows come in order of `seq`. */
  addRow(seq: number, rows: Uint8Array): void {
    this.#starts.push(this.#count);
    this.#seqs.push(seq);
    const view = new DataView(rows.buffer, rows.byteOffset, rows.length);
    for (let at = 0; at < rows.length; at += ID_BYTES) {
      if (this.#count >= (this.#slots.length / 2) * MAX_LOAD) this.#grow();
      insert(this.#slots, fingerprint(view, at), ++this.#count);
    }
  }

  /** Rows that may hold the key at byte `at` of `keys`, the oldest first. */
  candidates(keys: DataView, at: number): Candidate[] {
    const wanted = fingerprint(keys, at);
    const found: Candidate[] = [];
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = wanted & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      if (slots[2 * slot] === wanted) found.push(this.#locate(slots[2 * slot + 1]! - 1));
    }
    return found.sort((a, b) => a.seq - b.seq || a.at - b.at);
  }

  #locate(number: number): Candidate {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle]! <= number) low = middle;
      else high = middle - 1;
    }
    return { seq: this.#seqs[low]!, at: number - this.#starts[low]! };
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] !== 0) insert(this.#slots, old[i]!, old[i + 1]!);
    }
  }
}

function insert(slots: Uint32Array, value: number, number: number): void {
  const mask = slots.length / 2 - 1;
  let slot = value & mask;
  while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  slots[2 * slot] = value;
  slots[2 * slot + 1] = number;
}

/** 32 bits of a key. Keys are digests; mixing keeps other ones from gathering in one place. */
function fingerprint(view: DataView, at: number): number {
  let h = 0;
  for (let i = 0; i < KEY_BYTES; i += 4) {
    h = Math.imul(h ^ view.getUint32(at + i), 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h >>> 0;
}
