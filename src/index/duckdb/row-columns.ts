import type { IndexRow } from '../../catalog/row.ts';
import { ColumnBuffer, writeInteger } from './columns.ts';
import { Dictionary } from './dictionary.ts';
import { packDigits, undashed } from './hex.ts';
import { ObjectSetNumbers } from './object-sets.ts';
import { ProfileNumbers } from './profiles.ts';
import { Form, ROWS } from './schema.ts';

/** Where the numbering of an index stands. */
export interface Numbering {
  /** The next word, text, profile and object set get these numbers. */
  readonly words: number;
  readonly texts: number;
  readonly profiles: number;
  readonly objectSets: number;
  /** The newest words, to be recognised when they come again. */
  readonly recent: Iterable<readonly [string, number]>;
}

/** Turns index rows into columns of numbers, and gathers the texts, profiles and object sets that are new. */
export class RowColumns {
  readonly rows: ColumnBuffer<typeof ROWS>;
  readonly words: Dictionary;
  readonly texts: Dictionary;
  readonly profiles: ProfileNumbers;
  readonly objectSets: ObjectSetNumbers;

  /** @param capacity how many rows there will usually be. */
  constructor(from: Numbering, capacity: number) {
    this.rows = new ColumnBuffer(ROWS, capacity);
    this.words = new Dictionary(from.words, from.recent);
    this.texts = new Dictionary(from.texts);
    this.profiles = new ProfileNumbers(this.words, from.profiles);
    this.objectSets = new ObjectSetNumbers(this.words, from.objectSets);
  }

  add(node: number, row: IndexRow): void {
    const at = this.rows.addRow();
    const { words } = this.rows;
    words.node[at] = node;
    writeInteger(words.seq, at, row.seq);
    writeInteger(words.logged, at, row.logged);
    writeInteger(words.time, at, row.time);
    words.profile[at] = this.profiles.id(row);
    words.actor[at] = this.words.idOr0(row.actor);
    words.ip[at] = this.words.idOr0(row.ip);
    words.objects[at] = this.objectSets.id(row.objects);
    words.correlation[at] = this.#correlation(row.correlation, at);
    words.hash[at] = this.#hash(row.hash, at);
  }

  /** Forgets the rows and what is new, once it is written. */
  clear(): void {
    this.rows.clear();
    this.profiles.clear();
    this.objectSets.clear();
  }

  #correlation(text: string | null, at: number): number {
    const column = this.rows.words.correlation_id;
    if (text === null) return clearDigits(column, at);
    if (text.length === 32 && packDigits(text, 0, column, 4 * at)) return Form.HEX_32;
    const digits = undashed(text);
    if (digits !== null && packDigits(digits, 0, column, 4 * at)) return Form.UUID;
    clearDigits(column, at);
    return this.texts.add(text);
  }

  #hash(text: string | null, at: number): number {
    const { hash_1, hash_2 } = this.rows.words;
    const isDigest =
      text?.length === 64 && packDigits(text, 0, hash_1, 4 * at) && packDigits(text, 32, hash_2, 4 * at);
    if (isDigest) return Form.HEX_64;
    clearDigits(hash_1, at);
    clearDigits(hash_2, at);
    return text === null ? 0 : this.texts.add(text);
  }
}

/** The columns are used again and again: what does not apply is set to zero, which compresses to nothing. */
function clearDigits(column: Uint32Array, at: number): 0 {
  column.fill(0, 4 * at, 4 * at + 4);
  return 0;
}
