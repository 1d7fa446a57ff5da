import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { equalBytes } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { TokenError } from '../errors.ts';
import { certificatesFromPem, certificatesToPem, checkChain } from './chain.ts';
import {
  formatKey,
  isEncrypted,
  readKey,
  readSecret,
  readTokenFile,
  removeFiles,
  writePrivateFile,
} from './key-file.ts';
import { isKeySpec, type KeyKind, keyKind, newKey, SEALING_KEYS, signWith, spkiOf } from './key-kind.ts';
import { PinGuard, type PinSource } from './pin.ts';
import {
  type CryptoToken,
  checkAlias,
  isAlias,
  type KeySpec,
  keyExists,
  keyNotFound,
  statusOf,
  type TokenKey,
  type TokenStatus,
  type UnusableKey,
  unsupported,
} from './token.ts';

export interface SoftwareKeyOptions {
  /** PKCS#8 in PEM, encrypted when there is a passphrase. */
  readonly file: string;
  readonly passphrase?: string;
  /** Make a key of this kind when the file is not there. Without it a missing file is an error. */
  readonly create?: 'ed25519' | 'ecdsa-p256';
  /** Defaults to `seal`. */
  readonly alias?: string;
}

const KEY_FILE = 'key file';
const CERTIFICATE_FILE = 'certificate file';

/**
 * A signing key in a file. The private key is in this process's memory while the signer lives: whoever can read
 * either can sign for the log. A new file gets mode 0600 and is durable before this returns; an existing one is
 * never written, and is refused when others than its owner may read it.
 *
 * Throws `TokenError`: TOKEN_UNAVAILABLE (missing, unreadable, readable by others), TOKEN_PASSPHRASE (needed, wrong,
 * or given for a file that is not encrypted), KEY_UNSUITABLE (not of a kind that seals).
 */
export function openSoftwareKey(options: SoftwareKeyOptions): Signer {
  const file = resolve(options.file);
  const alias = options.alias ?? 'seal';
  let pem = readSecret(file, KEY_FILE);
  if (pem === null) {
    if (options.create === undefined) throw missing(file);
    const { privateKey } =
      options.create === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    // When another process was first, its key stays.
    writePrivateFile(file, formatKey(privateKey, file, options.passphrase), KEY_FILE);
    pem = readSecret(file, KEY_FILE);
    if (pem === null)
      throw new TokenError('TOKEN_UNAVAILABLE', `the key file ${file} vanished while it was made`);
  }
  const { key, algorithm, publicKey } = sealingKey(readKey(pem, file, options.passphrase), file);
  return { alias, algorithm, publicKey, sign: (data) => signWith(key, algorithm, data) };
}

export interface SoftwareTokenOptions {
  readonly name: string;
  /**
   * A directory, made with its first key, with two files for each key: `<alias>.key`, PKCS#8 in PEM, and
   * `<alias>.crt`, its certificates in PEM. Or the path of one `.key` file: then that is the only key there can be.
   */
  readonly path: string;
  /** The passphrase of all keys. Without it they are not encrypted, or `login` brings it. */
  readonly passphrase?: PinSource;
}

interface OpenKey extends KeyKind {
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
}

const KEY = '.key';
const CERTIFICATES = '.crt';

/**
 * Keys in files. They are in this process's memory from their first use until `logout`; a passphrase protects them
 * only where they are stored. Files are durable before a call resolves. Other processes may use the same files.
 */
export class SoftwareToken implements CryptoToken {
  readonly name: string;
  readonly kind = 'software';
  readonly #directory: string;
  /** The only alias there can be, when the token is one file. */
  readonly #single: string | null;
  readonly #guard: PinGuard;
  readonly #keys = new Map<string, OpenKey>();
  #passphrase: string | undefined;

  constructor({ name, path, passphrase }: SoftwareTokenOptions) {
    const at = resolve(path);
    this.name = name;
    this.#single = at.endsWith(KEY) ? basename(at, KEY) : null;
    this.#directory = this.#single === null ? at : dirname(at);
    this.#guard = new PinGuard(name, passphrase);
  }

