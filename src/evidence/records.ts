import { tallystick } from '../catalog/mod.ts';
import { equalBytes, toHex, utf8 } from '../crypto/bytes.ts';
import { ProofError, TallystickError } from '../errors.ts';
import { isIncluded, leafHash, splitSharedInclusion } from '../merkle/mod.ts';
import {
  type AuditRecord,
  decodeEntry,
  type Payload,
  payloadDigest,
  payloadMatches,
  references,
  restorePayloads,
} from '../record/mod.ts';
import type { Findings } from '../verify/findings.ts';
import type { EvidenceRecord, LogEvidence } from './format.ts';

/** A record of the file after it was checked. */
export interface CheckedRecord {
  readonly seq: number;
  readonly entry: Uint8Array;
  readonly leaf: Uint8Array;
  /** Its bytes are under the root. */
  readonly isSealed: boolean;
  /** As it stands in its entry; null when it does not decode, or says another place than its own. */
  readonly sealed: AuditRecord | null;
  /** With its sealed content back in place. */
  readonly restored: AuditRecord | null;
  readonly problem: string | null;
  readonly payloads: number;
  readonly absent: number;
}

/** Whether it is one of those that say which keys seal the log, or may take over. */
export function isOfKeys({ system, event }: AuditRecord): boolean {
  const { KEY_CHANGE, KEY_STANDBY } = tallystick;
  const names: readonly string[] = [KEY_CHANGE.event, KEY_STANDBY.event];
  return system === KEY_CHANGE.system && names.includes(event);
}

interface Head {
  readonly node: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Checks every record: that its bytes are under the root, what they say, and its sealed content. */
export function checkRecords(log: LogEvidence, head: Head, findings: Findings): CheckedRecord[] {
  const { records, hashes } = log;
  const entries = records.map(({ entry }) => utf8(entry));
  const leaves = entries.map(leafHash);
  const included = inclusion(log, head, leaves, findings);
  if (included === null) {
    const message =
      records.length === 0
        ? 'there is no record, and yet there are hashes'
        : `records ${records[0]?.seq} to ${records.at(-1)?.seq}: ${hashes.length} hashes are not the proof of these records`;
    findings.add({ code: 'bad-proof', from: 0, to: head.size, message });
  }
  return records.map((record, i) => {
    const isSealed = included?.[i] === true;
    const [entry, leaf] = [entries[i] as Uint8Array, leaves[i] as Uint8Array];
    const base = { seq: record.seq, entry, leaf, isSealed };
    const nothing = { sealed: null, restored: null, payloads: 0, absent: 0 };
    if (!isSealed) {
      const problem = 'its bytes, or the hashes that prove them, are not those that were sealed';
      return { ...base, ...nothing, sealed: decode(entry), problem };
    }
    return { ...base, ...readRecord(record, entry, head.node, findings) };
  });
}

/** For each record whether it is under the root; null when the hashes are not of the number they have to be. */
function inclusion(
  { records, hashes }: LogEvidence,
  { size, root }: Head,
  leaves: readonly Uint8Array[],
  findings: Findings,
): readonly boolean[] | null {
  const seqs = records.map(({ seq }) => seq);
  let proofs: readonly (readonly Uint8Array[])[];
  try {
    proofs = splitSharedInclusion(seqs, size, hashes);
  } catch (error) {
    if (error instanceof ProofError) return null;
    throw error;
  }
  const included = seqs.map((seq, i) =>
    isIncluded(seq, size, leaves[i] as Uint8Array, proofs[i] as readonly Uint8Array[], root),
  );
  const wrong = seqs.filter((_, i) => included[i] === false);
  const expected = toHex(root);
  if (wrong.length > 1 && wrong.length === seqs.length) {
    const message = `none of the ${seqs.length} records leads to the root of the newest checkpoint: that root, or a hash that proves them all, was changed, or all of them were`;
    findings.add({
      code: 'coverage-ends',
      from: wrong[0] as number,
      to: (wrong.at(-1) as number) + 1,
      expected,
      message,
    });
    return included;
  }
  for (const seq of wrong) {
    const message = `record ${seq}: its bytes, or the hashes that prove them, were changed: they do not lead to the signed root`;
    findings.add({ code: 'altered', from: seq, to: seq + 1, expected, message });
  }
  return included;
}

/** What it may have been, for people to look at. */
function decode(entry: Uint8Array): AuditRecord | null {
  try {
    return decodeEntry(entry);
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}

type Content = Pick<CheckedRecord, 'sealed' | 'restored' | 'problem' | 'payloads' | 'absent'>;

function readRecord(
  { seq, payloads }: EvidenceRecord,
  entry: Uint8Array,
  node: string,
  findings: Findings,
): Content {
  const place = { from: seq, to: seq + 1 };
  const nothing = { sealed: null, restored: null, payloads: 0, absent: 0 };
  let sealed: AuditRecord;
  try {
    sealed = decodeEntry(entry);
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    const message = `record ${seq} was sealed in a form that is not the canonical one: ${error.message}`;
    findings.add({ code: 'not-canonical', ...place, message });
    return { ...nothing, problem: message };
  }
  if (sealed.node !== node || sealed.seq !== seq) {
    const [expected, actual] = [`${node} ${seq}`, `${sealed.node} ${sealed.seq}`];
    const message = `the record at ${seq} calls itself ${sealed.seq} of ${sealed.node}`;
    findings.add({ code: 'misnumbered', ...place, expected, actual, message });
    return { ...nothing, problem: message };
  }
  return { sealed, ...withContent(sealed, payloads, findings) };
}

/** Puts sealed content back, after it was found to be what the record refers to. */
function withContent(
  sealed: AuditRecord,
  included: EvidenceRecord['payloads'],
  findings: Findings,
): Omit<Content, 'sealed'> {
  const { seq } = sealed;
  const place = { from: seq, to: seq + 1 };
  const refs = references(sealed);
  const found = new Map<string, Payload>();
  let isGood = true;
  for (const { salt, content } of included) {
    const bytes = utf8(content);
    const digest = payloadDigest(salt, bytes);
    if (refs.some(({ ref }) => payloadMatches(ref, { salt, bytes }))) {
      found.set(digest, { digest, salt, bytes });
      continue;
    }
    isGood = false;
    const message = `record ${seq}: sealed content that was changed, or is not its own: it hashes to ${digest}`;
    findings.add({ code: 'payload-altered', ...place, actual: digest, message });
  }
  const absent = new Set(refs.map(({ ref }) => ref.payload).filter((digest) => !found.has(digest))).size;
  const counts = { payloads: found.size, absent };
  const problem = isGood ? null : 'sealed content that the file has is not what was sealed';
  try {
    return { ...counts, problem, restored: restorePayloads(sealed, found) };
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    const message = `record ${seq}: its sealed content is not what its member may hold`;
    findings.add({ code: 'payload-unreadable', ...place, message });
    return { ...counts, problem: message, restored: null };
  }
}

/** Whether a record of that number is under the root with exactly these bytes. */
export function holds(records: ReadonlyMap<number, CheckedRecord>, seq: number, entry: Uint8Array): boolean {
  const record = records.get(seq);
  return record?.isSealed === true && equalBytes(record.entry, entry);
}
