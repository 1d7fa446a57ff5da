import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import process from 'node:process';
import type { TestContext } from 'node:test';
import { isCi } from '../runs.ts';

const NO_MOUNT = 77;
const MOUNT = `mount -t tmpfs -o size="$1" tmpfs "$2" || exit ${NO_MOUNT}; shift 2; exec "$@"`;

/**
 * What a program printed that ran with a disk of a few MiB (in memory) at `dir`, which it alone sees. Where no such disk
 * can be made (that takes root, or a kernel that lets users be root of their own) the test fails in CI; elsewhere it is
 * skipped by name, and this is null.
 */
export function onSmallDisk(
  t: TestContext,
  dir: string,
  sizeMiB: number,
  script: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } | null {
  mkdirSync(dir, { recursive: true });
  const mounted = ['sh', '-c', MOUNT, 'sh', `${sizeMiB}m`, dir, process.execPath, script, dir, ...args];
  const ran = spawnSync('unshare', ['-rm', ...mounted], { encoding: 'utf8', timeout: 60_000 });
  if (ran.error === undefined && ran.status !== NO_MOUNT && !ran.stderr.startsWith('unshare:')) return ran;
  const why = `no small disk can be made here: ${ran.error?.message ?? ran.stderr.trim()}`;
  if (isCi) assert.fail(why);
  t.skip(why);
  return null;
}
