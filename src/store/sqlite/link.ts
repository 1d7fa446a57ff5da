import { extname } from 'node:path';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { type ErrorCode, LogError, StoreError, type TallystickError, UsageError } from '../../errors.ts';

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly arg: unknown;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly context: Readonly<Record<string, unknown>>;
  };
}

interface Waiter {
  readonly name: string;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The calls a thread understands: one argument each. */
type Calls<T> = { readonly [K in keyof T]: (arg: never) => unknown } & { close(arg: null): void };

/**
 * The main thread's end of a worker thread that answers `C`. Calls are answered in the order they are made. The
 * thread keeps the process alive only while an answer is waited for.
 */
export class Link<C extends Calls<C>> {
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  #lost: string | null = null;

  /** @param module name of the thread's file beside this one, without extension: `.ts` in development, `.js` as published. */
  constructor(module: string, resourceLimits: ResourceLimits = {}) {
    const file = `./${module}${extname(import.meta.url)}`;
    // Options for running a script, like --input-type, are not for the thread.
    this.#worker = new Worker(new URL(file, import.meta.url), { name: module, execArgv: [], resourceLimits });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#lose(String((error as Error)?.stack ?? error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#lose('it ended');
        resolve();
      });
    });
  }

  /**
   * @param transfer buffers within `arg` to give away instead of copying them.
   * @throws what the thread threw; StoreError STORE_OUTCOME_UNKNOWN for a commit, STORE_UNAVAILABLE for anything else,
   * when the thread ends without answering.
   */
  call<K extends keyof C & string>(
    name: K,
    arg: Parameters<C[K]>[0],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<C[K]>>> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) {
        reject(
          new StoreError(
            'STORE_UNAVAILABLE',
            `the store's thread has stopped (${this.#lost}); open it again`,
          ),
        );
        return;
      }
      const id = ++this.#lastId;
      this.#worker.postMessage({ id, name, arg } satisfies Call, transfer);
      if (this.#waiters.size === 0) this.#worker.ref();
      this.#waiters.set(id, { name, resolve, reject });
    });
  }

  /** Lets the thread finish what was called before and waits until it has ended. */
  async close(): Promise<void> {
    if (this.#lost === null) await this.call('close', null as never);
    this.#worker.ref();
    await this.#exited;
  }

  /** Ends the thread now. For one whose `open` has failed. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle({ id, value, error }: Answer): void {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (this.#waiters.size === 0) this.#worker.unref();
    if (error === undefined) waiter?.resolve(value as never);
    else waiter?.reject(unpack(error));
  }

  #lose(reason: string): void {
    this.#lost ??= reason;
    for (const { name, reject } of this.#waiters.values()) {
      const code = name === 'commit' ? 'STORE_OUTCOME_UNKNOWN' : 'STORE_UNAVAILABLE';
      reject(
        new StoreError(code, `the store's thread stopped before it answered (${this.#lost}); open it again`),
      );
    }
    this.#waiters.clear();
  }
}

function unpack({ code, message, context }: NonNullable<Answer['error']>): TallystickError {
  const Class = code.startsWith('LOG_') ? LogError : code === 'USAGE' ? UsageError : StoreError;
  return new Class(code, message, { context });
}
