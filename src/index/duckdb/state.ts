import type { DuckDBConnection } from '@duckdb/node-api';
import { decodeTexts } from './columns.ts';
import type { Numbering } from './row-columns.ts';
import { FIRST_ID } from './schema.ts';

/** Words recognised again after opening. */
const RECENT_WORDS = 65_536;

/** A node as the index knows it. */
export interface NodeState {
  readonly id: number;
  /** It holds entries [0, size). */
  size: number;
}

/** How far an index has come, as its file says: its nodes by name. */
export type Nodes = Map<string, NodeState>;

/**
 * Reads the nodes; the position of a node is the number of its rows.
 *
 * @param wanted the version that the file must have.
 *
 * @throws Error saying what is wrong with the file: of another version, or not whole.
 */
export async function readNodes(connection: DuckDBConnection, wanted: string): Promise<Nodes> {
  const version = (await connection.runAndReadAll('SELECT version FROM about')).getRows()[0]?.[0];
  if (version !== wanted) throw new Error(`it is of version ${version}, this program writes ${wanted}`);
  const nodes: Nodes = new Map();
  const counted = await connection.runAndReadAll(
    `SELECT n.name, n.id, count(r.seq), max(r.seq), min(r.seq)
    FROM nodes n LEFT JOIN rows r ON r.node = n.id GROUP BY n.id, n.name ORDER BY n.id`,
  );
  for (const [name, id, count, last, first] of counted.getRows()) {
    const size = Number(count);
    if (Number(first) !== 0 || Number(last) !== size - 1) throw new Error(`rows of node ${name} are missing`);
    nodes.set(name as string, { id: id as number, size });
  }
  return nodes;
}

/** Where the numbering stands. Throws what DuckDB throws. */
export async function readNumbering(connection: DuckDBConnection): Promise<Numbering> {
  const recent = await connection.runAndReadAll(
    `SELECT encode(text), id FROM words ORDER BY id DESC LIMIT ${RECENT_WORDS}`,
  );
  const [texts = [], ids = []] = recent.getColumns();
  return {
    words: await nextId(connection, 'words'),
    texts: await nextId(connection, 'texts'),
    profiles: await nextId(connection, 'profiles'),
    objectSets: await nextId(connection, 'object_sets'),
    recent: decodeTexts(texts).map((text, i) => [text, ids[i] as number]),
  };
}

async function nextId(connection: DuckDBConnection, table: string): Promise<number> {
  const result = await connection.runAndReadAll(`SELECT coalesce(max(id) + 1, ${FIRST_ID}) FROM ${table}`);
  return Number(result.getRows()[0]![0]);
}
