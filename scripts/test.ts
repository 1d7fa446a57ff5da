/** `npm test`: all tests, or those that are named; options of `node --test` go before. */

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { loaderOf, sharer } from '../test/together.ts';

const MEMORY = '/dev/shm';
/** Bytes. Many times what the tests take at once. */
const ENOUGH = 2 * 1024 ** 3;

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const options = given.filter((arg) => arg.startsWith('-'));
const files = given.filter((arg) => !arg.startsWith('-'));
const folder = temporaryFolder();
// Some tests do what another user may do, in folders that they open up to them.
chmodSync(folder, 0o711);
const child = spawn(
  process.execPath,
  [
    '--test',
    // One more than there are processors: some always wait for a disk, a clock or a process.
    `--test-concurrency=${availableParallelism() + 1}`,
    ...options,
    ...(files.length > 0 ? files : allFiles()),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
      TMPDIR: folder,
    },
  },
);
// A terminal's Ctrl-C reaches the child by itself; this process waits for it, to clear up.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill());
child.on('exit', (code) => {
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});

/**
 * All test files. Outside of CI those that may share a process are given by modules that load them, one for each
 * processor; they stand first, being the longest.
 */
function allFiles(): string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort();
  if (process.env.CI !== undefined) return all;
  const shares = sharer();
  const { shared = [], alone = [] } = Object.groupBy(all, (file) => (shares(file) ? 'shared' : 'alone'));
  const processors = availableParallelism();
  const loaders = Array.from({ length: processors }, (_, turn) => {
    const loader = join(folder, `together-${turn}.mjs`);
    writeFileSync(loader, loaderOf(shared.filter((_, n) => n % processors === turn)));
    return loader;
  });
  return [...loaders, ...alone];
}

/**
 * On the disk in CI. Elsewhere in memory, where that can be: tests that write are done in two thirds of the time, and
 * what reaches the disk in which order is proven by system calls (`sync-order.test.ts`). Tests that kill a writer
 * write to the disk in any case (`test/disk.ts`).
 */
function temporaryFolder(): string {
  if (process.env.CI === undefined) {
    const inMemory = tryFolder(MEMORY);
    if (inMemory !== null) return inMemory;
  }
  return mkdtempSync(join(tmpdir(), 'tallystick-'));
}

/** Null where there is no such place, little room, or no program may be run. */
function tryFolder(place: string): string | null {
  let made: string;
  try {
    const { bavail, bsize } = statfsSync(place);
    if (bavail * bsize < ENOUGH) return null;
    made = mkdtempSync(join(place, 'tallystick-'));
  } catch {
    return null;
  }
  const program = join(made, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(program);
  if (status === 0) return made;
  rmSync(made, { recursive: true });
  return null;
}
