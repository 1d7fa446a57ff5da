import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Catalogs } from '../catalog/catalogs.ts';
import { readTable } from '../catalog/read-table.ts';
import type { SystemTable } from '../catalog/table.ts';
import { makeDirectories } from '../directories.ts';
import { TallystickError, UsageError } from '../errors.ts';
import { type Json, parseJson } from '../record/mod.ts';

/** `payments.json`; other files, such as a copy that was never finished, are passed over. */
const FILE = /^([a-z0-9][a-z0-9-]{0,31})\.json$/;
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The users' own catalogs of a data directory: a table a file, `<system>.json`. Kept beside the log so that every
 * process that reads the log derives the same from its records.
 */
export class CatalogDirectory {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * The catalogs to read the log with: those kept, and `given` in place of kept ones of the same systems. Throws
   * `UsageError` FILE_UNREADABLE naming a file that is no catalog, USAGE for a given table that can't be kept.
   */
  read(given: readonly SystemTable[] = []): Catalogs {
    const own = given.map((table) => readTable(JSON.parse(JSON.stringify(table)) as Json));
    const replaced = new Set(own.map(({ system }) => `${system}.json`));
    const kept = this.#names().filter((name) => !replaced.has(name));
    const tables = [...kept.map((name) => this.#table(name)), ...own];
    return tables.length === 0 ? Catalogs.builtIn : new Catalogs(tables);
  }

  /** Keeps tables that `read` took, each in place of an older one of its system. Throws `UsageError` FILE_UNREADABLE. */
  keep(tables: readonly SystemTable[]): void {
    for (const table of tables) {
      const path = join(this.#directory, `${table.system}.json`);
      const text = `${JSON.stringify(table, null, 2)}\n`;
      try {
        if (textOf(path) === text) continue;
        makeDirectories(this.#directory, 0o700);
        const temporary = `${path}.${process.pid}.new`;
        // On the disk before it takes its place: half a catalog would keep the log from being opened.
        writeFileSync(temporary, text, { mode: 0o600, flush: true });
        renameSync(temporary, path);
      } catch (cause) {
        throw unreadable(path, 'written', cause);
      }
    }
  }

  #names(): string[] {
    try {
      return readdirSync(this.#directory)
        .filter((name) => FILE.test(name))
        .sort();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw unreadable(this.#directory, 'read', cause);
    }
  }

  #table(name: string): SystemTable {
    const path = join(this.#directory, name);
    try {
      if (statSync(path).size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
      const table = readTable(parseJson(readFileSync(path, 'utf8')));
      if (`${table.system}.json` !== name)
        throw new UsageError('USAGE', `it is of the system ${table.system}`);
      void new Catalogs([table]);
      return table;
    } catch (cause) {
      if (!(cause instanceof TallystickError)) throw unreadable(path, 'read', cause);
      const message = `the catalog ${path} cannot be used: ${cause.message}. Put it right, or move it away`;
      throw new UsageError('FILE_UNREADABLE', message, { cause, context: { path } });
    }
  }
}

/** Null when there is none. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // What stands in the way of reading will stand in the way of writing, and is said then.
    return null;
  }
}

function unreadable(path: string, verb: string, cause: unknown): UsageError {
  const message = `the catalog ${path} cannot be ${verb}: ${(cause as Error).message}`;
  return new UsageError('FILE_UNREADABLE', message, { cause, context: { path } });
}
