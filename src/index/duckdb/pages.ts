import type { DuckDBConnection } from '@duckdb/node-api';
import { type Api, ColumnBuffer, decodeTexts, readColumns } from './columns.ts';
import type { RowPage, Texts, TextTable } from './protocol.ts';
import { type Columns, FLAGS, OBJECT_SETS, PROFILES, ROWS } from './schema.ts';

const { node: _node, ...ROW_COLUMNS } = ROWS;
const { repeated: _repeated, ...SET_COLUMNS } = OBJECT_SETS;

/**
 * Rows [from, to) of a node, by seq. Tables keep the order in which rows were appended, and DuckDB returns it where
 * none is asked for.
 */
export async function readPage(
  connection: DuckDBConnection,
  node: number,
  from: number,
  to: number,
): Promise<RowPage> {
  const select = async <C extends Columns>(columns: C, source: string): Promise<Read<C>> => {
    const names = Object.keys(columns);
    const result = await connection.run(`SELECT ${names.join(', ')} ${source}`, [from, to]);
    const found = await readColumns(result, Object.values(columns));
    return Object.fromEntries(names.map((name, i) => [name, found[i]])) as Read<C>;
  };
  const rows = `FROM rows WHERE node = ${node} AND seq >= $1::BIGINT AND seq < $2::BIGINT`;
  return {
    ...(await select(ROW_COLUMNS, rows)),
    profiles: await select(PROFILES, `FROM profiles WHERE id IN (SELECT profile ${rows})`),
    flags: await select(FLAGS, `FROM flags WHERE profile IN (SELECT profile ${rows})`),
    objectSets: await select(SET_COLUMNS, `FROM object_sets WHERE id IN (SELECT objects ${rows})`),
  };
}

type Read<C> = { [K in keyof C]: Uint32Array<ArrayBuffer> };

/** The texts of numbers. They go in as a table: as a list they would have to be parsed. */
export async function readTexts(
  api: Api,
  connection: DuckDBConnection,
  table: TextTable,
  ids: Uint32Array<ArrayBuffer>,
): Promise<Texts> {
  await connection.run('CREATE OR REPLACE TEMP TABLE wanted (id UINTEGER)');
  const appender = await connection.createAppender('wanted');
  ColumnBuffer.single('id', 'UINTEGER', ids).appendTo(appender, api);
  appender.closeSync();
  const result = await connection.runAndReadAll(
    `SELECT id, encode(text) FROM ${table} JOIN wanted USING (id)`,
  );
  const [found = [], texts = []] = result.getColumns();
  return { ids: found as number[], texts: decodeTexts(texts) };
}
