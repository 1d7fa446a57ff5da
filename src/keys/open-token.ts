import { resolve } from 'node:path';
import { type CryptoToken, PinSource } from '../tokens/mod.ts';
import type { PinPlace, TokenSettings } from './settings.ts';

/** What settings leave to the process that opens a token. */
export interface TokenWorld {
  /** The data directory: where relative paths start. */
  readonly data: string;
  /** Where `env:` PINs are. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks a person for the PIN of a token. Without it, tokens whose PIN is asked for wait for a login. */
  readonly askPin?: (token: string) => Promise<string | undefined>;
  /** Opens the encrypted keys of the data directory itself. */
  readonly passphrase?: string;
}

/** A token by its settings: not yet connected, and what its kind needs is loaded now. */
export async function openToken(
  name: string,
  settings: TokenSettings,
  world: TokenWorld,
): Promise<CryptoToken> {
  if (settings.kind === 'pkcs11') {
    const { Pkcs11Token } = await import('../tokens/pkcs11.ts');
    const pin = pinSource(name, settings.pin, world);
    const library = resolve(world.data, settings.library);
    return new Pkcs11Token({ name, library, slot: settings.slot, ...(pin === null ? {} : { pin }) });
  }
  const path = resolve(world.data, settings.path);
  const passphrase =
    settings.pin === undefined ? ownPassphrase(path, world) : pinSource(name, settings.pin, world);
  const secret = passphrase === null ? {} : { passphrase };
  if (settings.kind === 'pkcs12') {
    const { Pkcs12Token } = await import('../tokens/pkcs12.ts');
    return new Pkcs12Token({ name, file: path, ...secret });
  }
  const { SoftwareToken } = await import('../tokens/software.ts');
  return new SoftwareToken({ name, path, ...secret });
}

function ownPassphrase(path: string, { data, passphrase }: TokenWorld): PinSource | null {
  return path === resolve(data) && passphrase !== undefined ? PinSource.callback(() => passphrase) : null;
}

function pinSource(token: string, place: PinPlace, { data, env, askPin }: TokenWorld): PinSource | null {
  if (place === 'prompt') return askPin === undefined ? null : PinSource.callback(() => askPin(token));
  if (place.startsWith('file:')) return PinSource.file(resolve(data, place.slice('file:'.length)));
  return PinSource.environment(place.slice('env:'.length), env);
}
