import { Catalogs } from '../catalog/catalogs.ts';
import { openCheckpoint, parsePolicy } from '../checkpoint/mod.ts';
import { LogError, TallystickError, UsageError } from '../errors.ts';
import type {
  FacetRequest,
  FacetValue,
  HistogramBucket,
  HistogramRequest,
  RecordIndex,
} from '../index/index.ts';
import type { SealedHead } from '../log/receipt.ts';
import type { Payload } from '../record/mod.ts';
import type { LogStore } from '../store/store.ts';
import { readTokens, type TimeBound, type Timestamped, tokenPrefix } from '../timestamps/mod.ts';
import {
  type CosignedCheckpoints,
  type KeyHistory,
  keysAt,
  type LogSource,
  type Report,
  readKeyHistory,
  type VerifyOptions,
  verifyLog,
} from '../verify/mod.ts';
import { readCosigned, witnessPrefix } from '../witness/client/mod.ts';
import { IndexFollower } from './follower.ts';
import { KeptTimestamps } from './kept-timestamps.ts';
import { missing, RecordReader } from './records.ts';
import { type SearchableLog, Searcher } from './search.ts';
import { StoredLog } from './stored-log.ts';
import type { RecordView, SearchAnswer, SearchRequest } from './types.ts';

/** A log as readers see it: one that a process writes, or one that stands in the store. */
export interface ReadableLog extends SearchableLog {
  head(): Promise<SealedHead>;
}

export interface VerifySettings extends Omit<VerifyOptions, 'node' | 'index' | 'catalogs'> {
  readonly node?: string;
}

/**
 * Everything an auditor does with the logs of a store: search, read, count, prove, verify. Reads only sealed and
 * verified content; changes nothing but the index, which is a view.
 */
export class AuditReader {
  readonly #store: LogStore;
  readonly #index: RecordIndex | null;
  readonly #logs: ReadonlyMap<string, ReadableLog>;
  readonly #readers = new Map<string, RecordReader>();
  readonly #searcher: Searcher | null;
  /** What is known of the systems whose records these are. */
  readonly catalogs: Catalogs;

  private constructor(
    store: LogStore,
    index: RecordIndex | null,
    logs: ReadonlyMap<string, ReadableLog>,
    catalogs: Catalogs,
  ) {
    this.#store = store;
    this.#index = index;
    this.#logs = logs;
    this.catalogs = catalogs;
    this.#searcher = index && new Searcher(store, index, [...logs.values()], { catalogs });
  }

  /**
   * Store and index are owned from now on.
   *
   * @param settings `live`: the log this process writes; the others are read as they stand. `catalogs`: those that the
   *   index was opened with; the built-in ones by default.
   */
  static async open(
    store: LogStore,
    index: RecordIndex | null,
    settings: { readonly live?: ReadableLog; readonly catalogs?: Catalogs } = {},
  ): Promise<AuditReader> {
    const { live, catalogs = Catalogs.builtIn } = settings;
    const logs = new Map<string, ReadableLog>();
    for (const node of await store.nodes()) {
      if (live?.node === node) logs.set(node, live);
      else if (await isBegun(store, node)) logs.set(node, standing(store, index, node));
    }
    return new AuditReader(store, index, logs, catalogs);
  }

