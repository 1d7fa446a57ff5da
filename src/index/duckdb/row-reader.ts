import type { IndexRow } from '../../catalog/row.ts';
import type { Link } from './link.ts';
import { pageRows, type TextOf } from './page-rows.ts';
import type { RowPage, TextTable } from './protocol.ts';
import { Recent } from './recent.ts';
import { FIRST_ID, PROFILE_FIELDS } from './schema.ts';

/** Rows read at once. */
const PAGE_ROWS = 8_192;

/** A page with its texts. */
interface Complete {
  readonly page: RowPage;
  readonly words: TextOf;
  readonly texts: TextOf;
}

/** Reads the rows of a node back, a page at a time: while one is used, the next is fetched. */
export class RowReader {
  readonly #link: Link;
  readonly #node: string;
  readonly #recent = { words: new Recent<number, string>(), texts: new Recent<number, string>() };

  constructor(link: Link, node: string) {
    this.#link = link;
    this.#node = node;
  }

  async *read(from: number, to: number): AsyncGenerator<readonly IndexRow[]> {
    let next = this.#fetch(from, to);
    for (let at = from; at < to; at += PAGE_ROWS) {
      const complete = await next;
      next = this.#fetch(at + PAGE_ROWS, to);
      // Nobody waits for it when the caller stops early.
      next.catch(() => {});
      if (complete !== null) yield pageRows(this.#node, complete.page, complete.words, complete.texts);
    }
  }

  async #fetch(from: number, to: number): Promise<Complete | null> {
    if (from >= to) return null;
    const end = Math.min(from + PAGE_ROWS, to);
    const page = await this.#link.call('rows', { node: this.#node, from, to: end });
    const { profiles, flags, objectSets } = page;
    const words = [
      ...[page.actor, page.ip, flags.flag, objectSets.kind, objectSets.ident, objectSets.name],
      ...PROFILE_FIELDS.map((field) => profiles[field]),
    ];
    return {
      page,
      words: await this.#texts('words', words),
      texts: await this.#texts('texts', [page.correlation, page.hash]),
    };
  }

  /** The texts that columns refer to; those not seen lately are asked for. */
  async #texts(table: TextTable, columns: readonly Uint32Array[]): Promise<TextOf> {
    const recent = this.#recent[table];
    const found = new Map<number, string>();
    const missing = new Set<number>();
    for (const column of columns) {
      for (const id of column) {
        if (id < FIRST_ID || found.has(id) || missing.has(id)) continue;
        const text = recent.get(id, 0);
        if (text === undefined) missing.add(id);
        else found.set(id, text);
      }
    }
    if (missing.size === 0) return found;
    const { ids, texts } = await this.#link.call('texts', { table, ids: Uint32Array.from(missing) });
    for (const [i, id] of ids.entries()) {
      found.set(id, texts[i]!);
      recent.set(id, texts[i]!, texts[i]!.length);
    }
    return found;
  }
}
