import type { TlogProof } from '../checkpoint/mod.ts';
import { EvidenceError } from '../errors.ts';
import { splitSharedInclusion } from '../merkle/mod.ts';
import type { LogEvidence } from './format.ts';
import { checkpointOf } from './read.ts';

/**
 * The proof of one record as a C2SP tlog-proof, which other programs check: `formatTlogProof` writes it. Whether it
 * holds is for them, or for `verifyEvidence`. Throws `EvidenceError` EVIDENCE_INVALID when the record is not there, and
 * `ProofError` PROOF_INVALID when the hashes are not of these records.
 */
export function tlogProofOf(log: LogEvidence, seq: number): TlogProof {
  const seqs = log.records.map((record) => record.seq);
  const at = seqs.indexOf(seq);
  if (at < 0) throw new EvidenceError('EVIDENCE_INVALID', `the evidence does not have record ${seq}`);
  const { size } = checkpointOf(log.checkpoint, 'checkpoint');
  const hashes = splitSharedInclusion(seqs, size, log.hashes)[at] as Uint8Array[];
  return { index: seq, hashes, checkpoint: log.checkpoint };
}
