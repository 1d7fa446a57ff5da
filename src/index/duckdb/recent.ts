/** Of one generation, unless another is given: characters, and a character's worth for each 2 bytes that an entry costs besides. */
const MAX_WEIGHT = 8 * 1024 * 1024;
const ENTRY_WEIGHT = 48;

/**
 * Remembers what was used lately, within bounded memory (some 20 MB): when one generation is full it becomes the older
 * one, and what is not used again goes with it.
 */
export class Recent<Key, Value> {
  #recent = new Map<Key, Value>();
  #older = new Map<Key, Value>();
  #weight = 0;
  readonly #max: number;

  /** @param max weight of a generation. */
  constructor(max: number = MAX_WEIGHT) {
    this.#max = max;
  }

  /** @param chars characters of text that the entry holds. */
  set(key: Key, value: Value, chars: number): void {
    if (this.#weight >= this.#max) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#weight = 0;
    }
    this.#weight += chars + ENTRY_WEIGHT;
    this.#recent.set(key, value);
  }

  /** @param chars as it was set. */
  get(key: Key, chars: number): Value | undefined {
    const value = this.#recent.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older, chars);
    return older;
  }
}
