/** Tallystick as a library: open a log, append, search, verify. Each subpath export has its part of the whole. */

export { type AppendSettings, AuditLog } from './audit-log.ts';
export { type Continued, type ContinueOptions, continueLog, type Quoted } from './continue.ts';
export {
  AuditUnavailable,
  DialectError,
  type Done,
  ERROR_CODES,
  type ErrorCode,
  IndexError,
  LogError,
  OutcomeUnsealed,
  ProofError,
  QueryError,
  RecordError,
  StoreError,
  TallystickError,
  TokenError,
  UsageError,
} from './errors.ts';
export type { Attempt, GuardSettings, Noted, Operation } from './guard/guard.ts';
export type { Administration } from './keys/administration.ts';
export type { CertificateInfo } from './keys/certificate-file.ts';
export type { CsrAnswer, Installed, KeyAdmin } from './keys/key-admin.ts';
export type { KeyInfo, KeyName } from './keys/key-info.ts';
export type { KeyTestResult } from './keys/key-test.ts';
export type { PinPlace, TokenSettings } from './keys/settings.ts';
export type { TokenAdmin, TokenInfo } from './keys/token-admin.ts';
export type { Receipt, SealedHead } from './log/receipt.ts';
export type { AppendResult } from './log/unit.ts';
export { type OpenLogOptions, type OpenReaderOptions, openLog, openReader } from './open.ts';
export { stateDirectory, version } from './places.ts';
export type { AuditReader, VerifySettings } from './reader/audit-reader.ts';
export type { RecordView, SealedThrough, SearchAnswer, SearchRequest } from './reader/types.ts';
export type * from './record/types.ts';
export type { Finding, Report } from './verify/mod.ts';
