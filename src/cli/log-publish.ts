import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { makeDirectories } from '../directories.ts';
import { LogError, UsageError } from '../errors.ts';
import { stateDirectory } from '../places.ts';
import { publish } from '../publish/mod.ts';
import { NodeLock } from '../store/sqlite/lock.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted } from './format.ts';
import { openToPublish } from './held.ts';
import { Progress } from './progress.ts';
import { safeText } from './safe-text.ts';

/** Writes the log to a directory for a static host, or brings that up to date. Resolves with the exit code. */
export async function logPublish(call: Call): Promise<number> {
  call.expect(1, 1);
  const directory = call.path(call.operands[0] as string);
  const reading = await openToPublish(call, call.text('node'));
  const progress = new Progress(call.io, 'publishing');
  try {
    const { store, reader } = reading;
    const sealed = await reader.head(call.text('node'));
    const node = call.text('node') ?? (reader.nodes[0] as string);
    const head = call.isSet('cosigned') ? await reader.cosignedHead(node) : sealed;
    const lock = lockDirectory(directory, stateDirectory(call.io.env));
    try {
      const { signal } = call.io;
      const timestamps = await reader.timestamps(node);
      const settings = {
        ...{ entries: !call.isSet('no-entries'), timestamps, signal },
        onProgress: progress.update,
      };
      const done = await publish(store.source(node), head, directory, settings).catch((error: unknown) => {
        throw isAhead(error, sealed.size) ? notCosigned(directory, head.size, error) : error;
      });
      progress.clear();
      if (call.json) await call.io.stdout.json({ node, origin: head.origin, directory, ...done });
      else await call.io.stdout.line(said(directory, done));
    } finally {
      lock.release();
    }
    return EXIT.ok;
  } finally {
    progress.clear();
    await reading.close();
  }
}

function said(directory: string, { from, size }: { readonly from: number; readonly size: number }): string {
  const more = from === 0 ? '' : `, ${from === size ? 'none' : counted(size - from, 'record')} new`;
  return `${counted(size, 'record')} in ${safeText(directory)}${more}`;
}

/** The directory is ahead of what was to be published, and the log is not behind it: nothing was rolled back. */
function isAhead(error: unknown, sealed: number): error is LogError {
  return (
    error instanceof LogError && error.code === 'ROLLED_BACK' && Number(error.context.published) <= sealed
  );
}

function notCosigned(directory: string, size: number, cause: LogError): UsageError {
  return new UsageError(
    'COPY_MISMATCH',
    `${directory} has ${cause.context.published} records, and witnesses have cosigned ${size} so far; wait for them, or leave out --cosigned`,
    { cause },
  );
}

/**
 * Keeps two that publish into one directory apart: the slower one would put an older checkpoint back. The lock is kept
 * outside the directory, whose files are for the world. Throws `LogError` LOG_HELD, `UsageError` FILE_UNREADABLE.
 */
function lockDirectory(directory: string, state: string): NodeLock {
  const locks = join(state, 'publishing');
  let name: string;
  try {
    makeDirectories(directory);
    makeDirectories(locks, 0o700);
    name = createHash('sha256').update(realpathSync(directory)).digest('hex');
  } catch (cause) {
    throw new UsageError('FILE_UNREADABLE', `${directory} cannot be made: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return NodeLock.take(locks, name, `process ${process.pid} on ${hostname()}`);
  } catch (cause) {
    if (!(cause instanceof LogError) || cause.code !== 'LOG_HELD') throw cause;
    throw new LogError(
      'LOG_HELD',
      `another "log publish" is writing ${directory}; start this one when it has ended`,
      {
        cause,
      },
    );
  }
}
