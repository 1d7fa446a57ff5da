import type { TallystickError } from '../errors.ts';

/** Failures in a row since this process began to ask. */
export interface Failing {
  readonly times: number;
  readonly code: string;
  readonly message: string;
}

interface Trouble {
  readonly times: number;
  /** Not asked again before, ms since 1970. */
  readonly until: number;
  readonly error: TallystickError;
}

/** Who could not be asked, or refused: each is asked again ever more rarely, and is a matter of its own. */
export class Troubles {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #now: () => number;
  readonly #all = new Map<string, Trouble>();

  /** @param firstMs wait after the first failure; doubled with each further one, up to `longestMs`. */
  constructor(firstMs: number, longestMs: number, now: () => number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#now = now;
  }

  /** Whether somebody is not to be asked yet. */
  isWaiting(name: string): boolean {
    return this.#now() < (this.#all.get(name)?.until ?? 0);
  }

  failing(name: string): Failing | null {
    const trouble = this.#all.get(name);
    return trouble === undefined
      ? null
      : { times: trouble.times, code: trouble.error.code, message: trouble.error.message };
  }

  failed(name: string, error: TallystickError): void {
    const times = (this.#all.get(name)?.times ?? 0) + 1;
    const wait = Math.min(this.#firstMs * 2 ** Math.min(times - 1, 30), this.#longestMs);
    this.#all.set(name, { times, until: this.#now() + wait, error });
  }

  /** What would be answered the same again is asked as rarely as can be. */
  gaveUp(name: string, error: TallystickError): void {
    this.#all.set(name, { times: 1, until: this.#now() + this.#longestMs, error });
  }

  over(name: string): void {
    this.#all.delete(name);
  }
}
