import { concatBytes, utf8 } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { type Checkpoint, parseCheckpoint } from './body.ts';
import { Keyring, type OpenedNote } from './keyring.ts';
import { keyFromSpki } from './keys.ts';
import { signatureLine } from './note.ts';

export interface OpenedCheckpoint extends Omit<OpenedNote, 'text'> {
  readonly checkpoint: Checkpoint;
}

/**
 * Opens a signed checkpoint with the keys one trusts: see `Keyring.open`. Which of them signed, and whether its
 * origin is the expected one, is for the caller to judge. Throws `ProofError` NOTE_INVALID, NOTE_UNTRUSTED, and
 * KEY_INVALID for a bad vkey.
 */
export async function openCheckpoint(
  note: string,
  keys: Keyring | readonly string[],
): Promise<OpenedCheckpoint> {
  const keyring = keys instanceof Keyring ? keys : new Keyring(keys);
  const { text, ...opened } = await keyring.open(note);
  return { checkpoint: parseCheckpoint(text), ...opened };
}

/**
 * Has a checkpoint's text signed; resolves with the signature line. The key's name in notes should be the origin.
 * Throws `ProofError` KEY_INVALID for a key or name that cannot sign notes, and what the signer throws.
 */
export async function signCheckpoint(body: string, keyName: string, signer: Signer): Promise<string> {
  const key = keyFromSpki(keyName, signer.algorithm, signer.publicKey);
  const { data, before } = key.statement(utf8(body));
  return signatureLine(keyName, key.id, concatBytes(before, await signer.sign(data)));
}

/** As `signCheckpoint`, by several keys: their lines in the order of the keys. Throws when one of them can't sign. */
export async function signCheckpointByAll(
  body: string,
  keyName: string,
  signers: readonly Signer[],
): Promise<string> {
  return (await Promise.all(signers.map((signer) => signCheckpoint(body, keyName, signer)))).join('');
}
