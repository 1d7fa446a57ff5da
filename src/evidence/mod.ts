export {
  type CreatedEvidence,
  type CreateOptions,
  createEvidence,
  type LogRequest,
} from './create.ts';
export {
  type Evidence,
  type EvidenceRange,
  type EvidenceRecord,
  FORMAT,
  formatEvidence,
  LIMITS,
  type LogEvidence,
  MAX_MATCHES,
  type Made,
} from './format.ts';
export { rangeOfTime, wholeRange } from './range.ts';
export { parseEvidence } from './read.ts';
export type {
  Completeness,
  EvidenceCertificate,
  EvidenceReport,
  ExistedBy,
  LogEvidenceReport,
  ProvenRecord,
} from './report.ts';
export { tlogProofOf } from './tlog-proof.ts';
export { type EvidenceOptions, verifyEvidence } from './verify.ts';
