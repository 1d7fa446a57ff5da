import { TallystickError } from '../errors.ts';
import { decodeEntry, references } from '../record/mod.ts';
import type { PayloadUse } from '../verify/deep.ts';
import type { Findings } from '../verify/findings.ts';
import type { SourcePayload } from '../verify/mod.ts';
import { PayloadCheck } from '../verify/payloads.ts';
import type { ExportedPayload } from './format.ts';

/** Checks sealed content that comes with its records, as `PayloadCheck` does where it comes by itself. */
export class ExportedPayloads {
  readonly #findings: Findings;
  #waiting: SourcePayload[] = [];
  #uses: PayloadUse[] = [];
  #good = 0;
  #absent = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get good(): number {
    return this.#good;
  }

  /** How many that records refer to are not there; of records that were read for it. */
  get absent(): number {
    return this.#absent;
  }

  /** The content beside a record. What that refers to is read at once: whoever reads an export believes what stands beside. */
  add(seq: number, entry: Uint8Array, payloads: readonly ExportedPayload[]): void {
    for (const payload of payloads) this.#waiting.push({ seq, ...payload });
    this.#uses.push(...usesOf(seq, entry));
  }

  /** As `PayloadCheck.check`; where `uses` is null, what the records with content refer to is known all the same. */
  async check(to: number, uses: readonly PayloadUse[] | null): Promise<void> {
    const due = this.#waiting.filter(({ seq }) => seq < to);
    const own = this.#uses.filter(({ seq }) => seq < to);
    this.#waiting = this.#waiting.filter(({ seq }) => seq >= to);
    this.#uses = this.#uses.filter(({ seq }) => seq >= to);
    const source = {
      payloads: async function* () {
        yield* due;
      },
    };
    const check = new PayloadCheck(source, 0, to, this.#findings);
    await check.check(to, uses ?? own);
    await check.close();
    this.#good += check.good;
    if (uses !== null) this.#absent += check.absent;
  }
}

function usesOf(seq: number, entry: Uint8Array): PayloadUse[] {
  try {
    return references(decodeEntry(entry)).map(({ path, ref }) => ({
      ...{ seq, path },
      digest: ref.payload,
      bytes: ref.bytes,
    }));
  } catch (error) {
    // What is no record refers to nothing.
    if (error instanceof TallystickError) return [];
    throw error;
  }
}
