import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dialect } from '../dialects/mod.ts';
import { TallystickError, UsageError } from '../errors.ts';
import { type Chosen, chooseDialect } from './choose.ts';
import { readAll } from './recognise.ts';
import { unreadable } from './unreadable.ts';

/** Detection and ordering look at this much of a file's beginning. */
const HEAD_BYTES = 64 * 1024;

/** A file to import, or why it can't be. One with nothing in it is of no dialect. */
export type FoundFile =
  | { readonly path: string; readonly dialect: Dialect | null; readonly size: number }
  | { readonly path: string; readonly error: TallystickError };

/**
 * The files named and those in the folders named, each once, oldest first: by the time of the first record they
 * hold, then by what their names say of rotation. Those that can't be taken come last, by name.
 */
export async function findFiles(paths: readonly string[], chosen: Chosen): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const ages = new Map<FoundFile, number>();
  for (const path of new Set(paths)) {
    for await (const file of walk(path)) {
      const examined = typeof file === 'string' ? await examine(file, chosen) : { file, since: 0 };
      found.push(examined.file);
      ages.set(examined.file, 'error' in examined.file ? Number.POSITIVE_INFINITY : examined.since);
    }
  }
  return found.sort((a, b) => {
    const [x, y] = [ages.get(a) as number, ages.get(b) as number];
    return x === y ? byRotation(a.path, b.path) : x - y;
  });
}

/** Paths of files, folders in full, names in order; an error where one can't be read. */
async function* walk(path: string): AsyncGenerator<string | FoundFile> {
  try {
    const entries = (await stat(path)).isDirectory() ? await readdir(path, { withFileTypes: true }) : null;
    if (entries === null) yield path;
    // A link to a folder is not followed: it could lead back here.
    for (const entry of entries?.sort((a, b) => (a.name < b.name ? -1 : 1)) ?? []) {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) yield* walk(inside);
      else if (!entry.isSymbolicLink() || (await stat(inside)).isFile()) yield inside;
    }
  } catch (error) {
    yield { path, error: expected(path, error) };
  }
}

async function examine(path: string, chosen: Chosen): Promise<{ file: FoundFile; since: number }> {
  try {
    const { head, size, modified } = await readHead(path);
    if (size === 0) return { file: { path, dialect: null, size }, since: modified };
    const dialect = chooseDialect(path, head, chosen);
    return { file: { path, dialect, size }, since: firstTime(dialect, head, modified) };
  } catch (error) {
    return { file: { path, error: expected(path, error) }, since: 0 };
  }
}

/** What may be wrong with a file; a defect is thrown on. */
function expected(path: string, error: unknown): TallystickError {
  const known = unreadable(path, error);
  if (known instanceof TallystickError) return known;
  throw error;
}

async function readHead(path: string): Promise<{ head: Uint8Array; size: number; modified: number }> {
  const info = await stat(path);
  // Opening a pipe would wait for its writer.
  if (!info.isFile()) throw new UsageError('FILE_UNREADABLE', `${path} is not a file`);
  const file = await open(path);
  try {
    const head = await readAll(file, 0, Math.min(info.size, HEAD_BYTES));
    return { head, size: info.size, modified: Math.floor(info.mtimeMs) };
  } finally {
    await file.close();
  }
}

/** ms since 1970; of a file whose records tell no time, when it was last written. */
function firstTime(dialect: Dialect, head: Uint8Array, modified: number): number {
  const parser = dialect.parser({ fallbackTime: modified });
  for (const { record } of [...parser.push(head), ...parser.end()]) {
    if (record !== undefined && !record.flags?.includes('time-uncertain')) return record.time;
  }
  return modified;
}

/** Of one log's files, `log.2` is older than `log.1`, `log.20261101` than `log.20261102`, and `log` is the newest. */
function byRotation(a: string, b: string): number {
  const [x, y] = [rotation(a), rotation(b)];
  if (x.name !== y.name) return x.name < y.name ? -1 : 1;
  return y.age - x.age || (a < b ? -1 : 1);
}

function rotation(path: string): { name: string; age: number } {
  const [, name, suffix] = /^(.*?)[.-](\d[\d.:T_-]*)$/s.exec(path) ?? [];
  if (name === undefined || suffix === undefined) return { name: path, age: 0 };
  // A counter; anything longer is a date, and with the dates, the order of the text is the order of time.
  return { name, age: suffix.length <= 3 ? Number(suffix) : Number.MAX_SAFE_INTEGER };
}
