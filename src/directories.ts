import { mkdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and those above it where there are none. As `mkdirSync` does with `recursive`, but it ends: that one
 * tries for ever where the file system denies a directory that it has just shown, as /proc does (Node 24).
 *
 * @param mode permissions of those that are made.
 * @returns the uppermost that was made, as an absolute path; null when all were there.
 * @throws Error of node:fs.
 */
export function makeDirectories(path: string, mode = 0o777): string | null {
  const directory = resolve(path);
  const problem = make(directory, mode);
  if (problem === null) return directory;
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return null;
  if (problem.code !== 'ENOENT' || dirname(directory) === directory) throw problem;
  const above = makeDirectories(dirname(directory), mode);
  const again = make(directory, mode);
  // Another process may have made it meanwhile.
  if (again !== null && again.code !== 'EEXIST') throw again;
  return above ?? directory;
}

/** What to say of a file that may not be made or changed where it lies: who may not, and the way out. */
export function notWritable(file: string): string {
  return `${user()} may not write ${dirname(file)}; run this as the owner of that directory, or with a copy of it`;
}

/** Whom the system goes by when it permits and forbids. */
export function user(): string {
  try {
    return `the user ${userInfo().username}`;
  } catch {
    // One without a name.
    return `the user ${process.geteuid?.()}`;
  }
}

function make(directory: string, mode: number): NodeJS.ErrnoException | null {
  try {
    mkdirSync(directory, { mode });
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
