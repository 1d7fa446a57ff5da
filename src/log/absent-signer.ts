import { parseVkey } from '../checkpoint/mod.ts';
import type { Signer } from '../crypto/signer.ts';
import { ProofError, TokenError } from '../errors.ts';

/**
 * Stands in for a sealing key whose token is gone, so that its log can be opened: to be read, and for a stand-by to take
 * over. It never signs.
 *
 * @param vkey the key, as the log names it. Throws `ProofError` KEY_INVALID when it is none that a log is sealed with.
 */
export function absentSigner(vkey: string): Signer {
  const { name, id, spki } = parseVkey(vkey);
  if (spki === null)
    throw new ProofError('KEY_INVALID', `no log is sealed with keys of the kind of ${name}+${id}`);
  const sign = async (): Promise<never> => {
    throw new TokenError(
      'TOKEN_UNAVAILABLE',
      `the token of the sealing key ${name}+${id} is not there; bring it back, or have a stand-by key take over`,
    );
  };
  return { alias: id, ...spki, sign };
}
