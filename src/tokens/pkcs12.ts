import { createPublicKey, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { equalBytes } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { TokenError } from '../errors.ts';
import { findChain } from './chain.ts';
import { readTokenFile } from './key-file.ts';
import { type KeyKind, keyKind, SEALING_KEYS, signWith, spkiOf } from './key-kind.ts';
import { PinGuard, type PinSource } from './pin.ts';
import { readKeyStore } from './pkcs12/read.ts';
import {
  type CryptoToken,
  keyNotFound,
  statusOf,
  type TokenKey,
  type TokenStatus,
  type UnusableKey,
  unsupported,
} from './token.ts';

export interface Pkcs12TokenOptions {
  readonly name: string;
  /** The key store (`.p12`, `.pfx`), for its owner alone. */
  readonly file: string;
  /** Without it `login` brings it. */
  readonly passphrase?: PinSource;
}

interface OpenKey extends KeyKind {
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

const MAX_BYTES = 1024 * 1024;

/**
 * The keys of a PKCS#12 key store. They are in this process's memory from the first use until `logout`. The file is
 * read at each login and never written: whoever made it changes it, and a new one counts from the next login on. An
 * alias is a key's friendly name; keys without one are `key-1`, `key-2`, in the file's order.
 *
 * Written by OpenSSL 3 or a current Java, that is with PBES2, PBKDF2 and AES; others are refused with the commands
 * that convert them.
 */
export class Pkcs12Token implements CryptoToken {
  readonly name: string;
  readonly kind = 'pkcs12';
  readonly #file: string;
  readonly #guard: PinGuard;
  #keys: ReadonlyMap<string, OpenKey | UnusableKey> | null = null;
  #opening: Promise<void> | null = null;

  constructor({ name, file, passphrase }: Pkcs12TokenOptions) {
    this.name = name;
    this.#file = resolve(file);
    this.#guard = new PinGuard(name, passphrase);
  }

  status(): Promise<TokenStatus> {
    return statusOf(() => this.#ready());
  }

  async login(pin?: string): Promise<void> {
    const passphrase = await this.#guard.asked(pin);
    if (passphrase === undefined) await this.#ready();
    else if (this.#keys === null) await this.#open(passphrase);
  }

  async logout(): Promise<void> {
    this.#guard.logout();
    this.#keys = null;
  }

  async list(): Promise<readonly (TokenKey | UnusableKey)[]> {
    const all = [...(await this.#ready())].sort(([a], [b]) => (a < b ? -1 : 1));
    return all.map(([alias, key]) =>
      'problem' in key ? key : { alias, algorithm: key.algorithm, spec: key.spec, publicKey: key.publicKey },
    );
  }

  async signer(alias: string): Promise<Signer> {
    const { algorithm, publicKey } = await this.#key(alias);
    const sign = async (data: Uint8Array): Promise<Uint8Array> => {
      const now = await this.#key(alias);
      if (!equalBytes(now.publicKey, publicKey)) throw keyNotFound(this.name, alias);
      return signWith(now.key, algorithm, data);
    };
    return { alias, algorithm, publicKey, sign };
  }

  async generate(): Promise<TokenKey> {
    throw this.#readOnly('make a key');
  }

  async importKey(): Promise<TokenKey> {
    throw this.#readOnly('take in a key');
  }

  async rename(): Promise<void> {
    throw this.#readOnly('give a key another name');
  }

  async remove(): Promise<void> {
    throw this.#readOnly('remove a key');
  }

  async certificates(alias: string): Promise<readonly Uint8Array[]> {
    return (await this.#key(alias)).chain;
  }

  async setCertificates(): Promise<void> {
    throw this.#readOnly('change certificates');
  }

  async close(): Promise<void> {
    this.#keys = null;
  }

  async #ready(): Promise<ReadonlyMap<string, OpenKey | UnusableKey>> {
    this.#guard.checkNotLoggedOut();
    if (this.#keys === null) {
      // One opening for all who wait for it.
      this.#opening ??= this.#guard
        .automatic()
        .then((passphrase) => this.#open(passphrase))
        .finally(() => {
          this.#opening = null;
        });
      await this.#opening;
    }
    this.#guard.checkNotLoggedOut();
    return this.#keys ?? new Map();
  }

  async #open(passphrase: string): Promise<void> {
    const bytes = readTokenFile(this.#file, 'key store', { maxBytes: MAX_BYTES });
    if (bytes === null) {
      throw new TokenError(
        'TOKEN_UNAVAILABLE',
        `token ${this.name} is not there: there is no file ${this.#file}`,
      );
    }
    try {
      const { keys, certificates } = await readKeyStore(bytes, this.#file, passphrase);
      this.#guard.tried(passphrase, 'accepted');
      const found = new Map<string, OpenKey | UnusableKey>();
      let unnamed = 0;
      for (const { name, key } of keys) {
        const alias = name ?? `key-${++unnamed}`;
        found.set(
          alias,
          found.has(alias) ? this.#ambiguous(alias) : this.#describe(alias, key, certificates),
        );
      }
      this.#keys = found;
    } catch (error) {
      if (error instanceof TokenError && error.code === 'TOKEN_PASSPHRASE') {
        this.#guard.tried(passphrase, 'refused');
      }
      throw error;
    }
  }

  #describe(alias: string, key: KeyObject, certificates: readonly Uint8Array[]): OpenKey | UnusableKey {
    const kind = keyKind(key);
    if (kind === null) {
      return {
        alias,
        problem: `the key ${alias} in ${this.#file} cannot seal a log; these can: ${SEALING_KEYS}`,
      };
    }
    const publicKey = spkiOf(createPublicKey(key));
    return { ...kind, key, publicKey, chain: findChain(publicKey, certificates) };
  }

  #ambiguous(alias: string): UnusableKey {
    return {
      alias,
      problem: `two keys in ${this.#file} are called ${alias}; give each its own friendly name`,
    };
  }

  async #key(alias: string): Promise<OpenKey> {
    const key = (await this.#ready()).get(alias);
    if (key === undefined) throw keyNotFound(this.name, alias);
    if ('problem' in key) throw new TokenError('KEY_UNSUITABLE', key.problem);
    return key;
  }

  #readOnly(what: string): TokenError {
    return unsupported(
      this.name,
      what,
      `a PKCS#12 file is only read here: write a new one with "openssl pkcs12 -export -inkey KEY -in CERTIFICATES -name ALIAS -out FILE" and log in again`,
    );
  }
}
