import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Signer } from '../../src/crypto/signer.ts';
import { type ErrorCode, TokenError } from '../../src/errors.ts';
import {
  type CryptoToken,
  type KeySpec,
  statusOf,
  type TokenKey,
  type TokenStatus,
} from '../../src/tokens/token.ts';

/**
 * A token that answers as slowly as it is told, and goes away and comes back when it is told. Signers it has given
 * out do the same. Everything else is the inner token's.
 */
export class FaultyToken implements CryptoToken {
  /** How long each signature takes at least, ms. */
  delayMs = 0;
  /** Signatures that were asked for, and those that were given. */
  asked = 0;
  signed = 0;
  readonly #inner: CryptoToken;
  #away: ErrorCode | null = null;

  constructor(inner: CryptoToken, { delayMs = 0 }: { readonly delayMs?: number } = {}) {
    this.#inner = inner;
    this.delayMs = delayMs;
  }

  get name(): string {
    return this.#inner.name;
  }

  get kind(): CryptoToken['kind'] {
    return this.#inner.kind;
  }

  /** From now on every call fails: the device was removed, or TOKEN_LOCKED, its PIN is. */
  goAway(code: ErrorCode = 'TOKEN_UNAVAILABLE'): void {
    this.#away = code;
  }

  comeBack(): void {
    this.#away = null;
  }

  async signer(alias: string): Promise<Signer> {
    this.#check();
    const signer = await this.#inner.signer(alias);
    const sign = async (data: Uint8Array): Promise<Uint8Array> => {
      this.asked += 1;
      this.#check();
      if (this.delayMs > 0) await sleep(this.delayMs);
      // It may have gone while it signed.
      this.#check();
      const signature = await signer.sign(data);
      this.signed += 1;
      return signature;
    };
    return { ...signer, sign };
  }

  status(): Promise<TokenStatus> {
    return statusOf(async () => {
      this.#check();
      const inner = await this.#inner.status();
      if (inner.state === 'offline') throw new TokenError(inner.code, inner.reason);
    });
  }

  async list(): ReturnType<CryptoToken['list']> {
    this.#check();
    return this.#inner.list();
  }

  async generate(alias: string, spec: KeySpec): Promise<TokenKey> {
    this.#check();
    return this.#inner.generate(alias, spec);
  }

  async remove(alias: string): Promise<void> {
    this.#check();
    return this.#inner.remove(alias);
  }

  async importKey(alias: string, key: KeyObject): Promise<TokenKey> {
    this.#check();
    return this.#inner.importKey(alias, key);
  }

  async rename(alias: string, to: string): Promise<void> {
    this.#check();
    return this.#inner.rename(alias, to);
  }

  async certificates(alias: string): Promise<readonly Uint8Array[]> {
    this.#check();
    return this.#inner.certificates(alias);
  }

  async setCertificates(alias: string, chain: readonly Uint8Array[]): Promise<void> {
    this.#check();
    return this.#inner.setCertificates(alias, chain);
  }

  async login(pin?: string): Promise<void> {
    this.#check();
    return this.#inner.login(pin);
  }

  logout(): Promise<void> {
    return this.#inner.logout();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #check(): void {
    if (this.#away !== null) throw new TokenError(this.#away, `token ${this.name} was told to be away`);
  }
}
