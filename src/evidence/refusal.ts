import { EvidenceError, ProofError } from '../errors.ts';
import { type Finding, findingWords, type LogSource, verifyRange } from '../verify/mod.ts';
import { LIMITS } from './format.ts';

export function refusal(why: string, finding: Finding | null, cause?: unknown): EvidenceError {
  const named = finding === null ? '' : ` (${finding.code}: ${findingWords(finding)})`;
  return new EvidenceError('EVIDENCE_REFUSED', `no evidence was made: ${why}${named}`, {
    ...(cause === undefined ? {} : { cause }),
    ...(finding === null ? {} : { context: { finding } }),
  });
}

export function tooLarge(what: string): EvidenceError {
  return new EvidenceError(
    'EVIDENCE_TOO_LARGE',
    `no evidence was made: ${what} would be more than a file holds (${LIMITS.records} records, ${LIMITS.bytes} bytes); narrow the query or the range`,
  );
}

/** What `make` resolves with. Throws `EvidenceError` EVIDENCE_REFUSED where the log has no sound hashes for it. */
export async function proofOf<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof ProofError) throw refusal(`${error.message}; run verify`, null, error);
    throw error;
  }
}

/** What `verify` says of a record, where it says anything. */
export async function findingAt(source: LogSource, seq: number): Promise<Finding | null> {
  const { findings } = await verifyRange(source, seq, seq + 1, { deep: true });
  return findings.find((each) => each.class === 'fail') ?? null;
}
