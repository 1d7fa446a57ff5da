/** What a check found. `failed`: records are refused. `warning`: they are taken, and somebody must look. */
export type State = 'ok' | 'warning' | 'failed' | 'unknown';

export interface Condition {
  readonly state: State;
  /** In words, with the way out where something is wrong. */
  readonly detail: string;
  /** Since when, ms since 1970, where that is known. */
  readonly since?: number;
}

export interface HealthCheck {
  readonly name: string;
  /** Must be quick, and change nothing. One that rejects is `unknown`. */
  check(): Condition | Promise<Condition>;
}

export interface Health {
  /** The worst of the checks; `unknown` counts as ok. */
  readonly status: 'ok' | 'warning' | 'failed';
  readonly checks: readonly (Condition & { readonly name: string })[];
}

const DEADLINE_MS = 5_000;

/** Runs checks side by side; does not reject. */
export async function examine(
  checks: readonly HealthCheck[],
  deadlineMs: number = DEADLINE_MS,
): Promise<Health> {
  const found = await Promise.all(
    checks.map(async (check) => ({ name: check.name, ...(await conditionOf(check, deadlineMs)) })),
  );
  const has = (state: State): boolean => found.some((each) => each.state === state);
  return { status: has('failed') ? 'failed' : has('warning') ? 'warning' : 'ok', checks: found };
}

async function conditionOf({ check }: HealthCheck, deadlineMs: number): Promise<Condition> {
  const { promise: over, resolve } = Promise.withResolvers<Condition>();
  const late = { state: 'unknown', detail: `it could not be told within ${deadlineMs} ms` } as const;
  const timer = setTimeout(() => resolve(late), deadlineMs);
  try {
    return await Promise.race([check(), over]);
  } catch (error) {
    return { state: 'unknown', detail: `it could not be told: ${(error as Error).message}` };
  } finally {
    clearTimeout(timer);
  }
}
