import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LateFile } from './acts/late-file.ts';
import { AuditLog } from './audit-log.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { Catalogs } from './catalog/catalogs.ts';
import { CATALOG } from './catalog/define.ts';
import type { Signer } from './crypto/signer.ts';
import { type IndexError, StoreError } from './errors.ts';
import type { RecordIndex } from './index/index.ts';
import { type OpenKeys, openKeys } from './keys/open-keys.ts';
import type { Tokens } from './keys/tokens.ts';
import { absentSigner } from './log/absent-signer.ts';
import { checkMaxBatch } from './log/limits.ts';
import { Log, type LogOptions } from './log/log.ts';
import { catalogDirectory, headDirectory, LAYOUT, lateFile, version } from './places.ts';
import { AuditReader } from './reader/audit-reader.ts';
import { databasePath } from './store/sqlite/database.ts';
import { SqliteStore } from './store/sqlite/mod.ts';
import type { LogStore } from './store/store.ts';
import type { CryptoToken } from './tokens/mod.ts';
import { keysInForce, readKeyHistory } from './verify/mod.ts';

/** The library's composition root: the one place, beside command line and server, that names drivers. */

export interface OpenLogOptions {
  /** Data directory; made when it is not there. Holds the store, the index and, by default, the key. */
  readonly data: string;
  /** Whose log; defaults to the one that is there, else to the host name. */
  readonly node?: string;
  /** Name of a new log. */
  readonly name?: string;
  /**
   * PKCS#8 key file to seal with, whatever was selected. Without it: the keys that were selected (`log.keys.select`),
   * else `seal.key` in the data directory, made on the first start.
   */
  readonly keyFile?: string;
  /** Of that file, or of the encrypted keys in the data directory. */
  readonly passphrase?: string;
  /** The program's own tokens, beside those that the log's state has. Closed with the log. */
  readonly tokens?: readonly CryptoToken[];
  /** Asks a person for the PIN of a token that is configured so; without it such a token waits for a login. */
  readonly askPin?: (token: string) => Promise<string | undefined>;
  /** Where PINs are found that are configured as variables of the environment. Defaults to the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `false` opens without search: nothing is indexed and `search` refuses. */
  readonly index?: boolean;
  /**
   * Own catalogs (`defineCatalog`), kept in the data directory for every process that reads the log. Without them
   * those that were given before still hold.
   */
  readonly catalogs?: readonly { readonly [CATALOG]: Catalog }[];
  /**
   * Witnesses that cosign the log while it is open, besides those that are set already; set from then on. Without them
   * the log is shown to nobody: a server does so, or `Witnesses` of `tallystick/witness`.
   */
  readonly witnesses?: readonly { readonly url: string; readonly vkey: string }[];
  /** Where heads are remembered outside the data directory. Defaults to `stateDirectory()`. */
  readonly state?: string;
  /** Whether the self-tests run first (the default): when one fails, appends are refused until `watch.selfTest` passes. */
  readonly selfTests?: boolean;
  /** Most records under one seal, 1 to 10,000 (the default). 1: every record is sealed by a checkpoint of its own. */
  readonly maxBatch?: number;
}

/**
 * Opens a node's log for writing and reading, creating it on the first call. Throws `StoreError`, `TokenError` or
 * `LogError` that says what is wrong and what to do; nothing is changed then.
 */
export async function openLog(options: OpenLogOptions): Promise<AuditLog> {
  const data = resolve(options.data);
  const store = await SqliteStore.open({ dir: data });
  let tokens: Tokens | null = null;
  try {
    const tables = (options.catalogs ?? []).map(({ [CATALOG]: { table } }) => table);
    const catalogs = catalogDirectory(data).read(tables);
    const keys = await keysOf(store, data, options);
    tokens = keys.tokens;
    const log = await Log.open({
      store,
      signers: keys.signers,
      headMemory: headDirectory(options.state),
      software: `tallystick ${version()}`,
      catalogs,
      ...pick(options),
    });
    catalogDirectory(data).keep(tables);
    const index = options.index === false ? null : await openIndex(data, catalogs);
    const late = LateFile.open(lateFile(data, log.node));
    const { selfTests = true } = options;
    const started = await AuditLog.start({
      ...{ store, log, index, catalogs, late, keys, data, selfTests },
      checkPlace: fileGuard(data),
    });
    await started.beWitnessed(options.witnesses ?? []);
    return started;
  } catch (error) {
    await tokens?.close();
    await store.close();
    throw error;
  }
}

