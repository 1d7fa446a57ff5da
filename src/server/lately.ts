/** What was made lately, for who asks next: so that many who ask cost no more than one. */
export class Lately<T> {
  readonly #ms: number;
  readonly #made = new Map<string, { readonly until: number; readonly value: Promise<T> }>();

  /** @param ms how long something is handed out. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** What `make` made for this key, now or not long ago; of what failed nothing is kept. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const known = this.#made.get(key);
    if (known !== undefined && now < known.until) return known.value;
    const value = make();
    this.#made.set(key, { until: now + this.#ms, value });
    try {
      return await value;
    } catch (error) {
      this.#made.delete(key);
      throw error;
    }
  }
}
