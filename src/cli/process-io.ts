import { basename, isAbsolute, relative } from 'node:path';
import process from 'node:process';
import { exitCodeOfSignal } from './exit.ts';
import { type Io, Output } from './io.ts';

/**
 * A signal so soon after the first is the same one, ms: what signals a group of processes (npm, systemd) reaches both
 * launcher and program, and the launcher sends on what it gets.
 */
const SAME_SIGNAL_MS = 1_000;

/**
 * What to type to start the program again that was started as a file: its name where it is installed as a command, else
 * that file, as in a checkout.
 */
export function programName(started: string, cwd: string): string {
  if (basename(started) === 'tallystick') return 'tallystick';
  const below = relative(cwd, started);
  const path = below.startsWith('..') || isAbsolute(below) ? started : below;
  return process.platform === 'win32' ? `node ${typed(path)}` : typed(path);
}

/** A path as it is typed at a prompt. */
export function typed(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
}

/** The world as this process has it. The first Ctrl-C asks for a clean end, a later one ends at once. */
export function processIo(): Io {
  const { env } = process;
  const stop = new AbortController();
  let asked = Number.POSITIVE_INFINITY;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (performance.now() - asked > SAME_SIGNAL_MS) process.exit(exitCodeOfSignal(name));
      asked = Math.min(asked, performance.now());
      stop.abort(name);
    });
  }
  const closed = (): void => stop.abort('SIGPIPE');
  return {
    // Opening standard input has side effects; most commands leave it alone.
    get stdin() {
      return process.stdin;
    },
    stdout: new Output(process.stdout, env, closed),
    stderr: new Output(process.stderr, env, closed),
    env,
    cwd: process.cwd(),
    program: programName(process.argv[1] ?? '', process.cwd()),
    signal: stop.signal,
    now: Date.now,
  };
}
