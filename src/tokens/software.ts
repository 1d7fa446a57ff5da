import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SignatureAlgorithm, Signer } from '../crypto/signer.ts';
import { TokenError } from '../errors.ts';

const MAX_FILE_BYTES = 65_536;

export interface SoftwareKeyOptions {
  /** PKCS#8 in PEM, encrypted when there is a passphrase. */
  readonly file: string;
  readonly passphrase?: string;
  /** Make a key of this kind when the file is not there. Without it a missing file is an error. */
  readonly create?: SignatureAlgorithm;
  /** Defaults to `seal`. */
  readonly alias?: string;
}

/**
 * A signing key in a file. The private key is in this process's memory while the signer lives: whoever can read
 * either can sign for the log. A new file gets mode 0600 and is durable before this returns; an existing one is
 * never written, and is refused when others than its owner may read it.
 *
 * Throws `TokenError`: TOKEN_UNAVAILABLE (missing, unreadable, not a key of a kind that seals, readable by others),
 * TOKEN_PASSPHRASE (needed, wrong, or given for a file that is not encrypted).
 */
export function openSoftwareKey(options: SoftwareKeyOptions): Signer {
  const file = resolve(options.file);
  let pem = readKeyFile(file);
  if (pem === null) {
    if (options.create === undefined) {
      throw new TokenError(
        'TOKEN_UNAVAILABLE',
        `there is no key file ${file}; restore it from its backup: without it the log cannot go on`,
      );
    }
    createKeyFile(file, options.create, options.passphrase);
    pem = readKeyFile(file);
    if (pem === null)
      throw new TokenError('TOKEN_UNAVAILABLE', `the key file ${file} vanished while it was made`);
  }
  return signer(options.alias ?? 'seal', readKey(pem, file, options.passphrase), file);
}

function readKeyFile(file: string): string | null {
  try {
    const fd = openSync(file, 'r');
    try {
      checkKeyFile(fd, file);
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof TokenError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TokenError(
      'TOKEN_UNAVAILABLE',
      `the key file ${file} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function checkKeyFile(fd: number, file: string): void {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new TokenError('TOKEN_UNAVAILABLE', `${file} is not a file; name the key file`);
  if ((stat.mode & 0o077) !== 0) {
    throw new TokenError(
      'TOKEN_UNAVAILABLE',
      `the key file ${file} may be used by others than its owner; run: chmod 600 ${file}`,
    );
  }
  if (stat.size > MAX_FILE_BYTES)
    throw new TokenError('TOKEN_UNAVAILABLE', `${file} is too large to be a key file`);
}

function readKey(pem: string, file: string, passphrase: string | undefined): KeyObject {
  const encrypted = pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----');
  if (!encrypted && !pem.includes('-----BEGIN PRIVATE KEY-----')) {
    throw new TokenError('TOKEN_UNAVAILABLE', `${file} is not a PKCS#8 private key in PEM`);
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
      : new TokenError('TOKEN_UNAVAILABLE', `the key file ${file} is damaged`);
  }
}

function signer(alias: string, key: KeyObject, file: string): Signer {
  const algorithm = algorithmOf(key);
  if (algorithm === null) {
    throw new TokenError(
      'TOKEN_UNAVAILABLE',
      `the key in ${file} is neither Ed25519 nor ECDSA P-256; only those seal a log`,
    );
  }
  // Both calls take tens of microseconds: less than handing the work to another thread and back.
  const make =
    algorithm === 'ed25519'
      ? (data: Uint8Array) => sign(null, data, key)
      : (data: Uint8Array) => sign('sha256', data, key);
  return {
    alias,
    algorithm,
    publicKey: new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    sign: async (data) => new Uint8Array(make(data)),
  };
}

function algorithmOf(key: KeyObject): SignatureAlgorithm | null {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    ? 'ecdsa-p256'
    : null;
}

/** Writes a new key so that the file is there whole or not at all. When another process was first, its key stays. */
function createKeyFile(file: string, algorithm: SignatureAlgorithm, passphrase: string | undefined): void {
  if (passphrase === '') {
    throw new TokenError(
      'TOKEN_PASSPHRASE',
      `the passphrase for the new key file ${file} is empty; give one, or none at all`,
    );
  }
  const directory = dirname(file);
  const temporary = `${file}.${randomBytes(8).toString('hex')}.new`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      writeDurably(temporary, newKey(algorithm, passphrase));
      linkUnlessThere(temporary, file);
    } finally {
      rmSync(temporary, { force: true });
    }
    syncDirectory(directory);
  } catch (cause) {
    throw new TokenError(
      'TOKEN_UNAVAILABLE',
      `the key file ${file} cannot be made: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function newKey(algorithm: SignatureAlgorithm, passphrase: string | undefined): string {
  const { privateKey } =
    algorithm === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }) as string;
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
function linkUnlessThere(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
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
