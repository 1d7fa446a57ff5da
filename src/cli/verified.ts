import type { Pin } from '../checkpoint/mod.ts';
import type { SignatureReport } from '../signatures/mod.ts';
import type { PreviousLog, Report } from '../verify/mod.ts';
import type { TimestampSummary } from './verify-timestamps.ts';

/** What became of the pin. `kept`: it was held against the log and stays as it was. */
export type PinStatus = 'created' | 'advanced' | 'kept' | 'not-saved';

/** The log that another says it continues. */
export interface VerifiedPrevious extends PreviousLog {
  readonly place: string;
}

/** A verification of one log, and what it did with its pin. */
export interface Verified {
  readonly node: string;
  readonly report: Report;
  /** Of the signatures that the records hold; null when they were not asked for, or there is no head to go by. */
  readonly signatures: SignatureReport | null;
  /** null when the log keeps none, or they could not be had. */
  readonly timestamps: TimestampSummary | null;
  /** null unless it was asked for. */
  readonly previous: VerifiedPrevious | null;
  /** The head that the log's writer remembers on this machine; null when there is none, or it was left out. */
  readonly remembered: {
    readonly file: string;
    readonly size: number;
    /** ms since 1970. */
    readonly savedAt: number;
    /** Whether the log goes on from it; null when that can't be told. */
    readonly holds: boolean | null;
  } | null;
  /** null when there was none and none was made. */
  readonly pin: {
    readonly file: string;
    readonly status: PinStatus;
    /** The pin that the log was held against. */
    readonly before: Pin | null;
    /** Why it was not saved. */
    readonly problem?: string;
  } | null;
}
