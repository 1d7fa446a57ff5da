import type { Finding, Verdict } from './findings.ts';
import type { Era } from './key-history.ts';

/**
 * Whose word a pass stands on. `pinned-key`: a key remembered from before. `given-key`: one the caller named.
 * `log-key`: the one the log itself names in its first record, which proves only that the log agrees with itself.
 * `none`: no signature of the head could be checked.
 */
export type Trust = 'pinned-key' | 'given-key' | 'log-key' | 'none';

/** How many of each were read and checked. */
export interface Checked {
  /** Records whose bytes hash to the sealed leaf. */
  records: number;
  bundles: number;
  /** Hash tiles that hash to what is above them. */
  tiles: number;
  /** Checkpoints whose signature and root are good. */
  checkpoints: number;
  payloads: number;
  /** Index rows that are what the log says. */
  rows: number;
}

/** What was left out. "Not checked" is never "intact". */
export interface NotChecked {
  readonly what: string;
  readonly why: string;
}

/** Guarded operations. One without outcome was cut off, or still ran when the head was fixed: a gap, and no tampering. */
export interface Attempts {
  readonly sealed: number;
  /** How many have no outcome. */
  readonly open: number;
  /** The first of those, at most 1,000; `logged` in ms since 1970. */
  readonly listed: readonly { readonly seq: number; readonly logged: number }[];
  /** Attempts that came while 100,000 others waited for their outcome; of these nothing is said. */
  readonly unfollowed: number;
}

/** What witnesses vouch for. */
export interface Witnessed {
  /**
   * The largest checkpoint that a quorum has cosigned and the log continues; null when there is none (`no-quorum`, a failure), and
   * when of a part it can't be told (`not-compared`, which then is the verdict).
   */
  readonly covered: {
    /** Records 0 up to and without this one are covered. */
    readonly size: number;
    /** Lower-case hex. */
    readonly root: string;
    /** By when a quorum had cosigned it, in seconds since 1970. */
    readonly by: number;
    /** By their names in the policy; `time` in seconds since 1970. */
    readonly witnesses: readonly { readonly name: string; readonly time: number }[];
    readonly note: string;
  } | null;
  /** How many records no quorum vouches for: those behind it. */
  readonly beyond: number;
}

/** By when records existed, as somebody outside says. */
export interface DatedRecords {
  /** Records 0 up to and without this one. */
  readonly size: number;
  /** ms since 1970. */
  readonly notLaterThan: number;
  readonly by: string;
}

/** Records that one key sealed, and what its certificate was worth then. */
export interface CertifiedSpan {
  /** vkey. */
  readonly key: string;
  /** Records [from, to). */
  readonly from: number;
  readonly to: number;
  /**
   * `holds`: it leads to a trust anchor, and all was valid when the records were logged. `none`: the log names no
   * certificate that was to be used then. `expired`: it, or one above it, was valid no more. `unfit`: it does not lead to
   * an anchor, or is not for this.
   */
  readonly status: 'holds' | 'none' | 'expired' | 'unfit';
  /** Validity in ms since 1970, both included; `digest` is the SHA-256 of its DER, lower-case hex. */
  readonly certificate: {
    readonly subject: string;
    readonly digest: string;
    readonly notBefore: number;
    readonly notAfter: number;
  } | null;
  /** Subject of the trust anchor; null unless it holds. */
  readonly anchor: string | null;
  /** Records before this one were dated by somebody else while it was valid; of the others the log's clock says so. */
  readonly datedTo: number | null;
  /** Why it does not hold; empty when it does. */
  readonly why: string;
}

/** Which keys stood on certificates that lead to a trust anchor. */
export interface Certified {
  /** The first so many records are under a checkpoint by a key whose certificate held then; 0 when none did. */
  readonly covered: number;
  /** How many records were sealed after that. */
  readonly beyond: number;
  /** By size, each key of a set by itself. */
  readonly spans: readonly CertifiedSpan[];
}

export interface Report {
  readonly verdict: Verdict;
  /** What the log calls itself; null when it has no sealed state. */
  readonly origin: string | null;
  /** Records the report is about: [from, to). */
  readonly range: { readonly from: number; readonly to: number };
  /** Size of the head that was fixed at the start. */
  readonly size: number;
  /** Root of that head, lower-case hex; null when there is none. */
  readonly root: string | null;
  readonly trust: Trust;
  /** vkeys whose signature of the head was good. */
  readonly keys: readonly string[];
  /** vkeys that have to sign what is sealed from now on: those a pin of this state holds. */
  readonly required: readonly string[];
  /** Which keys sealed the log up to where, as its records and the checkpoints behind them say; empty when they don't. */
  readonly eras: readonly Era[];
  readonly checked: Readonly<Checked>;
  readonly notChecked: readonly NotChecked[];
  readonly findings: readonly Finding[];
  /** null unless every record of the log was to be read. */
  readonly attempts: Attempts | null;
  /** What witnesses vouch for; null unless a policy that demands them was given, and for a part. */
  readonly witnessed: Witnessed | null;
  /**
   * What the dated checkpoints say that were given, the log's keys signed and the log continues. Ascending, and later
   * each time: the first that covers a record is its bound. Of a log that is not intact it is about what was sealed.
   */
  readonly dated: readonly DatedRecords[];
  /** What the keys' certificates say; null unless trust anchors were given, for a part, and for a log that does not hold. */
  readonly certified: Certified | null;
}
