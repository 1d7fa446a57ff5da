import { LogError } from '../errors.ts';

/** One thing that must hold before records are taken. */
export interface SelfTest {
  /** As records and health name it. */
  readonly name: string;
  /** Rejects with what is wrong and what to do. */
  run(): Promise<void>;
}

export interface SelfTestReport {
  /** When it ended, ms since 1970. */
  readonly at: number;
  readonly tests: readonly {
    readonly name: string;
    /** What is wrong and what to do; null when it passed. */
    readonly problem: string | null;
  }[];
}

/** How long one test may take, ms: a token that does not answer fails. */
const DEADLINE_MS = 10_000;

/** Runs self-tests, and keeps what they said: after a failure nothing is to be sealed until a later run passes. */
export class SelfTests {
  readonly #tests: readonly SelfTest[];
  readonly #now: () => number;
  readonly #deadlineMs: number;
  #last: SelfTestReport | null = null;
  #running: Promise<SelfTestReport> | null = null;

  constructor(tests: readonly SelfTest[], now: () => number = Date.now, deadlineMs: number = DEADLINE_MS) {
    this.#tests = tests;
    this.#now = now;
    this.#deadlineMs = deadlineMs;
  }

  /** What the last run said; null before the first. */
  get last(): SelfTestReport | null {
    return this.#last;
  }

  /** Names of the tests that failed the last time. */
  get failed(): readonly string[] {
    return failedOf(this.#last);
  }

  /** Runs them all, one after another; does not reject. A run that is under way is shared. */
  run(): Promise<SelfTestReport> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Throws `LogError` SELF_TEST_FAILED, with the tests' names in `context.failed`, after a run that failed. */
  check(): void {
    const problems = this.#last?.tests.filter(({ problem }) => problem !== null) ?? [];
    if (problems.length === 0) return;
    const told = problems.map(({ name, problem }) => `${name}: ${problem}`).join('; ');
    throw new LogError(
      'SELF_TEST_FAILED',
      `the log takes no records, since a self-test failed (${told}). Put that right, then run the self-tests again: tallystick self-test`,
      { context: { failed: this.failed } },
    );
  }

  async #run(): Promise<SelfTestReport> {
    const tests: { name: string; problem: string | null }[] = [];
    for (const test of this.#tests) {
      tests.push({ name: test.name, problem: await problemOf(test, this.#deadlineMs) });
    }
    this.#last = { at: this.#now(), tests };
    return this.#last;
  }
}

export function failedOf(report: SelfTestReport | null): string[] {
  return report?.tests.filter(({ problem }) => problem !== null).map(({ name }) => name) ?? [];
}

async function problemOf(test: SelfTest, deadlineMs: number): Promise<string | null> {
  const { promise: over, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`it did not answer within ${deadlineMs} ms`), deadlineMs);
  try {
    const done = test.run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)) || 'it failed',
    );
    return await Promise.race([done, over]);
  } finally {
    clearTimeout(timer);
  }
}
