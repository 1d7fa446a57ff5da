import type { KeyObject } from 'node:crypto';
import type { SignatureAlgorithm, Signer } from '../crypto/signer.ts';
import { type ErrorCode, TokenError } from '../errors.ts';

/** Kinds of keys that seal: `rsa-` and the bits of the modulus. */
export type KeySpec = 'ed25519' | 'ecdsa-p256' | 'ml-dsa-44' | `rsa-${number}`;

/** What a token can be told to make; a token may know fewer. */
export const KEY_SPECS = [
  'ed25519',
  'ecdsa-p256',
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
  'ml-dsa-44',
] as const satisfies readonly KeySpec[];

export type TokenKind = 'software' | 'pkcs12' | 'pkcs11';

export interface TokenKey {
  readonly alias: string;
  readonly spec: KeySpec;
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** A key that is there and cannot seal. */
export interface UnusableKey {
  readonly alias: string;
  /** Why, and what to do. */
  readonly problem: string;
}

export type TokenStatus =
  | { readonly state: 'active' }
  | { readonly state: 'offline'; readonly code: ErrorCode; readonly reason: string };

/**
 * Where signing keys live. Whoever holds a token that is active can sign for the log: the process and its memory are
 * trusted, and so is the token itself; the files or the device's library it is read from are trusted as much as the
 * machine's administrator is.
 *
 * Every call but `status`, `logout` and `close` first makes the token ready: it connects and logs in with the
 * configured PIN by itself, also after the token was away. It then does the whole thing or nothing, and rejects with
 * `TokenError`:
 * - TOKEN_UNAVAILABLE: the token is not there, does not work, or was logged out; the same call succeeds once it is
 *   back, without opening it again;
 * - TOKEN_PASSPHRASE: PIN or passphrase is needed, or the one given is wrong. A PIN that was refused is not tried
 *   again by itself, so that no token is locked by a wrong configuration;
 * - TOKEN_LOCKED: the device takes no PIN any more;
 * - TOKEN_UNSUPPORTED: this kind of token, or this device, never does that;
 * - KEY_NOT_FOUND, KEY_EXISTS: by alias; KEY_UNSUITABLE: the key is of a kind that cannot seal;
 * - CERTIFICATE_INVALID: see `setCertificates`.
 *
 * No message, status or error holds a PIN. No call blocks the event loop for longer than a software signature takes.
 */
export interface CryptoToken {
  /** As configured; unique among the tokens of a log. */
  readonly name: string;
  readonly kind: TokenKind;

  /** Whether the token could sign now. Never rejects, and answers within seconds when the device does not. */
  status(): Promise<TokenStatus>;

  /**
   * Logs in with this PIN, or with the configured one, after `logout` or a PIN that was refused too. Does nothing on a
   * token that is active.
   */
  login(pin?: string): Promise<void>;
  /** No key can be used, and nothing logs in by itself, until `login`. Signers that were given out stay and wait. */
  logout(): Promise<void>;

  /** The keys by alias, sorted; those that cannot seal are named with their problem. */
  list(): Promise<readonly (TokenKey | UnusableKey)[]>;

  /**
   * A signer for one key. It works for as long as the token does: while that is away or logged out it rejects, and
   * after that it signs again, with this very key or not at all. Rejects with KEY_NOT_FOUND or KEY_UNSUITABLE.
   */
  signer(alias: string): Promise<Signer>;

  /** Makes a key; durable when it resolves. Rejects with KEY_EXISTS; USAGE for an alias `checkAlias` refuses. */
  generate(alias: string, spec: KeySpec): Promise<TokenKey>;

  /**
   * Takes in a private key that was made elsewhere; durable when it resolves. Rejects with KEY_EXISTS, KEY_UNSUITABLE;
   * USAGE for an alias `checkAlias` refuses.
   */
  importKey(alias: string, key: KeyObject): Promise<TokenKey>;

  /**
   * Gives a key another alias; its certificates stay with it, and signers of the old alias reject. Rejects with
   * KEY_NOT_FOUND, KEY_EXISTS; USAGE for an alias `checkAlias` refuses.
   */
  rename(alias: string, to: string): Promise<void>;

  /** Destroys a key and its certificates, for good. */
  remove(alias: string): Promise<void>;

  /** The certificates kept with a key, DER: its own first, then issuers as far as they are known. Empty: none. */
  certificates(alias: string): Promise<readonly Uint8Array[]>;

  /**
   * Keeps certificates with a key in place of those before; none takes them away. CERTIFICATE_INVALID when the first
   * is not the key's, or one is not issued by the next. Validity is not looked at.
   */
  setCertificates(alias: string, chain: readonly Uint8Array[]): Promise<void>;

  /** Gives up keys, sessions and threads. Nothing may be called after it. */
  close(): Promise<void>;
}

const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether a key may be called so: 1 to 64 letters, digits, `.`, `_`, `-`; a letter or digit first. */
export function isAlias(alias: string): boolean {
  return ALIAS.test(alias);
}

/** Throws `TokenError` USAGE unless `isAlias`. Keys made elsewhere may be called otherwise. */
export function checkAlias(alias: string): void {
  if (isAlias(alias)) return;
  throw new TokenError(
    'USAGE',
    `a key cannot be called ${JSON.stringify(alias.slice(0, 64))}; give 1 to 64 letters, digits, ".", "_" or "-", the first a letter or digit`,
  );
}

/** Whether a key of the list can seal. */
export function isUsable(key: TokenKey | UnusableKey): key is TokenKey {
  return 'publicKey' in key;
}

/** What `status` tells of a token that `ready` makes ready. */
export async function statusOf(ready: () => Promise<unknown>): Promise<TokenStatus> {
  try {
    await ready();
    return { state: 'active' };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { state: 'offline', code: error.code, reason: error.message };
  }
}

export function keyNotFound(token: string, alias: string): TokenError {
  const shown = JSON.stringify(alias.slice(0, 64));
  return new TokenError(
    'KEY_NOT_FOUND',
    `token ${token} has no key ${shown}; list its keys to see what it has`,
  );
}

export function keyExists(token: string, alias: string): TokenError {
  return new TokenError(
    'KEY_EXISTS',
    `token ${token} already has a key ${alias}; take another alias, or remove that key first`,
  );
}

export function unsupported(token: string, what: string, wayOut: string): TokenError {
  return new TokenError('TOKEN_UNSUPPORTED', `token ${token} cannot ${what}; ${wayOut}`);
}
