import { Buffer } from 'node:buffer';
import { concatBytes } from '../crypto/bytes.ts';
import { emptyRoot } from '../merkle/mod.ts';
import type { Payload } from '../record/types.ts';
import type {
  LogSource,
  SourceBundle,
  SourceCheckpoint,
  SourceHead,
  SourcePayload,
  SourceTile,
} from '../verify/source.ts';
import { checkBatch, checkKeys, checkNode, checkpointWindow } from './check.ts';
import { closed, conflict, held } from './errors.ts';
import type { Batch, IdRow, LogStore, Ownership, PayloadWrite, StoredHead } from './store.ts';
import { BUNDLE } from './store.ts';

/** One node's log. `entries` hold their length prefix; `leaves` are 32 bytes each. */
interface MemoryLog {
  head: StoredHead;
  keep: boolean;
  readonly entries: Uint8Array[];
  readonly leaves: Uint8Array[];
  readonly tiles: Map<string, Uint8Array>;
  readonly checkpoints: KeptCheckpoint[];
  readonly payloads: Map<string, PayloadWrite>;
  readonly ids: Map<number, Map<string, IdRow>>;
}

interface KeptCheckpoint extends SourceCheckpoint {
  /** It must stay. */
  readonly keep: boolean;
}

/** What outlives a `MemoryStore`: opening another one over the same disk is a restart. */
export class MemoryDisk {
  readonly logs: Map<string, MemoryLog> = new Map();
  readonly state: Map<string, string> = new Map();
  /** Who writes each log. Of a store that is dropped without `close`, delete the row to let the next one in. */
  readonly owners: Map<string, { readonly store: MemoryStore; readonly holder: string }> = new Map();
}

/** The store contract without durability: for tests, and for logs that are meant to end with the process. */
export class MemoryStore implements LogStore {
  readonly #disk: MemoryDisk;
  #closed = false;

  constructor(disk: MemoryDisk = new MemoryDisk()) {
    this.#disk = disk;
  }

