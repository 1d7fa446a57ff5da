import type { Catalogs } from '../catalog/catalogs.ts';
import { nodeOf, type Pin, type Policy, parseNote, parseVkey } from '../checkpoint/mod.ts';
import { equalBytes, fromHex, toHex } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import {
  consistencyPath,
  emptyRoot,
  type Node,
  rootFromNodes,
  sharedInclusionNodes,
  verifyConsistency,
} from '../merkle/mod.ts';
import { type FindingInput, Findings } from '../verify/findings.ts';
import { alsoSigned } from '../verify/head.ts';
import { type Era, followKeys, type NotChecked, type SourceCheckpoint, type Trust } from '../verify/mod.ts';
import { short } from '../verify/policy.ts';
import { counted, MAY_BE_OWN } from '../verify/words.ts';
import { boundOf, checkAnchors, type ProvenCheckpoint } from './anchors.ts';
import { checkCertificates } from './certificates.ts';
import { checkCompleteness } from './completeness.ts';
import type { LogEvidence, Made } from './format.ts';
import { KeyPolicies } from './key-policies.ts';
import { checkpointOf } from './read.ts';
import { type CheckedRecord, checkRecords, holds, isOfKeys } from './records.ts';
import type { ExistedBy, LogEvidenceReport, ProvenRecord } from './report.ts';

export interface LogOptions {
  readonly made: Made;
  /** All that were given of this log: each of them counts. */
  readonly pins: readonly Pin[];
  /** Whether somebody said whom to believe, of whichever log. */
  readonly isTrustGiven: boolean;
  readonly keys: readonly string[];
  /** Of logs that the policy given names; demanded beside `keys`. */
  readonly logKeys: readonly string[];
  readonly policy: Policy | undefined;
  readonly tsaRoots: readonly Uint8Array[];
  readonly complete: boolean;
  readonly catalogs: Catalogs;
}

interface Checkpoint {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** Verifies what the file has of one log. */
export async function verifyLogEvidence(log: LogEvidence, options: LogOptions): Promise<LogEvidenceReport> {
  const run = new LogRun(log, options);
  return run.verify();
}

class LogRun {
  readonly #log: LogEvidence;
  readonly #options: LogOptions;
  readonly #findings = new Findings();
  readonly #notChecked: NotChecked[] = [];
  /** What is to be said of checkpoints by keys that are not known, where the file lacks records that may tell the keys. */
  readonly #unfollowed: FindingInput[] = [];
  readonly #origin: string;
  readonly #node: string;
  readonly #head: Checkpoint;

  constructor(log: LogEvidence, options: LogOptions) {
    this.#log = log;
    this.#options = options;
    const { origin, size, root } = checkpointOf(log.checkpoint, 'checkpoint');
    this.#origin = origin;
    this.#node = nodeOf(origin);
    this.#head = { size, root, note: log.checkpoint };
  }

