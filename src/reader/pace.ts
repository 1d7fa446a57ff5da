/** How long one piece of work goes on before everything else of the process has a turn, ms. */
const SLICE_MS = 5;

/** The turns of all who give way: one for each time the event loop goes round, in the order they were asked for. */
let turns: Promise<void> = Promise.resolve();

/**
 * The pace of long work that shares its thread with others. Answers of other threads alone do not let these in: as long as
 * they keep coming the event loop does not go round. However many work at a pace, they have one slice a round between them.
 */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether it is time to give way: asked between any two pieces of the work. Throws the signal's reason when aborted. */
  isOver(): boolean {
    this.#signal?.throwIfAborted();
    return performance.now() - this.#since >= SLICE_MS;
  }

  /** Lets the event loop go round. Throws the signal's reason when aborted meanwhile. */
  async giveWay(): Promise<void> {
    turns = turns.then(() => new Promise((resolve) => void setImmediate(resolve)));
    await turns;
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
