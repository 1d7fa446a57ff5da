import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, IndexError, QueryError, type TallystickError } from '../../errors.ts';
import type { IndexCalls } from './protocol.ts';

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
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's end of the worker. The worker keeps the process alive only while an answer is waited for. */
export class Link {
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  #lost: string | null = null;

  constructor() {
    // `.ts` in development, `.js` as published. Options for running a script, like --input-type, are not for it.
    const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    // DuckDB's results are freed when their JavaScript objects are collected, which a small heap does soon.
    const resourceLimits = { maxYoungGenerationSizeMb: 6 };
    this.#worker = new Worker(file, { name: 'index', execArgv: [], resourceLimits });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#lose(String((error as Error)?.message ?? error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#lose('it ended');
        resolve();
      });
    });
  }

  /**
   * @param transfer buffers within `arg` to give away instead of copying them.
   * @throws what the worker threw; IndexError INDEX_UNAVAILABLE when it ends without answering.
   */
  call<Name extends keyof IndexCalls>(
    name: Name,
    arg: Parameters<IndexCalls[Name]>[0],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReturnType<IndexCalls[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) {
        reject(stopped(this.#lost));
        return;
      }
      const id = ++this.#lastId;
      this.#worker.postMessage({ id, name, arg } satisfies Call, transfer);
      if (this.#waiters.size === 0) this.#worker.ref();
      this.#waiters.set(id, { resolve, reject });
    });
  }

  /** Lets the worker finish what was called before and waits until it has ended. */
  async close(): Promise<void> {
    try {
      if (this.#lost === null) await this.call('close', null);
    } finally {
      this.#worker.ref();
      await this.#exited;
    }
  }

  /** Ends the worker now. For one whose `open` has failed. */
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
    for (const { reject } of this.#waiters.values()) reject(stopped(this.#lost));
    this.#waiters.clear();
  }
}

function stopped(reason: string): IndexError {
  return new IndexError('INDEX_UNAVAILABLE', `the index's thread has stopped (${reason}): open it again`);
}

function unpack({ code, message, context }: NonNullable<Answer['error']>): TallystickError {
  const Class = code === 'QUERY_INVALID' ? QueryError : IndexError;
  return new Class(code, message, { context });
}
