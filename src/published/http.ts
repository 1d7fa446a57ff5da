import { concatBytes } from '../crypto/bytes.ts';
import { StoreError, UsageError } from '../errors.ts';
import type { PublishedFiles } from './source.ts';

/** As much of `fetch` as is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An answer that takes longer than this, ms, is none. */
const PATIENCE = 60_000;
const ABSENT: readonly number[] = [404, 410];

/** A published log at an address: a static host, or a server of ours. */
export class HttpFiles implements PublishedFiles {
  readonly place: string;
  readonly #fetch: Fetch;

  /** Throws `UsageError` USAGE for what is not an address of a folder: `https://host/path`. */
  constructor(url: string, fetch: Fetch = (...call) => globalThis.fetch(...call)) {
    if (!/^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(url)) {
      throw new UsageError(
        'USAGE',
        'a published log is at an address like https://host/path, with nothing behind it',
      );
    }
    this.place = url.replace(/\/+$/, '');
    this.#fetch = fetch;
  }

  async read(path: string, most: number): Promise<Uint8Array | null> {
    const url = `${this.place}/${path}`;
    let response: Response;
    try {
      response = await this.#fetch(url, { redirect: 'error', signal: AbortSignal.timeout(PATIENCE) });
      if (response.ok) return await bodyOf(response, url, most);
      await response.body?.cancel();
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      const { message, cause: inner } = cause as Error & { cause?: Error };
      throw new StoreError('STORE_UNAVAILABLE', `${url} cannot be read: ${inner?.message ?? message}`, {
        cause,
      });
    }
    if (ABSENT.includes(response.status)) return null;
    const { status } = response;
    const why = status === 403 ? '; where only hashes are public, verify those alone (--no-entries)' : '';
    throw new StoreError('STORE_UNAVAILABLE', `${url} cannot be read: the server answers ${status}${why}`);
  }
}

async function bodyOf(response: Response, url: string, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    // Leaving the loop ends the transfer.
    if (length > most) throw new StoreError('STORE_DAMAGED', `${url} has more than ${most} bytes`);
    parts.push(part);
  }
  return concatBytes(...parts);
}
