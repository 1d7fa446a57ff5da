/**
 * What a verifier has to say. A finding is a result, not an error: it names what it is about, what was expected and
 * what was there. Codes are stable and never re-used for something else.
 */

import { counted, recordRange } from './words.ts';

type Class = 'notice' | 'fail';

/**
 * What a verification came to. `not-intact`: one finding at least is a failure. `not-compared`: nothing failed, and something
 * that was given, a pin or a policy, could not be held against what is there, so that it is no pass (the finding
 * `not-compared` says which, and why). `intact`: neither.
 */
export type Verdict = 'intact' | 'not-intact' | 'not-compared';

interface CodeInfo {
  /** `fail`: the log or a view of it is not what was sealed. `notice`: to be known, accuses nobody. */
  readonly class: Class;
  readonly summary: string;
}

export const FINDINGS = {
  altered: { class: 'fail', summary: 'bytes do not hash to the sealed leaf' },
  missing: { class: 'fail', summary: 'a sealed record is not there' },
  inserted: { class: 'fail', summary: 'an entry stands where none was sealed' },
  reordered: { class: 'fail', summary: 'a sealed record stands at another place' },
  unreadable: { class: 'fail', summary: 'stored bytes do not decode' },
  'not-canonical': { class: 'fail', summary: 'sealed bytes are not the canonical form of a record' },
  misnumbered: { class: 'fail', summary: 'a record says another node or number than its place' },
  continues: { class: 'notice', summary: 'the log says which other log it continues' },
  'clock-skew': { class: 'notice', summary: 'times are out of order' },
  'payload-altered': { class: 'fail', summary: 'a payload does not hash to what its record sealed' },
  'payload-unreadable': { class: 'fail', summary: 'a stored payload does not decode' },
  'payload-foreign': { class: 'fail', summary: 'a stored payload that its record does not refer to' },

  'tile-altered': {
    class: 'fail',
    summary: 'a stored hash tile is not the one sealed; the records under it are',
  },
  'tile-missing': { class: 'fail', summary: 'a hash tile is not there; the records under it are as sealed' },

  'bad-checkpoint': { class: 'fail', summary: 'a checkpoint is malformed' },
  'bad-signature': { class: 'fail', summary: "a checkpoint's signature by a known key is not good" },
  'unknown-key': { class: 'fail', summary: 'a checkpoint is signed by none of the known keys' },
  'missing-signature': {
    class: 'fail',
    summary: 'a checkpoint is not signed by all keys that have to sign it',
  },
  'foreign-signature': {
    class: 'notice',
    summary: 'a checkpoint is also signed by a key that is not known, or does not count there',
  },
  'not-compared': {
    class: 'notice',
    summary:
      'an anchor was given, a pin or what witnesses cosigned, whose tree nothing here could be held against: no pass',
  },
  'other-log': { class: 'fail', summary: 'the log is not the one that was asked for' },
  truncated: { class: 'fail', summary: 'the log is shorter than an anchor says' },
  'rolled-back': { class: 'fail', summary: 'the head is signed, but older than an anchor' },
  'witness-alarm': {
    class: 'notice',
    summary:
      'a witness says that it has seen more of the log, or another, and has not shown that the log signed it',
  },
  'no-quorum': { class: 'fail', summary: 'no checkpoint has the cosignatures that the policy demands' },
  'split-view': { class: 'fail', summary: 'two signed checkpoints contradict each other' },

  'certificate-expired': {
    class: 'notice',
    summary: 'a sealing key went on after its certificate had expired',
  },
  'certificate-unfit': {
    class: 'notice',
    summary: 'the certificate of a sealing key does not lead to a trust anchor, or is not for sealing',
  },

  'index-differs': { class: 'fail', summary: 'the search index says other than the log; the log stands' },

  'bad-evidence': { class: 'fail', summary: 'an evidence file is not of the form that one has' },
  'bad-export': { class: 'fail', summary: 'an export is not of the form that one has' },
  'bad-proof': { class: 'fail', summary: 'a proof that evidence or an export carries does not hold' },
  'bad-timestamp': { class: 'fail', summary: 'a time stamp that evidence carries does not hold' },
  'not-dated': {
    class: 'fail',
    summary: 'no time stamp that evidence carries leads to a root that was given',
  },
  'bad-certificate': {
    class: 'fail',
    summary: 'a certificate that evidence carries is not that of the sealing key',
  },
  'not-a-match': { class: 'fail', summary: 'a record in evidence is none that its query finds' },
  'left-out': { class: 'fail', summary: 'a record that the query finds is not among those shown' },
  'not-complete': { class: 'fail', summary: 'evidence does not prove that nothing was left out' },

  'coverage-ends': { class: 'fail', summary: 'records that could not be tied to the signed root' },
  'not-listed': { class: 'notice', summary: 'more findings than are listed' },
} as const;

