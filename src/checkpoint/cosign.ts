import { concatBytes, utf8 } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { ProofError } from '../errors.ts';
import { timeOf } from './cosignature.ts';
import { cosignerKeyFromSpki, type VerifierKey } from './keys.ts';
import { formatNote, parseNote, signatureLine } from './note.ts';

/** A good cosignature: this witness had seen no larger consistent tree of the log at that time. */
export interface Cosignature {
  readonly key: VerifierKey;
  /** Seconds since 1970, above 0. */
  readonly time: number;
  /** Its line in the note, with LF. */
  readonly line: string;
}

/**
 * Has a checkpoint's text cosigned by a witness's key, type 0x04 or 0x06 by its algorithm; resolves with the signature
 * line. Throws `ProofError` KEY_INVALID for a name or key that can't cosign, NOTE_INVALID for a text that is no
 * checkpoint, and what the signer throws.
 *
 * @param time seconds since 1970, above 0.
 */
export async function cosignCheckpoint(
  body: string,
  name: string,
  signer: Signer,
  time: number,
): Promise<string> {
  if (!Number.isSafeInteger(time) || time < 1) {
    throw new ProofError('NOTE_INVALID', `${time} is no time to cosign at: seconds since 1970, above 0`);
  }
  const key = cosignerKeyFromSpki(name, signer.algorithm, signer.publicKey);
  const { data, before } = key.statement(utf8(body), time);
  return signatureLine(name, key.id, concatBytes(before, await signer.sign(data)));
}

/**
 * The good cosignatures of a note by these keys, in order of its lines; of one key the newest alone. Those without a
 * time (0) are no witness's and don't count. Lines of other keys are passed over. Throws `ProofError` NOTE_INVALID,
 * and NOTE_UNTRUSTED for a bad signature by one of the keys.
 */
export async function cosignaturesOf(
  note: string,
  keys: readonly VerifierKey[],
): Promise<readonly Cosignature[]> {
  const cosigners = keys.filter((key) => key.cosigns);
  const { text, signatures } = parseNote(note);
  const data = utf8(text);
  const newest = new Map<VerifierKey, Cosignature>();
  for (const { name, keyId, signature } of signatures) {
    const key = cosigners.find((each) => each.name === name && each.id === keyId);
    if (key === undefined) continue;
    if (!(await key.verify(data, signature))) {
      throw new ProofError('NOTE_UNTRUSTED', `the cosignature of ${name}+${keyId} is not good`, {
        context: { name, keyId, reason: 'bad-signature' },
      });
    }
    const time = timeOf(signature) ?? 0;
    if (time <= (newest.get(key)?.time ?? 0)) continue;
    newest.set(key, { key, time, line: signatureLine(name, keyId, signature) });
  }
  return [...newest.values()];
}

/**
 * The cosignatures that a witness answered a checkpoint with: those by its known keys; other lines are passed over.
 * Throws `ProofError` NOTE_INVALID when it is no signature lines, NOTE_UNTRUSTED when none is by a known key or one
 * of those is not good.
 */
export async function readCosignatures(
  body: string,
  answer: string,
  keys: readonly VerifierKey[],
): Promise<readonly Cosignature[]> {
  const found = await cosignaturesOf(formatNote(body, answer), keys);
  if (found.length > 0) return found;
  throw new ProofError('NOTE_UNTRUSTED', 'the answer has no cosignature by a key that was named', {
    context: { reason: 'unknown-key' },
  });
}
