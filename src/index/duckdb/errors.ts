import { notWritable } from '../../directories.ts';
import { IndexError } from '../../errors.ts';

/** The optional package is not installed, or not for this platform. */
export function missing(cause: unknown): IndexError {
  return new IndexError(
    'INDEX_UNAVAILABLE',
    'searching needs the optional package @duckdb/node-api: run npm install @duckdb/node-api',
    { cause },
  );
}

/** What DuckDB throws is a plain Error with the kind in front of the message. */
export function unavailable(path: string, error: unknown): IndexError {
  const reason = firstLine(error);
  const isOutside = OUTSIDE.test(reason);
  const way = isOutside
    ? notWritable(path)
    : NO_SPACE.test(reason)
      ? 'free some space'
      : isOutOfMemory(error)
        ? 'narrow the query, or open the index with a higher memoryLimitMb'
        : 'if it persists, run tallystick index rebuild';
  return new IndexError('INDEX_UNAVAILABLE', `the index ${path} failed (${reason}): ${way}`, {
    cause: error,
    context: { path, unwritable: isOutside || NO_SPACE.test(reason) },
  });
}

/** Whether the place is at fault, where nothing can be written: another place will do. */
export function isUnwritable(error: unknown): error is IndexError {
  return error instanceof IndexError && error.context.unwritable === true;
}

export function held(path: string, by: string): IndexError {
  return new IndexError('INDEX_UNAVAILABLE', `the index ${path} is in use by ${by}: close it there first`, {
    context: { path },
  });
}

export function foreign(path: string): IndexError {
  return new IndexError(
    'INDEX_UNAVAILABLE',
    `${path} is not a search index: name another place for the index`,
    {
      context: { path },
    },
  );
}

const OUTSIDE = /permission denied|read-only|operation not permitted/i;
const NO_SPACE = /no space|disk full|disk quota/i;
/** Other trouble that says nothing about the file's content. */
const ENVIRONMENT = /too many open files|out of memory|cannot open file|is a directory/i;

/** Why a file could not be opened: null when its content is at fault, so that it has to be made anew. */
export function openFault(path: string, error: unknown): IndexError | null {
  const text = String((error as Error)?.message ?? error);
  if (/could not set lock|conflicting lock/i.test(text)) {
    const pid = /\(PID (\d+)\)/.exec(text)?.[1];
    return held(path, pid === undefined ? 'another process' : `process ${pid}`);
  }
  const isElsewhere = [OUTSIDE, NO_SPACE, ENVIRONMENT].some((kind) => kind.test(text));
  return isElsewhere ? unavailable(path, error) : null;
}

/** DuckDB would need more than it may use. */
export function isOutOfMemory(error: unknown): boolean {
  return firstLine(error).startsWith('Out of Memory');
}

/** After these DuckDB refuses everything until the file is opened again. */
export function isFatal(error: unknown): boolean {
  return /^(FATAL|INTERNAL)|corrupt|invalidated/i.test(firstLine(error));
}

export function firstLine(error: unknown): string {
  return String((error as Error)?.message ?? error)
    .split('\n', 1)[0]!
    .slice(0, 300);
}
