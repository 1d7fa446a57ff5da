import type { ObjectRef } from '../../record/types.ts';
import { ColumnBuffer } from './columns.ts';
import type { Dictionary } from './dictionary.ts';
import { Recent } from './recent.ts';
import { OBJECT_SETS } from './schema.ts';

/** Gives sets of objects their numbers, and gathers the new ones as rows of `object_sets`. */
export class ObjectSetNumbers {
  readonly sets: ColumnBuffer<typeof OBJECT_SETS> = new ColumnBuffer(OBJECT_SETS, 1_024);
  readonly #words: Dictionary;
  readonly #known = new Recent<string, number>();
  /** Sets of one object by its id: most records have one, and need no key to be made. */
  readonly #sole = new Recent<string, { readonly object: ObjectRef; readonly set: number }>();
  #next: number;

  /** @param next the first number to give. */
  constructor(words: Dictionary, next: number) {
    this.#words = words;
    this.#next = next;
  }

  /** 0 for none. */
  id(objects: readonly ObjectRef[]): number {
    const [first] = objects;
    if (first === undefined) return 0;
    if (objects.length > 1) return this.#find(objects);
    const known = this.#sole.get(first.id, first.id.length);
    if (known?.object.kind === first.kind && known.object.name === first.name) return known.set;
    const set = this.#find(objects);
    this.#sole.set(first.id, { object: first, set }, first.id.length);
    return set;
  }

  clear(): void {
    this.sets.clear();
  }

  #find(objects: readonly ObjectRef[]): number {
    // A record holds no NUL, so that no two sets give the same key.
    let key = '';
    for (const { kind, id, name } of objects) key += `${kind}\0${id}\0${name ?? '\0'}\0`;
    const known = this.#known.get(key, key.length);
    if (known !== undefined) return known;
    const set = this.#next++;
    this.#known.set(key, set, key.length);
    this.#add(set, objects);
    return set;
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
