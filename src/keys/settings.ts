import { TokenError } from '../errors.ts';
import { isAlias, MASKED } from '../tokens/mod.ts';
import type { SlotChoice } from '../tokens/pkcs11/session.ts';

/** Where a token's PIN or passphrase is found: never the PIN itself. `prompt` asks a person. */
export type PinPlace = `env:${string}` | `file:${string}` | 'prompt';

/** How a token is found again, as the log's state keeps it. Paths are absolute, or relative to the data directory. */
export type TokenSettings =
  | {
      readonly kind: 'software';
      /** A directory of keys, or one `.key` file: see `SoftwareToken`. */
      readonly path: string;
      /** Without it its keys are not encrypted. */
      readonly pin?: PinPlace;
    }
  | { readonly kind: 'pkcs12'; readonly path: string; readonly pin: PinPlace }
  | {
      readonly kind: 'pkcs11';
      /** The device's library. */
      readonly library: string;
      readonly slot: SlotChoice;
      readonly pin: PinPlace;
    };

const MAX_PATH = 4_096;
const MAX_LABEL = 64;

/** Throws `TokenError` USAGE: a token's name is made as a key's alias is. */
export function checkTokenName(name: string): void {
  if (isAlias(name)) return;
  throw usage(
    `a token cannot be called ${JSON.stringify(name.slice(0, 64))}; give 1 to 64 letters, digits, ".", "_" or "-", the first a letter or digit`,
  );
}

/** Settings as somebody gave them, or the state held them, without anything else. Throws `TokenError` USAGE. */
export function checkSettings(given: unknown): TokenSettings {
  const { kind, path, library, slot, pin, ...others } = object(given, 'the settings of a token');
  const [more] = Object.keys(others);
  if (more !== undefined) throw usage(`a token has no setting ${JSON.stringify(more.slice(0, 64))}`);
  if (kind === 'pkcs11') {
    if (path !== undefined) throw usage('a pkcs11 token has a library and a slot, and no path');
    return { kind, library: file(library, 'library'), slot: checkSlot(slot), pin: checkPin(pin) };
  }
  if (kind !== 'software' && kind !== 'pkcs12') throw usage('a token is software, pkcs12 or pkcs11');
  if (library !== undefined || slot !== undefined) {
    throw usage(`a ${kind} token has a path; library and slot are those of pkcs11 tokens`);
  }
  const at = file(path, 'path');
  if (kind === 'software' && pin === undefined) return { kind, path: at };
  return { kind, path: at, pin: checkPin(pin) };
}

/** What the record of a new token says of it, by SignServer's names for the same settings. */
export function settingsFields(settings: TokenSettings): Readonly<Record<`added:${string}`, string>> {
  const pin = settings.pin === undefined ? {} : { 'added:PIN': MASKED };
  if (settings.kind !== 'pkcs11') {
    const type = settings.kind === 'software' ? 'PKCS8' : 'PKCS12';
    return { 'added:KEYSTORETYPE': type, 'added:KEYSTOREPATH': settings.path, ...pin };
  }
  const [[type, value]] = Object.entries(settings.slot) as [[string, string | number]];
  return {
    'added:KEYSTORETYPE': 'PKCS11',
    'added:SHAREDLIBRARYNAME': settings.library,
    'added:SLOTLABELTYPE': `SLOT_${type.toUpperCase()}`,
    'added:SLOTLABELVALUE': String(value),
    ...pin,
  };
}

/** Where a token is, in a line for people. */
export function placeOf(settings: TokenSettings): string {
  if (settings.kind !== 'pkcs11') return settings.path;
  const [[type, value]] = Object.entries(settings.slot) as [[string, string | number]];
  return `${settings.library}, slot ${type} ${JSON.stringify(value)}`;
}

function checkSlot(given: unknown): SlotChoice {
  const entries = Object.entries(object(given, 'the slot'));
  const [[type, value] = []] = entries;
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  if (entries.length === 1 && type === 'label' && isText(value, MAX_LABEL)) return { label: value };
  if (entries.length === 1 && type === 'number' && isNumber) return { number: value };
  if (entries.length === 1 && type === 'index' && isNumber) return { index: value };
  throw usage('a slot is chosen by one of label, number and index');
}

function checkPin(given: unknown): PinPlace {
  if (given === 'prompt') return given;
  const [, place, where = ''] = (isText(given, MAX_PATH) && /^(env|file):(.+)$/s.exec(given)) || [];
  if (place === 'env' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(where)) return `env:${where}`;
  if (place === 'file') return `file:${where}`;
  // What was given is not shown: it may be a PIN.
  throw usage('the PIN comes from env:NAME, file:PATH or prompt; a PIN itself is never given as a setting');
}

function file(given: unknown, what: string): string {
  if (isText(given, MAX_PATH)) return given;
  throw usage(`a token of this kind needs its ${what}`);
}

function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= max && !/\p{Cc}/u.test(value);
}

function object(given: unknown, what: string): Record<string, unknown> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return { ...given };
  throw usage(`${what} are an object`);
}

function usage(message: string): TokenError {
  return new TokenError('USAGE', message);
}
