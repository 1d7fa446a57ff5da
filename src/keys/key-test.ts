import { TallystickError } from '../errors.ts';
import { type CryptoToken, testKey } from '../tokens/mod.ts';
import type { KeyName } from './key-info.ts';

export interface KeyTestResult extends KeyName {
  readonly success: boolean;
  /** What was wrong; empty when nothing was. */
  readonly status: string;
  readonly publicKeyHash: string | null;
}

/**
 * Has a key of a token, or with the alias `all` each, sign something that is verified. What fails is told in the results.
 */
export async function testKeys(token: CryptoToken, alias: string): Promise<KeyTestResult[]> {
  const aliases = alias === 'all' ? (await token.list()).map((key) => key.alias) : [alias];
  const results: KeyTestResult[] = [];
  for (const each of aliases) results.push(await testOne(token, each));
  return results;
}

async function testOne(token: CryptoToken, alias: string): Promise<KeyTestResult> {
  try {
    const { publicKeyHash } = await testKey(token, alias);
    return { token: token.name, alias, success: true, status: '', publicKeyHash };
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    return { token: token.name, alias, success: false, status: error.message, publicKeyHash: null };
  }
}

/** A result as SignServer writes it; what a device calls a key can be taken for no other result. */
export function testLine({ alias, success, status, publicKeyHash }: KeyTestResult): string {
  const [name, told] = [alias, status].map((text) => text.replace(/[\p{Cc}{}]/gu, ' '));
  return `KeyTestResult{alias=${name}, success=${success}, status=${told}, publicKeyHash=${publicKeyHash ?? ''}}`;
}
