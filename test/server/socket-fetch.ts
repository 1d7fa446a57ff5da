import { type IncomingMessage, request } from 'node:http';
import type { Fetch } from '../../src/client/mod.ts';

/** A `fetch` to a Unix socket, a connection a request. */
export function socketFetch(socketPath: string): Fetch {
  return async (url, { method = 'GET', headers, body }) => {
    const { pathname, search } = new URL(url);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { socketPath, method, path: pathname + search, agent: false } as const;
      const sent = request({ ...options, headers: headers as Record<string, string> }, resolve);
      sent.on('error', reject);
      sent.end(body ?? undefined);
    });
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part);
    return new Response(Buffer.concat(parts), {
      status: answer.statusCode as number,
      headers: { 'content-type': answer.headers['content-type'] ?? '' },
    });
  };
}