export type FindingCode = keyof typeof FINDINGS;

/** What is said of records that are not there, however many. */
export const MISSING = 'sealed, but not there';

interface Base {
  readonly class: Class;
  /** Records concerned: [from, to). */
  readonly from: number;
  readonly to: number;
  /** Lower-case hex of a hash, or a value in words; null where there is none. */
  readonly expected: string | null;
  readonly actual: string | null;
  /** For people. Holds no record content. */
  readonly message: string;
}

/** About records. */
export interface RecordFinding extends Base {
  readonly code:
    | 'altered'
    | 'missing'
    | 'inserted'
    | 'unreadable'
    | 'not-canonical'
    | 'misnumbered'
    | 'clock-skew'
    | 'continues'
    | 'payload-altered'
    | 'payload-unreadable'
    | 'payload-foreign';
  /** The bytes found, where they tell something: base64. */
  readonly found?: string;
  /** Of an export: the line that it stands in, from 1. */
  readonly line?: number;
}

export interface MovedFinding extends Base {
  readonly code: 'reordered';
  /** The number of the record that stands at `from`, where it is one alone. */
  readonly belongsAt?: number;
}

/** About hash tiles; `from` and `to` are the records under the hashes that differ. */
export interface TileFinding extends Base {
  readonly code: 'tile-altered' | 'tile-missing';
  readonly level: number;
  readonly index: number;
}

/** About checkpoints. */
export interface CheckpointFinding extends Base {
  readonly code:
    | 'bad-checkpoint'
    | 'bad-signature'
    | 'unknown-key'
    | 'missing-signature'
    | 'foreign-signature'
    | 'not-compared'
    | 'other-log'
    | 'truncated'
    | 'rolled-back'
    | 'witness-alarm'
    | 'no-quorum'
    | 'split-view';
  /** Size the checkpoint is about. */
  readonly size: number;
  /** The signed notes that show it. */
  readonly notes: readonly string[];
}

/** About the certificates of sealing keys. */
export interface CertificateFinding extends Base {
  readonly code: 'certificate-expired' | 'certificate-unfit';
}

export interface IndexFinding extends Base {
  readonly code: 'index-differs';
  /** Columns that differ; empty when the row is missing or too many. */
  readonly columns: readonly string[];
}

/** About evidence or an export: what it carries, or what it claims of its records. */
export interface EvidenceFinding extends Base {
  readonly code:
    | 'bad-evidence'
    | 'bad-export'
    | 'bad-proof'
    | 'bad-timestamp'
    | 'not-dated'
    | 'bad-certificate'
    | 'not-a-match'
    | 'left-out'
    | 'not-complete';
}

/** About the verification itself. */
export interface BoundFinding extends Base {
  readonly code: 'coverage-ends' | 'not-listed';
}

export type Finding =
  | RecordFinding
  | MovedFinding
  | TileFinding
  | CheckpointFinding
  | CertificateFinding
  | IndexFinding
  | EvidenceFinding
  | BoundFinding;

