/** Lets so many through at a time; the others wait in the order they came. */
export class Gate {
  #places: number;
  readonly #waiters = new Set<() => void>();

  constructor(places: number) {
    this.#places = places;
  }

  /** Does the work when there is a place for it. Throws the signal's reason when aborted before: the wait is over then. */
  async pass<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#places > 0) {
      this.#places--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiters.delete(enter);
        reject(signal?.reason);
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      this.#waiters.add(enter);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The place goes from hand to hand, so that nobody who comes now is before one who waits. */
  #leave(): void {
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#places++;
      return;
    }
    this.#waiters.delete(next);
    next();
  }
}
