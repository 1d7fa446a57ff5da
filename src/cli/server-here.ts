import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { ControlClient, type Fetch, type ServerStatus } from '../client/mod.ts';
import { UsageError } from '../errors.ts';
import { LAYOUT } from '../places.ts';
import { socketAddress } from '../server/control-socket.ts';
import type { Call } from './command.ts';

/** What is said by a socket file that no server stands behind (any more). */
const NOBODY: readonly (string | undefined)[] = ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'];

/** The server that owns a data directory, asked through the socket in it. */
export interface ServerHere {
  readonly client: ControlClient;
  readonly status: ServerStatus;
  close(): void;
}

/**
 * The server that runs on a data directory; null when none does. Throws `UsageError` SERVER_UNAVAILABLE when there is
 * one that does not answer as one.
 */
export async function findServer(data: string): Promise<ServerHere | null> {
  const file = join(data, LAYOUT.control);
  const address = addressOf(file);
  if (address === null) return null;
  const agent = new Agent({ keepAlive: true });
  const client = new ControlClient({ url: 'http://localhost', fetch: socketFetch(address, agent) });
  try {
    return { client, status: await client.status(), close: () => agent.destroy() };
  } catch (error) {
    agent.destroy();
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    if (NOBODY.includes(cause?.code)) return null;
    throw new UsageError('SERVER_UNAVAILABLE', `${file}: ${cause?.message ?? (error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * The server that writes the log that is asked for, `--node` or whichever it has; null when none does. Throws as
 * `findServer`.
 */
export async function findServerOf(call: Call): Promise<ServerHere | null> {
  const server = await findServer(call.data);
  const node = call.text('node');
  if (server === null || node === undefined || node === server.status.node) return server;
  server.close();
  return null;
}

/** null when the path is too long for a socket: then no server has made one there either. */
function addressOf(file: string): string | null {
  try {
    return socketAddress(file);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

/** `fetch` to a Unix socket, whatever host the URL names. */
function socketFetch(socketPath: string, agent: Agent): Fetch {
  return (url, { method = 'GET', headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const { pathname, search, host } = new URL(url);
      const text = typeof body === 'string' ? body : null;
      const length = text === null ? {} : { 'content-length': Buffer.byteLength(text) };
      const sent = request({
        ...{ socketPath, agent, method, path: `${pathname}${search}` },
        headers: { host, ...(headers as Record<string, string> | undefined), ...length },
        ...(signal ? { signal } : {}),
      });
      sent.on('error', reject);
      sent.on('response', (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const type = answer.headers['content-type'] ?? '';
          const init = { status: answer.statusCode ?? 500, headers: { 'content-type': type } };
          resolve(new Response(Buffer.concat(parts), init));
        });
      });
      sent.end(text ?? undefined);
    });
}
