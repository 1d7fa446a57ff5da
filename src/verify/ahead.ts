/** An asynchronous sequence whose next item can be looked at, and is asked for while the one before is worked on. */
export class Ahead<T> {
  readonly #iterator: AsyncIterator<T>;
  #next: Promise<IteratorResult<T>> | null = null;

  constructor(items: AsyncIterable<T>) {
    this.#iterator = items[Symbol.asyncIterator]();
  }

  /** The next item without taking it, null at the end. */
  async peek(): Promise<T | null> {
    const { done, value } = await this.#ask();
    return done === true ? null : value;
  }

  /** Takes the next item, null at the end. */
  async take(): Promise<T | null> {
    const { done, value } = await this.#ask();
    if (done === true) return null;
    this.#next = null;
    // Its failure is met by whoever asks for that item.
    this.#ask().catch(() => {});
    return value;
  }

  /** Ends the sequence early. */
  async close(): Promise<void> {
    // What was asked for and not taken does not matter any more, nor that it failed.
    await this.#next?.catch(() => {});
    await this.#iterator.return?.();
  }

  #ask(): Promise<IteratorResult<T>> {
    this.#next ??= this.#iterator.next();
    return this.#next;
  }
}