/** What a finding is made of: class and absent values are filled in. */
export type FindingInput<F extends Finding = Finding> = F extends Finding
  ? Omit<F, 'class' | 'expected' | 'actual'> & {
      readonly expected?: string | null;
      readonly actual?: string | null;
    }
  : never;

export function finding(input: FindingInput): Finding {
  const info: CodeInfo = FINDINGS[input.code];
  return { class: info.class, expected: null, actual: null, ...input } as Finding;
}

/** More findings than this are counted, not listed. */
export const MAX_FINDINGS = 100;
/** Neighbouring ranges of these codes are one finding; so their messages leave it to `findingWords` to name the records. */
const JOINED: readonly FindingCode[] = [
  'missing',
  'unreadable',
  'reordered',
  'index-differs',
  'coverage-ends',
];

/**
 * What a finding says, for people, with the records that it is about; those of the codes that are not joined name them
 * in their messages. Not safe to show as it is: names come from what was verified.
 */
export function findingWords({ code, from, to, message }: Finding): string {
  return JOINED.includes(code) && to > from ? `${recordRange(from, to)}: ${message}` : message;
}

/** Collects findings, bounded. */
export class Findings {
  readonly #list: Finding[] = [];
  #dropped = 0;
  #droppedFrom = Number.POSITIVE_INFINITY;
  #droppedTo = 0;
  #failed = false;
  #uncompared = false;

  add(input: FindingInput): void {
    this.addAll([finding(input)]);
  }

  addAll(findings: readonly Finding[]): void {
    for (const f of findings) {
      this.#failed ||= f.class === 'fail';
      this.#uncompared ||= f.code === 'not-compared';
      const last = this.#list.at(-1);
      if (last !== undefined && JOINED.includes(f.code) && continues(last, f)) {
        // What was expected of the first alone says nothing of all.
        this.#list[this.#list.length - 1] = { ...last, to: f.to, expected: null, actual: null };
      } else if (this.#list.length < MAX_FINDINGS) {
        this.#list.push(f);
      } else {
        this.#drop(f);
      }
    }
  }

  /** What is not listed is counted. Notices give way to failures, so that many of them hide none. */
  #drop(f: Finding): void {
    const at = f.class === 'fail' ? this.#list.findLastIndex((each) => each.class === 'notice') : -1;
    const [dropped = f] = at < 0 ? [] : this.#list.splice(at, 1);
    if (dropped !== f) this.#list.push(f);
    this.#dropped++;
    this.#droppedFrom = Math.min(this.#droppedFrom, dropped.from);
    this.#droppedTo = Math.max(this.#droppedTo, dropped.to);
  }

  /** Whether anything failed, listed or not. */
  get failed(): boolean {
    return this.#failed;
  }

  /** By all findings, listed or not. */
  get verdict(): Verdict {
    if (this.#failed) return 'not-intact';
    return this.#uncompared ? 'not-compared' : 'intact';
  }

  /** By position, failures first where they share one; what could not be listed comes last as one finding. */
  list(): readonly Finding[] {
    const sorted = this.#list.toSorted((a, b) => a.from - b.from || rank(a) - rank(b));
    if (this.#dropped === 0) return sorted;
    const are = this.#dropped === 1 ? 'is' : 'are';
    const message = `${counted(this.#dropped, 'more finding')} between records ${this.#droppedFrom} and ${this.#droppedTo - 1} ${are} not listed`;
    return [
      ...sorted,
      finding({ code: 'not-listed', from: this.#droppedFrom, to: this.#droppedTo, message }),
    ];
  }
}

/** Whether `next` says the same of the records that follow. */
function continues(last: Finding, next: Finding): boolean {
  if (last.to !== next.from) return false;
  if (last.code === 'index-differs' && next.code === 'index-differs') {
    return last.columns.join() === next.columns.join();
  }
  if (last.code === 'reordered') return last.message === next.message;
  return last.code === next.code;
}

function rank(f: Finding): number {
  return f.class === 'fail' ? 0 : 1;
}
