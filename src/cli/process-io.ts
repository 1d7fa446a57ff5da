import process from 'node:process';
import { exitCodeOfSignal } from './exit.ts';
import { type Io, Output } from './io.ts';

/** The world as this process has it. The first Ctrl-C asks for a clean end, a second one ends at once. */
export function processIo(): Io {
  const { env } = process;
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCodeOfSignal(name));
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
    signal: stop.signal,
    now: Date.now,
  };
}
