/** What long tests go through: all of it in CI, a part of it elsewhere, so that `npm test` is soon over. */

export const isCi = process.env.CI !== undefined;

/** How often a property is tried with new values. */
export function runs(inCi: number): number {
  return isCi ? inCi : Math.ceil(inCi / 4);
}

/** The step by which a loop goes through what is alike. */
export function stride(elsewhere: number): number {
  return isCi ? 1 : elsewhere;
}

/** All of what is alike; elsewhere the one whose turn it is. */
export function inTurn<T>(all: readonly T[], turn: number): readonly T[] {
  return isCi ? all : [all[turn % all.length] as T];
}
