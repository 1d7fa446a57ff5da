import type { KnownId } from './known-ids.ts';

/**
 * Idempotency ids that a look-up in the store may have missed: those of batches not committed yet, and those
 * committed after a waiting append began its look-up. Times are counted in commits.
 */
export class RecentIds {
  readonly #rows = new Map<string, KnownId>();
  readonly #committed: { readonly at: number; readonly keys: readonly string[] }[] = [];

  get(key: string): KnownId | undefined {
    return this.#rows.get(key);
  }

  /** An id was given a place in a batch. */
  add(key: string, row: KnownId): void {
    this.#rows.set(key, row);
  }

  /** The batch was not sealed: its ids are free. */
  drop(keys: readonly string[]): void {
    for (const key of keys) this.#rows.delete(key);
  }

  /** The batch became commit number `at`. */
  committed(at: number, keys: readonly string[]): void {
    if (keys.length > 0) this.#committed.push({ at, keys });
  }

  /** Look-ups still to be used began after commit number `since`: what was committed by then, they found. */
  forget(since: number): void {
    while (this.#committed.length > 0 && (this.#committed[0] as { at: number }).at <= since) {
      this.drop((this.#committed.shift() as { keys: readonly string[] }).keys);
    }
  }
}
