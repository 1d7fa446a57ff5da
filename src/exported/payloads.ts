import type { PayloadUse } from '../verify/deep.ts';
import type { Findings } from '../verify/findings.ts';
import type { SourcePayload } from '../verify/mod.ts';
import { PayloadCheck } from '../verify/payloads.ts';

/** Checks sealed content that comes with its records, as `PayloadCheck` does where it comes by itself. */
export class ExportedPayloads {
  readonly #findings: Findings;
  #waiting: SourcePayload[] = [];
  #good = 0;
  #absent = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get good(): number {
    return this.#good;
  }

  /** How many that records refer to are not there. */
  get absent(): number {
    return this.#absent;
  }

  add(payload: SourcePayload): void {
    this.#waiting.push(payload);
  }

  /** As `PayloadCheck.check`. */
  async check(to: number, uses: readonly PayloadUse[] | null): Promise<void> {
    const due = this.#waiting.filter(({ seq }) => seq < to);
    this.#waiting = this.#waiting.filter(({ seq }) => seq >= to);
    const source = {
      payloads: async function* () {
        yield* due;
      },
    };
    const check = new PayloadCheck(source, 0, to, this.#findings);
    await check.check(to, uses);
    await check.close();
    this.#good += check.good;
    this.#absent += check.absent;
  }
}
