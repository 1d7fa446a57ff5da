import { nodeOf, openCheckpoint, parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { equalBytes, toHex, utf8 } from '../crypto/bytes.ts';
import { ProofError, TallystickError } from '../errors.ts';
import {
  CompactRange,
  encodeBundle,
  HASH,
  inclusionPath,
  isIncluded,
  leafHashes,
  type Node,
  TILE_WIDTH,
  tileRoot,
} from '../merkle/mod.ts';
import { anchoredSizes } from '../verify/anchored.ts';
import { ContentCheck, inline } from '../verify/content.ts';
import { checkCosigned } from '../verify/cosigned.ts';
import { checkDated } from '../verify/dated.ts';
import { type FindingInput, Findings, MISSING } from '../verify/findings.ts';
import type { FixedHead } from '../verify/head.ts';
import {
  followKeys,
  type KeyHistory,
  type LogSource,
  type Report,
  type SourceCheckpoint,
  type VerifyOptions,
} from '../verify/mod.ts';
import { checkPin } from '../verify/range.ts';
import { Run } from '../verify/run.ts';
import { counted, recordRange } from '../verify/words.ts';
import { checkKeyRecord } from './create.ts';
import type { ExportHeader } from './format.ts';
import { type Line, linesOf } from './lines.ts';
import { ListedLeaves } from './listed-leaves.ts';
import { ExportedPayloads } from './payloads.ts';
import { ProvenNodes } from './proven-nodes.ts';
import { BadForm, isEnd, type ReadRecord, readHeader, readRecord } from './read.ts';

/** Sealed content that is kept until the bundle of its records is full, bytes. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Those of `verifyLog` that say something of an export. */
export type ExportOptions = Pick<
  VerifyOptions,
  | 'keys'
  | 'logKeys'
  | 'pin'
  | 'dated'
  | 'cosigned'
  | 'deep'
  | 'onProgress'
  | 'signal'
  | 'catalogs'
  | 'checker'
>;

/**
 * Verifies an export from its bytes alone, in one pass and bounded memory: its form, the head's signatures, that all of its
 * records are in the tree under the head's root, sealed content, and the pin and other anchors as far as they are about a
 * size within the export, or that of the head. Findings are those of `verifyLog`. A record that was changed is named, by its
 * number and its line, where the leaf hashes beside the records still lead to the signed root. A pin, or the checkpoint that
 * has the quorum of a policy, of a size that the export has not: `not-compared` is the verdict, so that only `intact` is a pass.
 *
 * What is wrong with the export is in the report, never thrown. Throws `ProofError` KEY_INVALID, `UsageError` PIN_INVALID for
 * bad options, the signal's reason when aborted, and what the chunks throw.
 */
export async function verifyExport(
  chunks: AsyncIterable<Uint8Array>,
  options: ExportOptions = {},
): Promise<Report> {
  let walk: ExportWalk | null = null;
  for await (const lines of linesOf(chunks)) {
    options.signal?.throwIfAborted();
    for (const line of lines) {
      if (walk === null) {
        try {
          walk = await ExportWalk.begin(readHeader(line), options);
        } catch (error) {
          if (error instanceof BadForm) return noExport(options, error.message);
          throw error;
        }
        if (walk.head === null) return walk.run.report({ from: 0, to: 0 });
        continue;
      }
      const work = walk.take(line);
      // Mostly there is nothing to wait for.
      if (work !== null) await work;
      if (walk.isOver) return walk.finish();
    }
  }
  return walk?.finish() ?? noExport(options, 'it is empty');
}

/** The first line of an export, unchecked but for its form; null when it is none. */
export async function headerOf(chunks: AsyncIterable<Uint8Array>): Promise<ExportHeader | null> {
  for await (const [first] of linesOf(chunks)) {
    try {
      return readHeader(first as Line);
    } catch (error) {
      if (error instanceof BadForm) return null;
      throw error;
    }
  }
  return null;
}

function noExport(options: ExportOptions, why: string): Report {
  const run = new Run(sourceOf(null, new Map()), options);
  run.findings.add({ code: 'bad-export', from: 0, to: 0, message: why });
  return run.report({ from: 0, to: 0 });
}

/** Goes through the records of an export. */
class ExportWalk {
  readonly run: Run;
  readonly head: FixedHead | null;
  readonly #header: ExportHeader;
  readonly #options: ExportOptions;
  readonly #tree: CompactRange;
  readonly #listed: ListedLeaves;
  readonly #proven: ProvenNodes;
  /** Sizes at which anchors say what the tree was; the roots there, and the last entries. */
  readonly #asked: ReadonlySet<number>;
  readonly #roots: Map<number, Uint8Array>;
  readonly #entries: Map<number, Uint8Array>;
  readonly #payloads: ExportedPayloads;
  /** What is found in records. It counts when they are the sealed ones. */
  readonly #within = new Findings();
  readonly #content: ContentCheck;
  /** The next record. */
  #at: number;
  /** Records that were read and not yet hashed, and what waits with them. */
  #waiting: Uint8Array[] = [];
  /** Their leaf hashes, as their lines say. */
  #leaves: Uint8Array[] = [];
  #waitingBytes = 0;
  #first: Uint8Array | null = null;
  #last: Uint8Array | null = null;
  /** A record is missing, too many, or can't be read: nothing is hashed any more. */
  #broken = false;
  #ended = false;
  isOver = false;

  private constructor(
    run: Run,
    header: ExportHeader,
    head: FixedHead | null,
    tree: readonly Node[] | null,
    entries: Map<number, Uint8Array>,
  ) {
    this.run = run;
    this.head = head;
    this.#header = header;
    this.#options = run.options;
    this.#at = header.from;
    this.#asked = sizesAsked(this.#options);
    this.#roots = new Map([[header.size, header.root]]);
    this.#entries = entries;
    this.#proven = new ProvenNodes(header);
    this.#tree = new CompactRange(tree ?? [], this.#proven.take);
    this.#listed = new ListedLeaves(header.from);
    this.#broken = tree === null;
    this.#note();
    this.#payloads = new ExportedPayloads(this.#within);
    const { checker = inline(this.#options.catalogs), deep } = this.#options;
    this.#content = new ContentCheck(
      deep === true ? checker : null,
      { node: nodeOf(header.origin), rows: false },
      this.#payloads,
      null,
      this.#within,
    );
  }

  static async begin(header: ExportHeader, options: ExportOptions): Promise<ExportWalk> {
    const entries = new Map<number, Uint8Array>();
    const run = new Run(sourceOf(header, entries), options);
    const head = await run.openHead(await historyOf(header, run.findings));
    await checkKeys(header, run.findings);
    return new ExportWalk(run, header, head, before(header, run.findings), entries);
  }

  /** Takes a line behind the first. What it gives is to be waited for. */
  take(line: Line): Promise<void> | null {
    const { from, to } = this.#header;
    if (this.#ended) {
      this.#bad('something stands behind its last line');
      this.isOver = true;
      return null;
    }
    const end = isEnd(line, to - from);
    if (end !== null) {
      this.#ended = true;
      if (!end) this.#bad('its last line is not the one that it has to be');
      return null;
    }
    let record: ReadRecord;
    try {
      record = readRecord(line, this.#header.version);
    } catch (error) {
      if (!(error instanceof BadForm)) throw error;
      return this.#unreadable(error.message);
    }
    if (record.seq !== this.#at || record.seq >= to) return this.#misplaced(record);
    return this.#add(record);
  }

  #add({ leaf, entry, payloads }: ReadRecord): Promise<void> | null {
    this.#waiting.push(entry);
    if (leaf !== null) this.#leaves.push(leaf);
    this.#waitingBytes += entry.length;
    if (payloads.length > 0) this.#payloads.add(this.#at, entry, payloads);
    for (const { bytes } of payloads) this.#waitingBytes += bytes.length;
    this.#at++;
    if (this.#asked.has(this.#at)) this.#entries.set(this.#at - 1, entry.slice());
    const isFull = this.#at % TILE_WIDTH === 0 || this.#waitingBytes > MAX_WAITING_BYTES;
    return isFull ? this.#hash() : null;
  }

  async #unreadable(why: string): Promise<void> {
    await this.#hash();
    this.#broken = true;
    if (this.#at >= this.#header.to) this.#bad(why);
    else {
      this.run.findings.add({ code: 'unreadable', from: this.#at, to: this.#at + 1, message: why });
      this.#at++;
    }
  }

  /** A record that is not the next one: some before it are missing, or it should not be there. */
  async #misplaced(record: ReadRecord): Promise<void> {
    await this.#hash();
    this.#broken = true;
    const { seq } = record;
    if (seq > this.#at && seq < this.#header.to) {
      this.run.findings.add({ code: 'missing', from: this.#at, to: seq, message: MISSING });
      this.#at = seq;
      await this.#add(record);
      return;
    }
    const message = `a line numbered ${seq} stands where that of record ${this.#at} has to, or the end`;
    this.run.findings.add({ code: 'inserted', from: seq, to: seq + 1, message });
  }

  #bad(message: string): void {
    const { to } = this.#header;
    this.run.findings.add({ code: 'bad-export', from: to, to, message });
  }

  /** Hashes what waits, and looks into it. */
  async #hash(): Promise<void> {
    const count = this.#waiting.length;
    if (count === 0) return;
    const from = this.#at - count;
    const entries = this.#waiting;
    const listed = this.#leaves;
    const bundle = encodeBundle(entries);
    this.#waiting = [];
    this.#leaves = [];
    this.#waitingBytes = 0;
    const leaves = leafHashes(bundle);
    this.#first ??= leaves.slice(0, HASH);
    this.#last = leaves.slice(-HASH);
    if (!this.#broken) {
      this.#listed.compare(this.#tree, leaves, listed, entries);
      this.#grow(from, leaves);
    }
    await this.#content.add(from, this.#at, bundle);
    this.#options.onProgress?.(this.#at - this.#header.from, this.#header.to - this.#header.from);
  }

  #grow(from: number, leaves: Uint8Array): void {
    const to = from + leaves.length / HASH;
    const isWhole = to - from === TILE_WIDTH && from % TILE_WIDTH === 0;
    const within = this.#proven.asksWithin(from) || [...this.#asked].some((size) => size > from && size < to);
    if (isWhole && !within) this.#tree.add(tileRoot(leaves), TILE_WIDTH);
    else {
      for (let at = 0; at < leaves.length; at += HASH) {
        this.#tree.add(leaves.slice(at, at + HASH), 1);
        this.#note();
      }
    }
    this.#note();
  }

  #note(): void {
    const { size } = this.#tree;
    if (this.#asked.has(size) && size < this.#header.size) this.#roots.set(size, this.#tree.root());
  }

  /** Says what came of it. */
  async finish(): Promise<Report> {
    const { run } = this;
    const { from, to, size } = this.#header;
    const head = this.head as FixedHead;
    await this.#hash();
    await this.#content.finish();
    if (this.#at < to) {
      this.#broken = true;
      run.findings.add({ code: 'missing', from: this.#at, to, message: MISSING });
    }
    if (!this.#ended) this.#bad('it ends without its last line: it was cut off');
    const isGood = this.#leadToRoot();
    if (isGood) this.#count(head);
    else run.skip('what is in the records', 'they are not all as sealed');
    const isWhole = from === 0 && to === size;
    run.isWhole = isWhole && isGood;
    // The head says what the tree was at its own size; what it was before, only sealed records say.
    run.rootAt = async (at) => {
      if (!isGood) return at === size ? (this.#roots.get(at) ?? null) : null;
      return this.#roots.get(at) ?? this.#proven.rootAt(at, this.#first, this.#last);
    };
    run.unknownRoot = isGood
      ? { why: 'the export has not all records up to there', isNormal: true }
      : { why: 'the records of the export are not all as sealed', isNormal: false };
    await checkPin(run, head);
    run.dated = await checkDated(run, head, this.#options.dated ?? []);
    run.witnessed = await checkCosigned(run, head, this.#options.cosigned ?? { notes: [], policy: null });
    if (!isWhole) run.skip('the rest of the log', `the export has records ${from} to ${to - 1} alone`);
    return run.report({ from, to });
  }

  /** Whether all records are under the head's root. */
  #leadToRoot(): boolean {
    const { from, to, size, root, proof } = this.#header;
    const { findings } = this.run;
    if (this.#broken) {
      const message = 'not every record is there, so that none can be tied to the signed root';
      findings.add({ code: 'coverage-ends', from, to, expected: toHex(root), message });
      return false;
    }
    const path = inclusionPath(to - 1, size);
    const rest = path.flatMap((each, i) => {
      const hash = proof.last[i];
      return each.from >= to && hash !== undefined ? [{ ...each, hash }] : [];
    });
    const actual = tryRoot(this.#tree, rest);
    if (actual === null || !equalBytes(actual, root)) {
      const listed = tryRoot(this.#listed.tree ?? this.#tree, rest);
      if (listed !== null && equalBytes(listed, root)) findings.addAll(this.#listed.altered());
      else {
        const told = this.#proven.altered(this.#first, this.#last);
        for (const each of told.length > 0 ? told : [this.#someAltered(actual)]) findings.add(each);
      }
      return false;
    }
    // The records are the sealed ones: whoever changed something changed the hashes beside them.
    if (this.#listed.tree !== null) findings.add(this.#listed.wrong());
    for (const [seq, leaf, path] of [
      [from, this.#first, proof.first],
      [to - 1, this.#last, proof.last],
    ] as const) {
      if (isIncluded(seq, size, leaf as Uint8Array, path, root)) continue;
      const message = `the proof of record ${seq} does not hold, though all records are as sealed`;
      findings.add({ code: 'bad-proof', from: seq, to: seq + 1, message });
    }
    return true;
  }

  #someAltered(actual: Uint8Array | null): FindingInput {
    const { version, from, to, root } = this.#header;
    const why =
      version === 1
        ? 'an export of version 1 has no hashes beside them to tell which'
        : 'neither the hashes beside them nor the proofs in the first line tell which';
    return {
      ...{ code: 'altered', from, to, expected: toHex(root), actual: actual && toHex(actual) },
      message: `${recordRange(from, to)}: one or more were changed, or what proves them; ${why}`,
    };
  }

  #count({ isSigned }: FixedHead): void {
    const { from, to } = this.#header;
    const { run } = this;
    run.findings.addAll(this.#within.list());
    run.checked.records = to - from;
    run.checked.bundles = Math.ceil(to / TILE_WIDTH) - Math.floor(from / TILE_WIDTH);
    run.checked.checkpoints = isSigned ? 1 : 0;
    run.checked.payloads = this.#payloads.good;
    const isWhole = from === 0 && to === this.#header.size;
    if (this.#options.deep !== true) {
      const what = 'form, numbering, times, payload references, attempts without outcome';
      run.skip('what is in the records', `not asked for: ${what}`);
    } else if (isWhole) run.attempts = this.#content.attempts;
    else run.skip('attempts without outcome', 'outcomes may lie outside the records exported');
    if (this.#payloads.absent > 0) {
      const why = 'not in the export: removed on purpose, or lost; their records stand';
      run.skip(counted(this.#payloads.absent, 'payload'), why);
    }
  }
}

/** The tree in front of the first record, by that one's proof; null when it is none. */
function before({ from, size, proof }: ExportHeader, findings: Findings): readonly Node[] | null {
  const path = inclusionPath(from, size);
  if (path.length !== proof.first.length) {
    const message = `the proof of record ${from} has ${proof.first.length} hashes, not ${path.length}`;
    findings.add({ code: 'bad-proof', from, to: from + 1, message });
    return null;
  }
  const nodes = path.map((each, i) => ({ ...each, hash: proof.first[i] as Uint8Array }));
  return nodes.filter(({ to }) => to <= from).reverse();
}

function tryRoot(tree: CompactRange, rest: Parameters<CompactRange['root']>[0]): Uint8Array | null {
  try {
    return tree.root(rest);
  } catch (error) {
    if (error instanceof ProofError) return null;
    throw error;
  }
}

/** The sealing keys, as the records say that the export has along; null when it has none. */
async function historyOf(header: ExportHeader, findings: Findings): Promise<KeyHistory | null> {
  const { origin, size, root, history } = header;
  if (history === null) return null;
  const proven = history.filter((record) => {
    try {
      checkKeyRecord(record, header);
      return true;
    } catch (error) {
      if (!(error instanceof TallystickError)) throw error;
      const { seq } = record;
      const message = `record ${seq}, which says what keys seal the log, is not proven to be in it`;
      findings.add({ code: 'bad-proof', from: seq, to: seq + 1, expected: toHex(root), message });
      return false;
    }
  });
  // What is not proven has been found. Its keys are asked all the same whether they have signed: so that says more.
  const bySeq = new Map(history.map(({ seq, entry }) => [seq, utf8(entry)]));
  return followKeys(
    {
      entry: async (seq) => bySeq.get(seq) ?? null,
      keyChanges: async function* () {
        for (const { checkpoint } of proven) if (checkpoint !== null) yield apart(checkpoint);
      },
      // That it is has been proven: it is in the newest tree, and that goes on from its checkpoint's.
      isLast: async () => true,
    },
    origin,
    size,
  );
}

function apart(note: string): SourceCheckpoint {
  const { text } = parseNote(note);
  const { size, root } = parseCheckpoint(text);
  return { size, root, signatures: note.slice(text.length + 1) };
}

/** The keys that are named must have signed: nothing in an export is there for nothing. */
async function checkKeys({ keys, checkpoint, size }: ExportHeader, findings: Findings): Promise<void> {
  try {
    const { verifiedBy, unchecked } = await openCheckpoint(checkpoint, keys);
    const there = new Set([...verifiedBy, ...unchecked].map(({ vkey }) => vkey));
    if (keys.every((key) => there.has(key))) return;
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
  }
  const message = 'the keys that it names have not signed the checkpoint in it';
  findings.add({ code: 'bad-export', from: 0, to: size, message });
}

function sizesAsked({ pin, dated = [], cosigned }: ExportOptions): ReadonlySet<number> {
  return new Set([...(pin === undefined ? [] : [pin.size]), ...anchoredSizes(dated, cosigned?.notes ?? [])]);
}

/** What of an export is asked for as of a log: its head, and entries that anchors are about. */
function sourceOf(header: ExportHeader | null, entries: ReadonlyMap<number, Uint8Array>): LogSource {
  const nothing = async function* (): AsyncGenerator<never> {};
  return {
    head: async () => {
      if (header === null) return null;
      const { origin, size, root } = header;
      return { origin, size, root, signatures: apart(header.checkpoint).signatures };
    },
    bundles: async function* (from) {
      const entry = entries.get(from);
      if (entry !== undefined) yield { from, to: from + 1, entries: encodeBundle([entry]) };
    },
    tiles: nothing,
    checkpoints: nothing,
    keyChanges: nothing,
    payloads: nothing,
  };
}
