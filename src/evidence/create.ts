import { Catalogs } from '../catalog/catalogs.ts';
import { tallystick } from '../catalog/mod.ts';
import { checkpointBody, type Pin, parseNote, signatureLine } from '../checkpoint/mod.ts';
import { equalBytes, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { EvidenceError, ProofError, TallystickError } from '../errors.ts';
import {
  bundleEntries,
  makeConsistency,
  makeSharedInclusion,
  rootFromTiles,
  type TileReader,
} from '../merkle/mod.ts';
import { type AuditRecord, decodeEntry, payloadDigest, references, restorePayloads } from '../record/mod.ts';
import { type Timestamped, verifyTimestamped } from '../timestamps/mod.ts';
import { type Finding, findingWords, type LogSource, verifyRange } from '../verify/mod.ts';
import { storedTile } from '../verify/tiles.ts';
import { compileQuery } from './completeness.ts';
import {
  type EarlierCheckpoint,
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
import { checkpointOf } from './read.ts';
import { isOfKeys } from './records.ts';
import type { EvidenceReport } from './report.ts';
import { verifyEvidence } from './verify.ts';

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
  readonly cosigned?: readonly { readonly size: number; readonly note: string }[];
  /** vkeys of the witnesses. */
  readonly witnesses?: readonly string[];
  /** Certificates of the sealing key, its own first. */
  readonly certificates?: readonly Uint8Array[];
}

export interface CreateOptions {
  readonly made: Made;
  /** Whether sealed content goes along; true by default. */
  readonly content?: boolean;
  readonly catalogs?: Catalogs;
  /** Called with how many of how many records have been read. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface CreatedEvidence {
  readonly evidence: Evidence;
  /** The file. */
  readonly text: string;
  /** What verifying that file came to: it holds. */
  readonly report: EvidenceReport;
}

/** Cosigned checkpoints and time stamps that are taken along, at most. */
const MAX_COSIGNED = 20;
const MAX_STAMPS = 100;

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
  for (const request of requests) logs.push(await takeLog(request, budget));
  const evidence: Evidence = { made: options.made, logs };
  const text = formatEvidence(evidence);
  if (utf8(text).length > LIMITS.bytes) throw tooLarge('its file');
  // Pins were held against the logs themselves.
  const { catalogs } = options;
  const report = await verifyEvidence(text, catalogs === undefined ? {} : { catalogs });
  if (report.verdict !== 'intact') throw await refusedFor(report, requests);
  return { evidence, text, report };
}

/** Records without those that tell the keys. */
function countOf(matches: readonly number[], range: EvidenceRange | null): number {
  if (range === null) return matches.length;
  return range.to - range.from + matches.filter((seq) => seq < range.from || seq >= range.to).length;
}

/**
 * The range of records that a log took from `since` to `until`, both inclusive, ms since 1970; null: from the first,
 * or to the newest. Relies on times that never go back, as `verify` checks of a log. Throws like `createEvidence`.
 */
