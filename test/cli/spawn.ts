import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from './harness.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/tallystick.js', import.meta.url));

/** The program as a process of its own. */
export function start(box: Sandbox, argv: readonly string[]): ChildProcess {
  return spawn(process.execPath, [LAUNCHER, ...argv], {
    cwd: box.dir,
    env: { ...process.env, ...box.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

export async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

/** The first line of standard output. */
export async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout as NonNullable<ChildProcess['stdout']>) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  assert.fail(`it ended without a line: ${text}`);
}
