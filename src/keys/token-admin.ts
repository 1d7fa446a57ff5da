import { tallystick } from '../catalog/tallystick.ts';
import { type ErrorCode, TokenError } from '../errors.ts';
import { MASKED, type TokenKind } from '../tokens/mod.ts';
import type { By, Desk, KeysInForce } from './desk.ts';
import { checkSettings, checkTokenName, placeOf, settingsFields, type TokenSettings } from './settings.ts';
import { TOKENS_STATE } from './tokens.ts';

export interface TokenInfo {
  readonly name: string;
  readonly kind: TokenKind;
  /** Where it is, for people; null for one that a program brought along. */
  readonly place: string | null;
  /** `_MASKED_` when it has a PIN or passphrase that is configured or asked for. */
  readonly pin: string | null;
  /** Where that comes from: `env:NAME`, `file:PATH` or `prompt`. */
  readonly pinFrom: string | null;
  readonly state: 'active' | 'offline';
  /** Why it is offline. */
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** Whether one of its keys seals the log. */
  readonly seals: boolean;
}

/**
 * The tokens of a log: which there are, and whether they are open. Each act is recorded, a failed one with its reason.
 * Throws `TokenError`: TOKEN_NOT_FOUND, TOKEN_EXISTS, TOKEN_IN_USE, USAGE, and what the token itself throws.
 */
export class TokenAdmin {
  readonly #desk: Desk;
  readonly #by: By;

  constructor(desk: Desk, by: By) {
    this.#desk = desk;
    this.#by = by;
  }

  async list(): Promise<TokenInfo[]> {
    const { tokens, inForce } = this.#desk;
    return Promise.all(
      tokens.list().map(async ({ name, settings }): Promise<TokenInfo> => {
        const seals = inForce.sealing.some(({ token }) => token === name);
        const pin = settings?.pin === undefined ? null : MASKED;
        const shown = {
          name,
          place: settings && placeOf(settings),
          pin,
          pinFrom: settings?.pin ?? null,
          seals,
        };
        try {
          const token = await tokens.get(name);
          return { ...shown, kind: token.kind, ...(await token.status()) };
        } catch (error) {
          if (!(error instanceof TokenError)) throw error;
          const { code, message: reason } = error;
          return { ...shown, kind: settings?.kind ?? 'software', state: 'offline', code, reason };
        }
      }),
    );
  }

  /**
   * Configures a token, once it could be opened with its PIN. The settings are kept in the log's state.
   *
   * @param given `pin` is that of a token whose PIN is asked for; it is not kept.
   */
  init(given: {
    readonly name: string;
    readonly settings: TokenSettings;
    readonly pin?: string;
  }): Promise<void> {
    const { tokens } = this.#desk;
    const { name, pin } = given;
    return this.#desk.act(tallystick['Initialize token'], { tokenId: name }, this.#by, async () => {
      checkTokenName(name);
      const settings = checkSettings(given.settings);
      tokens.checkFree(name, settings);
      const token = await tokens.openNew(name, settings);
      try {
        await token.login(pin);
      } catch (error) {
        await token.close();
        throw error;
      }
      const state = [{ key: `${TOKENS_STATE}${name}`, value: JSON.stringify(settings) }];
      tokens.add(name, settings, token);
      return { answer: undefined, details: settingsFields(settings), state, undo: () => tokens.remove(name) };
    });
  }

  /** Opens a token with this PIN, else with its configured one; what waits for it goes on. */
  async login({ name, pin }: { readonly name: string; readonly pin?: string }): Promise<void> {
    const { acts, tokens, log } = this.#desk;
    await acts.repair(
      tallystick['Log in to token'],
      { tokenId: name },
      async () => (await tokens.get(name)).login(pin),
      { actor: this.#by },
    );
    await log.retest(this.#by);
  }

  /** Closes a token: none of its keys can be used until somebody logs in to it. */
  logout({ name }: { readonly name: string }): Promise<void> {
    const { tokens, acts } = this.#desk;
    const details = { tokenId: name };
    // In this order: a log that this token seals cannot take the record afterwards.
    return this.#desk.inTurn(async () => {
      const event = tallystick['Log out from token'];
      const token = await tokens.get(name).catch(async (error: unknown) => {
        await this.#desk.failed(event, details, this.#by, error);
        throw error;
      });
      await acts.record(event, details, { actor: this.#by });
      await token.logout();
    });
  }

  /** Gives a token another name, wherever it is named. */
  rename({ name, to }: { readonly name: string; readonly to: string }): Promise<void> {
    const { tokens, inForce } = this.#desk;
    const details = { tokenId: name, tokenFriendlyName: to };
    return this.#desk.act(tallystick['Set friendly name to token'], details, this.#by, async () => {
      const settings = tokens.settings(name);
      if (settings === null) throw givenByProgram(name);
      checkTokenName(to);
      tokens.checkFree(to);
      const before: KeysInForce = { ...inForce };
      const keys = (list: KeysInForce['sealing']) =>
        list.map((key) => (key.token === name ? { ...key, token: to } : key));
      const after = { ...inForce, sealing: keys(inForce.sealing), standBy: keys(inForce.standBy) };
      tokens.rename(name, to);
      Object.assign(inForce, after);
      return {
        answer: undefined,
        state: [
          { key: `${TOKENS_STATE}${name}`, value: null },
          { key: `${TOKENS_STATE}${to}`, value: JSON.stringify(settings) },
          ...this.#desk.inForceState(after),
        ],
        undo: async () => {
          tokens.rename(to, name);
          Object.assign(inForce, before);
        },
      };
    });
  }

  /** Forgets a token; its keys stay where they are. */
  remove({ name }: { readonly name: string }): Promise<void> {
    const { tokens, inForce } = this.#desk;
    return this.#desk.act(tallystick['Delete token'], { tokenId: name }, this.#by, async () => {
      const settings = tokens.settings(name);
      if (settings === null) throw givenByProgram(name);
      if ([...inForce.sealing, ...inForce.standBy].some(({ token }) => token === name)) {
        throw new TokenError(
          'TOKEN_IN_USE',
          `token ${name} holds a key that seals the log or stands by; select another key first`,
        );
      }
      if (tokens.own === name) {
        throw new TokenError('TOKEN_IN_USE', `token ${name} is the data directory itself, which stays`);
      }
      await tokens.remove(name);
      const state = [{ key: `${TOKENS_STATE}${name}`, value: null }];
      return { answer: undefined, state, undo: async () => tokens.add(name, settings) };
    });
  }
}

function givenByProgram(name: string): TokenError {
  return new TokenError(
    'TOKEN_UNSUPPORTED',
    `token ${name} was brought along by the program that opened the log; change it there`,
  );
}