  status(): Promise<TokenStatus> {
    return statusOf(() => this.#ready());
  }

  async login(pin?: string): Promise<void> {
    const passphrase = await this.#guard.asked(pin);
    if (passphrase === undefined) await this.#ready();
    else if (this.#passphrase === undefined) this.#unlock(passphrase);
  }

  async logout(): Promise<void> {
    this.#guard.logout();
    this.#forget();
  }

  async list(): Promise<readonly (TokenKey | UnusableKey)[]> {
    await this.#ready();
    return this.#aliases().flatMap((alias): (TokenKey | UnusableKey)[] => {
      try {
        const { algorithm, spec, publicKey } = this.#open(alias);
        return [{ alias, algorithm, spec, publicKey }];
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        // Removed since the directory was read.
        return error.code === 'KEY_NOT_FOUND' ? [] : [{ alias, problem: error.message }];
      }
    });
  }

  async signer(alias: string): Promise<Signer> {
    await this.#ready();
    const { algorithm, publicKey } = this.#open(alias);
    const sign = async (data: Uint8Array): Promise<Uint8Array> => {
      await this.#ready();
      const open = this.#open(alias);
      if (!equalBytes(open.publicKey, publicKey)) throw keyNotFound(this.name, alias);
      return signWith(open.key, algorithm, data);
    };
    return { alias, algorithm, publicKey, sign };
  }

  async generate(alias: string, spec: KeySpec): Promise<TokenKey> {
    this.#checkNew(alias);
    if (!isKeySpec(spec)) throw unsupported(this.name, `make a key ${spec}`, `it makes ${SEALING_KEYS}`);
    await this.#ready();
    return this.#add(alias, await newKey(spec));
  }

  async importKey(alias: string, key: KeyObject): Promise<TokenKey> {
    this.#checkNew(alias);
    await this.#ready();
    return this.#add(alias, key);
  }

