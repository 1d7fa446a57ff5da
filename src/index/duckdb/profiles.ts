import type { IndexRow } from '../../catalog/row.ts';
import { ColumnBuffer } from './columns.ts';
import type { Dictionary } from './dictionary.ts';
import { FLAGS, PROFILE_FIELDS, PROFILES } from './schema.ts';
import { TextNumbers } from './text-numbers.ts';

/** Events whose last profile is at hand. */
const MAX_EVENTS = 1_024;

/** Gives profiles their numbers, and gathers the new ones as rows of `profiles` and `flags`. */
export class ProfileNumbers {
  readonly profiles: ColumnBuffer<typeof PROFILES> = new ColumnBuffer(PROFILES, 64);
  readonly flags: ColumnBuffer<typeof FLAGS> = new ColumnBuffer(FLAGS, 64);
  readonly #words: Dictionary;
  readonly #known = new TextNumbers();
  /** By event: the next record of an event mostly has the same profile, and comparing is quicker than a lookup. */
  readonly #last = new Map<string, { readonly row: IndexRow; readonly id: number }>();
  #next: number;

  /** @param next the first number to give. */
  constructor(words: Dictionary, next: number) {
    this.#words = words;
    this.#next = next;
  }

  id(row: IndexRow): number {
    const last = this.#last.get(row.event);
    if (last !== undefined && isSame(last.row, row)) return last.id;
    const id = this.#find(row);
    if (this.#last.size >= MAX_EVENTS) this.#last.clear();
    this.#last.set(row.event, { row, id });
    return id;
  }

  clear(): void {
    this.profiles.clear();
    this.flags.clear();
  }

  #find(row: IndexRow): number {
    this.#known.start();
    for (const field of PROFILE_FIELDS) this.#known.put(row[field] ?? undefined);
    for (const flag of row.flags) this.#known.put(flag);
    const known = this.#known.find();
    if (known !== 0) return known;
    const id = this.#next++;
    this.#known.remember(id);
    this.#add(id, row);
    return id;
  }

  #add(id: number, row: IndexRow): void {
    const at = this.profiles.addRow();
    this.profiles.words.id[at] = id;
    for (const field of PROFILE_FIELDS) this.profiles.words[field][at] = this.#words.idOr0(row[field]);
    for (const flag of row.flags) {
      const next = this.flags.addRow();
      this.flags.words.profile[next] = id;
      this.flags.words.flag[next] = this.#words.id(flag);
    }
  }
}

/** Whether two rows of one event have the same profile; false also where looking it up is as quick. */
function isSame(a: IndexRow, b: IndexRow): boolean {
  return (
    a.outcome === b.outcome &&
    a.action === b.action &&
    a.system === b.system &&
    a.source === b.source &&
    a.module === b.module &&
    a.component === b.component &&
    a.flags.length + b.flags.length === 0
  );
}
