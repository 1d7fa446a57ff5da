import { equalBytes } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { StoreError, TallystickError, TokenError } from '../errors.ts';
import type { CryptoToken } from '../tokens/mod.ts';
import { openToken, type TokenWorld } from './open-token.ts';
import type { SealingKey } from './sealing-keys.ts';
import { checkSettings, type TokenSettings } from './settings.ts';

/** Where the state keeps the settings of tokens, by name. */
export const TOKENS_STATE = 'tokens/';
/** The token of a data directory's own keys, unless it was given another name. */
const OWN_NAME = 'software';
const OWN: TokenSettings = { kind: 'software', path: '.' };

interface Entry {
  /** null for a token that a program gave. */
  readonly settings: TokenSettings | null;
  token: Promise<CryptoToken> | null;
}

export interface NamedToken {
  readonly name: string;
  readonly settings: TokenSettings | null;
}

/**
 * The tokens of a data directory by name: those that the log's state has settings of, the data directory itself with
 * its own keys, and those that a program brought along. A token is opened when it is first used, and stays open.
 */
export class Tokens {
  readonly #world: TokenWorld;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  private constructor(world: TokenWorld) {
    this.#world = world;
  }

  /**
   * @param state values of `TOKENS_STATE`, by key.
   * @param given a program's own tokens; they are closed with the others.
   * @throws StoreError STORE_DAMAGED for settings that cannot be read; TokenError TOKEN_EXISTS for a name that is taken.
   */
  static load(
    state: ReadonlyMap<string, string>,
    world: TokenWorld,
    given: readonly CryptoToken[] = [],
  ): Tokens {
    const tokens = new Tokens(world);
    for (const [key, text] of state) tokens.add(key.slice(TOKENS_STATE.length), parse(key, text));
    if (tokens.#sameAs(OWN) === null && !tokens.#entries.has(OWN_NAME)) tokens.add(OWN_NAME, OWN);
    for (const token of given) {
      tokens.checkFree(token.name);
      tokens.#entries.set(token.name, { settings: null, token: Promise.resolve(token) });
    }
    return tokens;
  }

  /** The token of the data directory's own keys; null when another one has its name. */
  get own(): string | null {
    return this.#sameAs(OWN);
  }

  /** By name, sorted. */
  list(): NamedToken[] {
    const all = [...this.#entries].map(([name, { settings }]) => ({ name, settings }));
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws `TokenError` TOKEN_NOT_FOUND, and what opening it throws. */
  get(name: string): Promise<CryptoToken> {
    return this.#open(name, this.#entry(name));
  }

  /** Throws `TokenError` TOKEN_NOT_FOUND. */
  settings(name: string): TokenSettings | null {
    return this.#entry(name).settings;
  }

  /** Throws `TokenError` TOKEN_EXISTS when a token has this name, or is at this place. */
  checkFree(name: string, settings?: TokenSettings): void {
    if (this.#entries.has(name)) {
      throw new TokenError('TOKEN_EXISTS', `there is a token ${name} already; give this one another name`);
    }
    const same = settings === undefined ? null : this.#sameAs(settings);
    if (same === null) return;
    throw new TokenError('TOKEN_EXISTS', `token ${same} is the same; use it by that name, or rename it`);
  }

  /** Opens a token that is no part of the list yet. */
  openNew(name: string, settings: TokenSettings): Promise<CryptoToken> {
    return openToken(name, settings, this.#world);
  }

  add(name: string, settings: TokenSettings, open?: CryptoToken): void {
    this.#entries.set(name, { settings, token: open === undefined ? null : Promise.resolve(open) });
  }

  /**
   * From now on it goes by another name. A token that is open stays so, for somebody may have logged in to it, and may
   * name itself as before.
   */
  rename(name: string, to: string): void {
    const entry = this.#entry(name);
    this.#entries.delete(name);
    this.#entries.set(to, entry);
  }

  /** Forgets and closes it. */
  async remove(name: string): Promise<void> {
    const { token } = this.#entry(name);
    this.#entries.delete(name);
    await (await token?.catch(() => null))?.close();
  }

  /**
   * A signer that needs its token only when it signs: it rejects while that is away, and signs when it is back, with
   * this very key or not at all.
   */
  signer(key: SealingKey): Signer {
    // Whatever the token is called later.
    const entry = this.#entries.get(key.token);
    let signer: Signer | null = null;
    const sign = async (data: Uint8Array): Promise<Uint8Array> => {
      if (signer === null) {
        const token = await this.#open(key.token, entry ?? this.#entry(key.token));
        const found = await token.signer(key.alias);
        if (!equalBytes(found.publicKey, key.publicKey)) throw otherKey(key);
        signer = found;
      }
      return signer.sign(data);
    };
    return { alias: key.alias, algorithm: key.algorithm, publicKey: key.publicKey, sign };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { token } of this.#entries.values()) await (await token?.catch(() => null))?.close();
  }

  #open(name: string, entry: Entry): Promise<CryptoToken> {
    if (this.#isClosed) {
      return Promise.reject(
        new TokenError('TOKEN_UNAVAILABLE', `token ${name} was closed; open the log again`),
      );
    }
    if (entry.token === null) {
      // A program's own token is there from the start.
      entry.token = openToken(name, entry.settings as TokenSettings, this.#world);
      entry.token.catch(() => {
        entry.token = null;
      });
    }
    return entry.token;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const names = this.list().map((token) => token.name);
    throw new TokenError(
      'TOKEN_NOT_FOUND',
      `there is no token ${JSON.stringify(name.slice(0, 64))}; there is ${names.join(', ')}, and "tokens init" adds another`,
    );
  }

  /** Name of the token at the same place. */
  #sameAs(settings: TokenSettings): string | null {
    const place = JSON.stringify({ ...settings, pin: undefined });
    const same = this.list().find((each) => JSON.stringify({ ...each.settings, pin: undefined }) === place);
    return same?.name ?? null;
  }
}

function otherKey({ token, alias }: SealingKey): TokenError {
  return new TokenError(
    'KEY_NOT_FOUND',
    `the key ${alias} of token ${token} is another one than seals the log; put the right one back`,
  );
}

function parse(key: string, text: string): TokenSettings {
  try {
    return checkSettings(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof TallystickError || cause instanceof SyntaxError)) throw cause;
    throw new StoreError(
      'STORE_DAMAGED',
      `the state holds settings ${key} that cannot be read: ${cause.message}; restore the store from its backup`,
      { cause },
    );
  }
}
