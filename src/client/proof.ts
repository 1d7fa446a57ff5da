import { openCheckpoint } from '../checkpoint/mod.ts';
import { equalBytes, fromHex, utf8 } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { leafHash, verifyInclusion } from '../merkle/mod.ts';
import { canonicalize, type Json } from '../record/mod.ts';
import type { RecordAnswer } from './types.ts';

/**
 * Checks that a record is the one asked for, that its canonical bytes are what its leaf seals, and that the leaf is
 * under a checkpoint which one of the keys, the log's own, has signed. Throws `ProofError`: PROOF_INVALID when any of
 * this does not hold or cannot be told, NOTE_INVALID and NOTE_UNTRUSTED for the checkpoint, KEY_INVALID for a bad vkey.
 *
 * Each of the keys is believed for whatever it signs: give those in force, not one that was retired, whose signature may
 * be of a fork. `verifyLog` over a published log follows key changes by itself.
 *
 * A member that the log sealed by its hash (above 8 KiB) comes with its content put back, and without the salt
 * that would prove it: such a record is refused here. `tallystick verify` checks it where the log is.
 */
export async function checkProof(
  { leaf, record, proof }: RecordAnswer,
  asked: { readonly node: string; readonly seq: number },
  keys: readonly string[],
): Promise<void> {
  if (leaf === null || record === null || proof === null)
    throw invalid(asked, 'the server has no proof of it');
  const { checkpoint, verifiedBy } = await openCheckpoint(proof.checkpoint, keys);
  const { origin, size, root } = checkpoint;
  if (!verifiedBy.some((key) => key.name === origin)) {
    throw new ProofError(
      'NOTE_UNTRUSTED',
      `the checkpoint of ${origin} is signed by keys of other logs only`,
    );
  }
  if (record.node !== asked.node || record.seq !== asked.seq) {
    throw invalid(asked, `the server sent record ${record.seq} of ${record.node}`);
  }
  const sealed = leafHash(utf8(canonicalize(record as unknown as Json)));
  if (!equalBytes(sealed, bytes(asked, leaf))) {
    throw invalid(
      asked,
      'it is not what was sealed, or has long members, which only `tallystick verify` can check',
    );
  }
  const path = proof.hashes.map((hash) => bytes(asked, hash));
  verifyInclusion(asked.seq, size, sealed, path, root);
}

function bytes(asked: { readonly node: string; readonly seq: number }, hex: string): Uint8Array {
  const found = typeof hex === 'string' ? fromHex(hex) : null;
  if (found === null) throw invalid(asked, 'the server sent a hash that is not hex');
  return found;
}

function invalid({ node, seq }: { readonly node: string; readonly seq: number }, why: string): ProofError {
  return new ProofError('PROOF_INVALID', `record ${seq} of ${node} is not proven: ${why}`);
}
