import { Recent } from './recent.ts';

/**
 * Gives texts their numbers. One that has been forgotten gets another number when it comes again. New texts are
 * handed out by `take` to be stored.
 */
export class Dictionary {
  readonly #known = new Recent<string, number>();
  #next: number;
  #added: string[] = [];

  /**
   * @param next the first number to give.
   * @param known texts that have numbers already.
   */
  constructor(next: number, known: Iterable<readonly [string, number]> = []) {
    this.#next = next;
    for (const [text, id] of known) this.#known.set(text, id, text.length);
  }

  id(text: string): number {
    let id = this.#known.get(text, text.length);
    if (id === undefined) {
      id = this.add(text);
      this.#known.set(text, id, text.length);
    }
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
}