  async verify(): Promise<LogEvidenceReport> {
    const run = { findings: this.#findings, notChecked: this.#notChecked };
    const head = { ...this.#head, node: this.#node };
    const records = checkRecords(this.#log, head, this.#findings);
    const consistent = this.#consistent();
    const policy = await this.#keyPolicy(records, consistent);
    const signed = await this.#open(policy, consistent);
    const pins = this.#checkPins(policy, consistent, records, signed.trust !== 'none');
    const needed = this.#needed(records);
    const anchors = await checkAnchors(this.#log, signed.proven, needed, this.#anchorOptions(), run);
    const completeness = checkCompleteness(this.#log, this.#head.size, records, {
      ...run,
      made: this.#options.made,
      catalogs: this.#options.catalogs,
    });
    if (this.#options.complete && completeness.verdict !== 'complete') this.#demandCompleteness(completeness);
    this.#judgeUnfollowed();
    const certificates = await checkCertificates(this.#log.certificates, signed.keys, run);
    const proven = this.#proven(records, anchors.bounds);
    this.#checkTimes(proven);
    return {
      verdict: this.#findings.verdict,
      origin: this.#origin,
      node: this.#node,
      size: this.#head.size,
      root: toHex(this.#head.root),
      trust: signed.trust,
      keys: signed.keys,
      eras: signed.eras,
      records: proven,
      searched: this.#log.searched,
      checked: {
        records: records.filter(({ isSealed }) => isSealed).length,
        payloads: records.reduce((n, { payloads }) => n + payloads, 0),
        checkpoints: signed.proven.length,
        timestamps: anchors.timestamps,
        cosignatures: anchors.cosignatures,
        pins,
      },
      completeness,
      bounds: anchors.bounds,
      certificates,
      notChecked: this.#notChecked,
      findings: this.#findings.list(),
    };
  }

  /** The checkpoints whose trees are the beginning of the newest one's, ascending, the newest last. */
  #consistent(): Checkpoint[] {
    const { size, root } = this.#head;
    const good: Checkpoint[] = [];
    for (const { checkpoint, consistency } of this.#log.checkpoints) {
      const said = checkpointOf(checkpoint, 'checkpoints');
      try {
        verifyConsistency(said.size, size, consistency, said.root, root);
        good.push({ size: said.size, root: said.root, note: checkpoint });
      } catch (error) {
        if (!(error instanceof ProofError)) throw error;
        const message = `the checkpoint at ${counted(said.size, 'record')}: nothing here proves that the newest one goes on from it`;
        const expected = toHex(said.root);
        this.#findings.add({ code: 'bad-proof', from: 0, to: said.size, expected, message });
      }
    }
    return [...good, this.#head];
  }

  async #keyPolicy(
    records: readonly CheckedRecord[],
    consistent: readonly Checkpoint[],
  ): Promise<KeyPolicies> {
    const bySeq = new Map(records.map((record) => [record.seq, record]));
    const history = await followKeys(
      {
        entry: async (seq) => {
          const record = bySeq.get(seq);
          return record?.isSealed === true ? record.entry : null;
        },
        keyChanges: async function* () {
          for (const { size, root, note } of consistent) {
            yield { size, root, signatures: signaturesOf(note) } satisfies SourceCheckpoint;
          }
        },
        // The tree at that size is the beginning of the newest one, and the entry is in that at the same place.
        isLast: async (size, root, entry) =>
          holds(bySeq, size - 1, entry) &&
          consistent.some((each) => each.size === size && equalBytes(each.root, root)),
      },
      this.#origin,
      this.#head.size,
    );
    if (history === null && bySeq.get(0) === undefined) {
      this.#notChecked.push({
        what: 'which keys seal the log',
        why: 'the file does not have its first record, which names them',
      });
    }
    const { pins, keys, logKeys } = this.#options;
    const tell = [1, ...consistent.map(({ size }) => size).filter((size) => size < this.#head.size)];
    const isFollowed = tell.every((size) => bySeq.get(size - 1)?.isSealed === true);
    const head = { origin: this.#origin, size: this.#head.size };
    const given = [this.#own(keys), this.#own(logKeys)];
    return KeyPolicies.of(history, head, pins, given, isFollowed);
  }

  /** Keys given that are of this log. */
  #own(keys: readonly string[]): readonly string[] {
    return keys.filter((vkey) => parseVkey(vkey).name === this.#origin);
  }

  /** Opens every checkpoint, the newest first of all. */
  async #open(
    policy: KeyPolicies,
    consistent: readonly Checkpoint[],
  ): Promise<{ trust: Trust; keys: readonly string[]; eras: readonly Era[]; proven: ProvenCheckpoint[] }> {
    const proven: ProvenCheckpoint[] = [];
    let trust: Trust = 'none';
    let keys: readonly string[] = [];
    if (!policy.knowsKeys && this.#findings.failed) {
      const why = 'no key was given, and what would name the keys does not hold';
      this.#notChecked.push({ what: 'signatures', why });
      return { trust, keys, eras: [], proven };
    }
    for (const { size, note } of consistent) {
      const isHead = note === this.#head.note;
      const opening = await policy.open(note, size);
      if (opening.result !== 'good') {
        const which = isHead ? 'newest checkpoint' : 'checkpoint';
        const message = `the ${which} at ${counted(size, 'record')}: ${opening.message}`;
        const finding = { code: opening.result, from: 0, to: size, size, notes: [note], message };
        const isUnfollowed = opening.result === 'unknown-key' && !policy.isFollowed;
        if (isUnfollowed) this.#unfollowed.push(finding);
        else this.#findings.add(finding);
        continue;
      }
      proven.push({ size, note, keys: opening.keys.filter((key) => parseVkey(key).name === this.#origin) });
      this.#reportStrangers(opening.strangers, size, note);
      if (!isHead) continue;
      trust = opening.trust;
      keys = opening.keys;
      for (const key of opening.unchecked) {
        const why = 'this platform cannot check signatures of its kind';
        this.#notChecked.push({ what: `signatures of ${short(key)}`, why });
      }
    }
    this.#sayTrust(trust);
    return { trust, keys, eras: policy.history?.eras ?? [], proven };
  }

  /** Where something else is wrong, the records that tell the keys may be what is: that is said. */
  #judgeUnfollowed(): void {
    const isPlain = !this.#findings.failed;
    let others = 0;
    for (const each of this.#unfollowed) {
      if (isPlain) this.#findings.add(each);
      else if (each.to !== this.#head.size) others++;
      else this.#findings.add({ ...each, message: `${each.message}; ${MAY_BE_OWN}` });
    }
    if (others > 0) {
      const what = `who signed ${counted(others, 'earlier checkpoint')}, by keys that are not known`;
      this.#notChecked.push({ what, why: MAY_BE_OWN });
    }
  }

  /** Cosignatures by witnesses that are known are looked at apart. */
  #reportStrangers(strangers: readonly string[], size: number, note: string): void {
    const witnesses = [
      ...this.#log.witnesses,
      ...(this.#options.policy?.witnesses.map(({ key }) => key.vkey) ?? []),
    ].map(short);
    const foreign = strangers.filter((name) => !witnesses.includes(name));
    if (foreign.length === 0) return;
    const message = `the checkpoint at ${counted(size, 'record')} also bears ${alsoSigned(foreign)}`;
    this.#findings.add({ code: 'foreign-signature', from: 0, to: size, size, notes: [note], message });
  }

  #sayTrust(trust: Trust): void {
    const { pins, keys, logKeys, policy, isTrustGiven } = this.#options;
    if (isTrustGiven && pins.length === 0 && this.#own([...keys, ...logKeys]).length === 0) {
      const { size, note } = this.#head;
      const message = `none of the keys or pins given is of the log ${this.#origin}`;
      this.#findings.add({ code: 'unknown-key', from: 0, to: size, size, notes: [note], message });
    }
    if (trust === 'log-key') {
      const given =
        pins.length === 0 ? 'no key was given' : 'no key of the pin given has sealed what is here';
      const why = `${given}: those that the file itself names were believed`;
      this.#notChecked.push({ what: 'whose keys they are', why });
    }
    // A quorum is an anchor as well: it is demanded for every record that is shown.
    if (pins.length === 0 && (policy?.quorum ?? null) === null) {
      const why = 'no pin was given: a log that was rebuilt with its own keys would not show';
      this.#notChecked.push({ what: 'an outside anchor', why });
    }
  }

  /** How many of the pins agree with what is here; the others are said. */
  #checkPins(
    policy: KeyPolicies,
    consistent: readonly Checkpoint[],
    records: readonly CheckedRecord[],
    isSigned: boolean,
  ): number {
    let agreeing = 0;
    for (const [i, pin] of this.#options.pins.entries()) {
      const message = policy.pinTrouble(i);
      if (message !== null) {
        const notes = [pin.checkpoint, this.#head.note];
        this.#findings.add({ code: 'unknown-key', from: 0, to: pin.size, size: pin.size, notes, message });
      }
      if (this.#agrees(pin, consistent, records, isSigned)) agreeing++;
    }
    return agreeing;
  }

  #agrees(
    pin: Pin,
    consistent: readonly Checkpoint[],
    records: readonly CheckedRecord[],
    isSigned: boolean,
  ): boolean {
    const { note } = this.#head;
    const same = consistent.find((each) => each.size === pin.size);
    const root = same?.root ?? this.#rootAt(pin.size, consistent, records);
    if (root === null) {
      this.#sayNotCompared(pin);
      return false;
    }
    if (equalBytes(root, fromHex(pin.root) as Uint8Array)) return true;
    const what = same === undefined ? 'the tree here' : 'the one here';
    const message = `the pinned checkpoint and ${what}, both at ${counted(pin.size, 'record')}, ${isSigned ? 'are both signed and ' : ''}have other roots`;
    this.#findings.add({
      ...{ code: 'split-view', from: 0, to: pin.size, size: pin.size },
      ...{ expected: pin.root, actual: toHex(root), notes: [pin.checkpoint, same?.note ?? note], message },
    });
    return false;
  }

  /** Its keys alone show no log that was rebuilt with them: whoever rebuilt one leaves out what could be compared. */
  #sayNotCompared(pin: Pin): void {
    const { size, note } = this.#head;
    const isNewer = pin.size > size;
    const what = isNewer
      ? `whether the log as it was pinned, at ${counted(pin.size, 'record')}, goes on from this evidence`
      : `whether this evidence goes on from the log as it was pinned, at ${counted(pin.size, 'record')}`;
    const why = isNewer
      ? `the evidence is older, of ${counted(size, 'record')}: no more than keys could be held against the pin`
      : 'the file has neither a proof for that size nor the records around it: have it made with --pin';
    this.#notChecked.push({ what, why });
    this.#findings.add({
      ...{ code: 'not-compared', from: 0, to: Math.min(pin.size, size), size: pin.size },
      notes: [pin.checkpoint, note],
      message: `the pin at ${counted(pin.size, 'record')} was not compared with what is here: ${why}`,
    });
  }

  /**
   * Root of the tree of the first `size` records, out of records, hashes and consistency proofs that hold: there is one for
   * every size in a range that the file has whole. Null for most other sizes.
   */
  #rootAt(
    size: number,
    consistent: readonly Checkpoint[],
    records: readonly CheckedRecord[],
  ): Uint8Array | null {
    if (size === 0) return emptyRoot();
    if (size > this.#head.size || !records.every(({ isSealed }) => isSealed)) return null;
    const hashes = sharedInclusionNodes(
      records.map(({ seq }) => seq),
      this.#head.size,
      this.#log.hashes,
    );
    const leaves = records.map(({ seq, leaf }) => ({ from: seq, to: seq + 1, hash: leaf }));
    return rootFromNodes([...hashes, ...leaves, ...this.#consistencyNodes(consistent)], size);
  }

  /** What consistency proofs that hold say of the newest tree and of the beginnings of it. */
  #consistencyNodes(consistent: readonly Checkpoint[]): Node[] {
    return this.#log.checkpoints.flatMap(({ checkpoint, consistency }) => {
      const earlier = consistent.find(({ note }) => note === checkpoint);
      if (earlier === undefined) return [];
      const path = consistencyPath(earlier.size, this.#head.size);
      return [
        { from: 0, to: earlier.size, hash: earlier.root },
        ...path.map((each, i) => ({ ...each, hash: consistency[i] as Uint8Array })),
      ];
    });
  }

  /**
   * How many of the first records others have to have seen: all that the file is about, and not what it calls a match alone,
   * for a shown record is believed, as is one that shows that a time was over. Those that tell the keys are there for no more
   * than that.
   */
  #needed(records: readonly CheckedRecord[]): number {
    const { matches, range } = this.#log;
    const about = records.filter(({ seq, sealed }) => seq > 0 && !(sealed !== null && isOfKeys(sealed)));
    const last = Math.max(about.at(-1)?.seq ?? 0, matches.at(-1) ?? 0);
    return Math.max(last + 1, range?.to ?? 0);
  }

  #anchorOptions(): { policy?: Policy; tsaRoots: readonly Uint8Array[] } {
    const { policy, tsaRoots } = this.#options;
    return policy === undefined ? { tsaRoots } : { policy, tsaRoots };
  }

  #demandCompleteness({ verdict, range }: LogEvidenceReport['completeness']): void {
    // What is wrong with the range itself was said.
    if (this.#findings.list().some(({ code }) => code === 'not-complete')) return;
    const { size } = this.#head;
    const place = range === null ? { from: 0, to: size } : { from: range.from, to: range.to };
    const message = {
      'not-claimed': 'the file has no range of which it holds every record: others may match',
      undecided:
        'of some records of the range, or what came behind its newest checkpoint, it can not be told whether they match',
      incomplete: 'the range is not complete, or other records match than are shown',
      complete: '',
    }[verdict];
    this.#findings.add({ code: 'not-complete', ...place, message });
  }

  #proven(records: readonly CheckedRecord[], bounds: readonly ExistedBy[]): ProvenRecord[] {
    const matches = new Set(this.#log.matches);
    const absent = records.reduce((n, record) => n + record.absent, 0);
    if (absent > 0) {
      const why = 'left out of the file, or removed from the log before; their records stand';
      this.#notChecked.push({ what: `sealed content in ${counted(absent, 'place')}`, why });
    }
    return records.map(({ seq, leaf, isSealed, sealed, restored, problem, absent }) => {
      const isGood = isSealed && problem === null;
      const status = isGood ? 'verified' : isSealed && sealed === null ? 'unreadable' : 'altered';
      const bound = isSealed ? boundOf(bounds, seq) : null;
      const base = { node: this.#node, seq, leaf: toHex(leaf), isMatch: matches.has(seq), absent, bound };
      return {
        ...base,
        status,
        record: restored ?? sealed,
        ...(problem === null ? {} : { problem }),
      };
    });
  }

  /** Records say when they were logged; those who saw them later must not have seen them before. */
  #checkTimes(records: readonly ProvenRecord[]): void {
    for (const { seq, status, record, bound } of records) {
      if (status !== 'verified' || record === null || bound?.trust !== 'given') continue;
      if (record.logged <= bound.time) continue;
      const message = `record ${seq} says it was logged ${record.logged - bound.time} ms after a checkpoint that covers it was seen by ${bound.by}`;
      const times = { expected: `${bound.time} or earlier`, actual: String(record.logged) };
      this.#findings.add({ code: 'clock-skew', from: seq, to: seq + 1, ...times, message });
    }
  }
}

/** The signature lines of a note. */
function signaturesOf(note: string): string {
  return note.slice(parseNote(note).text.length + 1);
}
