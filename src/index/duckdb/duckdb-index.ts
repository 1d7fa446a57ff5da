import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Catalogs } from '../../catalog/catalogs.ts';
import { type Filter, requireIndexable } from '../../query/mod.ts';
import type { RowPage } from '../../verify/source.ts';
import type {
  FacetRequest,
  FacetValue,
  HistogramBucket,
  HistogramRequest,
  Hit,
  IndexSearch,
  RecordIndex,
  Through,
} from '../index.ts';
import { checkFacets, checkHistogram, checkSearch } from '../requests.ts';
import { held, unavailable } from './errors.ts';
import { Link } from './link.ts';
import type { Opened } from './protocol.ts';
import { RowReader } from './row-reader.ts';

export interface DuckDbIndexOptions {
  /** The file; it and its directory are made when they are not there. */
  readonly path: string;
  /** What rows are derived with; the built-in catalogs by default. A file that was made with others is replaced. */
  readonly catalogs?: Catalogs;
  /** What DuckDB may use, MB; the process needs some 100 MB besides. */
  readonly memoryLimitMb?: number;
  /** Threads that a query may use. */
  readonly threads?: number;
}

const MEMORY_LIMIT_MB = 256;
const MAX_THREADS = 4;

/** Files open in this process: DuckDB's lock keeps out other processes only. */
const openPaths = new Set<string>();

/** The index in a DuckDB file, worked on by a thread of its own. */
export class DuckDbIndex implements RecordIndex {
  /** What was found at the path: a file `replaced` holds nothing, and has to be filled from the log again. */
  readonly opened: Opened;
  readonly #path: string;
  readonly #link: Link;
  /** What is to be done when it is closed. */
  readonly #closed: () => void;

  private constructor(path: string, link: Link, opened: Opened, closed: () => void) {
    this.#path = path;
    this.#link = link;
    this.opened = opened;
    this.#closed = closed;
  }

  /**
   * Opens the index. A file that is damaged, or of another version, is replaced by an empty one: see `opened`.
   *
   * @throws IndexError INDEX_UNAVAILABLE when the file is in use elsewhere or can't be read or written, or the
   * optional package @duckdb/node-api is not installed.
   */
  static open(options: DuckDbIndexOptions): Promise<DuckDbIndex> {
    return DuckDbIndex.#open(options, () => {});
  }

  /**
   * Opens an empty index in a directory of its own below the system's temporary one, which this user alone may read and
   * which is gone when the index is closed or the process ends by itself.
   *
   * @throws IndexError as `open`.
   */
  static async openTemporary(options: Omit<DuckDbIndexOptions, 'path'>): Promise<DuckDbIndex> {
    const directory = temporaryDirectory();
    const remove = (): void => rmSync(directory, { recursive: true, force: true });
    const closed = (): void => {
      process.off('exit', remove);
      remove();
    };
    process.on('exit', remove);
    try {
      return await DuckDbIndex.#open({ ...options, path: join(directory, 'records.duckdb') }, closed);
    } catch (error) {
      closed();
      throw error;
    }
  }

  static async #open(options: DuckDbIndexOptions, closed: () => void): Promise<DuckDbIndex> {
    const path = resolve(options.path);
    if (openPaths.has(path)) throw held(path, 'this process');
    openPaths.add(path);
    const link = new Link();
    try {
      const opened = await link.call('open', {
        path,
        tables: options.catalogs?.given ?? [],
        memoryLimitMb: options.memoryLimitMb ?? MEMORY_LIMIT_MB,
        threads: options.threads ?? Math.min(MAX_THREADS, availableParallelism()),
      });
      return new DuckDbIndex(path, link, opened, closed);
    } catch (error) {
      await link.stop();
      openPaths.delete(path);
      throw error;
    }
  }

  position(node: string): Promise<number> {
    return this.#link.call('position', node);
  }

  /** Resolves when the rows are taken in; they are written with others, and before anything is answered. */
  add(node: string, from: number, entries: Uint8Array): Promise<void> {
    // A copy of just these bytes, to be given away: the caller's may be part of a larger buffer, and still in use.
    const copy = entries.slice();
    return this.#link.call('add', { node, from, entries: copy }, [copy.buffer]);
  }

  async search(request: IndexSearch): Promise<readonly Hit[]> {
    checkSearch(request);
    requireIndexable(request.filter);
    return this.#link.call('search', request);
  }

  async count(filter: Filter, through: Through): Promise<number> {
    requireIndexable(filter);
    return this.#link.call('count', { filter, through });
  }

  async histogram(request: HistogramRequest): Promise<readonly HistogramBucket[]> {
    checkHistogram(request);
    requireIndexable(request.filter);
    return this.#link.call('histogram', request);
  }

  async facets(request: FacetRequest): Promise<readonly FacetValue[]> {
    checkFacets(request);
    requireIndexable(request.filter);
    return this.#link.call('facets', request);
  }

  /** While a page is used, the next are read. */
  async *rows(node: string, from: number, to: number): AsyncGenerator<RowPage> {
    yield* new RowReader(this.#link, node).read(from, Math.min(to, await this.position(node)));
  }

  async reset(): Promise<void> {
    await this.#link.call('reset', null);
  }

  async close(): Promise<void> {
    try {
      await this.#link.close();
    } finally {
      openPaths.delete(this.#path);
      this.#closed();
    }
  }
}

function temporaryDirectory(): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, 'tallystick-index-'));
  } catch (error) {
    throw unavailable(join(parent, 'records.duckdb'), error);
  }
}
