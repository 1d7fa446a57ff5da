import { entryRows } from '../entries.ts';
import type {
  FacetRequest,
  FacetValue,
  HistogramBucket,
  HistogramRequest,
  Hit,
  IndexSearch,
  Through,
} from '../index.ts';
import { checkNext, checkThrough } from '../requests.ts';
import { type Database, loadApi, openDatabase } from './database.ts';
import { isFatal } from './errors.ts';
import { readPage, readTexts } from './pages.ts';
import type { IndexCalls, Opened, OpenOptions, RowPage, Texts } from './protocol.ts';
import { Queries } from './queries.ts';
import type { NodeState } from './state.ts';
import { RowWriter } from './writer.ts';

type Argument<Name extends keyof IndexCalls> = Parameters<IndexCalls[Name]>[0];

/**
 * An open file and what has been added to it. One call at a time. Rows added stay in memory until there are enough for
 * a commit, or something is asked that they may answer: the file holds a first part of each log at any moment.
 *
 * Besides what each call throws by contract, all throw what DuckDB throws. Then `isLost` may be true: the session knows
 * no longer what the file holds, and only another one can tell.
 */
export class Session {
  readonly #database: Database;
  readonly #nodes: Map<string, NodeState>;
  readonly #writer: RowWriter;
  #lost = false;

  private constructor(database: Database) {
    const { api, connection, state } = database;
    this.#database = database;
    this.#nodes = state.nodes;
    this.#writer = new RowWriter(api, connection, state.numbering);
  }

  /** Throws `IndexError` INDEX_UNAVAILABLE, see `openDatabase`. */
  static async open(options: OpenOptions): Promise<Session> {
    return new Session(await openDatabase(await loadApi(), options));
  }

  get opened(): Opened {
    return this.#database.opened;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  position(node: string): number {
    return this.#nodes.get(node)?.size ?? 0;
  }

  async add({ node, from, entries }: Argument<'add'>): Promise<void> {
    checkNext(node, from, this.position(node));
    for (const row of entryRows(node, from, entries)) {
      const state = this.#node(node);
      this.#writer.add(state.id, row);
      state.size++;
      if (this.#writer.isFull) await this.#flush();
    }
  }

  search(request: IndexSearch): Promise<Hit[]> {
    return this.#ask(request.through, (queries) => queries.search(request));
  }

  count({ filter, through }: Argument<'count'>): Promise<number> {
    return this.#ask(through, (queries) => queries.count(filter, through));
  }

  histogram(request: HistogramRequest): Promise<HistogramBucket[]> {
    return this.#ask(request.through, (queries) => queries.histogram(request));
  }

  facets(request: FacetRequest): Promise<FacetValue[]> {
    return this.#ask(request.through, (queries) => queries.facets(request));
  }

  async rows({ node, from, to }: Argument<'rows'>): Promise<RowPage> {
    await this.#flush();
    const id = this.#nodes.get(node)?.id ?? 0;
    return this.#read(() => readPage(this.#database.connection, id, from, to));
  }

  texts({ table, ids }: Argument<'texts'>): Promise<Texts> {
    const { api, connection } = this.#database;
    return this.#read(() => readTexts(api, connection, table, ids));
  }

  /** Writes what is left, unless the session is lost, and lets go of the file. */
  async close(): Promise<void> {
    try {
      if (!this.#lost) await this.#flush();
    } finally {
      this.#database.close();
    }
  }

  #node(name: string): NodeState {
    let state = this.#nodes.get(name);
    if (state === undefined) {
      state = { id: this.#nodes.size + 1, size: 0 };
      this.#nodes.set(name, state);
      this.#writer.addNode(state.id, name);
    }
    return state;
  }

  async #ask<T>(through: Through, question: (queries: Queries) => Promise<T>): Promise<T> {
    await this.#flush();
    checkThrough(through, new Map([...this.#nodes].map(([name, { size }]) => [name, size])));
    return this.#read(() => question(new Queries(this.#database.connection, this.#nodes)));
  }

  async #flush(): Promise<void> {
    try {
      await this.#writer.flush();
    } catch (error) {
      this.#lost = true;
      throw error;
    }
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      this.#lost ||= isFatal(error);
      throw error;
    }
  }
}