  /** Node ids of the logs. */
  get nodes(): readonly string[] {
    return [...this.#logs.keys()];
  }

  /** The newest sealed state. Throws `LogError` LOG_NOT_FOUND, LOG_DAMAGED. */
  async head(node?: string): Promise<SealedHead> {
    return this.#log(node).head();
  }

  /**
   * The newest sealed state that a witness has cosigned, with all cosignatures that it has. Throws `LogError`
   * LOG_NOT_FOUND when there is none, LOG_DAMAGED, and `ProofError` NOTE_UNTRUSTED when the log's keys have not signed it.
   */
  async cosignedHead(node?: string): Promise<Omit<SealedHead, 'signatures'>> {
    const log = this.#log(node);
    const state = await this.#store.state(witnessPrefix(log.node));
    const now = await log.head();
    // What was there before the log was put back is not in it any more.
    const newest = readCosigned(state, log.node).find(({ size }) => size <= now.size);
    if (newest === undefined) {
      throw new LogError(
        'LOG_NOT_FOUND',
        `no witness has cosigned the log of ${log.node} yet; "tallystick witness add" names one`,
      );
    }
    const { origin, size, note } = newest;
    const history = await readKeyHistory(this.#store.source(log.node), origin, size);
    const { checkpoint } = await openCheckpoint(note, history === null ? [] : keysAt(history, size));
    return { origin, size, root: checkpoint.root, note };
  }

  /**
   * Which keys seal the log, and did, and may take over: what the log itself says, its head believed. Throws `LogError`
   * LOG_NOT_FOUND, LOG_DAMAGED.
   */
  async keys(node?: string): Promise<KeyHistory> {
    const log = this.#log(node);
    const { origin, size } = await log.head();
    const history = await readKeyHistory(this.#store.source(log.node), origin, size);
    if (history !== null) return history;
    throw new LogError('LOG_DAMAGED', `the first record of ${log.node} names no keys; run verify`);
  }

  /** One record, verified. Throws `LogError` LOG_NOT_FOUND for a number that is not sealed yet. */
  async get(seq: number, node?: string): Promise<RecordView> {
    const log = this.#log(node);
    const head = await log.head();
    checkSeq(seq, head.size, log.node);
    const [view] = await this.#reader(log.node).views([seq], head);
    return view as RecordView;
  }

  /**
   * By when a record existed, as a time stamp over a checkpoint that covers it says, up to a root that the log is set to
   * if there is one; null when none does. Throws `LogError` LOG_NOT_FOUND.
   */
  async bound(seq: number, node?: string): Promise<TimeBound | null> {
    const { node: name } = this.#log(node);
    return (await KeptTimestamps.read(this.#store, name, null)).boundOf(this.#store, name, seq);
  }

  /** The time stamps that a log keeps, by size: they were verified when they came, and not since. Throws `LogError` LOG_NOT_FOUND. */
  async timestamps(node?: string): Promise<readonly Timestamped[]> {
    const { node: name } = this.#log(node);
    return readTokens(await this.#store.state(tokenPrefix(name))).tokens;
  }

  /** Verified views of [from, to), as far as they are sealed, a few at a time. */
  async *records(from: number, to: number, node?: string): AsyncGenerator<RecordView> {
    const log = this.#log(node);
    const head = await log.head();
    const reader = this.#reader(log.node);
    const end = Math.min(to, head.size);
    let at = from;
    for await (const part of this.#store.source(log.node).bundles(from, end)) {
      yield* reader.viewsOf(part, head);
      at = part.to;
    }
    if (at < end) yield (await reader.check(at, missing(at, end), head)).view;
  }

  /** The log as a verifier reads it: nothing of it has been checked. Throws `LogError` LOG_NOT_FOUND. */
  source(node?: string): LogSource {
    return this.#store.source(this.#log(node).node);
  }

  /** A payload as it is stored, null when it is not there (any more). Throws `LogError` LOG_NOT_FOUND. */
  async payload(digest: string, node?: string): Promise<Payload | null> {
    return this.#store.payload(this.#log(node).node, digest);
  }

  /**
   * Inclusion proof of a record in the newest head: RFC 9162, hashes leaf side first. Throws `LogError` LOG_NOT_FOUND,
   * LOG_DAMAGED, and `StoreError` STORE_DAMAGED where the hash tiles do not lead to the signed root: no proof is given
   * that does not hold.
   */
  async prove(
    seq: number,
    node?: string,
  ): Promise<{ readonly head: SealedHead; readonly proof: readonly Uint8Array[] }> {
    const log = this.#log(node);
    const head = await log.head();
    checkSeq(seq, head.size, log.node);
    return { head, proof: await this.#reader(log.node).proof(seq, head) };
  }

  async search(request?: SearchRequest): Promise<SearchAnswer> {
    return this.#search().search(request);
  }

  async count(query: SearchRequest['query']): Promise<number> {
    const { searcher, index } = this.#both();
    return index.count(searcher.indexed(query), await searcher.through());
  }

  async histogram(
    query: SearchRequest['query'],
    request: Omit<HistogramRequest, 'filter' | 'through'>,
  ): Promise<readonly HistogramBucket[]> {
    const { searcher, index } = this.#both();
    return index.histogram({
      ...request,
      filter: searcher.indexed(query),
      through: await searcher.through(),
    });
  }

  async facets(
    query: SearchRequest['query'],
    request: Omit<FacetRequest, 'filter' | 'through'>,
  ): Promise<readonly FacetValue[]> {
    const { searcher, index } = this.#both();
    return index.facets({ ...request, filter: searcher.indexed(query), through: await searcher.through() });
  }

  /** Drops the index and builds it from the logs. */
  async rebuildIndex(onProgress?: (done: number, total: number) => void): Promise<void> {
    if (this.#index === null) throw noIndex();
    await this.#index.reset();
    for (const log of this.#logs.values()) await log.indexed((await log.head()).size, onProgress);
  }

  /**
   * Verifies a node's log as `verifyLog` does; with the index too, when it is open. The checkpoints that the log keeps
   * cosigned, and dated up to a root that it is set to, are anchors unless others are given; witnesses that the pin demands
   * must have cosigned then. Never throws for what it finds.
   */
  async verify(settings: VerifySettings = {}): Promise<Report> {
    const { node } = this.#log(settings.node);
    // Before the head is read: a checkpoint over more than the head is then no race.
    const dated = settings.dated ?? (await (await KeptTimestamps.read(this.#store, node, null)).dated());
    const cosigned = settings.cosigned ?? (await this.#cosigned(node, settings.pin?.policy));
    return verifyLog(this.#store.source(node), {
      ...settings,
      ...{ node, dated, cosigned },
      catalogs: this.catalogs,
      ...(this.#index ? { index: this.#index } : {}),
    });
  }

  /** Closes index and store. */
  async close(): Promise<void> {
    await this.#index?.close();
    await this.#store.close();
  }

  async #cosigned(node: string, policy: string | undefined): Promise<CosignedCheckpoints> {
    const kept = readCosigned(await this.#store.state(witnessPrefix(node)), node);
    return { notes: kept.map(({ note }) => note), policy: policy === undefined ? null : parsePolicy(policy) };
  }

  #log(node: string | undefined): ReadableLog {
    if (node === undefined && this.#logs.size === 1) return this.#logs.values().next().value as ReadableLog;
    const log = node === undefined ? undefined : this.#logs.get(node);
    if (log !== undefined) return log;
    const known =
      this.nodes.length === 0
        ? 'there is none yet; append or import something first'
        : `there are: ${this.nodes.join(', ')}`;
    throw new LogError(
      'LOG_NOT_FOUND',
      node === undefined ? `which node's log? ${known}` : `there is no log of node ${node}; ${known}`,
    );
  }

  #reader(node: string): RecordReader {
    let reader = this.#readers.get(node);
    if (reader === undefined) {
      reader = new RecordReader(this.#store, node);
      this.#readers.set(node, reader);
    }
    return reader;
  }

  #search(): Searcher {
    if (this.#searcher === null) throw noIndex();
    return this.#searcher;
  }

  #both(): { searcher: Searcher; index: RecordIndex } {
    if (this.#index === null) throw noIndex();
    return { searcher: this.#search(), index: this.#index };
  }
}

/** A log that this process does not write: the index is brought up to it when a search asks. */
function standing(store: LogStore, index: RecordIndex | null, node: string): ReadableLog {
  const log = new StoredLog(store, node);
  const follower = index && new IndexFollower(index, store, node);
  return {
    node,
    head: () => log.head(),
    indexed: async (size, onProgress) => follower?.catchUp(size, onProgress),
  };
}

/** A log whose first record was never committed is none yet. */
async function isBegun(store: LogStore, node: string): Promise<boolean> {
  try {
    const head = await store.head(node);
    return head !== null && head.size > 0;
  } catch (error) {
    // A head that does not decode is told to whoever asks for this log; the others are not concerned.
    if (error instanceof TallystickError && !error.retry) return true;
    throw error;
  }
}

function checkSeq(seq: number, size: number, node: string): void {
  if (Number.isSafeInteger(seq) && seq >= 0 && seq < size) return;
  throw new LogError('LOG_NOT_FOUND', `${node} has no record ${seq}; it has 0 to ${size - 1}`);
}

function noIndex(): UsageError {
  return new UsageError(
    'INDEX_UNAVAILABLE',
    'this log was opened without its index; open it with one to search',
  );
}