export async function rangeOfTime(
  source: LogSource,
  since: number | null,
  until: number | null,
): Promise<EvidenceRange> {
  const size = (await source.head())?.size ?? 0;
  const firstWhere = async (isBehind: (logged: number) => boolean): Promise<number> => {
    let [low, high] = [0, size];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isBehind(await loggedAt(source, middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const from = since === null ? 0 : await firstWhere((logged) => logged >= since);
  const to = until === null ? size : await firstWhere((logged) => logged > until);
  return { from, to: Math.max(from, to), since, until };
}

/** Records behind a cosigned checkpoint that are looked at: more of them are not only about cosignatures. */
const MAX_BEHIND = 256;

/**
 * The range of a whole log. Whoever cosigns or dates a checkpoint has the log seal a record of it behind: where nothing else
 * stands behind the largest cosigned one, the range ends with that, for it would reach past every cosignature for ever.
 *
 * @param cosigned sizes of checkpoints that witnesses have cosigned.
 */
export async function wholeRange(
  source: LogSource,
  cosigned: readonly { readonly size: number }[],
): Promise<EvidenceRange> {
  const size = (await source.head())?.size ?? 0;
  const seen = Math.max(0, ...cosigned.map((each) => each.size).filter((each) => each <= size));
  const isAll = seen > 0 && size - seen <= MAX_BEHIND && (await saysSigned(source, seen, size));
  return { from: 0, to: isAll ? seen : size, since: null, until: null };
}

async function saysSigned(source: LogSource, from: number, to: number): Promise<boolean> {
  const { system, event } = tallystick.AUDIT_LOG_SIGNING;
  const records = [...(await entriesOf(source, from, to)).values()].map(decoded);
  return (
    records.length === to - from &&
    records.every((record) => record?.system === system && record.event === event)
  );
}

async function loggedAt(source: LogSource, seq: number): Promise<number> {
  const entry = (await entriesOf(source, seq, seq + 1)).get(seq);
  const record = entry === undefined ? null : decoded(entry);
  if (record !== null) return record.logged;
  throw refusal(`record ${seq} can't be read`, await findingAt(source, seq));
}

/** What may still be taken along. */
class Budget {
  readonly options: CreateOptions;
  readonly #total: number;
  #done = 0;
  #characters = 0;

  constructor(options: CreateOptions, total: number) {
    this.options = options;
    this.#total = total;
  }

  take({ entry, payloads }: EvidenceRecord): void {
    this.options.signal?.throwIfAborted();
    this.#characters += entry.length + payloads.reduce((n, { content }) => n + content.length, 0);
    if (this.#characters > LIMITS.bytes) throw tooLarge('what was asked for');
    this.options.onProgress?.(Math.min(++this.#done, this.#total), this.#total);
  }
}

interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  readonly origin: string;
}

async function takeLog(request: LogRequest, budget: Budget): Promise<LogEvidence> {
  const { source, range, searched, witnesses = [], certificates = [] } = request;
  const head = await headOf(request);
  const asked = request.matches ?? [];
  const read = tileReader(source);
  const seqs = new Set([0, ...asked, ...numbersOf(range, head.size)]);
  const notes = new Map<number, string[]>();
  const keep = (size: number, note: string): void => {
    notes.set(size, [...(notes.get(size) ?? []), note]);
  };
  for await (const { size, root, signatures } of source.keyChanges()) {
    if (size < 1 || size > head.size || !(await changesKeys(source, size - 1))) continue;
    seqs.add(size - 1);
    keep(size, `${checkpointBody(head.origin, size, root)}\n${signatures}`);
  }
  for (const pin of request.pins ?? []) if (pin.size > 0) keep(pin.size, pin.checkpoint);
  const needed = Math.max(asked.at(-1) ?? 0, (range?.to ?? 0) - 1);
  for (const { size, note } of cosignedFor(request.cosigned ?? [], needed, head.size)) keep(size, note);
  const stamps = await stampsFor(
    request,
    [...seqs].sort((a, b) => a - b),
    head.size,
  );
  for (const { size, note } of stamps) keep(size, note);
  const records = await readRecords(
    source,
    [...seqs].sort((a, b) => a - b),
    budget,
  );
  const hashes = await proofOf(() => makeSharedInclusion([...records.keys()], head.size, read));
  const timestamps: EvidenceTimestamp[] = stamps.map(({ size, authority, token }) => ({
    size,
    authority,
    token,
  }));
  return {
    checkpoint: merged([head.note, ...(notes.get(head.size) ?? [])]),
    matches: request.matches ?? found(records, range, budget.options),
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

async function readRecords(
  source: LogSource,
  seqs: readonly number[],
  budget: Budget,
): Promise<Map<number, EvidenceRecord>> {
  const records = new Map<number, EvidenceRecord>();
  for (const [from, to] of runsOf(seqs)) {
    const entries = await entriesOf(source, from, to);
    for (let seq = from; seq < to; seq++) {
      const entry = entries.get(seq);
      if (entry === undefined) {
        const message = `record ${seq} can't be read`;
        throw refusal(message, await findingAt(source, seq));
      }
      const payloads = budget.options.content === false ? [] : await payloadsOf(source, seq, entry);
      const record = { seq, entry: await textOf(source, seq, entry), payloads };
      budget.take(record);
      records.set(seq, record);
    }
  }
  return records;
}

/** Neighbours together, at most a bundle at a time. */
function* runsOf(seqs: readonly number[]): Generator<[number, number]> {
  for (let i = 0; i < seqs.length; ) {
    const from = seqs[i] as number;
    let to = from;
    while (i < seqs.length && seqs[i] === to && to - from < 256) {
      i++;
      to++;
    }
    yield [from, to];
  }
}

async function entriesOf(source: LogSource, from: number, to: number): Promise<Map<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>();
  for await (const part of source.bundles(from, to)) {
    try {
      for (const [i, entry] of (part.entries === null ? [] : bundleEntries(part.entries)).entries()) {
        if (part.from + i < part.to) found.set(part.from + i, entry);
      }
    } catch (error) {
      // Whoever misses one of them says so.
      if (!(error instanceof TallystickError)) throw error;
    }
  }
  return found;
}

async function payloadsOf(source: LogSource, seq: number, entry: Uint8Array): Promise<EvidencePayload[]> {
  const record = decoded(entry);
  const wanted = new Set((record === null ? [] : references(record)).map(({ ref }) => ref.payload));
  if (wanted.size === 0) return [];
  const payloads: EvidencePayload[] = [];
  for await (const { digest, salt, bytes } of source.payloads(seq, seq + 1)) {
    if (!wanted.delete(digest)) continue;
    if (bytes === null) throw refusal(`sealed content of record ${seq} does not decode`, null);
    payloads.push({ salt, content: await textOf(source, seq, bytes) });
  }
  return payloads;
}

/** Throws for bytes that are no text: what is in canonical form always is. */
async function textOf(source: LogSource, seq: number, bytes: Uint8Array): Promise<string> {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw refusal(`record ${seq} is not in its canonical form`, await findingAt(source, seq));
  }
}

function decoded(entry: Uint8Array): AuditRecord | null {
  try {
    return decodeEntry(entry);
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
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

/** The first that cover all that is needed, and the newest, which covers as much as any. */
function cosignedFor(
  cosigned: NonNullable<LogRequest['cosigned']>,
  needed: number,
  size: number,
): NonNullable<LogRequest['cosigned']> {
  const known = cosigned.filter((each) => each.size <= size).sort((a, b) => a.size - b.size);
  const largest = known.at(-1)?.size;
  const covering = known.filter((each) => each.size > needed || each.size === largest);
  return covering.length <= MAX_COSIGNED
    ? covering
    : [...covering.slice(0, MAX_COSIGNED / 2), ...covering.slice(-MAX_COSIGNED / 2)];
}

/** Of each authority the first that covers each record: what bounds its time most closely. */
async function stampsFor(
  { timestamps = [], matches, range }: LogRequest,
  seqs: readonly number[],
  size: number,
): Promise<readonly Timestamped[]> {
  const wanted = range === null ? (matches ?? []) : seqs;
  const chosen = new Set<Timestamped>();
  for (const [, all] of Map.groupBy(timestamps, ({ authority }) => authority)) {
    const ascending = all.filter((each) => each.size <= size).sort((a, b) => a.size - b.size);
    let at = 0;
    for (const seq of wanted) {
      while (at < ascending.length && (ascending[at] as Timestamped).size <= seq) at++;
      const first = ascending[at];
      if (first !== undefined) chosen.add(first);
    }
  }
  const sound: Timestamped[] = [];
  for (const each of [...chosen].sort((a, b) => a.size - b.size)) {
    // What is kept beside the log may have been changed there; verifying the log says so.
    if ((await verifyTimestamped(each, {})).verdict !== 'bad') sound.push(each);
  }
  const step = Math.ceil(sound.length / MAX_STAMPS);
  return sound.filter((_, i) => i % step === 0 || i === sound.length - 1);
}

async function earlier(
  notes: ReadonlyMap<number, readonly string[]>,
  head: Head,
  read: TileReader,
): Promise<EarlierCheckpoint[]> {
  const found: EarlierCheckpoint[] = [];
  for (const [size, all] of [...notes].sort(([a], [b]) => a - b)) {
    const root = size > head.size ? null : await proofOf(() => rootFromTiles(size, read));
    for (const note of all) {
      const said = checkpointOf(note, 'checkpoints');
      if (root !== null && equalBytes(said.root, root)) continue;
      const message = `a checkpoint of ${head.origin} at ${size} records that somebody remembered, saw or dated is not one of this log`;
      throw refusal(`${message}; run verify`, null);
    }
    if (size >= head.size) continue;
    if (found.length === LIMITS.checkpoints) throw tooLarge('the number of checkpoints');
    const consistency = await proofOf(() => makeConsistency(size, head.size, read));
    found.push({ checkpoint: merged(all), consistency });
  }
  return found;
}

/** One note of several over the same text, each signature line once. */
function merged(notes: readonly string[]): string {
  const { text } = parseNote(notes[0] as string);
  const lines = notes.flatMap((note) =>
    parseNote(note).signatures.map(({ name, keyId, signature }) => signatureLine(name, keyId, signature)),
  );
  return `${text}\n${[...new Set(lines)].join('')}`;
}

function tileReader(source: LogSource): TileReader {
  return async (level, index, width) => {
    const tile = await storedTile(source, level, index, width);
    if (tile !== null) return tile;
    throw new ProofError('TILE_INVALID', `hash tile ${index} of level ${level} is missing or too short`);
  };
}

async function proofOf<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof ProofError) throw refusal(`${error.message}; run verify`, null, error);
    throw error;
  }
}

/** What `verify` says of a record, where it says anything. */
async function findingAt(source: LogSource, seq: number): Promise<Finding | null> {
  const { findings } = await verifyRange(source, seq, seq + 1, { deep: true });
  return findings.find((each) => each.class === 'fail') ?? null;
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

function refusal(why: string, finding: Finding | null, cause?: unknown): EvidenceError {
  const named = finding === null ? '' : ` (${finding.code}: ${findingWords(finding)})`;
  return new EvidenceError('EVIDENCE_REFUSED', `no evidence was made: ${why}${named}`, {
    ...(cause === undefined ? {} : { cause }),
    ...(finding === null ? {} : { context: { finding } }),
  });
}

function tooLarge(what: string): EvidenceError {
  return new EvidenceError(
    'EVIDENCE_TOO_LARGE',
    `no evidence was made: ${what} would be more than a file holds (${LIMITS.records} records, ${LIMITS.bytes} bytes); narrow the query or the range`,
  );
}
