import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TokenError } from '../../errors.ts';
import type { Answer, Call, ThreadData } from './protocol.ts';

interface Waiter {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * This end of the thread of one PKCS#11 library. Calls are answered in the order they are made; the thread keeps the
 * process alive only while an answer is waited for.
 */
export class Link {
  readonly #worker: Worker;
  readonly #library: string;
  readonly #waiters = new Map<number, Waiter>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  #lost: string | null = null;

  constructor(library: string) {
    const file = `./thread${extname(import.meta.url)}`;
    const workerData: ThreadData = { library };
    // Options for running a script, like --input-type, are not for the thread.
    this.#worker = new Worker(new URL(file, import.meta.url), { name: 'pkcs11', execArgv: [], workerData });
    this.#library = library;
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

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** Rejects with what the thread threw; TOKEN_UNAVAILABLE when it ends without answering. */
  call<T>(call: Omit<Call, 'id'>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) return reject(this.#gone());
      const id = ++this.#lastId;
      this.#worker.postMessage({ id, ...call } satisfies Call);
      if (this.#waiters.size === 0) this.#worker.ref();
      this.#waiters.set(id, { resolve, reject });
    });
  }

  /** Lets the thread finish what was called before, gives up the library and waits until the thread has ended. */
  async close(): Promise<void> {
    this.#worker.ref();
    if (this.#lost === null) this.#worker.postMessage(null);
    await this.#exited;
  }

  #settle({ id, value, error }: Answer): void {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (this.#waiters.size === 0) this.#worker.unref();
    if (error === undefined) waiter?.resolve(value as never);
    else waiter?.reject(new TokenError(error.code, error.message, { context: error.context }));
  }

  #lose(reason: string): void {
    this.#lost ??= reason;
    for (const { reject } of this.#waiters.values()) reject(this.#gone());
    this.#waiters.clear();
  }

  #gone(): TokenError {
    return new TokenError(
      'TOKEN_UNAVAILABLE',
      `the thread of the PKCS#11 library ${this.#library} has stopped (${this.#lost}); the next use starts it again`,
    );
  }
}

interface Shared {
  readonly link: Link;
  users: number;
}

/** A library's state is the process's: one thread for each, whoever uses it. */
const links = new Map<string, Shared>();

/** The thread of a library, started when it does not run. Each taken one is to be given back. */
export function takeLink(library: string): Link {
  let shared = links.get(library);
  if (shared === undefined || shared.link.isLost) {
    shared = { link: new Link(library), users: 0 };
    links.set(library, shared);
  }
  shared.users += 1;
  return shared.link;
}

export async function giveBack(library: string, link: Link): Promise<void> {
  const shared = links.get(library);
  if (shared?.link !== link) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  links.delete(library);
  await link.close();
}
