import type * as DuckDB from '@duckdb/node-api';
import type { IndexRow } from '../../catalog/row.ts';
import { foldAscii } from '../../query/mod.ts';
import type { Api } from './columns.ts';
import type { Dictionary } from './dictionary.ts';
import { type Numbering, RowColumns } from './row-columns.ts';

/** Rows gathered before they are written. A commit costs as much as a thousand rows, so small adds wait for company. */
const BATCH_ROWS = 20_480;
/** Texts written at once. */
const CHUNK_ROWS = 2_048;

/**
 * Writes rows, a batch to a transaction. Until `flush` resolves, the rows since the last one are in memory only; when
 * it rejects they are lost, and the writer is of no more use.
 */
export class RowWriter {
  readonly #api: Api;
  readonly #connection: DuckDB.DuckDBConnection;
  readonly #columns: RowColumns;
  #nodes: (readonly [id: number, name: string])[] = [];

  constructor(api: Api, connection: DuckDB.DuckDBConnection, numbering: Numbering) {
    this.#api = api;
    this.#connection = connection;
    this.#columns = new RowColumns(numbering, BATCH_ROWS);
  }

  /** Rows of a node follow for the first time. */
  addNode(id: number, name: string): void {
    this.#nodes.push([id, name]);
  }

  /** @param node number of the node. The caller flushes when `isFull`. */
  add(node: number, row: IndexRow): void {
    this.#columns.add(node, row);
  }

  get isEmpty(): boolean {
    return this.#columns.rows.length === 0;
  }

  get isFull(): boolean {
    const { rows, objectSets } = this.#columns;
    return rows.length >= BATCH_ROWS || objectSets.sets.length >= 2 * BATCH_ROWS;
  }

  /** Commits what has been added. Throws what DuckDB throws. */
  async flush(): Promise<void> {
    if (this.isEmpty) return;
    await this.#connection.run('BEGIN');
    try {
      await this.#appendAll();
      await this.#connection.run('COMMIT');
    } catch (error) {
      // A failed commit has ended the transaction by itself; the first error is the one to tell.
      await this.#connection.run('ROLLBACK').catch(() => {});
      throw error;
    }
    this.#columns.clear();
  }

  async #appendAll(): Promise<void> {
    const { rows, words, texts } = this.#columns;
    const { profiles, flags } = this.#columns.profiles;
    const { sets } = this.#columns.objectSets;
    for (const node of this.#nodes)
      await this.#connection.run('INSERT INTO nodes VALUES ($1, $2)', [...node]);
    this.#nodes = [];
    for (const [table, columns] of Object.entries({ rows, object_sets: sets, profiles, flags })) {
      if (columns.length === 0) continue;
      await this.#append(table, (appender) => columns.appendTo(appender, this.#api));
    }
    await this.#appendTexts('words', words);
    await this.#appendTexts('texts', texts);
  }

  async #append(table: string, fill: (appender: DuckDB.DuckDBAppender) => void): Promise<void> {
    const appender = await this.#connection.createAppender(table);
    fill(appender);
    appender.closeSync();
  }

  async #appendTexts(table: string, dictionary: Dictionary): Promise<void> {
    const { first, texts } = dictionary.take();
    if (texts.length === 0) return;
    const { DuckDBDataChunk, UINTEGER, VARCHAR } = this.#api;
    await this.#append(table, (appender) => {
      for (let from = 0; from < texts.length; from += CHUNK_ROWS) {
        const part = texts.slice(from, from + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create([UINTEGER, VARCHAR, VARCHAR]);
        chunk.setColumns([part.map((_, i) => first + from + i), part, part.map(foldedUnlessSame)]);
        appender.appendDataChunk(chunk);
      }
    });
  }
}

function foldedUnlessSame(text: string): string | null {
  const folded = foldAscii(text);
  return folded === text ? null : folded;
}
