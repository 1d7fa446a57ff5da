import { parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import type { DatedCheckpoint } from './dated.ts';

/** Sizes at which dated checkpoints, and signed notes of cosigned ones, say what the tree was. Ascending. */
export function anchoredSizes(
  dated: readonly DatedCheckpoint[],
  notes: readonly string[],
): readonly number[] {
  const cosigned = notes.map((note) => parseCheckpoint(parseNote(note).text).size);
  return [...new Set([...dated.map(({ size }) => size), ...cosigned])].sort((a, b) => a - b);
}

/** What the tree was at sizes that were asked for, as it comes out while the records are read. */
export class AnchoredRoots {
  readonly #sizes: readonly number[];
  readonly #roots = new Map<number, Uint8Array>();
  #next = 0;

  /** @param sizes ascending. */
  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
  }

  /** Takes the sizes up to `size`. `rootAt` gives the root at one, null when it is not known; it is asked for ascending ones. */
  visit(size: number, rootAt: (size: number) => Uint8Array | null): void {
    for (let next = this.#sizes[this.#next]; next !== undefined && next <= size; ) {
      const root = rootAt(next);
      if (root !== null) this.#roots.set(next, root);
      this.#next++;
      next = this.#sizes[this.#next];
    }
  }

  /** null when it is not known. */
  at(size: number): Uint8Array | null {
    return this.#roots.get(size) ?? null;
  }
}
