import { TextNumbers } from './text-numbers.ts';

/**
 * Gives texts their numbers. One that has been forgotten gets another number when it comes again. New texts are
 * handed out by `take` to be stored.
 */
export class Dictionary {
  readonly #known = new TextNumbers();
  #next: number;
  #added: string[] = [];

  /**
   * @param next the first number to give.
   * @param known texts that have numbers already.
   */
  constructor(next: number, known: Iterable<readonly [string, number]> = []) {
    this.#next = next;
    for (const [text, id] of known) {
      if (this.#find(text) === 0) this.#known.remember(id);
    }
  }

  id(text: string): number {
    const known = this.#find(text);
    if (known !== 0) return known;
    const id = this.add(text);
    this.#known.remember(id);
    return id;
  }

  /** 0 stands for no text. */
  idOr0(text: string | null | undefined): number {
    return text === null || text === undefined ? 0 : this.id(text);
  }

  /** A number for a text that hardly comes again: it is not remembered. */
  add(text: string): number {
    this.#added.push(text);
    return this.#next++;
  }

  /** The texts added since the last call, numbered from `first` on. */
  take(): { readonly first: number; readonly texts: readonly string[] } {
    const texts = this.#added;
    this.#added = [];
    return { first: this.#next - texts.length, texts };
  }

  #find(text: string): number {
    this.#known.start();
    this.#known.put(text);
    return this.#known.find();
  }
}
