import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { makeDirectories } from '../../directories.ts';
import { IndexError } from '../../errors.ts';
import type { Api } from './columns.ts';
import { firstLine, foreign, missing, openFault, unavailable } from './errors.ts';
import type { Opened, OpenOptions } from './protocol.ts';
import { CREATE } from './schema.ts';
import { type Nodes, readNodes } from './state.ts';

/** DuckDB's file, open. */
export interface Database {
  readonly api: Api;
  readonly connection: DuckDBConnection;
  readonly opened: Opened;
  /** As it was when it was opened. */
  readonly nodes: Nodes;
  close(): void;
}

/** Throws `IndexError` INDEX_UNAVAILABLE when the optional package is missing. */
export async function loadApi(): Promise<Api> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw missing(error);
  }
}

/**
 * Opens the file, making it and its directory when there is none. One that is damaged or of another version is
 * deleted and made anew, since all that it holds is in the log.
 *
 * @param version what the file must say of itself (`versionOf`).
 * @throws IndexError INDEX_UNAVAILABLE when another process has it, when it is not an index but something whole of its
 * own, or when the place can't be read or written.
 */
export async function openDatabase(api: Api, options: OpenOptions, version: string): Promise<Database> {
  const { path } = options;
  try {
    makeDirectories(dirname(path), 0o700);
    const found = (await isFile(path)) ? await tryOpen(api, options, version) : null;
    if (found !== null && typeof found !== 'string') {
      return { ...found, opened: { state: 'existing', reason: null } };
    }
    await removeFiles(path);
    const state = found === null ? 'new' : 'replaced';
    try {
      return { ...(await create(api, options, version)), opened: { state, reason: found } };
    } catch (error) {
      // A part of a file, where there is no room for the rest.
      await removeFiles(path);
      throw error;
    }
  } catch (error) {
    if (error instanceof IndexError) throw error;
    throw openFault(path, error) ?? unavailable(path, error);
  }
}

/** Deletes the file and what DuckDB puts beside it. */
export async function removeFiles(path: string): Promise<void> {
  for (const beside of ['', '.wal', '.wal.checkpoint', '.wal.recovery'])
    await rm(path + beside, { force: true });
  await rm(`${path}.tmp`, { force: true, recursive: true });
}

type Open = Omit<Database, 'opened'>;

/** The open file, or why it cannot be used as it is. Throws when its content is not at fault. */
async function tryOpen(api: Api, options: OpenOptions, version: string): Promise<Open | string> {
  let connected: Connected | undefined;
  try {
    connected = await connect(api, options);
    if (await isForeign(connected.connection)) throw foreign(options.path);
    return { api, ...connected, nodes: await readNodes(connected.connection, version) };
  } catch (error) {
    connected?.close();
    if (error instanceof IndexError || openFault(options.path, error) !== null) throw error;
    return firstLine(error);
  }
}

/** Whether it is a sound database of somebody else, which must not be deleted. */
async function isForeign(connection: DuckDBConnection): Promise<boolean> {
  const tables = await connection.runAndReadAll('SELECT table_name FROM duckdb_tables()');
  const names = tables.getRows().map(([name]) => name);
  return names.length > 0 && !names.includes('about');
}

async function create(api: Api, options: OpenOptions, version: string): Promise<Open> {
  const connected = await connect(api, options);
  try {
    const { connection } = connected;
    await connection.run('BEGIN');
    for (const statement of CREATE) await connection.run(statement);
    await connection.run('INSERT INTO about VALUES ($1)', [version]);
    await connection.run('COMMIT');
    return { api, ...connected, nodes: await readNodes(connection, version) };
  } catch (error) {
    connected.close();
    throw error;
  }
}

type Connected = Pick<Database, 'connection' | 'close'>;

async function connect(api: Api, { path, memoryLimitMb, threads }: OpenOptions): Promise<Connected> {
  const instance: DuckDBInstance = await api.DuckDBInstance.create(path, {
    memory_limit: `${memoryLimitMb}MB`,
    threads: String(threads),
    // Nothing is ever downloaded or read but this file.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    enable_external_access: 'false',
  });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  return { connection, close };
}

async function isFile(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isFile()) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  throw foreign(path);
}
