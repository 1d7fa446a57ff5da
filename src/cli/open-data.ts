import { statSync } from 'node:fs';
import type { AuditLog } from '../audit-log.ts';
import type { Catalogs } from '../catalog/catalogs.ts';
import { type IndexError, UsageError } from '../errors.ts';
import { openLog, openReader } from '../open.ts';
import { catalogDirectory, stateDirectory } from '../places.ts';
import { AuditReader } from '../reader/audit-reader.ts';
import type { SearchAnswer, SearchRequest } from '../reader/types.ts';
import type { SourceLog } from '../sources/mod.ts';
import { databasePath } from '../store/sqlite/database.ts';
import { SqliteStore } from '../store/sqlite/mod.ts';
import type { LogStore } from '../store/store.ts';
import { askSecret } from './ask-secret.ts';
import type { Call } from './command.ts';
import { counted, utc } from './format.ts';
import { RememberedPins } from './pins.ts';
import { safeText } from './safe-text.ts';
import { findServer } from './server-here.ts';

/** The logs in a data directory as they stand on the disk, whoever writes them. */
export interface Reading {
  readonly store: LogStore;
  /** Without the index: it does not search. */
  readonly reader: AuditReader;
  close(): Promise<void>;
}

/** Throws `UsageError` LOG_NOT_FOUND when nothing is there yet, and what the store throws. */
export async function openToRead(call: Call): Promise<Reading> {
  const { data } = call;
  requireLog(call);
  const store = await SqliteStore.open({ dir: data, readOnly: true });
  try {
    const reader = await AuditReader.open(store, null);
    return { store, reader, close: () => reader.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A log that takes records: in this process, or a server's. */
export interface Receiving extends SourceLog {
  close(): Promise<void>;
}

/** The log of the server that runs on the data directory, or else the log opened here, made if need be. */
export async function openToAppend(call: Call): Promise<Receiving> {
  const server = await findServer(call.data);
  if (server === null) return openHere(call, false, true);
  const node = call.text('node');
  if (node !== undefined && node !== server.status.node) {
    server.close();
    const message = `the server that runs on ${call.data} writes the log of ${server.status.node}; stop it to write that of ${node}`;
    throw new UsageError('LOG_HELD', message);
  }
  const { client } = server;
  return {
    appendEach: (records, options) => client.appendEach(records, options),
    state: (prefix) => client.state(prefix),
    close: async () => server.close(),
  };
}

/**
 * Opens a log in this process. Throws what `openLog` throws.
 *
 * @param asks whether somebody may be asked for the PIN of a token whenever it is needed.
 */
export function openHere(call: Call, index: boolean, asks = false): Promise<AuditLog> {
  const node = call.text('node');
  const keyFile = call.text('key-file');
  const passphrase = call.io.env.TALLYSTICK_PASSPHRASE;
  return openLog({
    data: call.data,
    index,
    state: stateDirectory(call.io.env),
    env: call.io.env,
    ...(asks ? { askPin: (token: string) => askSecret(call.io, `PIN of token ${safeText(token)}`) } : {}),
    ...(node === undefined ? {} : { node }),
    ...(keyFile === undefined ? {} : { keyFile: call.path(keyFile) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

/** What answers searches: the server, or the index opened here. */
export interface Searching {
  readonly catalogs: Catalogs;
  search(request: SearchRequest): Promise<SearchAnswer>;
  rebuildIndex(onProgress: (done: number, total: number) => void): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Throws `UsageError` LOG_NOT_FOUND when there is no log yet, `IndexError` INDEX_UNAVAILABLE.
 *
 * @param onTemporaryIndex what is done where the index can't be written, before one is made for this command alone.
 */
export async function openToSearch(
  call: Call,
  onTemporaryIndex: (reason: IndexError) => void = (reason) => tellTemporaryIndex(call, reason),
): Promise<Searching> {
  const { data } = call;
  const server = await findServer(data);
  if (server === null) {
    requireLog(call);
    return searchHere(data, onTemporaryIndex);
  }
  const { client } = server;
  return {
    catalogs: catalogDirectory(data).read(),
    search: (request) => client.search(request),
    rebuildIndex: (onProgress) => client.rebuildIndex(onProgress),
    close: async () => server.close(),
  };
}

async function searchHere(data: string, onTemporaryIndex: (reason: IndexError) => void): Promise<Searching> {
  let reader = await openReader({ data, onTemporaryIndex });
  return {
    catalogs: reader.catalogs,
    search: async (request) => {
      try {
        return await reader.search(request);
      } catch (error) {
        const { isUnwritable } = await import('../index/duckdb/mod.ts');
        if (!isUnwritable(error)) throw error;
        // It could be opened, and not be brought up to the log: the disk has filled up since.
        onTemporaryIndex(error);
        await reader.close().catch(() => {});
        reader = await openReader({ data, index: 'temporary' });
        return reader.search(request);
      }
    },
    rebuildIndex: (onProgress) => reader.rebuildIndex(onProgress),
    close: () => reader.close(),
  };
}

function tellTemporaryIndex({ io: { stderr } }: Call, { message }: IndexError): void {
  void stderr.line(`${safeText(message)}. A temporary index is made for this command.`);
}

/** Throws `UsageError` LOG_NOT_FOUND, with what is remembered of the logs that were there. */
export function requireLog({ data, io: { env } }: Call): void {
  if (!isAbsent(databasePath(data))) return;
  const pins = new RememberedPins(stateDirectory(env), data);
  const were = pins.nodes().flatMap((node) => pins.of(node).read() ?? []);
  if (were.length === 0) {
    throw new UsageError(
      'LOG_NOT_FOUND',
      `there is no log in ${data}: "tallystick import FILE" or "tallystick serve" begins one, --data DIR names another place`,
    );
  }
  const told = were.map(
    ({ origin, size, savedAt }) => `the log ${origin} with ${counted(size, 'record')}, on ${utc(savedAt)}`,
  );
  throw new UsageError(
    'LOG_NOT_FOUND',
    `there is no log in ${data} any more. What was last remembered of this place: ${told.join('; ')}. It was deleted or moved since; "tallystick verify" shows the signed checkpoint that proves that it was here`,
    { context: { remembered: were.map(({ origin, size, savedAt }) => ({ origin, size, savedAt })) } },
  );
}

/** What may not be looked at is not absent: who opens it says so. */
function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
