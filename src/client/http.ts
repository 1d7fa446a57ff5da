import { UsageError } from '../errors.ts';
import { errorOf, notOurs } from './errors.ts';

/** As much of `fetch` as is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Call {
  readonly method?: 'GET' | 'POST';
  /** Values left undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON, unless `type` says that it is text of that type. */
  readonly body?: unknown;
  readonly type?: string;
  readonly signal?: AbortSignal | undefined;
  /** An answer of this status is no refusal. */
  readonly alsoTaken?: number;
}

/** Sends requests and turns refusals into errors. */
export class Http {
  readonly #base: string;
  readonly #fetch: Fetch;

  /** Throws `UsageError` USAGE when `url` is not one of a server. */
  constructor(url: string, fetch: Fetch) {
    if (!/^https?:\/\/[^/?#]+\/?$/.test(url)) {
      throw new UsageError('USAGE', 'the address of a server reads http://host:port, without a path');
    }
    this.#base = url.replace(/\/$/, '');
    this.#fetch = fetch;
  }

  /** Throws the error the server answers with, UsageError SERVER_UNAVAILABLE without one, and the signal's reason. */
  async json<T>(path: string, call: Call = {}): Promise<T> {
    const response = await this.#send(path, call);
    const value = await read(response);
    if (!response.ok && response.status !== call.alsoTaken) throw errorOf(value, response.status);
    if (value === undefined) throw notOurs(response.status);
    return value as T;
  }

  async text(path: string, call: Call = {}): Promise<string> {
    const response = await this.#send(path, call);
    if (!response.ok) throw errorOf(await read(response), response.status);
    return response.text();
  }

  async #send(path: string, { method = 'GET', query = {}, body, type, signal }: Call): Promise<Response> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const url = `${this.#base}${path}${parameters.size > 0 ? `?${parameters}` : ''}`;
    const init: RequestInit = { method, redirect: 'error', ...(signal ? { signal } : {}) };
    if (body !== undefined) {
      init.body = type === undefined ? JSON.stringify(body) : String(body);
      init.headers = { 'content-type': type ?? 'application/json' };
    }
    try {
      return await this.#fetch(url, init);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new UsageError('SERVER_UNAVAILABLE', `no server answers at ${this.#base}`, { cause });
    }
  }
}

/** The JSON of an answer; undefined when it is none. */
async function read(response: Response): Promise<unknown> {
  if (!/^application\/(?:problem\+)?json\b/.test(response.headers.get('content-type') ?? ''))
    return undefined;
  try {
    return await response.json();
  } catch {
    // Cut off or no JSON after all: to the caller it is an answer that is not the server's.
    return undefined;
  }
}
