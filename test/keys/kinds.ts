import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenSettings } from '../../src/keys/settings.ts';
import type { KeySpec } from '../../src/tokens/mod.ts';
import { LIBRARY, missing as noDevice, PIN, type SoftHsm } from '../tokens/softhsm.ts';
import { missing as noOpenssl, openssl } from './openssl.ts';

/** A kind of token, as the life of its keys sees it. */
export interface Kind {
  readonly name: string;
  readonly missing: string | undefined;
  /** Kinds of keys to go through. */
  readonly specs: readonly KeySpec[];
  /** The alias of the one key that is there, when none can be made. */
  readonly given?: string;
  /** Makes what the token is in, and says how it is configured. */
  make(dir: string): Promise<TokenSettings>;
}

const SECRET = 'Zwölf Boxkämpfer';

/** @param hsm of this test file: see `SoftHsm`. */
export function kinds(hsm: SoftHsm | null): readonly Kind[] {
  return [
    {
      name: 'software',
      missing: noOpenssl,
      specs: ['ed25519', 'rsa-2048'],
      make: async (dir) => ({ kind: 'software', path: join(dir, 'keys'), pin: pinFile(dir, SECRET) }),
    },
    {
      name: 'pkcs12',
      missing: noOpenssl,
      specs: ['ecdsa-p256'],
      given: 'seal-p12',
      make: async (dir) => {
        const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'p12.key'];
        openssl(['req', '-x509', ...key, '-out', 'p12.crt', '-subj', '/CN=own', '-days', '5'], dir);
        const input = ['-inkey', 'p12.key', '-in', 'p12.crt', '-name', 'seal-p12'];
        openssl(['pkcs12', '-export', ...input, '-passout', 'env:SECRET', '-out', 'store.p12'], dir, {
          SECRET,
        });
        chmodSync(join(dir, 'store.p12'), 0o600);
        return { kind: 'pkcs12', path: join(dir, 'store.p12'), pin: pinFile(dir, SECRET) };
      },
    },
    {
      name: 'pkcs11',
      missing: noDevice ?? noOpenssl,
      specs: ['ecdsa-p256', 'ed25519'],
      make: async (dir) => {
        const label = (hsm as SoftHsm).make();
        return { kind: 'pkcs11', library: LIBRARY, slot: { label }, pin: pinFile(dir, PIN) };
      },
    },
  ];
}

export function pinFile(dir: string, pin: string): `file:${string}` {
  const file = join(dir, 'pin');
  writeFileSync(file, `${pin}\n`, { mode: 0o600 });
  return `file:${file}`;
}
