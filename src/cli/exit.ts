import type { ErrorCode } from '../errors.ts';
import type { Verdict } from '../verify/mod.ts';

/** Exit codes: documented in docs/cli.md, and never changed. */
export const EXIT = {
  ok: 0,
  /** The operation was refused or failed in part; for `verify`: the log is not intact. */
  refused: 1,
  /** The command was wrong, or what it needs could not be read; for `verify`: it could not be told. */
  unusable: 2,
} as const;

/** Of a verification. */
export const VERDICT: Readonly<Record<Verdict, number>> = {
  intact: EXIT.ok,
  'not-intact': EXIT.refused,
  'not-compared': EXIT.unusable,
};

/** Errors that mean: asked rightly, everything could be read, but it was not done. */
const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RECORD_INVALID',
  'RECORD_TOO_LARGE',
  'JSON_INVALID',
  'SYSTEM_RESERVED',
  'ID_REUSED',
  'TOKEN_EXISTS',
  'TOKEN_IN_USE',
  'KEY_EXISTS',
  'KEY_IN_USE',
  'PIN_CONTRADICTED',
  'PIN_EXISTS',
  'STORE_FULL',
  'STORE_CONFLICT',
  'STORE_OUTCOME_UNKNOWN',
  'STORE_SYNC_FAILED',
  'LOG_CLOSED',
  'LOG_BUSY',
  'CLOCK_JUMPED',
  'SELF_TEST_FAILED',
  'EVIDENCE_REFUSED',
  'EVIDENCE_TOO_LARGE',
  'SERVER_BUSY',
  'TIMESTAMP_UNAVAILABLE',
  'TIMESTAMP_ANSWER',
  'TIMESTAMP_REFUSED',
]);

/** The exit code of a command that ended with this error. */
export function exitCode(code: ErrorCode): number {
  return REFUSED.has(code) ? EXIT.refused : EXIT.unusable;
}

/** As shells count: 128 and the number of the signal. A reader that went away is no failure of ours. */
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGPIPE: EXIT.ok,
  SIGTERM: 143,
};

/** @param reason name of the signal that asked to stop. */
export function exitCodeOfSignal(reason: unknown): number {
  return SIGNALS[String(reason)] ?? EXIT.refused;
}
