import { checkpointBody, openCheckpoint } from '../checkpoint/mod.ts';
import { LogError, TallystickError } from '../errors.ts';
import { readEntry, readGenesis } from '../log/genesis.ts';
import type { SealedHead } from '../log/receipt.ts';
import type { LogStore } from '../store/store.ts';

/**
 * A log as it stands in a store, for reading: its newest head, believed when the key named in the log's own first
 * record has signed it. That is trust in the log itself; a pin is what gives a verifier more.
 */
export class StoredLog {
  readonly node: string;
  readonly #store: LogStore;
  #vkey: string | null = null;
  #head: SealedHead | null = null;

  constructor(store: LogStore, node: string) {
    this.#store = store;
    this.node = node;
  }

  /** Throws `LogError` LOG_NOT_FOUND for a node without a sealed head, LOG_DAMAGED when its signature does not hold. */
  async head(): Promise<SealedHead> {
    const stored = await this.#store.head(this.node);
    if (stored === null || stored.size === 0) {
      throw new LogError('LOG_NOT_FOUND', `there is no log of node ${this.node} here`);
    }
    if (this.#head?.size === stored.size && this.#head.signatures === stored.signatures) return this.#head;
    const { origin, size, root, signatures } = stored;
    const note = `${checkpointBody(origin, size, root)}\n${signatures}`;
    try {
      await openCheckpoint(note, [await this.vkey()]);
    } catch (cause) {
      if (!(cause instanceof TallystickError)) throw cause;
      throw new LogError(
        'LOG_DAMAGED',
        `the head of ${this.node} at ${size} records has no good signature: ${cause.message}. Run verify`,
        { cause },
      );
    }
    this.#head = { origin, size, root, signatures, note };
    return this.#head;
  }

  /** The key that record 0 names. */
  async vkey(): Promise<string> {
    this.#vkey ??= readGenesis(await readEntry(this.#store.source(this.node), 0, this.node)).vkey;
    return this.#vkey;
  }
}
