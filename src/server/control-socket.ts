import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { UsageError } from '../errors.ts';

/** Longest address of a Unix socket that every system takes: 104 bytes with the final NUL on macOS, 108 on Linux. */
const MAX_ADDRESS_BYTES = 103;

/**
 * What to bind or connect to for a socket at this path: the path itself, or where that is too long for an address,
 * the same place as seen from the working directory. Throws `UsageError` USAGE when both are too long.
 */
export function socketAddress(file: string): string {
  const absolute = path.resolve(file);
  const address = [absolute, path.relative(process.cwd(), absolute)].find(
    (each) => Buffer.byteLength(each) <= MAX_ADDRESS_BYTES,
  );
  if (address !== undefined) return address;
  throw new UsageError(
    'USAGE',
    `the path ${absolute} is too long for a socket (${MAX_ADDRESS_BYTES} bytes); use a shorter data directory, or start from a directory near it`,
    { context: { file } },
  );
}

/**
 * Listens on a socket that only its owner may open, from its first moment on. One that a dead process left behind is
 * replaced. Throws `UsageError` SERVER_UNAVAILABLE when a process answers on it, or something else stands there.
 */
export async function listenPrivately(server: Server, file: string): Promise<void> {
  const address = socketAddress(file);
  await clear(address, file);
  const listening = once(server, 'listening');
  // Binding happens within the call, so nothing else is ever made under this mask.
  const mask = process.umask(0o177);
  try {
    server.listen(address);
  } finally {
    process.umask(mask);
  }
  try {
    await listening;
  } catch (cause) {
    throw unavailable(file, `the control socket cannot be made there`, cause);
  }
}

async function clear(address: string, file: string): Promise<void> {
  const found = await lstat(address).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw unavailable(file, 'its directory cannot be read', error);
  });
  if (found === null) return;
  if (!found.isSocket()) throw unavailable(file, 'something that is not a socket stands there; move it away');
  if (await isAnswered(address, file)) {
    throw unavailable(file, 'a server answers there already; stop it, or use another data directory');
  }
  await unlink(address);
}

async function isAnswered(address: string, file: string): Promise<boolean> {
  const socket = connect(address);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw unavailable(file, 'a socket stands there and it cannot be told whether it is in use', error);
  } finally {
    socket.destroy();
  }
}

function unavailable(file: string, why: string, cause?: unknown): UsageError {
  return new UsageError('SERVER_UNAVAILABLE', `${file}: ${why}`, {
    context: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
