import { setFlagsFromString } from 'node:v8';

/**
 * Options of Node for a process that verifies: it reads a log of any size, and its memory is to stay flat. V8 would let
 * long-lived objects become several times as many before it looks at them, and that is settled when a process starts. Young
 * objects are collected on the thread that made them: the helpers that V8 has for it cost more than they save where another
 * thread reads and decodes meanwhile.
 */
export const FRUGAL = ['--max-semi-space-size=16', '--heap-growing-percent=30', '--no-parallel-scavenge'];

/** Its environment: glibc keeps less of what native code has freed (mallopt(3)). Other systems do not look at it. */
export const FRUGAL_ENV = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' };

/** The rest, for a process started so: its further threads make few objects, and need little room for young ones. */
export function beFrugal() {
  setFlagsFromString('--max-semi-space-size=1');
}
