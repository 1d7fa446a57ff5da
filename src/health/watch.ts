import type { Acts } from '../acts/acts.ts';
import { tallystick } from '../catalog/mod.ts';
import { TallystickError } from '../errors.ts';
import type { LogStore } from '../store/store.ts';
import { EXPIRY_STATE, type Expiring, expiriesDue } from './expiry.ts';
import { examine, type Health, type HealthCheck } from './health.ts';
import { failedOf, type SelfTestReport, type SelfTests } from './self-tests.ts';

export interface Watched {
  readonly acts: Pick<Acts, 'record' | 'waiting'>;
  readonly store: Pick<LogStore, 'state'>;
  readonly selfTests: SelfTests;
  /** In the order they are shown. Whatever else has health adds its check here. */
  readonly checks: readonly HealthCheck[];
  /** What expires now; each is told ahead and at its end. */
  readonly expiring: () => Promise<readonly Expiring[]>;
  /** ms since 1970. */
  readonly now?: () => number;
}

const PROGRAM = { name: 'tallystick' };

/** Watches over a log: self-tests, health, and what expires. */
export class Watch {
  readonly #o: Watched;
  /** When the self-tests ended, by `performance.now`. */
  #ranAt = 0;
  #retrying: Promise<void> | null = null;

  constructor(options: Watched) {
    this.#o = options;
  }

  /** How the log is, with reasons. Changes nothing; does not reject. */
  health(): Promise<Health> {
    return examine(this.#o.checks);
  }

  /** What the last self-tests said. */
  get selfTests(): SelfTestReport | null {
    return this.#o.selfTests.last;
  }

  /** Throws `LogError` SELF_TEST_FAILED while the log is to take no records. */
  check(): void {
    this.#o.selfTests.check();
  }

  /**
   * What must end before a record is taken; null for nothing. After a failure the tests run again by themselves, at most
   * every 10 s and only when somebody wants something sealed. Rejects with `LogError` SELF_TEST_FAILED.
   */
  admit(): Promise<void> | null {
    if (this.#o.selfTests.failed.length === 0) return null;
    const isDue = performance.now() - this.#ranAt >= AGAIN_MS;
    return (isDue ? this.retry() : Promise.resolve()).then(() => this.check());
  }

  /** Runs the self-tests again when they failed, and records it when they pass now. */
  retry(): Promise<void> {
    this.#retrying ??= this.#retry().finally(() => {
      this.#retrying = null;
    });
    return this.#retrying;
  }

  /** The self-tests of a start: only a failure is recorded, since nothing was asked. */
  async start(): Promise<void> {
    const report = await this.#run();
    if (failedOf(report).length > 0) await this.recordSelfTests(PROGRAM);
  }

  /** Runs the self-tests and records what they said; from then on records are taken, or refused, by that. */
  async selfTest(actor: { readonly name: string }): Promise<SelfTestReport> {
    const report = await this.#run();
    await this.recordSelfTests(actor);
    return report;
  }

  /**
   * Records what the last self-tests said; a failure waits until the log takes records again. The same failure waits once,
   * however often a log is started in vain.
   */
  async recordSelfTests(actor: { readonly name: string }): Promise<void> {
    const { acts, selfTests } = this.#o;
    const { last } = selfTests;
    if (last === null) return;
    const checks = last.tests.map(({ name }) => name);
    const failed = failedOf(last);
    const told = { actor, time: last.at };
    try {
      if (failed.length === 0) {
        await acts.record(tallystick.SELFTESTS_EXECUTION, { checks }, told);
      } else if (!acts.waiting.some((waiting) => isSameFailure(waiting, failed))) {
        const problems = last.tests.flatMap(({ name, problem }) =>
          problem === null ? [] : `${name}: ${problem}`,
        );
        const reason = problems.join('; ').slice(0, MAX_REASON).toWellFormed();
        const failure = { ...told, outcome: 'failure', reason } as const;
        await acts.record(tallystick.SELFTESTS_EXECUTION, { checks, failed }, failure);
      }
    } catch (error) {
      // The log seals nothing and the file takes nothing: health says so, and who asked has the report.
      if (!(error instanceof TallystickError)) throw error;
    }
  }

  async #run(): Promise<SelfTestReport> {
    const report = await this.#o.selfTests.run();
    this.#ranAt = performance.now();
    return report;
  }

  async #retry(): Promise<void> {
    if (this.#o.selfTests.failed.length === 0) return;
    const report = await this.#run();
    if (failedOf(report).length === 0) await this.recordSelfTests(PROGRAM);
  }

  /** Records what has expired, or soon will, and was not told yet. Throws what sealing throws; then it is told the next time. */
  async tellExpiries(): Promise<void> {
    const { acts, store, expiring, now = Date.now } = this.#o;
    const told = await store.state(EXPIRY_STATE);
    for (const { details, told: more, state } of expiriesDue(await expiring(), told, now())) {
      await acts.record(tallystick.Expire, details, { ...more, state });
    }
  }
}

const AGAIN_MS = 10_000;
/** Of a record's reason, in UTF-16 units. */
const MAX_REASON = 1_000;

function isSameFailure(
  { event, details }: { readonly event: string; readonly details?: object },
  failed: readonly string[],
): boolean {
  const before = (details as { failed?: readonly string[] } | undefined)?.failed;
  return event === tallystick.SELFTESTS_EXECUTION.event && before?.join() === failed.join();
}
