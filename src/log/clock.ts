import { LogError } from '../errors.ts';

/** The outside clocks. `now`: ms since 1970; `monotonic`: ms since some fixed moment, never set. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Of elapsed time: far more than clocks drift, too little to be led astray by many small jumps. */
const MOST_DRIFT = 0.01;

/**
 * Gives `logged` times: never below the one before, and never far ahead of elapsed time, since a `logged` in the
 * future would hold the log there until the future comes.
 */
export class LogClock {
  readonly #clock: Clock;
  readonly #jumpMs: number;
  #last: number;
  /** Wall clock minus monotonic clock, as far as it is believed. */
  #offset: number;
  /** Monotonic time when it was last compared. */
  #compared: number;

  /** @param last `logged` of the newest record, ms; `jumpMs` as `Limits.clockJumpMs`. */
  constructor(clock: Clock, jumpMs: number, last: number) {
    this.#clock = clock;
    this.#jumpMs = jumpMs;
    this.#last = last;
    this.#compared = clock.monotonic();
    this.#offset = clock.now() - this.#compared;
  }

  /**
   * Throws `LogError` CLOCK_JUMPED while the wall clock is ahead of where elapsed time puts it: set it right, or
   * restart the log when it is right now and was wrong before.
   */
  read(): number {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const { ahead } = this.deviation();
    if (ahead > this.#jumpMs) {
      throw new LogError(
        'CLOCK_JUMPED',
        `the clock jumped ahead by ${Math.round(ahead / 1000)} s; appends are held since their times could not be taken back. Set the clock right, or restart to accept it`,
        { context: { aheadMs: Math.round(ahead) } },
      );
    }
    // A clock that is set back keeps the old reference, so that setting it right again is no jump.
    this.#offset += Math.min(Math.max(ahead, 0), MOST_DRIFT * (monotonic - this.#compared));
    this.#compared = monotonic;
    this.#last = Math.max(this.#last, Math.floor(now));
    return this.#last;
  }

  /** How far the wall clock is ahead of where elapsed time puts it, and behind the newest record, ms; below 0: the other way. */
  deviation(): { readonly ahead: number; readonly behind: number } {
    const now = this.#clock.now();
    return { ahead: now - this.#clock.monotonic() - this.#offset, behind: this.#last - now };
  }

  /** Forgets what was given after `last`: its records were not sealed. */
  rewind(last: number): void {
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }
}
