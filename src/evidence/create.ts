import { Catalogs } from '../catalog/catalogs.ts';
import { checkpointBody, type Pin } from '../checkpoint/mod.ts';
import { utf8 } from '../crypto/bytes.ts';
import { type EvidenceError, ProofError, TallystickError } from '../errors.ts';
import { makeSharedInclusion, type TileReader } from '../merkle/mod.ts';
import { type AuditRecord, payloadDigest, restorePayloads } from '../record/mod.ts';
import type { Timestamped } from '../timestamps/mod.ts';
import { type LogSource, verifyRange } from '../verify/mod.ts';
import { storedTile } from '../verify/tiles.ts';
import { type Cosigned, cosignedFor, earlier, type Head, merged, stampsFor } from './choose-anchors.ts';
import { compileQuery } from './completeness.ts';
import {
  type Evidence,
  type EvidencePayload,
  type EvidenceRange,
  type EvidenceRecord,
  type EvidenceTimestamp,
  formatEvidence,
  LIMITS,
  type LogEvidence,
  type Made,
} from './format.ts';
import { Budget, decoded, entriesOf, readRecords, type Taking } from './gather.ts';
import { isOfKeys } from './records.ts';
import { findingAt, proofOf, refusal, tooLarge } from './refusal.ts';
import type { EvidenceReport } from './report.ts';
import { verifyMade } from './verify.ts';

/** What to take along of one log. */
export interface LogRequest {
  /** The log, fixed at one head: what is read of it in several steps has to be one state. */
  readonly source: LogSource;
  /** Numbers of the records that the evidence is about, ascending; null for those that the query finds in the range. */
  readonly matches: readonly number[] | null;
  readonly searched: number | null;
  readonly range: EvidenceRange | null;
  /** What was remembered of the log: the evidence is made to go on from there, and refused where it does not. */
  readonly pins?: readonly Pin[];
  /** Time stamps that the log keeps. */
  readonly timestamps?: readonly Timestamped[];
  /** Checkpoints that witnesses have cosigned: size, and the note with their signatures. */
  readonly cosigned?: readonly Cosigned[];
  /** vkeys of the witnesses. */
  readonly witnesses?: readonly string[];
  /** Certificates of the sealing key, its own first. */
  readonly certificates?: readonly Uint8Array[];
}

export interface CreateOptions extends Taking {
  readonly made: Made;
  readonly catalogs?: Catalogs;
}

export interface CreatedEvidence {
  readonly evidence: Evidence;
  /** The file. */
  readonly text: string;
  /** What verifying that file came to, with the pins of the requests: it holds. */
  readonly report: EvidenceReport;
}

/**
 * Makes evidence, and verifies it as anybody else would. Throws `EvidenceError` EVIDENCE_REFUSED when it would not
 * hold, with the finding in `context.finding`, EVIDENCE_TOO_LARGE; what a source throws when its medium fails; the
 * signal's reason when aborted.
 */
export async function createEvidence(
  requests: readonly LogRequest[],
  options: CreateOptions,
): Promise<CreatedEvidence> {
  const total = requests.reduce((n, { matches, range }) => n + countOf(matches ?? [], range), 0);
  if (total > LIMITS.records) throw tooLarge(`${total} records`);
  const budget = new Budget(options, total);
  const logs: LogEvidence[] = [];
  for (const request of requests) logs.push(await takeLog(request, options, budget));
  const evidence: Evidence = { made: options.made, logs };
  const text = formatEvidence(evidence);
  if (utf8(text).length > LIMITS.bytes) throw tooLarge('its file');
  const { catalogs = Catalogs.builtIn } = options;
  const report = await verifyMade(text, { pins: requests.flatMap(({ pins = [] }) => pins), catalogs });
  if (report.verdict !== 'intact') throw await refusedFor(report, requests);
  return { evidence, text, report };
}

/** Records without those that tell the keys. */
function countOf(matches: readonly number[], range: EvidenceRange | null): number {
  if (range === null) return matches.length;
  return range.to - range.from + matches.filter((seq) => seq < range.from || seq >= range.to).length;
}

