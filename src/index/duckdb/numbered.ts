import { Recent } from './recent.ts';
import { FIRST_ID } from './schema.ts';

/** See `Recent`; some 10 MB. */
const MAX_WEIGHT = 4 * 1024 * 1024;

/** A number, what it stands for, and the characters of text that it holds. */
export type Meaning<T> = readonly [id: number, value: T, chars: number];

/** What the numbers in a column stand for. What was not seen lately is asked for. */
export class Numbered<T> {
  readonly #recent = new Recent<number, T>(MAX_WEIGHT);
  readonly #ask: (ids: Uint32Array<ArrayBuffer>) => Promise<Iterable<Meaning<T>>>;

  constructor(ask: (ids: Uint32Array<ArrayBuffer>) => Promise<Iterable<Meaning<T>>>) {
    this.#ask = ask;
  }

  /** For each number what it stands for; undefined for one below `FIRST_ID`, or that stands for nothing. */
  async of(column: Uint32Array): Promise<readonly (T | undefined)[]> {
    const values = new Array<T | undefined>(column.length).fill(undefined);
    const missing = new Set<number>();
    for (let i = 0; i < column.length; i++) {
      const id = column[i]!;
      if (id < FIRST_ID) continue;
      values[i] = this.#recent.get(id, 0);
      if (values[i] === undefined) missing.add(id);
    }
    if (missing.size === 0) return values;
    const found = new Map<number, T>();
    for (const [id, value, chars] of await this.#ask(Uint32Array.from(missing))) {
      found.set(id, value);
      this.#recent.set(id, value, chars);
    }
    for (let i = 0; i < column.length; i++) values[i] ??= found.get(column[i]!);
    return values;
  }
}
