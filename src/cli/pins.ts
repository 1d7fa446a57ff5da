import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { checkPinSigned, formatPin, type Pin, parsePin } from '../checkpoint/mod.ts';
import { makeDirectories } from '../directories.ts';
import { UsageError } from '../errors.ts';

/** A file that holds what a verifier remembers of one log. */
export class PinFile {
  readonly path: string;
  readonly #isOurs: boolean;

  /** @param isOurs whether its directory is made when there is none: somebody else's may be misspelt, or not mounted. */
  constructor(path: string, isOurs = false) {
    this.path = path;
    this.#isOurs = isOurs;
  }

  /** null when there is none yet. Throws `UsageError` PIN_INVALID, FILE_UNREADABLE. */
  read(): Pin | null {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (cause) {
      if (isAbsent(cause)) return this.#absent(cause);
      const { message } = cause as Error;
      throw new UsageError('FILE_UNREADABLE', `the pin ${this.path} cannot be read: ${message}`, { cause });
    }
    try {
      return parsePin(text);
    } catch (cause) {
      throw new UsageError('PIN_INVALID', `${this.path}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Said now, and not when there is something to be written. */
  #absent(cause: unknown): null {
    const directory = dirname(this.path);
    if (this.#isOurs || existsSync(directory)) return null;
    throw new UsageError(
      'FILE_UNREADABLE',
      `the pin ${this.path} cannot be: there is no directory ${directory}; make it, or name another place`,
      { cause },
    );
  }

  /**
   * As `write`, unless somebody else has remembered more of the same log meanwhile: a pin never goes back. Throws as
   * `read` and `write`.
   */
  advance(pin: Pin): void {
    const now = this.read();
    if (now === null || now.origin !== pin.origin || now.size <= pin.size) this.write(pin);
  }

  /** Whole or not at all. Throws `UsageError` FILE_UNREADABLE. */
  write(pin: Pin): void {
    const temporary = `${this.path}.${process.pid}.new`;
    try {
      if (this.#isOurs) makeDirectories(dirname(this.path), 0o700);
      writeFileSync(temporary, formatPin(pin), { mode: 0o600 });
      renameSync(temporary, this.path);
    } catch (cause) {
      throw new UsageError(
        'FILE_UNREADABLE',
        `the pin ${this.path} cannot be written: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}

/** Throws `UsageError` PIN_INVALID, with the file, for a pin that its own keys have not signed. */
export async function checkPinFile({ path }: PinFile, pin: Pin): Promise<void> {
  try {
    await checkPinSigned(pin);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}

/** The pin in a file that has to be there. Throws `UsageError` PIN_INVALID, FILE_UNREADABLE. */
export function existingPin(path: string): Pin {
  const pin = new PinFile(path).read();
  if (pin === null) throw new UsageError('FILE_UNREADABLE', `there is no pin ${path}`);
  return pin;
}

/** The pins remembered of a data directory or of a published log, outside of it: a file for each node. */
export class RememberedPins {
  readonly #directory: string;

  /** @param state this user's state directory. @param place a directory, or the address of a published log. */
  constructor(state: string, place: string) {
    const known = /^https?:/i.test(place) ? place : realPath(place);
    const name = createHash('sha256').update(known).digest('hex').slice(0, 32);
    this.#directory = join(state, 'pins', name);
  }

  of(node: string): PinFile {
    return new PinFile(join(this.#directory, `${node}.json`), true);
  }

  /** Nodes of which there is a pin, whether their logs are there or not. */
  nodes(): string[] {
    try {
      return readdirSync(this.#directory)
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -'.json'.length));
    } catch (cause) {
      if (isAbsent(cause)) return [];
      const { message } = cause as Error;
      throw new UsageError('FILE_UNREADABLE', `the pins in ${this.#directory} cannot be read: ${message}`, {
        cause,
      });
    }
  }
}

/** As the file system has it, so that two names of a directory are one; of one that is gone, as it would be. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isAbsent(error) || parent === path) throw error;
    return join(realPath(parent), basename(path));
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
