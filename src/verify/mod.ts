export type { DeepChecker } from './content.ts';
export { CONTINUATION_SEQ, type Continuation, readContinuation } from './continuation.ts';
export type { CosignedCheckpoints } from './cosigned.ts';
export type { DatedCheckpoint } from './dated.ts';
export { type DeepContext, type DeepResult, deepCheckBundle, type PayloadUse } from './deep.ts';
export {
  type BoundFinding,
  type CertificateFinding,
  type CheckpointFinding,
  type EvidenceFinding,
  FINDINGS,
  type Finding,
  type FindingCode,
  findingWords,
  type IndexFinding,
  MAX_FINDINGS,
  type MovedFinding,
  type RecordFinding,
  type TileFinding,
  type Verdict,
} from './findings.ts';
export { beginPin, type FollowedPin, followPin } from './follow-pin.ts';
export {
  type Era,
  erasAt,
  followKeys,
  type KeyChangeSource,
  type KeyHistory,
  keysAt,
  keysInForce,
  MAX_KEYS,
  mayTakeOver,
  readKeyHistory,
  retiredAt,
} from './key-history.ts';
export { verifyLog } from './log.ts';
export { isSealedBy } from './policy.ts';
export { type PreviousLog, verifyPrevious } from './previous.ts';
export { verifyRange, verifyRecord } from './range.ts';
export type {
  Attempts,
  Certified,
  CertifiedSpan,
  Checked,
  DatedRecords,
  NotChecked,
  Report,
  Trust,
  Witnessed,
} from './report.ts';
export type { VerifyOptions } from './run.ts';
export type * from './source.ts';
