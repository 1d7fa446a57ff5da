import { fromUtf8 } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { bundleEntries } from '../merkle/mod.ts';
import { type AuditRecord, decodeEntry, references } from '../record/mod.ts';
import type { LogSource } from '../verify/mod.ts';
import { type EvidencePayload, type EvidenceRecord, LIMITS } from './format.ts';
import { findingAt, refusal, tooLarge } from './refusal.ts';

/** What of the records is taken along. */
export interface Taking {
  /** Whether sealed content goes along; true by default. */
  readonly content?: boolean;
  /** Called with how many of how many records have been read. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** What may still be taken along. */
export class Budget {
  readonly options: Taking;
  readonly #total: number;
  #done = 0;
  #characters = 0;

  constructor(options: Taking, total: number) {
    this.options = options;
    this.#total = total;
  }

  /** Throws `EvidenceError` EVIDENCE_TOO_LARGE; the signal's reason when aborted. */
  take({ entry, payloads }: EvidenceRecord): void {
    this.options.signal?.throwIfAborted();
    this.#characters += entry.length + payloads.reduce((n, { content }) => n + content.length, 0);
    if (this.#characters > LIMITS.bytes) throw tooLarge('what was asked for');
    this.options.onProgress?.(Math.min(++this.#done, this.#total), this.#total);
  }
}

/** The records of these numbers, which ascend, with their sealed content where that goes along. Throws like `createEvidence`. */
export async function readRecords(
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

/** The entries [from, to) by number; those that can't be read are left out. */
export async function entriesOf(
  source: LogSource,
  from: number,
  to: number,
): Promise<Map<number, Uint8Array>> {
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

/** null for bytes that are no record. */
export function decoded(entry: Uint8Array): AuditRecord | null {
  try {
    return decodeEntry(entry);
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}
