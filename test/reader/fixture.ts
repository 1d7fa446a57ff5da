import type { RecordIndex } from '../../src/index/index.ts';
import { MemoryIndex } from '../../src/index/memory.ts';
import { Log } from '../../src/log/log.ts';
import { IndexFollower } from '../../src/reader/follower.ts';
import { type SearchableLog, Searcher } from '../../src/reader/search.ts';
import type { RecordView, SearchRequest } from '../../src/reader/types.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import type { LogStore } from '../../src/store/store.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { FakeClock } from '../log/fixture.ts';

/** What lies in the store, to be altered behind its back. */
export type Stored = NonNullable<ReturnType<MemoryDisk['logs']['get']>>;

/** Logs of some nodes in one store, with an index that is brought up to them when a search asks. */
export interface Archive {
  readonly disk: MemoryDisk;
  /** What readers read through. */
  readonly store: LogStore;
  readonly index: RecordIndex;
  readonly clock: FakeClock;
  readonly searcher: Searcher;
  log(node?: string): Log;
  stored(node?: string): Stored;
  append(drafts: readonly RecordDraft[], node?: string): Promise<number[]>;
}

export interface Options {
  readonly nodes?: readonly string[];
  readonly index?: RecordIndex;
  /** Puts something between the store and its readers. */
  readonly wrap?: (store: LogStore) => LogStore;
}

export async function openArchive(options: Options = {}): Promise<Archive> {
  const { nodes = ['ca1'], index = new MemoryIndex(), wrap = (store) => store } = options;
  const disk = new MemoryDisk();
  const written = new MemoryStore(disk);
  const store = wrap(written);
  const clock = new FakeClock();
  const logs = new Map<string, Log>();
  for (const node of nodes) {
    logs.set(node, await Log.open({ store: written, signers: [testSigner(node)], node, clock }));
  }
  const searchable = [...logs.values()].map((log) => searchableLog(log, store, index));
  const log = (node = nodes[0] as string): Log => logs.get(node) as Log;
  return {
    ...{ disk, store, index, clock, log },
    searcher: new Searcher(store, index, searchable, { now: () => clock.now() }),
    stored: (node = nodes[0] as string) => disk.logs.get(node) as Stored,
    append: async (drafts, node) =>
      (await log(node).append(drafts, { source: 'test' })).map(({ seq }) => seq),
  };
}

export function searchableLog(log: Log, store: LogStore, index: RecordIndex): SearchableLog {
  const follower = new IndexFollower(index, store, log.node);
  return {
    node: log.node,
    head: async () => log.head,
    indexed: (size, onProgress) => follower.catchUp(size, onProgress),
  };
}

/** All pages of a search, one after the other. */
export async function allPages(searcher: Searcher, request: SearchRequest): Promise<RecordView[]> {
  const found: RecordView[] = [];
  let cursor: string | null = null;
  do {
    const { records, next } = await searcher.search({ ...request, ...(cursor === null ? {} : { cursor }) });
    found.push(...records);
    cursor = next;
  } while (cursor !== null);
  return found;
}

/** `ca1/7`, and the status when it is not verified: `ca1/7 altered`. */
export function placeOf({ node, seq, status }: RecordView): string {
  return `${node}/${seq}${status === 'verified' ? '' : ` ${status}`}`;
}

/** Changes a bit. */
export function flip(bytes: Uint8Array | undefined, at = 0): void {
  const found = bytes as Uint8Array;
  found[at] = (found[at] as number) ^ 1;
}

/** Replaces a part of an entry's text by one as long, as someone who can write to the store could. */
export function rewrite(stored: Stored, seq: number, from: string, to: string): void {
  const text = Buffer.from(stored.entries[seq] as Uint8Array).toString('latin1');
  if (from.length !== to.length || !text.includes(from)) throw new Error(`${from} is not in ${text}`);
  stored.entries[seq] = new Uint8Array(Buffer.from(text.replace(from, to), 'latin1'));
}

/** A store whose source gives the bundle of entry `seq` as damaged. */
export function withDamagedBundle(store: LogStore, node: string, seq: number): LogStore {
  const bad = Math.floor(seq / 256);
  return withSource(store, (inner, of) => ({
    ...inner,
    async *bundles(from, to) {
      for await (const part of inner.bundles(from, to)) {
        const isBad = of === node && Math.floor(part.from / 256) === bad;
        yield isBad ? { ...part, entries: null, damage: 'made unreadable by the test' } : part;
      }
    },
  }));
}

type Source = ReturnType<LogStore['source']>;

/** The store, read through other sources. */
export function withSource(store: LogStore, change: (source: Source, node: string) => Source): LogStore {
  return new Proxy(store, {
    get(target, name: keyof LogStore) {
      if (name === 'source') return (node: string) => change(bound(target.source(node)), node);
      const value = target[name] as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function bound(source: Source): Source {
  return {
    head: () => source.head(),
    bundles: (from, to) => source.bundles(from, to),
    tiles: (level, from, to) => source.tiles(level, from, to),
    checkpoints: () => source.checkpoints(),
    keyChanges: () => source.keyChanges(),
    payloads: (from, to) => source.payloads(from, to),
  };
}
