/**
 * Hands what one side brings, piece by piece, to another side that takes as much as has come, up to a bound: nothing
 * waits for more to come, and what has come is taken together. At most two takings are held at a time.
 */
export class Inbox<T> {
  readonly #maxItems: number;
  readonly #maxSize: number;
  #items: { readonly item: T; readonly size: number }[] = [];
  #size = 0;
  #ended = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  /** @param maxItems most items of one taking. @param maxSize most that their sizes add up to; a larger item is taken alone. */
  constructor(maxItems: number, maxSize: number) {
    this.#maxItems = maxItems;
    this.#maxSize = maxSize;
  }

  /** Resolves when there is room for another. */
  async put(item: T, size: number): Promise<void> {
    this.#items.push({ item, size });
    this.#size += size;
    this.#wake();
    while (this.#items.length >= 2 * this.#maxItems || this.#size >= 2 * this.#maxSize)
      await this.#changed.promise;
  }

  /** Nothing more will be put. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** What has come, in order, never empty; ends after `end`. */
  async *takings(): AsyncGenerator<T[]> {
    for (;;) {
      while (this.#items.length === 0 && !this.#ended) await this.#changed.promise;
      if (this.#items.length === 0) return;
      const taken: T[] = [];
      let size = 0;
      while (taken.length < this.#maxItems) {
        const next = this.#items[taken.length];
        if (next === undefined || (taken.length > 0 && size + next.size > this.#maxSize)) break;
        taken.push(next.item);
        size += next.size;
      }
      this.#items.splice(0, taken.length);
      this.#size -= size;
      this.#wake();
      yield taken;
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