  async rename(alias: string, to: string): Promise<void> {
    this.#checkNew(to);
    await this.#ready();
    if (!this.#aliases().includes(alias)) throw keyNotFound(this.name, alias);
    const pem = readSecret(this.#file(alias, KEY), KEY_FILE);
    if (pem === null) throw keyNotFound(this.name, alias);
    // The key under its new name first: cut short, there is one key under two names, and none is lost.
    if (!writePrivateFile(this.#file(to, KEY), pem, KEY_FILE)) throw keyExists(this.name, to);
    const certificates = readTokenFile(this.#file(alias, CERTIFICATES), CERTIFICATE_FILE, { isPublic: true });
    if (certificates === null) removeFiles(this.#directory, [this.#file(to, CERTIFICATES)]);
    else writePrivateFile(this.#file(to, CERTIFICATES), certificates.toString(), CERTIFICATE_FILE, true);
    removeFiles(this.#directory, [this.#file(alias, CERTIFICATES), this.#file(alias, KEY)]);
    this.#keys.delete(alias);
  }

  async remove(alias: string): Promise<void> {
    await this.#ready();
    if (!this.#aliases().includes(alias)) throw keyNotFound(this.name, alias);
    // The key last: certificates without one would be taken for those of the next key of that name.
    removeFiles(this.#directory, [this.#file(alias, CERTIFICATES), this.#file(alias, KEY)]);
    this.#keys.delete(alias);
  }

  async certificates(alias: string): Promise<readonly Uint8Array[]> {
    await this.#ready();
    const { publicKey } = this.#open(alias);
    const file = this.#file(alias, CERTIFICATES);
    const chain = certificatesFromPem(
      readTokenFile(file, CERTIFICATE_FILE, { isPublic: true })?.toString('latin1') ?? '',
      file,
    );
    checkChain(alias, publicKey, chain);
    return chain;
  }

  async setCertificates(alias: string, chain: readonly Uint8Array[]): Promise<void> {
    await this.#ready();
    checkChain(alias, this.#open(alias).publicKey, chain);
    const file = this.#file(alias, CERTIFICATES);
    if (chain.length === 0) removeFiles(this.#directory, [file]);
    else writePrivateFile(file, certificatesToPem(chain), CERTIFICATE_FILE, true);
  }

  async close(): Promise<void> {
    this.#forget();
  }

  async #ready(): Promise<void> {
    this.#guard.checkNotLoggedOut();
    if (this.#passphrase !== undefined) return;
    if (this.#guard.hasSource) this.#unlock(await this.#guard.automatic());
    // Throws: nobody has given a passphrase.
    else if (this.#encrypted().length > 0) await this.#guard.automatic();
  }

  /** Takes a passphrase that opens any of the encrypted keys there are. */
  #unlock(passphrase: string): void {
    const encrypted = this.#encrypted();
    const fits = encrypted.length === 0 || encrypted.some(([file, pem]) => opens(pem, file, passphrase));
    this.#guard.tried(passphrase, fits ? 'accepted' : 'refused');
    if (!fits) {
      throw new TokenError('TOKEN_PASSPHRASE', `the passphrase opens no key of token ${this.name}`);
    }
    this.#passphrase = passphrase;
  }

  /** Encrypted key files and their texts. Files that cannot be read are for `list` to tell of. */
  #encrypted(): [file: string, pem: string][] {
    return this.#aliases().flatMap((alias): [string, string][] => {
      const file = this.#file(alias, KEY);
      try {
        const pem = readSecret(file, KEY_FILE);
        return pem !== null && isEncrypted(pem) ? [[file, pem]] : [];
      } catch (error) {
        if (error instanceof TokenError) return [];
        throw error;
      }
    });
  }

  #checkNew(alias: string): void {
    checkAlias(alias);
    if (this.#single === null || this.#single === alias) return;
    throw unsupported(this.name, `hold a key ${alias}`, 'it is one file; configure a directory instead');
  }

  #add(alias: string, made: KeyObject): TokenKey {
    const file = this.#file(alias, KEY);
    const { key, algorithm, spec, publicKey } = sealingKey(made, `the new ${file}`);
    const isNew = writePrivateFile(file, formatKey(key, file, this.#passphrase), KEY_FILE);
    if (!isNew) throw keyExists(this.name, alias);
    return { alias, algorithm, spec, publicKey };
  }

  #open(alias: string): OpenKey {
    const known = this.#keys.get(alias);
    if (known !== undefined) return known;
    const isPossible = this.#single === null ? isAlias(alias) : this.#single === alias;
    const file = this.#file(alias, KEY);
    const pem = isPossible ? readSecret(file, KEY_FILE) : null;
    if (pem === null) throw keyNotFound(this.name, alias);
    const key = sealingKey(readKey(pem, file, this.#passphrase), file);
    this.#keys.set(alias, key);
    return key;
  }

  #aliases(): string[] {
    let names: string[];
    try {
      names = readdirSync(this.#directory);
    } catch (cause) {
      // Made with the first key.
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new TokenError(
        'TOKEN_UNAVAILABLE',
        `the directory ${this.#directory} of token ${this.name} cannot be read: ${(cause as Error).message}`,
        { cause },
      );
    }
    const aliases = names.filter((name) => name.endsWith(KEY)).map((name) => basename(name, KEY));
    return aliases.filter((alias) => (this.#single ?? alias) === alias && isAlias(alias)).sort();
  }

  #file(alias: string, extension: string): string {
    return join(this.#directory, `${alias}${extension}`);
  }

  #forget(): void {
    this.#keys.clear();
    this.#passphrase = undefined;
  }
}

function opens(pem: string, file: string, passphrase: string): boolean {
  try {
    readKey(pem, file, passphrase);
    return true;
  } catch (error) {
    if (error instanceof TokenError) return false;
    throw error;
  }
}

function sealingKey(key: KeyObject, file: string): OpenKey {
  const kind = keyKind(key);
  if (kind === null) {
    throw new TokenError(
      'KEY_UNSUITABLE',
      `the key in ${file} cannot seal a log; these can: ${SEALING_KEYS}`,
    );
  }
  return { ...kind, key, publicKey: spkiOf(createPublicKey(key)) };
}

function missing(file: string): TokenError {
  return new TokenError(
    'TOKEN_UNAVAILABLE',
    `there is no key file ${file}; restore it from its backup: without it the log cannot go on, but a new one can continue it (docs/recovery.md)`,
  );
}
