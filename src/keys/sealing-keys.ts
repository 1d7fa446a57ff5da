import type { SignatureAlgorithm } from '../crypto/signer.ts';
import { StoreError } from '../errors.ts';

/** A key of a token that seals a log, or stands by to: enough to know it again while its token is away. */
export interface SealingKey {
  readonly token: string;
  readonly alias: string;
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

const ALGORITHMS: readonly string[] = [
  'ed25519',
  'ecdsa-p256',
  'rsa-sha256',
  'ml-dsa-44',
] satisfies SignatureAlgorithm[];

/** Where the state keeps the keys that seal a node's log. */
export function sealingState(node: string): string {
  return `sealing/${node}`;
}

/** Where the state keeps the keys that stand by. */
export function standByState(node: string): string {
  return `stand-by/${node}`;
}

/** Where the state keeps the certificates that are given out for a node's log, PEM. */
export function certificateState(node: string): string {
  return `certificate/${node}`;
}

export function formatSealingKeys(keys: readonly SealingKey[]): string {
  return JSON.stringify(
    keys.map(({ token, alias, algorithm, publicKey }) => ({
      ...{ token, alias, algorithm },
      publicKey: Buffer.from(publicKey).toString('base64'),
    })),
  );
}

/** Throws `StoreError` STORE_DAMAGED. */
export function parseSealingKeys(text: string): SealingKey[] {
  try {
    const list = JSON.parse(text) as Record<string, unknown>[];
    return list.map(({ token, alias, algorithm, publicKey }) => {
      if (typeof token !== 'string' || typeof alias !== 'string' || typeof publicKey !== 'string') throw text;
      if (!ALGORITHMS.includes(algorithm as string)) throw algorithm;
      const spki = new Uint8Array(Buffer.from(publicKey, 'base64'));
      return { token, alias, algorithm: algorithm as SignatureAlgorithm, publicKey: spki };
    });
  } catch (cause) {
    throw new StoreError(
      'STORE_DAMAGED',
      'the state does not tell which keys seal the log; name the key file with --key-file, or restore the store from its backup',
      { cause },
    );
  }
}
