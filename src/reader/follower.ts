import { IndexError } from '../errors.ts';
import type { RecordIndex } from '../index/index.ts';
import { countEntries } from '../merkle/mod.ts';
import type { LogStore } from '../store/store.ts';

/** Most bytes of sealed batches that wait for the index; what is beyond it is read back from the store. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Bytes of entries given to the index at once when reading back. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** Told how many entries of how many the index holds. */
type Progress = (done: number, total: number) => void;

interface Waiting {
  readonly from: number;
  readonly to: number;
  readonly entries: Uint8Array;
}

/**
 * Lets the index follow one node's log at its own pace. Sealed batches are handed on as they come; after a start, a
 * failure or when too much waits, the rest is read from the store. Sealing never waits for it and never fails with it.
 */
export class IndexFollower {
  readonly #index: RecordIndex;
  readonly #store: LogStore;
  readonly #node: string;
  #position = 0;
  #target = 0;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | null = null;
  readonly #progress = new Set<Progress>();

  constructor(index: RecordIndex, store: LogStore, node: string) {
    this.#index = index;
    this.#store = store;
    this.#node = node;
  }

  /** A batch was sealed. Does not throw: an index that fails is met by the next search, which tries again and says so. */
  sealed(from: number, entries: Uint8Array): void {
    const to = from + countEntries(entries);
    this.#target = Math.max(this.#target, to);
    if (this.#waitingBytes + entries.length <= MAX_WAITING_BYTES) {
      this.#waiting.push({ from, to, entries });
      this.#waitingBytes += entries.length;
    }
    this.#run().catch(() => {});
  }

  /** Resolves when the index holds entries [0, size). Throws `IndexError` INDEX_UNAVAILABLE when it can't be brought there. */
  async catchUp(size: number, onProgress: Progress = () => {}): Promise<void> {
    this.#target = Math.max(this.#target, size);
    this.#progress.add(onProgress);
    try {
      // A run that began before this question may fail over what is past; only what comes now is told.
      await this.#running?.catch(() => {});
      do {
        await this.#run();
      } while (this.#position < size);
    } finally {
      this.#progress.delete(onProgress);
    }
  }

  /** Adds what is left to add; shared by all who wait for it. */
  #run(): Promise<void> {
    this.#running ??= this.#follow().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #follow(): Promise<void> {
    // Asked each time: the index may have been emptied since, or have lost what it had not written yet.
    this.#position = await this.#index.position(this.#node);
    while (this.#position < this.#target) {
      await this.#step(this.#position);
      for (const report of this.#progress) report(this.#position, this.#target);
    }
  }

  async #step(position: number): Promise<void> {
    while (this.#waiting[0] !== undefined && this.#waiting[0].from < position) this.#take();
    const next = this.#waiting[0];
    if (next?.from === position) await this.#addWaiting(position);
    else await this.#readBack(position, next?.from ?? this.#target);
  }

  /**
   * Adds what waits, each batch without the answer for the one before: whoever seals leaves the event loop few turns, and
   * the index would spend its time waiting for them.
   */
  async #addWaiting(position: number): Promise<void> {
    const adds: Promise<void>[] = [];
    let at = position;
    let bytes = 0;
    for (let next = this.#waiting[0]; next?.from === at && bytes < CHUNK_BYTES; next = this.#waiting[0]) {
      this.#take();
      adds.push(this.#index.add(this.#node, at, next.entries));
      at = next.to;
      bytes += next.entries.length;
    }
    // All are answered before the position may be asked for again; behind one that failed the others fail, too.
    const answers = await Promise.allSettled(adds);
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    this.#position = at;
  }

  #take(): void {
    this.#waitingBytes -= (this.#waiting.shift() as Waiting).entries.length;
  }

  async #readBack(from: number, to: number): Promise<void> {
    let parts: Uint8Array[] = [];
    let bytes = 0;
    let at = from;
    for await (const part of this.#store.source(this.#node).bundles(from, to)) {
      if (part.entries === null) {
        throw new IndexError(
          'INDEX_UNAVAILABLE',
          `records ${part.from} to ${part.to - 1} of ${this.#node} can't be read, so the index can't go on; run verify (${part.damage ?? 'they do not decode'})`,
        );
      }
      parts.push(part.entries);
      bytes += part.entries.length;
      at = part.to;
      if (bytes < CHUNK_BYTES && at < to) continue;
      await this.#add(this.#position, join(parts, bytes), at);
      parts = [];
      bytes = 0;
    }
    if (at < to) {
      throw new IndexError(
        'INDEX_UNAVAILABLE',
        `record ${at} of ${this.#node} is missing from the store, so the index can't go on; run verify`,
      );
    }
  }

  async #add(from: number, entries: Uint8Array, to: number): Promise<void> {
    await this.#index.add(this.#node, from, entries);
    this.#position = to;
  }
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
