import type { ObjectRef } from '../../record/types.ts';
import { ColumnBuffer } from './columns.ts';
import type { Dictionary } from './dictionary.ts';
import { OBJECT_SETS } from './schema.ts';
import { TextNumbers } from './text-numbers.ts';

/** Gives sets of objects their numbers, and gathers the new ones as rows of `object_sets`. */
export class ObjectSetNumbers {
  readonly sets: ColumnBuffer<typeof OBJECT_SETS> = new ColumnBuffer(OBJECT_SETS, 1_024);
  readonly #words: Dictionary;
  readonly #known = new TextNumbers();
  #next: number;

  /** @param next the first number to give. */
  constructor(words: Dictionary, next: number) {
    this.#words = words;
    this.#next = next;
  }

  /** 0 for none. */
  id(objects: readonly ObjectRef[]): number {
    if (objects.length === 0) return 0;
    this.#known.start();
    for (const { kind, id, name } of objects) {
      this.#known.put(kind);
      this.#known.put(id);
      this.#known.put(name);
    }
    const known = this.#known.find();
    if (known !== 0) return known;
    const set = this.#next++;
    this.#known.remember(set);
    this.#add(set, objects);
    return set;
  }

  clear(): void {
    this.sets.clear();
  }

  #add(set: number, objects: readonly ObjectRef[]): void {
    const seen = new Set<string>();
    for (const { kind, id, name } of objects) {
      const identity = `${kind}\0${id}`;
      const at = this.sets.addRow();
      const { words } = this.sets;
      words.id[at] = set;
      words.kind[at] = this.#words.id(kind);
      words.ident[at] = this.#words.id(id);
      words.name[at] = this.#words.idOr0(name);
      words.repeated[at] = seen.has(identity) ? 1 : 0;
      seen.add(identity);
    }
  }
}
