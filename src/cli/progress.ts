import { grouped } from './format.ts';
import type { Io } from './io.ts';

/** Work shorter than this shows none, ms. */
const AFTER_MS = 1_000;
const EVERY_MS = 100;

/** How far long work has come: one line on standard error that rewrites itself, only when that is a terminal. */
export class Progress {
  readonly #io: Io;
  readonly #what: string;
  readonly #started: number;
  #shown = 0;

  constructor(io: Io, what: string) {
    this.#io = io;
    this.#what = what;
    this.#started = io.now();
  }

  /** May be called as often as one likes. */
  readonly update = (done: number, total: number): void => {
    const now = this.#io.now();
    if (!this.#io.stderr.isTerminal || now - this.#started < AFTER_MS || now - this.#shown < EVERY_MS) return;
    this.#shown = now;
    const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : '';
    void this.#io.stderr.write(`\r\x1b[K${this.#what}: ${grouped(done)} of ${grouped(total)}${share}`);
  };

  /** Takes the line away, before other output. */
  clear(): void {
    if (this.#shown === 0) return;
    this.#shown = 0;
    void this.#io.stderr.write('\r\x1b[K');
  }
}
