import { RecordError } from '../errors.ts';
import type { AuditRecord, RecordDraft } from '../record/mod.ts';

export type Phase = NonNullable<AuditRecord['phase']>;

/** `why` of the link by which an outcome names its attempt. */
const ATTEMPT = 'attempt';

/**
 * Holds a checked draft to what its phase of a guarded operation says: an attempt has outcome `void`, an outcome
 * `success` or `failure` and one link to its attempt, a record of this log below `size`. Both have a correlation.
 * Throws `RecordError` RECORD_INVALID.
 */
export function checkPhase(draft: RecordDraft, phase: Phase, node: string, size: number): void {
  if (draft.correlation === undefined) {
    throw invalid('correlation', `is required of an ${phase}: by it attempt and outcome are one operation`);
  }
  if ((draft.outcome === 'void') !== (phase === 'attempt')) {
    throw invalid(
      'outcome',
      phase === 'attempt' ? 'must be void: of an attempt none is known' : 'must be success or failure',
    );
  }
  if (phase === 'attempt') return;
  const links = (draft.refs ?? []).filter(({ why }) => why === ATTEMPT);
  const isOne = links.length === 1 && links[0]?.node === node && links[0].seq < size;
  if (!isOne)
    throw invalid('refs', `must hold one link with why "${ATTEMPT}", to a sealed record of ${node}`);
}

function invalid(path: string, rule: string): RecordError {
  return new RecordError('RECORD_INVALID', `${path} ${rule}`, { context: { path } });
}
