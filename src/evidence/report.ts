import type { AuditRecord } from '../record/mod.ts';
import type { Era, Finding, NotChecked, Trust, Verdict } from '../verify/mod.ts';
import type { EvidenceRange, Made } from './format.ts';

/** A record as evidence shows it: `RecordView`, and what else is known of it. */
export interface ProvenRecord {
  readonly node: string;
  readonly seq: number;
  /**
   * `verified`: its bytes are under the signed root, and sealed content that the file has was put back in its place.
   * `altered`: they are not, or its sealed content is not what was sealed. `unreadable`: they are, and are no record.
   */
  readonly status: 'verified' | 'altered' | 'unreadable';
  readonly problem?: string;
  /** Leaf hash of its bytes, lower-case hex. */
  readonly leaf: string;
  /** null when it does not decode. */
  readonly record: AuditRecord | null;
  /** Whether it is one of those that the evidence is about; the others are there to prove something. */
  readonly isMatch: boolean;
  /** Sealed content that it refers to and that the file does not have. */
  readonly absent: number;
  readonly bound: ExistedBy | null;
}

/** Outside of the log: that records under a checkpoint existed by a time. */
export interface ExistedBy {
  /** Records that the checkpoint covers. */
  readonly size: number;
  /** ms since 1970. */
  readonly time: number;
  /** Who says so: subject of a time stamp authority's certificate, or names of witnesses. */
  readonly by: string;
  readonly kind: 'timestamp' | 'witnesses';
  /** `given`: by a root certificate or policy that the verifier was given; `file`: by keys the file itself names. */
  readonly trust: 'given' | 'file';
}

/** Whether everything of a range that the query finds is shown. */
export interface Completeness {
  /**
   * `complete`: the query was run again over every record of the range, and what it found is what is shown.
   * `incomplete`: it found something else, or not all of them could be looked at. `undecided`: of some records there is
   * sealed content that the file does not have, or nothing shows what the log took by the end of the time that the file
   * names. `not-claimed`: the file has no range; others may exist.
   */
  readonly verdict: 'complete' | 'incomplete' | 'undecided' | 'not-claimed';
  /** As the file names it, but `until` null where nothing shows that it goes that far. */
  readonly range: EvidenceRange | null;
  /** How many of the range the query finds. */
  readonly found: number;
  /** How many it cannot be run over for sure. */
  readonly undecided: number;
}

export interface LogEvidenceReport {
  readonly verdict: Verdict;
  readonly origin: string;
  readonly node: string;
  /** Of the newest checkpoint. */
  readonly size: number;
  /** Lower-case hex. */
  readonly root: string;
  /** Whose word a pass stands on; `log-key`: the keys that the file itself names. */
  readonly trust: Trust;
  /** vkeys whose signature of the newest checkpoint is good. */
  readonly keys: readonly string[];
  /** Which keys sealed up to where, followed from record 0. */
  readonly eras: readonly Era[];
  /** In order. */
  readonly records: readonly ProvenRecord[];
  /** How many the query was said to be answered over; null when records were named. */
  readonly searched: number | null;
  readonly checked: {
    readonly records: number;
    readonly payloads: number;
    readonly checkpoints: number;
    readonly timestamps: number;
    readonly cosignatures: number;
    /** Pins given that what is here agrees with. */
    readonly pins: number;
  };
  readonly completeness: Completeness;
  /** What dates and cosignatures say, earliest first. */
  readonly bounds: readonly ExistedBy[];
  /** Of the sealing key, from its own up. */
  readonly certificates: readonly EvidenceCertificate[];
  readonly notChecked: readonly NotChecked[];
  readonly findings: readonly Finding[];
}

export interface EvidenceCertificate {
  readonly subject: string;
  /** SHA-256 of it, lower-case hex. */
  readonly digest: string;
  /** ms since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface EvidenceReport {
  /** The worst of the file itself and its logs. */
  readonly verdict: Verdict;
  /** What the file says of its making: nothing vouches for it. null when it can't be read. */
  readonly made: Made | null;
  readonly logs: readonly LogEvidenceReport[];
  /** About the file itself; those about a log stand with it. */
  readonly findings: readonly Finding[];
}
