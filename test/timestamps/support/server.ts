import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OpensslAuthority } from './openssl.ts';

export interface TestServer {
  readonly url: string;
  /** Requests that came. */
  count: number;
  close(): Promise<void>;
}

export type Handler = (
  body: Uint8Array,
  answer: ServerResponse,
  request: IncomingMessage,
) => Promise<void> | void;

/** An HTTP server on a port of its own. What a handler throws is answered with 500. */
export async function serve(handler: Handler): Promise<TestServer> {
  const server = createServer((request, answer) => {
    it.count++;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      Promise.resolve()
        .then(() => handler(new Uint8Array(Buffer.concat(parts)), answer, request))
        .catch(() => answer.writeHead(500).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const it: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`,
    count: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return it;
}

/** Answers queries through an authority, as RFC 3161 section 3.4 has it. */
export function answering(authority: { current: OpensslAuthority }): Handler {
  return async (body, answer, { method, headers }) => {
    if (method !== 'POST' || headers['content-type'] !== 'application/timestamp-query') {
      answer.writeHead(400).end();
      return;
    }
    answer
      .writeHead(200, { 'content-type': 'application/timestamp-reply' })
      .end(await authority.current.reply(body));
  };
}
