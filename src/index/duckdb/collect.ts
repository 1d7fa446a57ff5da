import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let minor: (() => void) | undefined;

/**
 * Frees what DuckDB's results hold: the binding does so when their JavaScript objects are collected, and these are so
 * small that V8 sees no reason to, while a hundred megabytes wait. Takes less than a millisecond.
 */
export function collectResults(): void {
  minor ??= exposed();
  minor();
}

/** V8's collector of young objects, which is given to new contexts alone once the flag is set. */
function exposed(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'minor' });
}
