import { createPublicKey, randomBytes } from 'node:crypto';
import { sha256 } from '#sha256';
import { toHex, utf8 } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { TokenError } from '../errors.ts';
import { isSignature } from './key-kind.ts';
import type { CryptoToken } from './token.ts';

export interface KeyTest {
  readonly alias: string;
  /** SHA-256 of SubjectPublicKeyInfo, hex. */
  readonly publicKeyHash: string;
}

/**
 * Has a key sign a random text and verifies the signature. The text cannot be taken for anything a log signs. Rejects
 * with `TokenError` when the key cannot be used; TOKEN_UNAVAILABLE also when its signature does not verify.
 */
export async function testKey(token: CryptoToken, alias: string): Promise<KeyTest> {
  const signer = await token.signer(alias);
  await testSigner(signer, token.name);
  return { alias, publicKeyHash: toHex(sha256(signer.publicKey)) };
}

/** As `testKey`, of a signer that was given out. @param token its token's name, where it is known. */
export async function testSigner(signer: Signer, token = ''): Promise<void> {
  const { alias, algorithm, publicKey } = signer;
  const data = utf8(`Test of a signing key, nothing else.\n${randomBytes(32).toString('hex')}\n`);
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  if (!isSignature(key, algorithm, data, await signer.sign(data))) throw badSignature(token, alias);
}

export function badSignature(token: string, alias: string): TokenError {
  return new TokenError(
    'TOKEN_UNAVAILABLE',
    `what ${token === '' ? 'a token' : `token ${token}`} signed with the key ${alias} does not verify with that key's public key; nothing was sealed with it. Test the key, and have the token checked`,
  );
}
