import type { Attempts } from './report.ts';

/** A record that is one half of a guarded operation. */
export interface GuardedRecord {
  readonly seq: number;
  readonly logged: number;
  /** Of whom it is: an outcome counts for an attempt of the same source and correlation alone. */
  readonly key: string;
  /** Number of the attempt that an outcome names; null for an attempt. */
  readonly attempt: number | null;
}

/** Attempts whose outcome is waited for at one time; beyond that they are counted. */
const MAX_FOLLOWED = 100_000;
const MAX_LISTED = 1_000;

/** Finds the attempts to which no outcome came, in records taken in order. */
export class AttemptCheck {
  readonly #waiting = new Map<number, GuardedRecord>();
  #sealed = 0;
  #unfollowed = 0;

  add(records: readonly GuardedRecord[]): void {
    for (const record of records) {
      if (record.attempt !== null) {
        if (this.#waiting.get(record.attempt)?.key === record.key) this.#waiting.delete(record.attempt);
        continue;
      }
      this.#sealed++;
      if (this.#waiting.size < MAX_FOLLOWED) this.#waiting.set(record.seq, record);
      else this.#unfollowed++;
    }
  }

  get result(): Attempts {
    const listed: { seq: number; logged: number }[] = [];
    for (const { seq, logged } of this.#waiting.values()) {
      if (listed.push({ seq, logged }) === MAX_LISTED) break;
    }
    return { sealed: this.#sealed, open: this.#waiting.size, listed, unfollowed: this.#unfollowed };
  }
}
