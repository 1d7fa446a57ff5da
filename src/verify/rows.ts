import type { IndexRow } from '../catalog/row.ts';
import type { ObjectRef } from '../record/mod.ts';
import type { Findings } from './findings.ts';
import type { IndexSource, RowPage } from './source.ts';

/** Compares the rows of an index with those that the log's own records give. */
export class RowCheck {
  readonly #pages: AsyncIterator<RowPage>;
  readonly #findings: Findings;
  /** Rows of entries below this are in the index. */
  readonly end: number;
  #page: RowPage = [];
  #at = 0;
  #good = 0;

  private constructor(pages: AsyncIterable<RowPage>, end: number, findings: Findings) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.end = end;
    this.#findings = findings;
  }

  /** Rows [from, to) as far as the index goes. */
  static async open(
    index: IndexSource,
    node: string,
    from: number,
    to: number,
    findings: Findings,
  ): Promise<RowCheck> {
    const end = Math.max(from, Math.min(to, await index.position(node)));
    return new RowCheck(index.rows(node, from, end), end, findings);
  }

  get good(): number {
    return this.#good;
  }

  /** Compares the rows of entries `from` onwards; those of entries in between that were not given are passed over. */
  async compare(from: number, expected: readonly (IndexRow | null)[]): Promise<void> {
    while ((await this.#isMore()) && !(this.#next.seq >= from)) this.#at++;
    const to = Math.min(from + expected.length, this.end);
    for (let seq = from; seq < to; seq++) {
      const wanted = expected[seq - from]!;
      // Asked only at the end of a page: waiting once a row would cost more than comparing it.
      if (this.#at >= this.#page.length) await this.#isMore();
      if (wanted?.seq === seq && this.#page.isSame?.(this.#at, wanted)) {
        this.#at++;
        this.#good++;
        continue;
      }
      if (seq > from) await this.#passSurplus(seq - 1);
      if (await this.#isMore()) this.#compareNext(seq, wanted);
      else this.#add(seq, [], 'the index has no row for it');
    }
    if (from < to) await this.#passSurplus(to - 1);
  }

  async close(): Promise<void> {
    await this.#pages.return?.();
  }

  #compareNext(seq: number, wanted: IndexRow | null): void {
    const row = this.#next;
    if (row.seq !== seq) {
      this.#add(seq, [], 'the index has no row for it');
      return;
    }
    this.#at++;
    // Of bytes that are no record nobody can say what the index should hold.
    if (wanted === null) return;
    const columns = differing(wanted, row);
    if (columns.length === 0) this.#good++;
    else this.#add(seq, columns, 'the index says other than the record');
  }

  /** Passes over rows up to that of entry `seq`, which has been compared. */
  async #passSurplus(seq: number): Promise<void> {
    while ((await this.#isMore()) && !(this.#next.seq > seq)) {
      this.#add(seq, [], 'the index has more than one row for it');
      this.#at++;
    }
  }

  /** Whether there is a next row, which then is `#next`. */
  async #isMore(): Promise<boolean> {
    while (this.#at >= this.#page.length) {
      const { done, value } = await this.#pages.next();
      // Nothing of a page may be used once another was asked for.
      this.#page = done === true ? [] : value;
      this.#at = 0;
      if (done === true) return false;
    }
    return true;
  }

  get #next(): IndexRow {
    return this.#page.at(this.#at) as IndexRow;
  }

  #add(seq: number, columns: readonly string[], message: string): void {
    this.#findings.add({ code: 'index-differs', from: seq, to: seq + 1, columns, message });
  }
}

/**
 * Columns in which an index's row differs from the derived one: every column that is derived, so that none is
 * forgotten. Flags and objects are sets: their order does not count.
 */
function differing(derived: IndexRow, found: IndexRow): string[] {
  const columns: string[] = [];
  for (const column in derived) {
    if (column === 'flags' || column === 'objects') continue;
    if (derived[column as keyof IndexRow] !== found[column as keyof IndexRow]) columns.push(column);
  }
  if (!sameSet(derived.flags, found.flags, isSameFlag, String)) columns.push('flags');
  if (!sameSet(derived.objects, found.objects, isSameObject, objectText)) columns.push('objects');
  return columns;
}

function sameSet<T>(
  a: readonly T[],
  b: readonly T[],
  isSame: (a: T, b: T) => boolean,
  text: (item: T) => string,
): boolean {
  if (a.length !== b.length) return false;
  if (a.every((item, i) => isSame(item, b[i] as T))) return true;
  return a.map(text).sort().join('\n') === b.map(text).sort().join('\n');
}

function isSameFlag(a: string, b: string): boolean {
  return a === b;
}

function isSameObject(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.id === b.id && a.name === b.name;
}

function objectText({ kind, id, name }: ObjectRef): string {
  return JSON.stringify([kind, id, name ?? null]);
}
