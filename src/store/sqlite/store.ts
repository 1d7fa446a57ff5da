import type { LogSource } from '../../verify/source.ts';
import { checkBatch, checkKeys, checkNode } from '../check.ts';
import { closed, readOnly } from '../errors.ts';
import type { Batch, IdRow, LogStore, Ownership, StoredHead, StoredPayload } from '../store.ts';
import { type Durability, databasePath } from './database.ts';
import { packKeys } from './ids.ts';
import { Link } from './link.ts';
import { packBatch } from './pack.ts';
import type { ReaderCalls, WriterCalls } from './protocol.ts';
import { SqliteSource } from './source.ts';

export interface SqliteStoreOptions {
  /** Directory of the store. Made, with mode 0700, when it is not there and is to be written. */
  readonly dir: string;
  /** Opens for reading only, beside whoever writes; nothing in the files is changed. */
  readonly readOnly?: boolean;
}

/** The bytes that are read lie outside the heap, which needs no more. */
const READING = { maxYoungGenerationSizeMb: 6 };

/**
 * The store contract on SQLite: `<dir>/log.db`, any number of logs in it. Threads hold a connection each: one writes, one
 * reads, so that reads never wait for commits, and one reads payloads, so that nothing short waits for what is long. Several processes may have the same directory open; each
 * log has one writer at a time.
 */
export class SqliteStore implements LogStore {
  readonly #dir: string;
  readonly #writer: Link<WriterCalls> | null;
  readonly #reader: Link<ReaderCalls>;
  /** Reads payloads, from the first one on. */
  #content: Promise<Link<ReaderCalls>> | null = null;
  #closing: Promise<void> | null = null;

  private constructor(dir: string, writer: Link<WriterCalls> | null, reader: Link<ReaderCalls>) {
    this.#dir = dir;
    this.#writer = writer;
    this.#reader = reader;
  }

  /**
   * Opens a directory's store, and makes it unless it is to be read only.
   *
   * @throws StoreError STORE_SCHEMA for a file of another program or version, STORE_READ_ONLY, STORE_FULL,
   * STORE_DAMAGED, or STORE_UNAVAILABLE, also when there is nothing to be read. A file that was there is not changed.
   */
  static async open({ dir, readOnly = false }: SqliteStoreOptions): Promise<SqliteStore> {
    const writer = readOnly ? null : new Link<WriterCalls>('writer-thread');
    const reader = new Link<ReaderCalls>('reader-thread', READING);
    try {
      // In this order: the writer makes the file.
      await writer?.call('open', dir);
      await reader.call('open', dir);
      return new SqliteStore(dir, writer, reader);
    } catch (error) {
      await Promise.all([reader.stop(), writer?.stop()]);
      throw error;
    }
  }

  /**
   * How the writing connection makes commits durable; `open` has refused anything but WAL and FULL.
   *
   * @throws StoreError STORE_READ_ONLY when there is no such connection.
   */
  async durability(): Promise<Durability> {
    return this.#write().call('durability', null);
  }

  async nodes(): Promise<readonly string[]> {
    return this.#read().call('nodes', null);
  }

  async acquire(node: string, holder: string): Promise<Ownership> {
    checkNode(node);
    return this.#write().call('acquire', { node, holder });
  }

  async release(node: string): Promise<void> {
    checkNode(node);
    return this.#write().call('release', node);
  }

  async head(node: string): Promise<StoredHead | null> {
    return this.#read().call('head', node);
  }

  async commit(batch: Batch): Promise<void> {
    const writer = this.#write();
    checkBatch(batch);
    const { packed, transfer } = packBatch(batch);
    return writer.call('commit', packed, transfer);
  }

  source(node: string): LogSource {
    return new SqliteSource(() => this.#read(), node);
  }

  async payload(node: string, digest: string): Promise<StoredPayload | null> {
    this.#read();
    this.#content ??= openContent(this.#dir);
    const content = await this.#content.catch((error) => {
      this.#content = null;
      throw error;
    });
    const payload = await content.call('payload', { node, digest });
    // For the same reason as entries.
    return payload && { ...payload, release: () => void (payload.bytes.buffer as ArrayBuffer).transfer(0) };
  }

  async findIds(node: string, keys: readonly string[]): Promise<ReadonlyMap<string, IdRow>> {
    checkKeys(keys);
    const packed = packKeys(keys);
    const found = await this.#read().call('findIds', { node, keys: packed }, [packed.buffer]);
    return new Map([...found].map(([at, row]) => [keys[at]!, row]));
  }

  async state(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#read().call('state', prefix);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The writer last: the last connection to close moves the write-ahead log into the database.
    await this.#reader.close();
    await (await this.#content?.catch(() => null))?.close();
    await this.#writer?.close();
  }

  #read(): Link<ReaderCalls> {
    if (this.#closing !== null) throw closed(databasePath(this.#dir));
    return this.#reader;
  }

  #write(): Link<WriterCalls> {
    if (this.#closing !== null) throw closed(databasePath(this.#dir));
    if (this.#writer === null) throw readOnly(databasePath(this.#dir));
    return this.#writer;
  }
}

async function openContent(dir: string): Promise<Link<ReaderCalls>> {
  const link = new Link<ReaderCalls>('reader-thread', READING);
  try {
    await link.call('open', dir);
    return link;
  } catch (error) {
    await link.stop();
    throw error;
  }
}
