import { payloadDigest } from '../record/mod.ts';
import { Ahead } from './ahead.ts';
import type { PayloadUse } from './deep.ts';
import type { Findings } from './findings.ts';
import type { LogSource, SourcePayload } from './source.ts';

/** Checks stored payloads: that they hash to their digest and, where the records were read, that those refer to them. */
export class PayloadCheck {
  readonly #payloads: Ahead<SourcePayload>;
  readonly #findings: Findings;
  #good = 0;
  #absent = 0;

  constructor(source: Pick<LogSource, 'payloads'>, from: number, to: number, findings: Findings) {
    this.#payloads = new Ahead(source.payloads(from, to));
    this.#findings = findings;
  }

  get good(): number {
    return this.#good;
  }

  /** How many that records refer to are not stored. */
  get absent(): number {
    return this.#absent;
  }

  /** Checks the payloads of records up to `to`. `uses`: what those records refer to, null where that is not known. */
  async check(to: number, uses: readonly PayloadUse[] | null): Promise<void> {
    const open = new Map(uses?.map((use) => [`${use.seq} ${use.digest}`, use]));
    for (let next = await this.#payloads.peek(); next !== null && !(next.seq >= to); ) {
      await this.#payloads.take();
      const key = `${next.seq} ${next.digest}`;
      this.#judge(next, open.get(key), uses !== null);
      open.delete(key);
      next = await this.#payloads.peek();
    }
    this.#absent += open.size;
  }

  async close(): Promise<void> {
    await this.#payloads.close();
  }

  #judge({ seq, digest, salt, bytes }: SourcePayload, use: PayloadUse | undefined, isDeep: boolean): void {
    const place = { from: seq, to: seq + 1, expected: digest };
    const what = `record ${seq}: ${use === undefined ? 'a payload' : `the sealed content of ${use.path}`}`;
    if (bytes === null) {
      this.#findings.add({ code: 'payload-unreadable', ...place, message: `${what} does not decode` });
      return;
    }
    const actual = payloadDigest(salt, bytes);
    if (salt.length !== 16 || actual !== digest || (use !== undefined && use.bytes !== bytes.length)) {
      const message = `${what} was changed: salt and bytes hash to ${actual}`;
      this.#findings.add({ code: 'payload-altered', ...place, actual, message });
    } else if (isDeep && use === undefined) {
      const message = `${what} is stored that the record does not refer to`;
      this.#findings.add({ code: 'payload-foreign', ...place, message });
    } else {
      this.#good++;
    }
  }
}