async function takeLog(request: LogRequest, options: CreateOptions, budget: Budget): Promise<LogEvidence> {
  const { source, range, searched, witnesses = [], certificates = [] } = request;
  const head = await headOf(request);
  const asked = request.matches ?? [];
  const read = tileReader(source);
  const numbers = new Set([0, ...asked, ...numbersOf(range, head.size)]);
  const notes = new Map<number, string[]>();
  const keep = (size: number, note: string): void => {
    notes.set(size, [...(notes.get(size) ?? []), note]);
  };
  for await (const { size, root, signatures } of source.keyChanges()) {
    if (size < 1 || size > head.size || !(await changesKeys(source, size - 1))) continue;
    numbers.add(size - 1);
    keep(size, `${checkpointBody(head.origin, size, root)}\n${signatures}`);
  }
  for (const pin of request.pins ?? []) if (pin.size > 0) keep(pin.size, pin.checkpoint);
  const needed = Math.max(asked.at(-1) ?? 0, (range?.to ?? 0) - 1);
  for (const { size, note } of cosignedFor(request.cosigned ?? [], needed, head.size)) keep(size, note);
  const seqs = [...numbers].sort((a, b) => a - b);
  const stamps = await stampsFor(range === null ? asked : seqs, request.timestamps ?? [], head.size);
  for (const { size, note } of stamps) keep(size, note);
  const records = await readRecords(source, seqs, budget);
  const hashes = await proofOf(() => makeSharedInclusion([...records.keys()], head.size, read));
  const timestamps: EvidenceTimestamp[] = stamps.map(({ size, authority, token }) => ({
    size,
    authority,
    token,
  }));
  return {
    checkpoint: merged([head.note, ...(notes.get(head.size) ?? [])]),
    matches: request.matches ?? found(records, range, options),
    ...{ searched, range },
    records: [...records.values()],
    hashes,
    checkpoints: await earlier(notes, head, read),
    ...{ timestamps, witnesses, certificates },
  };
}

/** The head, after it and the pin were looked at as `verify` does. */
async function headOf({ source, pins = [], matches, range }: LogRequest): Promise<Head> {
  const head = await source.head();
  if (head === null || head.size === 0) throw refusal('the log has no sealed records', null);
  const { origin, size, root, signatures } = head;
  const first = matches?.[0] ?? range?.from ?? 0;
  for (const seq of [...(matches ?? []), (range?.to ?? 1) - 1]) {
    if (seq >= size) throw refusal(`${origin} has no record ${seq}; it has 0 to ${size - 1}`, null);
  }
  const at = Math.min(first, size - 1);
  for (const pin of pins.length === 0 ? [undefined] : pins) {
    // Which witnesses have to have cosigned is asked of the file, by whoever verifies it.
    const asked = pin === undefined ? {} : { pin, cosigned: { notes: [], policy: null } };
    const report = await verifyRange(source, at, at + 1, asked);
    const failed = report.findings.find((each) => each.class === 'fail');
    if (failed !== undefined) throw refusal(`${origin} does not hold`, failed);
  }
  return { origin, size, root, note: `${checkpointBody(origin, size, root)}\n${signatures}` };
}

/** The range, and the records beside it where it was named by time. */
function numbersOf(range: EvidenceRange | null, size: number): number[] {
  if (range === null) return [];
  const { from, to, since, until } = range;
  const first = since === null ? from : Math.max(0, from - 1);
  const end = until === null ? to : Math.min(size, to + 1);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

async function changesKeys(source: LogSource, seq: number): Promise<boolean> {
  const entry = (await entriesOf(source, seq, seq + 1)).get(seq);
  const record = entry === undefined ? null : decoded(entry);
  return record !== null && isOfKeys(record);
}

/** Numbers of the records of the range that the query finds. */
function found(
  records: ReadonlyMap<number, EvidenceRecord>,
  range: EvidenceRange | null,
  { made, catalogs = Catalogs.builtIn }: CreateOptions,
): number[] {
  const finds = compileQuery(made.query ?? '', catalogs);
  return [...records.values()].flatMap(({ seq, entry, payloads }) => {
    if (range === null || seq < range.from || seq >= range.to) return [];
    const sealed = decoded(utf8(entry));
    return sealed !== null && finds(sealed, restored(sealed, payloads)) ? [seq] : [];
  });
}

/** With the sealed content that was found. What it does not hold, verifying says. */
function restored(sealed: AuditRecord, payloads: readonly EvidencePayload[]): AuditRecord {
  const content = payloads.map(({ salt, content }) => {
    const bytes = utf8(content);
    return { digest: payloadDigest(salt, bytes), salt, bytes };
  });
  try {
    return restorePayloads(sealed, new Map(content.map((each) => [each.digest, each])));
  } catch (error) {
    if (error instanceof TallystickError) return sealed;
    throw error;
  }
}

function tileReader(source: LogSource): TileReader {
  return async (level, index, width) => {
    const tile = await storedTile(source, level, index, width);
    if (tile !== null) return tile;
    throw new ProofError('TILE_INVALID', `hash tile ${index} of level ${level} is missing or too short`);
  };
}

async function refusedFor(report: EvidenceReport, requests: readonly LogRequest[]): Promise<EvidenceError> {
  for (const [i, { findings, size, origin }] of report.logs.entries()) {
    const failed = findings.find((each) => each.class === 'fail');
    const request = requests[i];
    if (failed === undefined || request === undefined) continue;
    const known = failed.to > failed.from && failed.to <= size;
    const own = known ? await findingAt(request.source, failed.from) : null;
    return refusal(`${origin} does not hold`, own ?? failed);
  }
  return refusal('it would not hold', report.findings.find((each) => each.class === 'fail') ?? null);
}
