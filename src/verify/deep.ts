import { Catalogs } from '../catalog/catalogs.ts';
import { type IndexRow, indexRow } from '../catalog/row.ts';
import { TallystickError } from '../errors.ts';
import { bundleEntries } from '../merkle/mod.ts';
import {
  type AuditRecord,
  decodeEntry,
  EntryReader,
  idKey,
  type RecordSubject,
  references,
} from '../record/mod.ts';
import type { GuardedRecord } from './attempts.ts';
import { type Finding, finding } from './findings.ts';

export interface DeepContext {
  /** The node whose log it is. */
  readonly node: string;
  /** Whether the index rows are wanted. */
  readonly rows: boolean;
}

/** A payload that a record refers to. */
export interface PayloadUse {
  readonly seq: number;
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}

/** Plain data, so that a bundle may be checked on another thread. */
export interface DeepResult {
  readonly findings: readonly Finding[];
  /** `logged` of the first and last record that could be read; null when none could. */
  readonly logged: { readonly first: number; readonly last: number } | null;
  readonly payloads: readonly PayloadUse[];
  /** Attempts and outcomes of guarded operations, in order. */
  readonly guarded: readonly GuardedRecord[];
  /** For each entry its index row, null where there is none; null when not asked for. */
  readonly rows: readonly (IndexRow | null)[] | null;
}

/** One serves all: it is done with an entry when it has read it. */
const reader = new EntryReader();

/**
 * Reads entries `from` onwards, in bundle form, whose bytes have been found to be the sealed ones: each is the
 * canonical form of a record, is of this node, is numbered as it stands, and was not logged before the one in front.
 */
export function deepCheckBundle(
  bundle: Uint8Array,
  from: number,
  { node, rows }: DeepContext,
  catalogs: Catalogs = Catalogs.builtIn,
): DeepResult {
  const findings: Finding[] = [];
  const payloads: PayloadUse[] = [];
  const guarded: GuardedRecord[] = [];
  const wanted: (IndexRow | null)[] = [];
  let first: number | null = null;
  let last: number | null = null;
  let seq = from;
  for (const entry of bundleEntries(bundle)) {
    const plain = reader.read(entry);
    const whole = plain === null ? read(entry, seq, findings) : null;
    const record = plain ?? whole;
    if (record !== null) {
      checkPlace(record, node, seq, findings);
      if (last !== null && record.logged < last) findings.push(clockSkew(seq, last, record.logged));
      first ??= record.logged;
      last = record.logged;
    }
    if (whole !== null) {
      if (whole.phase !== undefined) guarded.push(guardedRecord(whole, seq));
      for (const { path, ref } of references(whole)) {
        payloads.push({ seq, path, digest: ref.payload, bytes: ref.bytes });
      }
    }
    if (rows) wanted.push(record === null ? null : indexRow(record, catalogs));
    seq++;
  }
  const logged = first === null || last === null ? null : { first, last };
  return { findings, logged, payloads, guarded, rows: rows ? wanted : null };
}

export function clockSkew(seq: number, before: number, logged: number): Finding {
  const [expected, actual] = [`${before} or later`, String(logged)];
  const message = `record ${seq} was logged ${before - logged} ms before the record in front of it`;
  return finding({ code: 'clock-skew', from: seq, to: seq + 1, expected, actual, message });
}

function guardedRecord(record: AuditRecord, seq: number): GuardedRecord {
  const { node, phase, source, correlation = '', refs = [], logged } = record;
  const link = refs.find((ref) => ref.why === 'attempt' && ref.node === node);
  // An outcome that names no attempt of this log is one of none.
  const attempt = phase === 'attempt' ? null : (link?.seq ?? -1);
  return { seq, logged, key: idKey(source, correlation), attempt };
}

function read(entry: Uint8Array, seq: number, findings: Finding[]): AuditRecord | null {
  try {
    return decodeEntry(entry);
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    const message = `record ${seq} was sealed in a form that is not the canonical one: ${error.message}`;
    findings.push(finding({ code: 'not-canonical', from: seq, to: seq + 1, message }));
    return null;
  }
}

function checkPlace(record: RecordSubject, node: string, seq: number, findings: Finding[]): void {
  if (record.node === node && record.seq === seq) return;
  const [expected, actual] = [`${node} ${seq}`, `${record.node} ${record.seq}`];
  const message = `the record at ${seq} calls itself ${record.seq} of ${record.node}`;
  findings.push(finding({ code: 'misnumbered', from: seq, to: seq + 1, expected, actual, message }));
}
