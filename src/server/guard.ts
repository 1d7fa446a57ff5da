import type { FastifyReply, FastifyRequest } from 'fastify';
import { UsageError } from '../errors.ts';

/**
 * Until there is access control, who reaches the port is trusted. A browser reaches it for every page it shows, so
 * pages must be kept out: one that has its own name resolve to this machine (DNS rebinding) comes with a foreign Host;
 * one that posts here from elsewhere comes with a foreign Origin. There is no CORS: other pages cannot read answers.
 */

const LOOPBACK_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::([0-9]{1,5}))?$/i;
const HTTP_PORT = 80;
const READING = ['GET', 'HEAD'];

/** Hook. Throws `UsageError` REQUEST_REFUSED. */
export async function refuseForeign(request: FastifyRequest): Promise<void> {
  const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
  const match = LOOPBACK_HOST.exec(host);
  // Requests that tests inject come over no socket, so through no port.
  const port: number | undefined = request.raw.socket.localPort;
  if (match === null || (port !== undefined && Number(match[1] ?? HTTP_PORT) !== port)) {
    throw refused('the Host header must name this machine and port, as 127.0.0.1:4780 or localhost:4780');
  }
  const isReading = READING.includes(request.method);
  const isForeign = origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`;
  const isFromPage = site !== undefined && site !== 'same-origin' && site !== 'none';
  // A link from elsewhere may be followed to read; a page may not have the server search for nothing in the background.
  if (isReading ? isFromPage && mode !== 'navigate' : isForeign || isFromPage) {
    throw refused('pages of other origins may not use this server');
  }
}

function refused(message: string): UsageError {
  return new UsageError('REQUEST_REFUSED', message);
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Hook: headers that every answer has. A route may replace them. */
export async function addHeaders(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.headers(HEADERS);
}

/** Hook: a body that is packed would be read as if it were not. Throws `UsageError` MEDIA_TYPE_UNSUPPORTED. */
export async function refuseEncoded(request: FastifyRequest): Promise<void> {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  throw new UsageError('MEDIA_TYPE_UNSUPPORTED', 'send the body without a Content-Encoding');
}
