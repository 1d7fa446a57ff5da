import type { DuckDBConnection } from '@duckdb/node-api';
import { type Api, ColumnBuffer, decodeTexts, readColumns } from './columns.ts';
import type { PageColumns, Profiles, SetColumns, Texts, TextTable } from './protocol.ts';
import { type Columns, FLAGS, OBJECT_SETS, PROFILES, ROWS } from './schema.ts';

const { node: _node, ...ROW_COLUMNS } = ROWS;
const { repeated: _repeated, ...SET_COLUMNS } = OBJECT_SETS;

type Ids = Uint32Array<ArrayBuffer>;

/** Reads rows back, and what the numbers in them stand for. All throw what DuckDB throws. */
export class PageReader {
  readonly #api: Api;
  readonly #connection: DuckDBConnection;

  constructor(api: Api, connection: DuckDBConnection) {
    this.#api = api;
    this.#connection = connection;
  }

  /**
   * Rows [from, to) of a node, by seq. Tables keep the order in which rows were appended, and DuckDB returns it where
   * none is asked for.
   */
  rows(node: number, from: number, to: number): Promise<PageColumns> {
    const source = `FROM rows WHERE node = ${node} AND seq >= $1::BIGINT AND seq < $2::BIGINT`;
    return this.#select(ROW_COLUMNS, source, [from, to]);
  }

  async profiles(ids: Ids): Promise<Profiles> {
    await this.#want(ids);
    return {
      profiles: await this.#select(PROFILES, 'FROM profiles JOIN wanted ON id = number'),
      flags: await this.#select(FLAGS, 'FROM flags JOIN wanted ON profile = number ORDER BY flags.rowid'),
    };
  }

  async objectSets(ids: Ids): Promise<SetColumns> {
    await this.#want(ids);
    const source = 'FROM object_sets JOIN wanted ON id = number ORDER BY id, object_sets.rowid';
    return this.#select(SET_COLUMNS, source);
  }

  async texts(table: TextTable, ids: Ids): Promise<Texts> {
    await this.#want(ids);
    const result = await this.#connection.runAndReadAll(
      `SELECT id, encode(text) FROM ${table} JOIN wanted ON id = number`,
    );
    const [found = [], texts = []] = result.getColumns();
    return { ids: found as number[], texts: decodeTexts(texts) };
  }

  /** Numbers go in as a table: as a list they would have to be parsed. */
  async #want(ids: Ids): Promise<void> {
    await this.#connection.run('CREATE OR REPLACE TEMP TABLE wanted (number UINTEGER)');
    const appender = await this.#connection.createAppender('wanted');
    ColumnBuffer.single('number', 'UINTEGER', ids).appendTo(appender, this.#api);
    appender.closeSync();
  }

  async #select<C extends Columns>(columns: C, source: string, values: number[] = []): Promise<Read<C>> {
    const names = Object.keys(columns);
    const result = await this.#connection.run(`SELECT ${names.join(', ')} ${source}`, values);
    const found = await readColumns(result, Object.values(columns));
    return Object.fromEntries(names.map((name, i) => [name, found[i]])) as Read<C>;
  }
}

type Read<C> = { [K in keyof C]: Uint32Array<ArrayBuffer> };