  async nodes(): Promise<readonly string[]> {
    return [...this.#open().logs.keys()].sort();
  }

  async acquire(node: string, holder: string): Promise<Ownership> {
    checkNode(node);
    const { logs, owners } = this.#open();
    const owner = owners.get(node);
    if (owner !== undefined && owner.store !== this) throw held(node, owner.holder);
    owners.set(node, { store: this, holder });
    const log = logs.get(node) ?? newLog(node);
    logs.set(node, log);
    const epoch = log.head.epoch + 1;
    log.head = { ...log.head, epoch };
    return { epoch, head: copy(log.head) };
  }

  async release(node: string): Promise<void> {
    checkNode(node);
    const { owners } = this.#open();
    if (owners.get(node)?.store === this) owners.delete(node);
  }

  async head(node: string): Promise<StoredHead | null> {
    const log = this.#open().logs.get(node);
    return log === undefined ? null : copy(log.head);
  }

  async commit(batch: Batch): Promise<void> {
    const { logs, state } = this.#open();
    const offsets = checkBatch(batch);
    const log = logs.get(batch.node);
    if (log === undefined || log.head.epoch !== batch.epoch || log.head.size !== batch.from) {
      throw conflict(batch, log?.head ?? null);
    }
    if (offsets.length > 1) append(log, batch, offsets);
    for (const { key, value } of batch.state) {
      if (value === null) state.delete(key);
      else state.set(key, value);
    }
  }

  source(node: string): LogSource {
    return new MemorySource(() => this.#open().logs.get(node));
  }

  async payload(node: string, digest: string): Promise<Payload | null> {
    const found = this.#open().logs.get(node)?.payloads.get(digest);
    return found === undefined ? null : { digest, salt: found.salt.slice(), bytes: found.bytes.slice() };
  }

  async findIds(node: string, keys: readonly string[]): Promise<ReadonlyMap<string, IdRow>> {
    checkKeys(keys);
    const buckets = [...(this.#open().logs.get(node)?.ids.values() ?? [])];
    const found = new Map<string, IdRow>();
    for (const key of keys) {
      const row = buckets.find((bucket) => bucket.has(key))?.get(key);
      if (row !== undefined) found.set(key, row);
    }
    return found;
  }

  async state(prefix: string): Promise<ReadonlyMap<string, string>> {
    const rows = [...this.#open().state].filter(([key]) => key.startsWith(prefix));
    return new Map(rows.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const { owners } = this.#disk;
    for (const [node, { store }] of owners) if (store === this) owners.delete(node);
  }

  #open(): MemoryDisk {
    if (this.#closed) throw closed('the store');
    return this.#disk;
  }
}

class MemorySource implements LogSource {
  readonly #log: () => MemoryLog | undefined;

  constructor(log: () => MemoryLog | undefined) {
    this.#log = log;
  }

  async head(): Promise<SourceHead | null> {
    const log = this.#log();
    return log === undefined || log.head.size === 0 ? null : copy(log.head);
  }

  async *bundles(from: number, to: number): AsyncGenerator<SourceBundle> {
    for (let at = from; at < Math.min(to, this.#log()?.entries.length ?? 0); ) {
      const entries = this.#log()?.entries ?? [];
      const end = Math.min(to, entries.length, (Math.floor(at / BUNDLE) + 1) * BUNDLE);
      yield { from: at, to: end, entries: concatBytes(...entries.slice(at, end)) };
      at = end;
    }
  }

  async *tiles(level: number, from: number, to: number): AsyncGenerator<SourceTile> {
    for (let index = from; index < to; index++) {
      const log = this.#log();
      if (level === 0) {
        const leaves = log?.leaves.slice(index * BUNDLE, (index + 1) * BUNDLE) ?? [];
        yield { index, hashes: leaves.length === 0 ? null : concatBytes(...leaves) };
      } else {
        yield { index, hashes: log?.tiles.get(`${level}/${index}`)?.slice() ?? null };
      }
    }
  }

  async *checkpoints(): AsyncGenerator<SourceCheckpoint> {
    for (const checkpoint of this.#kept()) yield toSource(checkpoint);
  }

  async *keyChanges(): AsyncGenerator<SourceCheckpoint> {
    for (const checkpoint of this.#kept()) if (checkpoint.keep) yield toSource(checkpoint);
  }

  #kept(): KeptCheckpoint[] {
    const log = this.#log();
    if (log === undefined || log.head.size === 0) return [];
    return [...log.checkpoints, { ...log.head, keep: log.keep }];
  }

  async *payloads(from: number, to: number): AsyncGenerator<SourcePayload> {
    const rows = [...(this.#log()?.payloads.values() ?? [])].filter((p) => p.seq >= from && p.seq < to);
    rows.sort((a, b) => a.seq - b.seq || (a.digest < b.digest ? -1 : 1));
    for (const { seq, digest, salt, bytes } of rows) {
      yield { seq, digest, salt: salt.slice(), bytes: bytes.slice() };
    }
  }
}

function toSource({ size, root, signatures }: SourceCheckpoint): SourceCheckpoint {
  return { size, root: root.slice(), signatures };
}

function copy(head: StoredHead): StoredHead {
  return { ...head, root: head.root.slice() };
}

function newLog(node: string): MemoryLog {
  return {
    head: { node, origin: '', epoch: 0, size: 0, root: emptyRoot(), signatures: '' },
    keep: false,
    entries: [],
    leaves: [],
    tiles: new Map(),
    checkpoints: [],
    payloads: new Map(),
    ids: new Map(),
  };
}

function append(log: MemoryLog, batch: Batch, offsets: readonly number[]): void {
  const { head } = log;
  const size = batch.from + offsets.length - 1;
  if (head.size > 0 && (log.keep || checkpointWindow(head.size) !== checkpointWindow(size))) {
    const { size: at, root, signatures } = head;
    log.checkpoints.push({ size: at, root, signatures, keep: log.keep });
  }
  for (let i = 0; i + 1 < offsets.length; i++) {
    log.entries.push(batch.entries.slice(offsets[i], offsets[i + 1]));
    log.leaves.push(batch.leaves.slice(32 * i, 32 * i + 32));
  }
  for (const tile of batch.tiles) log.tiles.set(`${tile.level}/${tile.index}`, tile.hashes.slice());
  for (const payload of batch.payloads) {
    const { digest, seq, salt, bytes } = payload;
    log.payloads.set(digest, { digest, seq, salt: salt.slice(), bytes: bytes.slice() });
  }
  remember(log.ids, batch);
  log.keep = batch.keepCheckpoint;
  const { node, origin, epoch, signatures } = batch;
  log.head = { node, origin, epoch, size, root: batch.root.slice(), signatures };
}

/** Adds the batch's ids and forgets all but the newest bucket and the one before. */
function remember(ids: MemoryLog['ids'], batch: Batch): void {
  for (const { key, bucket, seq, content } of batch.ids) {
    const rows = ids.get(bucket) ?? new Map<string, IdRow>();
    ids.set(bucket, rows);
    if (!rows.has(key)) rows.set(key, { seq, content });
  }
  const newest = Math.max(...ids.keys());
  for (const bucket of ids.keys()) if (bucket < newest - 1) ids.delete(bucket);
}
