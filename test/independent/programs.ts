import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT, digestOfSources, MADE_FROM } from './sources.ts';

/** The programs: three of ours over others' packages, and others' own as they are (`tool` in go.mod). */
type Program = 'reader' | 'policy' | 'signers' | 'fsck' | 'litewitness' | 'posix-oneshot';

/** Why the programs can't be run here; in CI they must be there. */
export const missing: string | undefined =
  existsSync(MADE_FROM) && readFileSync(MADE_FROM, 'utf8') === digestOfSources()
    ? undefined
    : "others' programs are not built from what is here now: npm run independent builds them (Go, and its module mirror)";
assert.ok(process.env.CI === undefined || missing === undefined, `needed here: ${missing}`);

export function programPath(program: Program): string {
  return join(BUILT, program);
}

export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a program to its end, while servers of this process go on. */
export function run(program: Program, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(programPath(program), args, { timeout: 120_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === 'string') reject(error);
      else resolve({ status: child.exitCode, output: `${stdout}${stderr}` });
    });
  });
}
