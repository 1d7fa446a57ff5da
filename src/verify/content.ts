import type { Catalogs } from '../catalog/catalogs.ts';
import { AttemptCheck } from './attempts.ts';
import { clockSkew, type DeepContext, type DeepResult, deepCheckBundle } from './deep.ts';
import type { Findings } from './findings.ts';
import type { PayloadCheck } from './payloads.ts';
import type { Attempts } from './report.ts';
import type { RowCheck } from './rows.ts';

/** Runs `deepCheckBundle`, here or on another thread. */
export interface DeepChecker {
  /** Bundles that may be under way at one time, 1 or more. */
  readonly atOnce: number;
  /** What needs `bundle` longer than until it returns MUST copy it. */
  check(bundle: Uint8Array, from: number, context: DeepContext): DeepResult | Promise<DeepResult>;
}

/** On this thread. */
export function inline(catalogs?: Catalogs): DeepChecker {
  return { atOnce: 1, check: (bundle, from, context) => deepCheckBundle(bundle, from, context, catalogs) };
}

interface UnderWay {
  readonly from: number;
  readonly to: number;
  readonly result: Promise<DeepResult> | null;
}

/** What is in the records: several bundles may be read at a time, what they say is put together in order. */
export class ContentCheck {
  readonly #checker: DeepChecker | null;
  readonly #context: DeepContext;
  readonly #payloads: Pick<PayloadCheck, 'check'>;
  readonly #rows: RowCheck | null;
  readonly #findings: Findings;
  readonly #attempts = new AttemptCheck();
  readonly #underWay: UnderWay[] = [];
  /** `logged` of the record before. */
  #logged = 0;
  #skipped = 0;

  /** `checker` null: only the payloads are checked. */
  constructor(
    checker: DeepChecker | null,
    context: DeepContext,
    payloads: Pick<PayloadCheck, 'check'>,
    rows: RowCheck | null,
    findings: Findings,
  ) {
    this.#checker = checker;
    this.#context = context;
    this.#payloads = payloads;
    this.#rows = rows;
    this.#findings = findings;
  }

  /** Records that were not read because their bytes are not the sealed ones. */
  get skipped(): number {
    return this.#skipped;
  }

  /** null when the records are not read. */
  get attempts(): Attempts | null {
    return this.#checker && this.#attempts.result;
  }

  /** Takes records [from, to); `entries` null when they are not as sealed. */
  async add(from: number, to: number, entries: Uint8Array | null): Promise<void> {
    if (entries === null) this.#skipped += to - from;
    const result =
      entries === null || this.#checker === null
        ? null
        : Promise.resolve(this.#checker.check(entries, from, this.#context));
    // A failure is met when its turn comes.
    result?.catch(() => {});
    this.#underWay.push({ from, to, result });
    if (this.#underWay.length >= (this.#checker?.atOnce ?? 1)) await this.#finishFirst();
  }

  async finish(): Promise<void> {
    while (this.#underWay.length > 0) await this.#finishFirst();
  }

  async #finishFirst(): Promise<void> {
    const { from, to, result } = this.#underWay.shift() as UnderWay;
    const content = await result;
    if (content === null) {
      await this.#payloads.check(to, null);
      return;
    }
    this.#findings.addAll(content.findings);
    if (content.logged !== null) {
      const { first, last } = content.logged;
      if (first < this.#logged) this.#findings.addAll([clockSkew(from, this.#logged, first)]);
      this.#logged = last;
    }
    this.#attempts.add(content.guarded);
    await this.#payloads.check(to, content.payloads);
    if (content.rows !== null) await this.#rows?.compare(from, content.rows);
  }
}
