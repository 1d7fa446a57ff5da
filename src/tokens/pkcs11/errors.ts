import { type ErrorCode, TokenError } from '../../errors.ts';
import { CKR, returnValue } from './cryptoki.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly text: string;
}

const WRONG_PIN: Meaning = { code: 'TOKEN_PASSPHRASE', text: 'refuses the PIN' };
const NOT_ABLE: Meaning = {
  code: 'TOKEN_UNSUPPORTED',
  text: 'cannot do this; take another kind of key, or ask who provides the device',
};
const READ_ONLY: Meaning = {
  code: 'TOKEN_UNSUPPORTED',
  text: 'may only be read; allow writing on the device',
};
const NOT_THIS_KEY: Meaning = { code: 'KEY_UNSUITABLE', text: 'does not let this key sign' };

/** What return values other than a lost connection mean. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [CKR.PIN_INCORRECT, WRONG_PIN],
  [CKR.PIN_INVALID, WRONG_PIN],
  [CKR.PIN_LEN_RANGE, WRONG_PIN],
  [CKR.USER_PIN_NOT_INITIALIZED, { code: 'TOKEN_PASSPHRASE', text: 'has no user PIN yet; set one' }],
  [CKR.PIN_LOCKED, { code: 'TOKEN_LOCKED', text: 'has locked its PIN; unlock it as security officer' }],
  [CKR.PIN_EXPIRED, { code: 'TOKEN_LOCKED', text: 'says that its PIN has expired; set a new one' }],
  [CKR.ACTION_PROHIBITED, NOT_ABLE],
  [CKR.ATTRIBUTE_READ_ONLY, NOT_ABLE],
  [CKR.FUNCTION_NOT_SUPPORTED, NOT_ABLE],
  [CKR.KEY_SIZE_RANGE, NOT_ABLE],
  [CKR.MECHANISM_INVALID, NOT_ABLE],
  [CKR.MECHANISM_PARAM_INVALID, NOT_ABLE],
  [CKR.TEMPLATE_INCONSISTENT, NOT_ABLE],
  [CKR.DOMAIN_PARAMS_INVALID, NOT_ABLE],
  [CKR.CURVE_NOT_SUPPORTED, NOT_ABLE],
  [CKR.SESSION_READ_ONLY, READ_ONLY],
  [CKR.TOKEN_WRITE_PROTECTED, READ_ONLY],
  [CKR.KEY_TYPE_INCONSISTENT, NOT_THIS_KEY],
  [CKR.KEY_FUNCTION_NOT_PERMITTED, NOT_THIS_KEY],
]);

/**
 * What an error of the library comes to. Whatever does not say something about PIN, key or abilities is taken for a
 * token that is away: libraries differ in what they answer then.
 */
export function tokenError(token: string, error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  const rv = returnValue(error);
  if (rv === null) throw error;
  const { code, text } = MEANINGS.get(rv) ?? {
    code: 'TOKEN_UNAVAILABLE' as const,
    text: 'does not work; it is used again as soon as it does',
  };
  const name = /CKR_\w+/.exec(String((error as Error).stack))?.[0] ?? `CKR ${rv}`;
  return new TokenError(code, `token ${token} ${text} (${name})`, { context: { ckr: name } });
}

/** Whether the session is to be given up and opened anew. */
export function isLost(error: TokenError): boolean {
  return error.code === 'TOKEN_UNAVAILABLE';
}

/**
 * Asks for `login`. The text is for those who have no PIN to log in with.
 *
 * @param lost how the session ended in which somebody was logged in.
 */
export function pinNeeded(token: string, lost?: TokenError): TokenError {
  return new TokenError('TOKEN_PASSPHRASE', `token ${token} needs its PIN; log in with it`, {
    context: { pinNeeded: true, ...(lost === undefined ? {} : { lost: lost.message }) },
  });
}

export function isPinNeeded(error: unknown): error is TokenError {
  return error instanceof TokenError && error.context.pinNeeded === true;
}

/** What a call has failed with that was made right after a login: a PIN that is needed once more is not the trouble. */
export function afterLogin(token: string, error: unknown): unknown {
  if (!isPinNeeded(error)) return error;
  const { lost } = error.context;
  const message =
    typeof lost === 'string' ? lost : `token ${token} was logged out while it was used; try again`;
  return new TokenError('TOKEN_UNAVAILABLE', message);
}
