import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatPin, type Pin, parsePin } from '../checkpoint/mod.ts';
import { makeDirectories } from '../directories.ts';
import { UsageError } from '../errors.ts';

/**
 * Where a writer remembers its head outside the store, so that it notices when the store is an older copy. It is a
 * memory of this machine against restored backups and swapped files, not against whoever owns the machine.
 */
export interface HeadMemory {
  /** The newest head remembered for a log, or null. Throws when there may be one that can't be read. */
  recall(origin: string): Pin | null;
  /**
   * Remembers. May be late by a crash: it then knows an older head, never a newer one. Rejects when it can't; what it
   * knew before stands. Called again only when the call before has ended.
   */
  remember(pin: Pin): Promise<void>;
}

/** A file per log in a directory. Not synced: what a power loss takes is only a little of the memory. */
export class HeadDirectory implements HeadMemory {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  file(origin: string): string {
    return join(this.#directory, `${createHash('sha256').update(origin).digest('hex').slice(0, 32)}.json`);
  }

  /** Throws `UsageError`: FILE_UNREADABLE, PIN_INVALID. */
  recall(origin: string): Pin | null {
    const file = this.file(origin);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw unreadable(file, 'read', cause);
    }
    const pin = parse(text, file);
    if (pin.origin !== origin) throw unusable(file, `it is of another log, ${pin.origin}`);
    return pin;
  }

  /** Rejects with `UsageError` FILE_UNREADABLE. Off the event loop: a rename may wait for the disk (ext4 does). */
  async remember(pin: Pin): Promise<void> {
    const file = this.file(pin.origin);
    const temporary = `${file}.${process.pid}.new`;
    try {
      makeDirectories(this.#directory, 0o700);
      await writeFile(temporary, formatPin(pin), { mode: 0o600 });
      await rename(temporary, file);
    } catch (cause) {
      throw unreadable(file, 'written', cause);
    }
  }
}

function parse(text: string, file: string): Pin {
  try {
    return parsePin(text);
  } catch (cause) {
    throw unusable(file, (cause as Error).message, cause);
  }
}

function unreadable(file: string, verb: string, cause: unknown): UsageError {
  return new UsageError(
    'FILE_UNREADABLE',
    `the head remembered in ${file} cannot be ${verb}: ${(cause as Error).message}. Put that right, or name another place to remember heads in`,
    { cause, context: { file } },
  );
}

function unusable(file: string, why: string, cause?: unknown): UsageError {
  return new UsageError(
    'PIN_INVALID',
    `the head remembered in ${file} cannot be compared with (${why}). Verify the log against a pin you trust, then move this file away`,
    { ...(cause === undefined ? {} : { cause }), context: { file } },
  );
}
