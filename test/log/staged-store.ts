import { StoreError, type TallystickError } from '../../src/errors.ts';
import type { Payload } from '../../src/record/types.ts';
import type { Batch, IdRow, LogStore, Ownership, StoredHead } from '../../src/store/store.ts';
import type { LogSource } from '../../src/verify/source.ts';

export type Call = 'commit' | 'acquire' | 'findIds' | 'release' | 'tiles';

/** How a call fails: not done, or done but reported as failed. */
export interface Fault {
  readonly error: unknown;
  readonly applied?: boolean;
}

/** A call that was stopped at the door. */
export interface Gate {
  /** Resolves when the call is there. */
  readonly entered: Promise<void>;
  open(): void;
}

/**
 * A store that plays its part in a scene: its calls fail with any error, wait at a gate, take their time, or happen
 * no more; and it keeps what it was given to commit.
 */
export class StagedStore implements LogStore {
  /** Every batch that was to be committed, in order, whatever became of it. */
  readonly batches: Batch[] = [];
  readonly #inner: LogStore;
  readonly #onFault: () => void;
  /** By call, what the next ones meet; null: nothing. */
  readonly #faults = new Map<Call, (Fault | null)[]>();
  #dead = false;
  /** Called before each answer: how long the store takes. */
  pace: () => Promise<void> = async () => {};
  readonly #gates = new Map<Call, (() => Promise<void>)[]>();

  /** @param onFault called at each failure: a test's clock may go on then. */
  constructor(inner: LogStore, onFault: () => void = () => {}) {
    this.#inner = inner;
    this.#onFault = onFault;
  }

  /** The next `times` calls fail so, behind `after` that do not. */
  fail(
    call: Call,
    error: TallystickError | Error,
    options: { applied?: boolean; times?: number; after?: number } = {},
  ): void {
    const { applied = false, times = 1, after = 0 } = options;
    const faults = this.#faults.get(call) ?? [];
    this.#faults.set(call, faults);
    for (let i = 0; i < after; i++) faults.push(null);
    for (let i = 0; i < times; i++) faults.push({ error, applied });
  }

  /** Calls work again. */
  heal(call: Call): void {
    this.#faults.delete(call);
  }

  /** Nothing that is called from now on happens: the process that calls is gone. */
  die(): void {
    this.#dead = true;
  }

  /** The next call waits until the gate is opened. */
  hold(call: Call): Gate {
    const entered = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const gates = this.#gates.get(call) ?? [];
    this.#gates.set(call, gates);
    gates.push(async () => {
      entered.resolve();
      await opened.promise;
    });
    return { entered: entered.promise, open: opened.resolve };
  }

  async #do<T>(call: Call, act: () => Promise<T>): Promise<T> {
    await this.#gates.get(call)?.shift()?.();
    await this.pace();
    if (this.#dead) {
      this.#onFault();
      throw new StoreError('STORE_OUTCOME_UNKNOWN', 'nobody is there to be told');
    }
    const fault = this.#faults.get(call)?.shift();
    if (fault === undefined || fault === null) return act();
    if (fault.applied) await act();
    this.#onFault();
    throw fault.error;
  }

  nodes(): Promise<readonly string[]> {
    return this.#inner.nodes();
  }

  acquire(node: string, holder: string): Promise<Ownership> {
    return this.#do('acquire', () => this.#inner.acquire(node, holder));
  }

  release(node: string): Promise<void> {
    return this.#do('release', () => this.#inner.release(node));
  }

  head(node: string): Promise<StoredHead | null> {
    return this.#inner.head(node);
  }

  commit(batch: Batch): Promise<void> {
    this.batches.push(batch);
    return this.#do('commit', () => this.#inner.commit(batch));
  }

  source(node: string): LogSource {
    const inner = this.#inner.source(node);
    const readTiles = this.#do.bind(this, 'tiles', async () => {});
    return {
      head: () => inner.head(),
      bundles: (from, to) => inner.bundles(from, to),
      checkpoints: () => inner.checkpoints(),
      keyChanges: () => inner.keyChanges(),
      payloads: (from, to) => inner.payloads(from, to),
      async *tiles(level, from, to) {
        await readTiles();
        yield* inner.tiles(level, from, to);
      },
    };
  }

  payload(node: string, digest: string): Promise<Payload | null> {
    return this.#inner.payload(node, digest);
  }

  /** What is found is found when the call comes in; a gate holds back the answer. */
  async findIds(node: string, keys: readonly string[]): Promise<ReadonlyMap<string, IdRow>> {
    const found = await this.#inner.findIds(node, keys);
    return this.#do('findIds', async () => found);
  }

  state(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#inner.state(prefix);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
