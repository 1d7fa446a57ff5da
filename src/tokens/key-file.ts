import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories } from '../directories.ts';
import { TokenError } from '../errors.ts';

/** Files that hold secrets: private keys (PKCS#8 in PEM), key stores, PINs. */

const MAX_BYTES = 65_536;

export interface ReadOptions {
  /** Anybody may read it: it holds no secret. */
  readonly isPublic?: boolean;
  readonly maxBytes?: number;
}

/**
 * The bytes of a file, or null when it is not there. One that holds a secret none but its owner may use.
 *
 * @param what what the file is, for messages.
 * @throws TokenError TOKEN_UNAVAILABLE when it is unreadable, no file, readable by others or too large.
 */
export function readTokenFile(file: string, what: string, options: ReadOptions = {}): Buffer | null {
  try {
    const fd = openSync(file, 'r');
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw unavailable(`${file} is not a file; name the ${what}`);
      if (options.isPublic !== true && (stat.mode & 0o077) !== 0) {
        throw unavailable(`the ${what} ${file} may be used by others than its owner; run: chmod 600 ${file}`);
      }
      if (stat.size > (options.maxBytes ?? MAX_BYTES))
        throw unavailable(`${file} is too large to be a ${what}`);
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof TokenError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unavailable(`the ${what} ${file} cannot be read: ${(cause as Error).message}`, cause);
  }
}

/** A secret text, as `readTokenFile` reads it. */
export function readSecret(file: string, what: string): string | null {
  return readTokenFile(file, what)?.toString('utf8') ?? null;
}

/** Whether a key file's text says that it needs a passphrase. */
export function isEncrypted(pem: string): boolean {
  return pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----');
}

/** The key in a key file's text. Throws `TokenError` TOKEN_UNAVAILABLE or TOKEN_PASSPHRASE. */
export function readKey(pem: string, file: string, passphrase: string | undefined): KeyObject {
  const encrypted = isEncrypted(pem);
  if (!encrypted && !pem.includes('-----BEGIN PRIVATE KEY-----')) {
    throw unavailable(`${file} is not a PKCS#8 private key in PEM`);
  }
  if (encrypted && passphrase === undefined) {
    throw new TokenError('TOKEN_PASSPHRASE', `the key file ${file} is encrypted; give its passphrase`);
  }
  if (!encrypted && passphrase !== undefined) {
    throw new TokenError(
      'TOKEN_PASSPHRASE',
      `a passphrase was given, but the key file ${file} is not encrypted`,
    );
  }
  try {
    return createPrivateKey(encrypted ? { key: pem, passphrase: passphrase as string } : pem);
  } catch {
    // The cause is left out: what OpenSSL says of a passphrase is of no use to a reader, and must not reach a log.
    throw encrypted
      ? new TokenError('TOKEN_PASSPHRASE', `the passphrase does not open the key file ${file}`)
      : unavailable(`the key file ${file} is damaged`);
  }
}

/** A key file's text. Throws `TokenError` TOKEN_PASSPHRASE for an empty passphrase. */
export function formatKey(key: KeyObject, file: string, passphrase: string | undefined): string {
  if (passphrase === '') {
    throw new TokenError(
      'TOKEN_PASSPHRASE',
      `the passphrase for the new key file ${file} is empty; give one, or none at all`,
    );
  }
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }) as string;
}

/**
 * Writes a file (mode 0600), durable when this returns, so that it is there whole or not at all.
 *
 * @param replace without it a file that is there stays, and the answer is false.
 * @throws TokenError TOKEN_UNAVAILABLE
 */
export function writePrivateFile(file: string, text: string, what: string, replace = false): boolean {
  const directory = dirname(file);
  const temporary = `${file}.${randomBytes(8).toString('hex')}.new`;
  try {
    makeDirectories(directory, 0o700);
    try {
      writeDurably(temporary, text);
      if (replace) renameSync(temporary, file);
      else if (!linkUnlessThere(temporary, file)) return false;
    } finally {
      rmSync(temporary, { force: true });
    }
    syncDirectory(directory);
    return true;
  } catch (cause) {
    throw unavailable(`the ${what} ${file} cannot be made: ${(cause as Error).message}`, cause);
  }
}

/** Deletes files of one directory in this order, for good when it returns; those not there are passed over. */
export function removeFiles(directory: string, files: readonly string[]): void {
  try {
    for (const file of files) rmSync(file, { force: true });
    syncDirectory(directory);
  } catch (cause) {
    throw unavailable(`${files.join(', ')} cannot be removed: ${(cause as Error).message}`, cause);
  }
}

function writeDurably(file: string, text: string): void {
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A rename would replace the key that another process has just made, and may already have sealed with. */
function linkUnlessThere(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function unavailable(message: string, cause?: unknown): TokenError {
  return new TokenError('TOKEN_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}
