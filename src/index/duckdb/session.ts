import { Catalogs } from '../../catalog/catalogs.ts';
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
import { collectResults } from './collect.ts';
import { type Database, loadApi, openDatabase } from './database.ts';
import { isFatal, isOutOfMemory } from './errors.ts';
import { PageReader } from './pages.ts';
import type {
  IndexCalls,
  Opened,
  OpenOptions,
  PageColumns,
  Profiles,
  SetColumns,
  Texts,
} from './protocol.ts';
import { Queries } from './queries.ts';
import { versionOf } from './schema.ts';
import { type NodeState, type Nodes, readNumbering } from './state.ts';
import { RowWriter } from './writer.ts';

/** What DuckDB may use. */
interface Means {
  readonly memoryLimitMb: number;
  readonly threads: number;
}

/** Enough for reading rows in order: each block is needed once, so that keeping more would only cost memory. */
const FOR_PAGES: Means = { memoryLimitMb: 16, threads: 1 };

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
  readonly #catalogs: Catalogs;
  readonly #nodes: Nodes;
  /** Made when there is something to write: it remembers much. */
  #writer: RowWriter | undefined;
  readonly #allowed: Means;
  /** What is set at present. */
  #means: Means;
  #lost = false;

  private constructor(database: Database, allowed: Means, catalogs: Catalogs) {
    this.#database = database;
    this.#catalogs = catalogs;
    this.#nodes = database.nodes;
    this.#allowed = allowed;
    this.#means = allowed;
  }

  /** Throws `IndexError` INDEX_UNAVAILABLE, see `openDatabase`. */
  static async open(options: OpenOptions): Promise<Session> {
    const catalogs = new Catalogs(options.tables);
    const database = await openDatabase(await loadApi(), options, versionOf(catalogs));
    return new Session(database, options, catalogs);
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
    this.#writer ??= await this.#openWriter();
    for (const row of entryRows(node, from, entries, this.#catalogs)) {
      const state = this.#node(node, this.#writer);
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

  async rows({ node, from, to }: Argument<'rows'>): Promise<PageColumns> {
    await this.#flush();
    const id = this.#nodes.get(node)?.id ?? 0;
    return this.#page((pages) => pages.rows(id, from, to));
  }

  profiles(ids: Argument<'profiles'>): Promise<Profiles> {
    return this.#page((pages) => pages.profiles(ids));
  }

  objectSets(ids: Argument<'objectSets'>): Promise<SetColumns> {
    return this.#page((pages) => pages.objectSets(ids));
  }

  texts({ table, ids }: Argument<'texts'>): Promise<Texts> {
    return this.#page((pages) => pages.texts(table, ids));
  }

  /** Writes what is left, unless the session is lost, and lets go of the file. */
  async close(): Promise<void> {
    try {
      if (!this.#lost) await this.#flush();
    } finally {
      this.#database.close();
    }
  }

  async #openWriter(): Promise<RowWriter> {
    const { api, connection } = this.#database;
    return new RowWriter(api, connection, await this.#read(() => readNumbering(connection)));
  }

  #node(name: string, writer: RowWriter): NodeState {
    let state = this.#nodes.get(name);
    if (state === undefined) {
      state = { id: this.#nodes.size + 1, size: 0 };
      this.#nodes.set(name, state);
      writer.addNode(state.id, name);
    }
    return state;
  }

  async #ask<T>(through: Through, question: (queries: Queries) => Promise<T>): Promise<T> {
    await this.#flush();
    checkThrough(through, new Map([...this.#nodes].map(([name, { size }]) => [name, size])));
    return this.#by(this.#allowed, () => question(new Queries(this.#database.connection, this.#nodes)));
  }

  /** Reads a page, or what belongs to it, by little means; by all that are allowed when these are too little. */
  async #page<T>(read: (pages: PageReader) => Promise<T>): Promise<T> {
    const { api, connection } = this.#database;
    const pages = new PageReader(api, connection);
    const few = FOR_PAGES.memoryLimitMb < this.#allowed.memoryLimitMb ? FOR_PAGES : this.#allowed;
    try {
      return await this.#by(few, () => read(pages));
    } catch (error) {
      if (!isOutOfMemory(error) || few === this.#allowed) throw error;
      return await this.#by(this.#allowed, () => read(pages));
    } finally {
      collectResults();
    }
  }

  #by<T>(means: Means, read: () => Promise<T>): Promise<T> {
    return this.#read(async () => {
      await this.#take(means);
      return read();
    });
  }

  async #take(means: Means): Promise<void> {
    if (this.#means === means) return;
    const { connection } = this.#database;
    await connection.run(`SET memory_limit = '${means.memoryLimitMb}MB'`);
    await connection.run(`SET threads = ${means.threads}`);
    this.#means = means;
  }

  async #flush(): Promise<void> {
    if (this.#writer === undefined || this.#writer.isEmpty) return;
    try {
      await this.#take(this.#allowed);
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
