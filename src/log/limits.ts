import { LogError } from '../errors.ts';
import { MAX_RECORD_BYTES } from '../record/mod.ts';

/**
 * What the log holds back for. Each is a bound on memory or time, not a tuning knob: there is one set of values.
 */
export interface Limits {
  /** Most records in one group commit, and so in one atomic append. */
  readonly batchRecords: number;
  /** Most bytes of entries and payloads that one group commit gathers. An append of more is alone in its batch. */
  readonly batchBytes: number;
  /** Most bytes of an atomic append of several records: as many as one record may have. */
  readonly appendBytes: number;
  /** Most records and bytes that may wait for their batch; beyond it callers wait or are told LOG_BUSY. */
  readonly queueRecords: number;
  readonly queueBytes: number;
  /** How long a batch that the key or the store refuses is tried again before its appends are refused, ms. */
  readonly retryMs: number;
  /** How long the keys may take to sign a batch, ms: a person may have to type a PIN first. */
  readonly signMs: number;
  /** How far the wall clock may run ahead of the monotonic clock before appends are held, ms. */
  readonly clockJumpMs: number;
}

export const LIMITS: Limits = {
  batchRecords: 10_000,
  batchBytes: 8 * 1024 * 1024,
  appendBytes: MAX_RECORD_BYTES,
  queueRecords: 100_000,
  queueBytes: 64 * 1024 * 1024,
  retryMs: 5_000,
  signMs: 60_000,
  clockJumpMs: 300_000,
};

/** Ids are remembered for this day of `logged` and the one before: 24 hours at the least. */
export const ID_BUCKET_MS = 86_400_000;

/** Throws `LogError` USAGE unless it is a number of records that a batch may be held to. */
export function checkMaxBatch(records: number): number {
  if (Number.isSafeInteger(records) && records >= 1 && records <= LIMITS.batchRecords) return records;
  throw new LogError('USAGE', `maxBatch is 1 to ${LIMITS.batchRecords} records, not ${records}`);
}