async function keysOf(store: LogStore, data: string, options: OpenLogOptions): Promise<OpenKeys> {
  const { node, keyFile, passphrase, tokens = [], askPin, env = process.env } = options;
  const nodes = await store.nodes();
  const named = node ?? (nodes.length === 1 ? (nodes[0] as string) : null);
  return openKeys({
    ...{ store, data, env, given: tokens, node: named, isNew: nodes.length === 0 },
    late: named === null ? null : lateFile(data, named),
    absent: async () => (named === null ? null : standIn(store, named)),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(askPin === undefined ? {} : { askPin }),
  });
}

/** Stands in for the one key of a log that is gone; null when no other may take over, so that it has to be there. */
async function standIn(store: LogStore, node: string): Promise<Signer | null> {
  const head = await store.head(node);
  const history = head === null ? null : await readKeyHistory(store.source(node), head.origin, head.size);
  if (history === null || history.standBy.length === 0) return null;
  const [key, ...others] = keysInForce(history);
  return key === undefined || others.length > 0 ? null : absentSigner(key);
}

function pick({ node, name, maxBatch }: OpenLogOptions): Pick<LogOptions, 'node' | 'name' | 'limits'> {
  return {
    ...(node === undefined ? {} : { node }),
    ...(name === undefined ? {} : { name }),
    ...(maxBatch === undefined ? {} : { limits: { batchRecords: checkMaxBatch(maxBatch) } }),
  };
}

export interface OpenReaderOptions extends Pick<OpenLogOptions, 'data'> {
  /** `false` opens without search; `'temporary'` with an index that this reader fills for itself in the temporary directory. */
  readonly index?: boolean | 'temporary';
  /**
   * Called when the index in the data directory can't be written, with the reason, before a temporary one is
   * opened in its place. Throw to do without.
   */
  readonly onTemporaryIndex?: (reason: IndexError) => void;
}

/** Opens the logs in a data directory for reading alone. Works while another process writes; searching does not. */
export async function openReader(options: OpenReaderOptions): Promise<AuditReader> {
  const data = resolve(options.data);
  const catalogs = catalogDirectory(data).read();
  const store = await SqliteStore.open({ dir: data, readOnly: true });
  try {
    const index = options.index === false ? null : await openReadersIndex(options, catalogs);
    return await AuditReader.open(store, index, { catalogs });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Loaded when used: the library without search needs no native module. */
async function openIndex(data: string, catalogs: Catalogs): Promise<RecordIndex> {
  const { DuckDbIndex } = await import('./index/duckdb/mod.ts');
  return DuckDbIndex.open({ path: join(data, LAYOUT.index, 'records.duckdb'), catalogs });
}

/** That of the data directory, or else one for this reader alone: filled from the log, so that nothing in it is older. */
async function openReadersIndex(
  { data, index, onTemporaryIndex }: OpenReaderOptions,
  catalogs: Catalogs,
): Promise<RecordIndex> {
  const { DuckDbIndex, isUnwritable } = await import('./index/duckdb/mod.ts');
  if (index === 'temporary') return DuckDbIndex.openTemporary({ catalogs });
  try {
    return await openIndex(resolve(data), catalogs);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    onTemporaryIndex?.(error);
    return DuckDbIndex.openTemporary({ catalogs });
  }
}

/** Throws `StoreError` once the database is not the file that it was when this was called. */
function fileGuard(data: string): () => void {
  const path = databasePath(data);
  const identity = (): string => {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  };
  const opened = identity();
  return () => {
    let found: string | null = null;
    try {
      found = identity();
    } catch {
      // Gone is as bad as replaced.
    }
    if (found === opened) return;
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `${path} was moved or replaced while it was open: what is written goes elsewhere. Stop, put it back, and start again`,
    );
  };
}
