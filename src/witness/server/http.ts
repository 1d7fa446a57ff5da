import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { TallystickError, UsageError } from '../../errors.ts';
import { hashOf, MAX_REQUEST_BYTES, SIZE_TYPE } from '../protocol.ts';
import { listing, page, STYLE_HASH } from './listing.ts';
import type { Witness, WitnessAnswer } from './witness.ts';

export const DEFAULT_WITNESS_PORT = 4781;
const MAX_CONNECTIONS = 512;
/** How long a request may take to arrive, ms. */
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;
/** How long requests may go on while the server closes, ms. */
const CLOSE_MS = 5_000;

const TEXT = 'text/plain; charset=utf-8';
const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'`,
};

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WitnessServerOptions {
  readonly witness: Witness;
  /** An address of this machine; `127.0.0.1` when not given. */
  readonly host?: string;
  /** 0 for any that is free. */
  readonly port?: number;
  /** Told what could not be answered, and why. */
  readonly onTrouble?: (error: unknown) => void;
}

export interface WitnessServer {
  /** As `http://127.0.0.1:4781`: submission prefix and monitoring prefix. */
  readonly url: string;
  /** Takes no more requests, finishes those it has. Database and signers stay open. */
  close(): Promise<void>;
}

/**
 * Serves a witness over HTTP. There is no access control in the protocol: whoever reaches it may ask, and only what a
 * log has signed is answered with a cosignature. Throws `UsageError` SERVER_UNAVAILABLE when the port can't be had.
 */
export async function startWitness(options: WitnessServerOptions): Promise<WitnessServer> {
  const { witness, host = '127.0.0.1', port = DEFAULT_WITNESS_PORT, onTrouble = () => {} } = options;
  const server = createServer(
    {
      ...{ maxHeaderSize: 8 * 1024, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
      ...{ keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval: 1_000 },
    },
    (request, response) => void respond(witness, request, response, onTrouble),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const url = await listen(server, host, port);
  let closing: Promise<void> | null = null;
  return {
    url,
    close: () => {
      closing ??= stop(server);
      return closing;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  const shown = isIPv6(host) ? `[${host}]` : host;
  try {
    const listening = once(server, 'listening');
    server.listen({ host, port, exclusive: true });
    await listening;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'failed';
    throw new UsageError('SERVER_UNAVAILABLE', `cannot listen on ${shown}:${port}: ${why}; name another`, {
      cause,
    });
  }
  return `http://${shown}:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  server.close();
  server.closeIdleConnections();
  await closed;
  clearTimeout(cut);
}

async function respond(
  witness: Witness,
  request: IncomingMessage,
  response: ServerResponse,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await route(witness, request);
  } catch (error) {
    if (error instanceof HungUp) return;
    onTrouble(error);
    const isPassing = error instanceof TallystickError;
    answer = plain(isPassing ? 503 : 500, 'the witness cannot answer now; ask again later');
  }
  const { status, type, body, headers = {} } = answer;
  // What was not read of a refused request would be taken for the next one.
  const rest = request.complete ? {} : { connection: 'close' };
  const length = { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...HEADERS, ...length, ...headers, ...rest });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function route(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const { method = '', url = '' } = request;
  const path = url.split('?', 1)[0] as string;
  if (path === '/add-checkpoint') {
    if (method !== 'POST') return notAllowed('POST');
    const body = await readBody(request);
    if (body === null) return plain(413, `a request has at most ${MAX_REQUEST_BYTES} bytes`);
    return answerOf(await witness.addCheckpoint(body));
  }
  const read = reading(witness, path);
  if (read === null) return plain(404, 'there is nothing here');
  return method === 'GET' || method === 'HEAD' ? read : notAllowed('GET, HEAD');
}

function answerOf(answer: WitnessAnswer): Answer {
  if (answer.status === 200) return { status: 200, type: TEXT, body: answer.cosignatures };
  if (answer.status === 409) return { status: 409, type: SIZE_TYPE, body: `${answer.size}\n` };
  return plain(answer.status, answer.why);
}

function reading(witness: Witness, path: string): Answer | null {
  const headers = { 'cache-control': 'no-store' };
  if (path === '/') {
    return { status: 200, type: 'text/html; charset=utf-8', body: page(listing(witness)), headers };
  }
  if (path === '/logs') {
    return { status: 200, type: 'application/json', body: `${JSON.stringify(listing(witness))}\n`, headers };
  }
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? [];
  const log = witness.database.logs().find(({ origin }) => hash === hashOf(origin));
  if (log === undefined || log.latest === null) return null;
  const { note, cosignatures } = log.latest;
  return { status: 200, type: TEXT, body: `${note}${cosignatures}`, headers };
}

class HungUp extends Error {}

/** null for one that is too large. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) return null;
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > MAX_REQUEST_BYTES) return null;
      parts.push(part);
    }
  } catch (cause) {
    throw new HungUp('the client is gone', { cause });
  }
  return Buffer.concat(parts);
}

function plain(status: number, text: string): Answer {
  return { status, type: TEXT, body: `${text}\n` };
}

function notAllowed(allow: string): Answer {
  return { ...plain(405, `this path takes ${allow}`), headers: { allow } };
}
