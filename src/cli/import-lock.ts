import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { makeDirectories } from '../directories.ts';
import { LogError } from '../errors.ts';
import { NodeLock } from '../store/sqlite/lock.ts';

/**
 * Keeps two imports into one data directory apart: both would find the same file new, and its records would be in
 * the log twice. Gone with the process, however it ends. Throws `LogError` LOG_HELD.
 */
export function lockImports(data: string): { release(): void } {
  const dir = join(data, 'import');
  try {
    makeDirectories(dir, 0o700);
    return NodeLock.take(dir, 'import', `process ${process.pid} on ${hostname()}`);
  } catch (cause) {
    if (!(cause instanceof LogError) || cause.code !== 'LOG_HELD') throw cause;
    throw new LogError(
      'LOG_HELD',
      `another import into ${data} is running; start this one when it has ended`,
      {
        cause,
      },
    );
  }
}
