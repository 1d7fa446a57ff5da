import assert from 'node:assert/strict';
import { Catalogs } from '../../src/catalog/catalogs.ts';
import { signCheckpointByAll, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import type { Signer } from '../../src/crypto/signer.ts';
import {
  type CreatedEvidence,
  createEvidence,
  type EvidenceReport,
  type LogRequest,
  type Made,
} from '../../src/evidence/mod.ts';
import { type AuditRecord, canonicalize, type Json, payloadDigest } from '../../src/record/mod.ts';
import type { Finding, SourceCheckpoint } from '../../src/verify/mod.ts';
import { composeNote } from '../../src/verify/note.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { BuiltLog, entryOf, makeRecord, ORIGIN, START } from '../verify/built-log.ts';

export const MADE: Made = {
  at: START + 10_000_000,
  by: 'Auditor A',
  software: 'tallystick test',
  query: null,
  catalogs: Catalogs.builtIn.version,
  more: false,
};

export const [A, B, C, EVE] = ['A', 'B', 'C', 'Eve'].map(testSigner) as [Signer, Signer, Signer, Signer];

export function vkey({ algorithm, publicKey }: Signer, origin: string = ORIGIN): string {
  return vkeyFromSpki(origin, algorithm, publicKey);
}

/** Evidence of records of one log. */
export function evidenceOf(
  log: BuiltLog,
  matches: readonly number[] | null,
  more: Partial<LogRequest> = {},
  made: Partial<Made> = {},
  content = true,
): Promise<CreatedEvidence> {
  const request = { source: log, matches, searched: null, range: null, ...more };
  return createEvidence([request], { made: { ...MADE, ...made }, content });
}

/** Evidence of a range with all its records, and of what a query finds in it. */
export function completeOf(
  log: BuiltLog,
  [from, to]: readonly [number, number],
  query: string,
  more: Partial<LogRequest> = {},
): Promise<CreatedEvidence> {
  const range = { from, to, since: null, until: null };
  return evidenceOf(log, null, { range, ...more }, { query });
}

/** All findings, of the file and its logs. */
export function findingsOf({ findings, logs }: EvidenceReport): Finding[] {
  return [...findings, ...logs.flatMap((log) => log.findings)];
}

export function brief(report: EvidenceReport): [string, number, number][] {
  return findingsOf(report).map(({ code, from, to }) => [code, from, to]);
}

export function assertIntact(report: EvidenceReport, what = ''): void {
  assert.deepEqual(brief(report), [], what);
  assert.equal(report.verdict, 'intact', what);
}

/** The report fails with exactly these findings. */
export function assertFound(
  report: EvidenceReport,
  expected: readonly (readonly [string, number, number])[],
  what = '',
): void {
  assert.deepEqual(brief(report), expected, what);
  const found = findingsOf(report);
  const isCompared = found.every(({ code }) => code !== 'not-compared');
  const fails = found.some((f) => f.class === 'fail');
  assert.equal(report.verdict, fails ? 'not-intact' : isCompared ? 'intact' : 'not-compared', what);
}

// biome-ignore lint/suspicious/noExplicitAny: tests change documents of any shape.
export type Doc = any;

/** The file after somebody edited it. */
export function edited(text: string, edit: (doc: Doc) => void): string {
  const doc = JSON.parse(text);
  edit(doc);
  return JSON.stringify(doc);
}

/** What a batch is sealed with: its records, and who signs. */
interface Batch {
  readonly records: number;
  /** Members of the last record. */
  readonly last?: Partial<AuditRecord>;
  readonly by: readonly Signer[];
}

function names(signers: readonly Signer[]): { key?: string; keys?: string[] } {
  const [key, ...others] = signers.map((signer) => vkey(signer));
  return { ...(key && { key }), ...(key && others.length > 0 ? { keys: [key, ...others] } : {}) };
}

/** A record that changes the keys, as the log writes it. */
export function change(
  signers: readonly Signer[],
  previous: Signer,
  more: object = {},
): Partial<AuditRecord> {
  const details = { ...names(signers), previousKey: vkey(previous), ...more } as AuditRecord['details'];
  return {
    ...{ system: 'tallystick', event: 'KEY_CHANGE', outcome: 'success', source: 'tallystick' },
    ...(details === undefined ? {} : { details }),
  };
}

export function standBy(...signers: Signer[]): Partial<AuditRecord> {
  return { ...change([], A), event: 'KEY_STANDBY', details: names(signers) as Record<string, Json> };
}

/** A log that was sealed by these keys, one batch after the other. Key changes are said to have to stay. */
export async function sealedBy(batches: readonly Batch[], first: readonly Signer[]): Promise<BuiltLog> {
  const log = new BuiltLog(EVE);
  for (const { records, last = {}, by } of batches) {
    const from = log.size;
    await log.append(
      Array.from({ length: records }, (_, at) => {
        const seq = from + at;
        const genesis = { details: { ...names(first), origin: ORIGIN, software: 'test' } };
        const more = { ...(seq === 0 ? genesis : {}), ...(at === records - 1 ? last : {}) };
        return entryOf(makeRecord(seq, more as Partial<AuditRecord>));
      }),
    );
    log.kept.pop();
    const body = (composeNote(ORIGIN, log.size, log.root, '') as string).slice(0, -1);
    log.signatures = await signCheckpointByAll(body, ORIGIN, by);
    const kept: SourceCheckpoint = { size: log.size, root: log.root, signatures: log.signatures };
    log.kept.push(kept);
    log.changes.push(kept);
  }
  return log;
}

/** A log of 300 records with sealed content in those whose number ends in 50. */
export async function withContent(): Promise<BuiltLog> {
  const log = new BuiltLog();
  const entries: Uint8Array[] = [];
  for (let seq = 0; seq < 300; seq++) {
    if (seq % 100 !== 50) {
      entries.push(entryOf(makeRecord(seq)));
      continue;
    }
    const salt = new Uint8Array(16).fill(seq);
    const bytes = utf8(canonicalize({ secret: `content of ${seq}` }));
    const digest = payloadDigest(salt, bytes);
    entries.push(entryOf(makeRecord(seq, { details: { payload: digest, bytes: bytes.length } })));
    log.sealedPayloads.push({ seq, digest, salt, bytes });
  }
  await log.append(entries);
  return log;
}
