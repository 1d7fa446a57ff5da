import { checkpointBody, openCheckpoint } from '../checkpoint/mod.ts';
import { LogError, ProofError, TallystickError } from '../errors.ts';
import type { SealedHead } from '../log/receipt.ts';
import type { LogStore } from '../store/store.ts';
import { type KeyHistory, keysAt, readKeyHistory } from '../verify/mod.ts';

/**
 * A log as it stands in a store, for reading: its newest head, believed when the keys have signed it that the log's own
 * first record names, or those that took their place. That is trust in the log itself; a pin is what gives a verifier more.
 */
export class StoredLog {
  readonly node: string;
  readonly #store: LogStore;
  #history: KeyHistory | null = null;
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
    const history = await readKeyHistory(this.#store.source(this.node), origin, size);
    const keys = history === null ? [] : keysAt(history, size);
    try {
      const { verifiedBy } = await openCheckpoint(note, keys);
      if (!keys.every((key) => verifiedBy.some(({ vkey }) => vkey === key))) {
        throw new ProofError('NOTE_UNTRUSTED', 'not all of the keys in force have signed it');
      }
    } catch (cause) {
      if (!(cause instanceof TallystickError)) throw cause;
      throw new LogError(
        'LOG_DAMAGED',
        `the head of ${this.node} at ${size} records has no good signature: ${cause.message}. Run verify`,
        { cause },
      );
    }
    this.#history = history;
    this.#head = { origin, size, root, signatures, note };
    return this.#head;
  }

  /** The keys that seal the log, those before and the stand-bys, as the log itself says. Throws as `head`. */
  async keys(): Promise<KeyHistory> {
    await this.head();
    return this.#history as KeyHistory;
  }
}
