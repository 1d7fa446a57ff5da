import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LateFile } from '../acts/late-file.ts';
import type { Signer } from '../crypto/signer.ts';
import type { LogStore } from '../store/store.ts';
import type { CryptoToken } from '../tokens/mod.ts';
import { PinSource } from '../tokens/pin.ts';
import { openSoftwareKey, SoftwareToken } from '../tokens/software.ts';
import type { KeysInForce } from './desk.ts';
import type { TokenWorld } from './open-token.ts';
import { parseSealingKeys, sealingState, standByState } from './sealing-keys.ts';
import { TOKENS_STATE, Tokens } from './tokens.ts';

export interface OpenKeysOptions extends TokenWorld {
  readonly store: LogStore;
  /** Whose log, as far as it is known. */
  readonly node: string | null;
  /** There is no log yet, and its key is to be made. */
  readonly isNew: boolean;
  /** Where acts wait that could not be sealed yet. */
  readonly late: string | null;
  /** Seals with this key file, whatever was selected. */
  readonly keyFile?: string;
  /** What stands in for the default key when its file is gone, so that a stand-by can take over; null when none can. */
  readonly absent?: () => Promise<Signer | null>;
  /** The program's own tokens. */
  readonly given?: readonly CryptoToken[];
}

export interface OpenKeys {
  readonly tokens: Tokens;
  readonly inForce: KeysInForce;
  readonly signers: readonly Signer[];
}

/** The node's default key, in its data directory. */
export const DEFAULT_KEY = 'seal.key';
/** The token that stands for a key file that was named. */
const KEY_FILE = 'key-file';

/**
 * The tokens of a data directory, and the keys that seal its log: those selected, else the default key. Selected ones need
 * their token when they sign, not before. Throws `StoreError`, and `TokenError` for a default key that is not there, unless something stands in for it.
 */
export async function openKeys(options: OpenKeysOptions): Promise<OpenKeys> {
  const { data, node, keyFile, passphrase, given = [] } = options;
  const state = await readState(options);
  const settings = new Map([...state].filter(([key]) => key.startsWith(TOKENS_STATE)));
  const tokens = Tokens.load(settings, options, [...given, ...fileToken(keyFile, passphrase)]);
  const kept = (key: string) => parseSealingKeys(state.get(key) ?? '[]');
  const standBy = node === null ? [] : kept(standByState(node));
  const selected = node === null || keyFile !== undefined ? [] : kept(sealingState(node));
  if (selected.length > 0) {
    const signers = selected.map((key) => tokens.signer(key));
    return { tokens, signers, inForce: { sealing: selected, standBy, isSelected: true } };
  }
  const file = keyFile ?? join(data, DEFAULT_KEY);
  const isGone = keyFile === undefined && !options.isNew && !existsSync(file);
  const signer =
    (isGone ? await options.absent?.() : null) ??
    openSoftwareKey({
      file,
      ...(passphrase === undefined ? {} : { passphrase }),
      // A key is made for a new log alone: for one that exists, another key would only hide that its own is lost.
      ...(options.isNew ? { create: 'ed25519' } : {}),
    });
  const { algorithm, publicKey } = signer;
  const token = keyFile === undefined ? (tokens.own ?? KEY_FILE) : KEY_FILE;
  const sealing = [{ token, alias: basename(file, '.key'), algorithm, publicKey }];
  return { tokens, signers: [signer], inForce: { sealing, standBy, isSelected: false } };
}

/** What the state says of tokens and keys: an act that waits to be sealed holds already. */
async function readState({ store, node, late }: OpenKeysOptions): Promise<ReadonlyMap<string, string>> {
  const prefixes = [TOKENS_STATE, ...(node === null ? [] : [sealingState(node), standByState(node)])];
  const state = new Map<string, string>();
  for (const prefix of prefixes) {
    for (const [key, value] of await store.state(prefix)) state.set(key, value);
  }
  const waiting = late === null ? [] : LateFile.read(late).acts.flatMap((act) => act.state);
  for (const { key, value } of waiting) {
    if (value === null) state.delete(key);
    else state.set(key, value);
  }
  return state;
}

function fileToken(keyFile: string | undefined, passphrase: string | undefined): SoftwareToken[] {
  if (!keyFile?.endsWith('.key')) return [];
  const secret = passphrase === undefined ? {} : { passphrase: PinSource.callback(() => passphrase) };
  return [new SoftwareToken({ name: KEY_FILE, path: keyFile, ...secret })];
}
