export type { AnchoredLog } from '../anchors/anchored-log.ts';
export { type Authority, certificatesOfPem, checkAuthority } from './authority.ts';
export { boundOf, type TimeBound } from './bound.ts';
export { type Answered, type AskOptions, askAuthority } from './client.ts';
export { TIMESTAMP_FINDINGS, type TimestampCode, type TimestampFinding } from './findings.ts';
export { timestampsCheck } from './health.ts';
export { authorityPrefix, readAuthorities, readTokens, tokenPrefix } from './kept.ts';
export { outcomeOf, type StampOutcome } from './outcome.ts';
export { RENEW_AHEAD_MS, type Renewal, renewalOf } from './renewal.ts';
export {
  formatTimestamped,
  parseTimestamped,
  stampedBytes,
  type Timestamped,
  verifyTimestamped,
} from './stamped.ts';
export {
  type AuthorityStatus,
  OVERDUE_MS,
  type Stamping,
  type TimestampSettings,
  Timestamps,
} from './timestamps.ts';
export {
  type ChainLink,
  type StampedTime,
  type TimestampCheck,
  type TimestampOptions,
  type TimestampReport,
  verifyTimestamp,
} from './verify.ts';
