import { toHex } from '../crypto/bytes.ts';

/** A sealed state of a log, as everything outside sees it. */
export interface SealedHead {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Signature lines of the checkpoint's note, each ending in LF. */
  readonly signatures: string;
  /** The signed checkpoint: a C2SP tlog-checkpoint as a note. */
  readonly note: string;
}

/** What the producer keeps: where its record stands and the signed statement that covers it. */
export interface Receipt {
  readonly node: string;
  readonly seq: number;
  /** Lower-case hex SHA-256(0x00 ‖ entry). */
  readonly leaf: string;
  /** Signed note; its size is above `seq`. */
  readonly checkpoint: string;
  /** The record was there already: its id came with the same content before. */
  readonly duplicate: boolean;
}

/** Receipts of a batch share its leaves and checkpoint; hex is made when somebody asks. */
export class BatchReceipt implements Receipt {
  readonly node: string;
  readonly seq: number;
  readonly duplicate: boolean;
  readonly #leaves: Uint8Array;
  readonly #at: number;
  readonly #head: SealedHead;

  /** @param leaves 32 bytes each; the record's own is number `at`. */
  constructor(
    node: string,
    seq: number,
    leaves: Uint8Array,
    at: number,
    head: SealedHead,
    duplicate: boolean,
  ) {
    this.node = node;
    this.seq = seq;
    this.duplicate = duplicate;
    this.#leaves = leaves;
    this.#at = at;
    this.#head = head;
  }

  get leaf(): string {
    return toHex(this.#leaves.subarray(32 * this.#at, 32 * this.#at + 32));
  }

  get checkpoint(): string {
    return this.#head.note;
  }

  toJSON(): Receipt {
    return {
      node: this.node,
      seq: this.seq,
      leaf: this.leaf,
      checkpoint: this.checkpoint,
      duplicate: this.duplicate,
    };
  }
}
