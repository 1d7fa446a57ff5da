import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { TokenError } from '../errors.ts';
import { readSecret } from './key-file.ts';

/** What a PIN is shown as, wherever settings are. */
export const MASKED = '_MASKED_';

const MAX_PIN_CHARACTERS = 1_024;

/**
 * Where a token's PIN or passphrase comes from: read anew at every login, and not kept here. Printed, inspected or
 * made JSON it is `_MASKED_`.
 */
export class PinSource {
  readonly #where: string;
  readonly #read: () => string | undefined | Promise<string | undefined>;

  private constructor(where: string, read: () => string | undefined | Promise<string | undefined>) {
    this.#where = where;
    this.#read = read;
  }

  /** A variable of the environment. */
  static environment(
    name: string,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ): PinSource {
    return new PinSource(`the environment variable ${name}`, () => env[name]);
  }

  /** A file for its owner alone (mode 0600); one line end at its end is not part of the PIN. */
  static file(path: string): PinSource {
    const what = `the PIN file ${path}`;
    return new PinSource(what, () => readSecret(path, 'PIN file')?.replace(/\r?\n$/, ''));
  }

  /** Whoever is asked: a person at a prompt, a secret store. `undefined` when there is no answer. */
  static callback(ask: () => string | undefined | Promise<string | undefined>): PinSource {
    return new PinSource('the one who was asked', ask);
  }

  /** Rejects with `TokenError` TOKEN_PASSPHRASE when there is no PIN there, or one that cannot be. */
  async read(token: string): Promise<string> {
    const pin = await this.#read();
    if (pin !== undefined && pin !== '' && pin.length <= MAX_PIN_CHARACTERS && !pin.includes('\0'))
      return pin;
    throw new TokenError(
      'TOKEN_PASSPHRASE',
      `token ${token} needs its PIN or passphrase, and ${this.#where} gives none that could be one`,
    );
  }

  toString(): string {
    return MASKED;
  }

  toJSON(): string {
    return MASKED;
  }

  [inspect.custom](): string {
    return MASKED;
  }
}

/**
 * When a PIN may be used without anybody asking for it: not after a logout, and not again after it was refused, until
 * the source gives another one or `login` is called.
 */
export class PinGuard {
  readonly #token: string;
  readonly #source: PinSource | null;
  readonly #salt = randomBytes(16);
  #refused: Buffer | null = null;
  #isLoggedOut = false;

  constructor(token: string, source: PinSource | undefined) {
    this.#token = token;
    this.#source = source ?? null;
  }

  get hasSource(): boolean {
    return this.#source !== null;
  }

  /** Throws TOKEN_UNAVAILABLE after a logout. */
  checkNotLoggedOut(): void {
    if (!this.#isLoggedOut) return;
    throw new TokenError('TOKEN_UNAVAILABLE', `token ${this.#token} was logged out; log in to use it`);
  }

  logout(): void {
    this.#isLoggedOut = true;
  }

  /** What a login with this PIN, or with the configured one, is to try; undefined when there is none to try. */
  async asked(pin: string | undefined): Promise<string | undefined> {
    const found = pin ?? (await this.#source?.read(this.#token));
    this.#isLoggedOut = false;
    return found;
  }

  /** The configured PIN. Rejects with TOKEN_PASSPHRASE when there is none, or it was refused before. */
  async automatic(): Promise<string> {
    if (this.#source === null) {
      throw new TokenError(
        'TOKEN_PASSPHRASE',
        `token ${this.#token} needs its PIN or passphrase; log in with it`,
      );
    }
    const pin = await this.#source.read(this.#token);
    if (this.#refused === null || !timingSafeEqual(this.#digest(pin), this.#refused)) return pin;
    throw new TokenError(
      'TOKEN_PASSPHRASE',
      `the configured PIN of token ${this.#token} was refused and is not tried again, so that the token is not locked; correct it, or log in`,
    );
  }

  /** Notes how a try with this PIN ended. */
  tried(pin: string, outcome: 'accepted' | 'refused'): void {
    this.#refused = outcome === 'refused' ? this.#digest(pin) : null;
  }

  #digest(pin: string): Buffer {
    return createHash('sha256').update(this.#salt).update(pin).digest();
  }
}
