import type { FastifyInstance } from 'fastify';
import type { Fetch } from '../../src/client/mod.ts';

/** A `fetch` that asks an application without a socket. */
export function injected(app: FastifyInstance): Fetch {
  return async (url, { method = 'GET', body, headers }) => {
    const { pathname, search } = new URL(url);
    const answer = await app.inject({
      method: method as 'GET' | 'POST',
      url: pathname + search,
      headers: headers as Record<string, string>,
      ...(typeof body === 'string' ? { payload: body } : {}),
    });
    const type = String(answer.headers['content-type']);
    return new Response(new Uint8Array(answer.rawPayload), {
      status: answer.statusCode,
      headers: { 'content-type': type },
    });
  };
}
