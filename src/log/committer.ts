import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes } from '../crypto/bytes.ts';
import { StoreError, TallystickError } from '../errors.ts';
import { rootFromTiles } from '../merkle/mod.ts';
import type { Batch, LogStore } from '../store/store.ts';
import { tileReader } from '../store/tile-reader.ts';
import type { Clock } from './clock.ts';

/** A batch without the epoch, which is the committer's to say. */
export type UnownedBatch = Omit<Batch, 'epoch'>;

export interface CommitterOptions {
  readonly store: LogStore;
  readonly node: string;
  readonly holder: string;
  readonly epoch: number;
  /** As `Limits.retryMs`, by the clock's monotonic side. */
  readonly retryMs: number;
  readonly clock: Clock;
}

/** Why batches can't be sealed: the newest reason, and since when, ms since 1970. */
export interface Trouble {
  readonly error: TallystickError;
  readonly since: number;
}

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/**
 * Makes one batch true, or says for certain that it is not. The very same bytes are tried again for as long as
 * `retryMs`; after that, while the trouble lasts, each batch has one try, so that callers are refused at once. When
 * the outcome of a try is unknown, ownership is renewed, which bars the unknown commit from applying later, and the
 * head is read: it says what is really there. Nothing else is tried before that is known.
 */
export class Committer {
  readonly #o: CommitterOptions;
  #epoch: number;
  #troubled = false;
  #trouble: Trouble | null = null;

  constructor(options: CommitterOptions) {
    this.#o = options;
    this.#epoch = options.epoch;
  }

  /** From the first try that fails until a batch is durable; null otherwise. */
  get trouble(): Trouble | null {
    return this.#trouble;
  }

  /**
   * Resolves when the batch is durable. Rejects with STORE_OUTCOME_UNKNOWN, STORE_CONFLICT or STORE_SYNC_FAILED when
   * the log must stop; with any other code when the batch is known not to be there and never will be.
   */
  async commit(batch: UnownedBatch): Promise<void> {
    await this.persist(() => this.#try(batch));
    this.#troubled = false;
    // One without records was not signed.
    if (batch.leaves.length > 0) this.#trouble = null;
  }

  /** Runs an act that may be repeated, again and again while it fails with an error that may pass. */
  async persist<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await this.#repeat(act, this.#troubled ? 0 : this.#o.retryMs, mayPass);
    } catch (error) {
      this.#troubled = true;
      throw error;
    }
  }

  async #try(batch: UnownedBatch): Promise<void> {
    try {
      await this.#o.store.commit({ ...batch, epoch: this.#epoch });
    } catch (cause) {
      if (!isUnclear(cause)) throw cause;
      if (await this.#isThere(batch)) return;
      throw new StoreError('STORE_UNAVAILABLE', 'the store did not take the batch', { cause });
    }
  }

  /** Throws STORE_OUTCOME_UNKNOWN when the store does not tell for as long as `retryMs`, else as `#ask`. */
  async #isThere(batch: UnownedBatch): Promise<boolean> {
    try {
      return await this.#repeat(() => this.#ask(batch), this.#o.retryMs, isTransient);
    } catch (cause) {
      if (cause instanceof TallystickError && FINAL.has(cause.code)) throw cause;
      throw new StoreError(
        'STORE_OUTCOME_UNKNOWN',
        `it is not known whether the records from ${batch.from} on were stored, and the store cannot be asked (${(cause as Error).message}); restart to find out`,
        { cause },
      );
    }
  }

  /** Takes ownership anew and compares the head with the batch. Throws STORE_CONFLICT when it is neither there nor missing at the end. */
  async #ask(batch: UnownedBatch): Promise<boolean> {
    const { store, node, holder } = this.#o;
    const { epoch, head } = await store.acquire(node, holder);
    this.#epoch = epoch;
    const size = batch.from + batch.leaves.length / 32;
    if (head.size === batch.from) return false;
    const there =
      head.size >= size && equalBytes(await rootFromTiles(size, tileReader(store.source(node))), batch.root);
    // A later writer may have gone on from our batch: then it is there all the same, and the next one meets the conflict.
    if (there) return true;
    throw new StoreError(
      'STORE_CONFLICT',
      `another writer moved the log ${node} to ${head.size} records; only one may write it`,
      { context: { size: head.size } },
    );
  }

  async #repeat<T>(act: () => Promise<T>, forMs: number, isWorthIt: (error: unknown) => boolean): Promise<T> {
    const { clock } = this.#o;
    const end = clock.monotonic() + forMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await act();
      } catch (error) {
        if (error instanceof TallystickError)
          this.#trouble = { error, since: this.#trouble?.since ?? clock.now() };
        if (!isWorthIt(error) || clock.monotonic() >= end) throw error;
      }
      await sleep(pause);
    }
  }
}

/** What the head has said, or what no head can say any more. */
const FINAL: ReadonlySet<string> = new Set(['STORE_CONFLICT', 'STORE_SYNC_FAILED']);

/** Whether the batch may be in the store all the same. An error that is not ours says nothing. */
function isUnclear(error: unknown): boolean {
  if (!(error instanceof TallystickError)) return true;
  return error.code === 'STORE_OUTCOME_UNKNOWN' || error.code === 'STORE_CONFLICT';
}

/** Another writer that has the log now will have it for long. */
function isTransient(error: unknown): boolean {
  return error instanceof TallystickError && error.retry && error.code !== 'LOG_HELD';
}

/** An outcome that is still unknown has been asked for long enough. */
function mayPass(error: unknown): boolean {
  return isTransient(error) && (error as TallystickError).code !== 'STORE_OUTCOME_UNKNOWN';
}
