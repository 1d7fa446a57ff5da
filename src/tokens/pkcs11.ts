import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { TokenError } from '../errors.ts';
import { checkChain, findChain } from './chain.ts';
import { isSignature } from './key-kind.ts';
import { badSignature } from './key-test.ts';
import { PinGuard, type PinSource } from './pin.ts';
import { afterLogin, isPinNeeded } from './pkcs11/errors.ts';
import { giveBack, type Link, takeLink } from './pkcs11/link.ts';
import type { SessionCalls } from './pkcs11/protocol.ts';
import type { SlotChoice } from './pkcs11/session.ts';
import {
  type CryptoToken,
  checkAlias,
  type KeySpec,
  keyNotFound,
  statusOf,
  type TokenKey,
  type TokenStatus,
  type UnusableKey,
  unsupported,
} from './token.ts';

export type { SlotChoice } from './pkcs11/session.ts';

export interface Pkcs11TokenOptions {
  readonly name: string;
  /** Path of the device's PKCS#11 library (`.so`), which runs within this process and is trusted like it. */
  readonly library: string;
  readonly slot: SlotChoice;
  /** The user's PIN. Without it `login` brings it, also after the token was away. */
  readonly pin?: PinSource;
}

/** How long `status` waits for a device, ms. */
const STATUS_MS = 3_000;

let lastSession = 0;

/**
 * Keys in a device with a PKCS#11 library. They never leave it: new ones are sensitive and not extractable. An alias
 * is a key's label (CKA_LABEL); public key and certificates are found by the key's id (CKA_ID).
 *
 * The library's calls run in a thread that all tokens of one library share, one after another, so that a device which
 * is slow delays nothing but its own answers. Every signature is verified before it is handed out.
 *
 * A token that went away is looked for at each use. Many libraries see what was plugged in only when they are
 * initialised anew, which ends the sessions of all its tokens: that is done every ten seconds at most while another
 * one works, and not at all while one works whose PIN somebody typed in, since it would have to be typed in again.
 */
export class Pkcs11Token implements CryptoToken {
  readonly name: string;
  readonly kind = 'pkcs11';
  readonly #library: string;
  readonly #slot: SlotChoice;
  readonly #guard: PinGuard;
  readonly #session = ++lastSession;
  #link: Link | null = null;
  #loggingIn: Promise<void> | null = null;
  #isClosed = false;

  constructor({ name, library, slot, pin }: Pkcs11TokenOptions) {
    this.name = name;
    this.#library = resolve(library);
    this.#slot = slot;
    this.#guard = new PinGuard(name, pin);
  }

  async status(): Promise<TokenStatus> {
    const stop = new AbortController();
    const late = async (): Promise<TokenStatus> => {
      await sleep(STATUS_MS, undefined, { signal: stop.signal, ref: false });
      const reason = `token ${this.name} has not answered within ${STATUS_MS / 1000} s`;
      return { state: 'offline', code: 'TOKEN_UNAVAILABLE', reason };
    };
    const overdue = late();
    overdue.catch(() => undefined);
    try {
      return await Promise.race([statusOf(() => this.#do('ready')), overdue]);
    } finally {
      stop.abort();
    }
  }

  async login(pin?: string): Promise<void> {
    const given = await this.#guard.asked(pin);
    if (given === undefined) await this.#do('ready');
    else await this.#login(given);
  }

  async logout(): Promise<void> {
    this.#guard.logout();
    await this.#call('logout');
  }

  async list(): Promise<readonly (TokenKey | UnusableKey)[]> {
    return this.#do('list');
  }

  async signer(alias: string): Promise<Signer> {
    const { algorithm, publicKey } = await this.#do('key', alias);
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    const sign = async (data: Uint8Array): Promise<Uint8Array> => {
      const signature = await this.#do('sign', alias, data);
      if (isSignature(key, algorithm, data, signature)) return signature;
      const now = await this.#do('key', alias);
      // Another key has been given the label.
      throw equalBytes(now.publicKey, publicKey)
        ? badSignature(this.name, alias)
        : keyNotFound(this.name, alias);
    };
    return { alias, algorithm, publicKey, sign };
  }

  async generate(alias: string, spec: KeySpec): Promise<TokenKey> {
    checkAlias(alias);
    return this.#do('generate', alias, spec);
  }

  async importKey(): Promise<TokenKey> {
    throw unsupported(
      this.name,
      'take in a key that was outside of it',
      'generate one in the device, or use the tool that came with the device (softhsm2-util --import)',
    );
  }

  async rename(alias: string, to: string): Promise<void> {
    checkAlias(to);
    await this.#do('rename', alias, to);
  }

  remove(alias: string): Promise<void> {
    return this.#do('remove', alias);
  }

  async certificates(alias: string): Promise<readonly Uint8Array[]> {
    const { publicKey } = await this.#do('key', alias);
    return findChain(publicKey, await this.#do('certificates'));
  }

  async setCertificates(alias: string, chain: readonly Uint8Array[]): Promise<void> {
    const { publicKey } = await this.#do('key', alias);
    checkChain(alias, publicKey, chain);
    await this.#do('setCertificates', alias, chain);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const link = this.#link;
    const closed = link === null || link.isLost ? undefined : this.#call('close');
    this.#isClosed = true;
    await closed;
    if (link !== null) await giveBack(this.#library, link);
  }

  /** Calls with somebody logged in. */
  async #do<K extends keyof SessionCalls>(
    name: K,
    ...args: Parameters<SessionCalls[K]>
  ): Promise<ReturnType<SessionCalls[K]>> {
    this.#guard.checkNotLoggedOut();
    try {
      return await this.#call(name, ...args);
    } catch (error) {
      if (!isPinNeeded(error)) throw error;
      await this.#loginOnce();
    }
    try {
      return await this.#call(name, ...args);
    } catch (error) {
      throw afterLogin(this.name, error);
    }
  }

  /** One login for all who wait for one: a wrong PIN is tried once. */
  #loginOnce(): Promise<void> {
    this.#loggingIn ??= this.#guard
      .automatic()
      .then((pin) => this.#login(pin))
      .finally(() => {
        this.#loggingIn = null;
      });
    return this.#loggingIn;
  }

  async #login(pin: string): Promise<void> {
    try {
      await this.#call('login', pin);
      this.#guard.tried(pin, 'accepted');
    } catch (error) {
      if (error instanceof TokenError && error.code === 'TOKEN_PASSPHRASE') this.#guard.tried(pin, 'refused');
      throw error;
    }
  }

  #call<K extends keyof SessionCalls>(
    name: K,
    ...args: Parameters<SessionCalls[K]>
  ): Promise<ReturnType<SessionCalls[K]>> {
    if (this.#isClosed) {
      const closed = new TokenError('TOKEN_UNAVAILABLE', `token ${this.name} was closed; open it again`);
      return Promise.reject(closed);
    }
    if (this.#link === null || this.#link.isLost) this.#link = takeLink(this.#library);
    const options = { token: this.name, slot: this.#slot, logsIn: this.#guard.hasSource };
    return this.#link.call({ session: this.#session, ...options, name, args });
  }
}
