import { equalBytes, toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { bundleEntries, HASH, leafHash, leafHashes, tileRoot } from '../merkle/mod.ts';
import {
  type AuditRecord,
  decodeEntry,
  type Payload,
  payloadMatches,
  references,
  restorePayloads,
} from '../record/mod.ts';
import { BUNDLE, type LogStore, type StoredPayload } from '../store/store.ts';
import { tileReader } from '../store/tile-reader.ts';
import type { SourceBundle } from '../verify/source.ts';
import { type TrustedHead, TrustedTiles } from './trusted-tiles.ts';
import type { RecordView } from './types.ts';

/**
 * Reads a node's records the only way they are shown: bytes from the log, checked against the sealed leaf, which is
 * checked up to the signed root. Trouble with a record becomes its view's status; an exception means that the store
 * itself cannot be read.
 */
export class RecordReader {
  readonly node: string;
  readonly #store: LogStore;
  readonly #tiles: TrustedTiles;

  constructor(store: LogStore, node: string) {
    this.node = node;
    this.#store = store;
    this.#tiles = new TrustedTiles(tileReader(store.source(node)));
  }

  /** Views of the records with these numbers, in the order asked for. Each `seq` is below `head.size`. */
  async views(seqs: readonly number[], head: TrustedHead): Promise<RecordView[]> {
    const entries = await this.entries(seqs, head.size);
    const found: RecordView[] = [];
    for (const seq of seqs) found.push((await this.check(seq, entries.get(seq) as Entry, head)).view);
    return found;
  }

  /** What is stored at each of these numbers, unchecked: a copy, since one entry would keep its whole bundle. */
  async entries(seqs: readonly number[], size: number): Promise<ReadonlyMap<number, Entry>> {
    const found = new Map<number, Entry>(seqs.map((seq) => [seq, missing(seq, seq + 1)]));
    const bundles = new Set(seqs.map((seq) => Math.floor(seq / BUNDLE)));
    for (const index of bundles) {
      const to = Math.min((index + 1) * BUNDLE, size);
      for await (const part of this.#store.source(this.node).bundles(index * BUNDLE, to)) {
        for (const [seq, entry] of numbered(part)) {
          if (found.has(seq)) found.set(seq, entry instanceof Uint8Array ? entry.slice() : entry);
        }
        part.release?.();
      }
    }
    return found;
  }

  /** A payload as it is stored, unchecked; null when it is not there (any more). */
  payload(digest: string): Promise<StoredPayload | null> {
    return this.#store.payload(this.node, digest);
  }

  /** Views of a part of the log, in order; one for a range that can't be had, at its first number. */
  async *viewsOf(part: SourceBundle, head: TrustedHead): AsyncGenerator<RecordView> {
    for (const [seq, entry] of numbered(part)) {
      yield (await this.check(seq, entry, head)).view;
      if (!(entry instanceof Uint8Array)) return;
    }
  }

  /** Inclusion proof of the record `seq`: see `TrustedTiles.proof`. */
  proof(seq: number, head: TrustedHead): Promise<Uint8Array[]> {
    return this.#tiles.proof(seq, head);
  }

  /** The numbers in a part of the log whose bytes are not the sealed ones. None when that can't be told. */
  async altered(part: SourceBundle, head: TrustedHead): Promise<ReadonlySet<number>> {
    const altered = new Set<number>();
    try {
      const found = leafHashes(part.entries ?? new Uint8Array(0));
      const at = (part.from % BUNDLE) * HASH;
      const bundle = Math.floor(part.from / BUNDLE);
      const isWhole = found.length === BUNDLE * HASH && at === 0 && part.from + BUNDLE <= head.size;
      if (isWhole && equalBytes(tileRoot(found), await this.#tiles.bundleRoot(bundle, head))) return altered;
      const sealed = (await this.#tiles.leaves(bundle, head)).subarray(at);
      if (equalBytes(found, sealed.subarray(0, found.length))) return altered;
      for (let i = 0; i < found.length; i += HASH) {
        if (!equalBytes(found.subarray(i, i + HASH), sealed.subarray(i, i + HASH)))
          altered.add(part.from + i / HASH);
      }
    } catch (error) {
      // Whichever record of it is looked at will say what is wrong.
      if (!(error instanceof TallystickError) || error.retry) throw error;
    }
    return altered;
  }

  /** Whether an entry's bytes are not the sealed ones, as far as that can be told. */
  async isAltered(seq: number, entry: Entry, head: TrustedHead): Promise<boolean> {
    if (!(entry instanceof Uint8Array)) return false;
    try {
      return !equalBytes(leafHash(entry), await this.#tiles.leaf(seq, head));
    } catch (error) {
      if (!(error instanceof TallystickError) || error.retry) throw error;
      return true;
    }
  }

  /** Checks one record whose bytes, or what is in their place, have been read already. */
  async check(seq: number, entry: Entry, head: TrustedHead): Promise<ReadRecord> {
    let leaf: Uint8Array;
    try {
      leaf = await this.#tiles.leaf(seq, head);
    } catch (error) {
      if (!(error instanceof TallystickError) || error.code !== 'STORE_DAMAGED') throw error;
      return this.#problem(seq, 'unreadable', error.message, null, tryDecode(entry));
    }
    if (!(entry instanceof Uint8Array)) return this.#problem(seq, entry.status, entry.damage, leaf);
    const found = leafHash(entry);
    if (!equalBytes(found, leaf)) {
      const problem = `the stored bytes hash to ${toHex(found)}, sealed was ${toHex(leaf)}`;
      return this.#problem(seq, 'altered', problem, leaf, tryDecode(entry));
    }
    let sealed: AuditRecord;
    try {
      sealed = decodeEntry(entry);
    } catch (error) {
      if (!(error instanceof TallystickError)) throw error;
      const problem = `the sealed bytes are not a record this version reads: ${error.message}`;
      return this.#problem(seq, 'unreadable', problem, leaf);
    }
    return this.#restored(sealed, leaf);
  }

  /** Puts sealed content back. A payload that was removed leaves its reference standing: the record is whole all the same. */
  async #restored(sealed: AuditRecord, leaf: Uint8Array): Promise<ReadRecord> {
    const { seq } = sealed;
    const payloads = new Map<string, StoredPayload>();
    try {
      for (const { path, ref } of references(sealed)) {
        const payload = await this.payload(ref.payload);
        if (payload === null) continue;
        if (!payloadMatches(ref, payload)) {
          const problem = `the sealed content of ${path} does not hash to ${ref.payload}`;
          return this.#problem(seq, 'altered', problem, leaf, sealed);
        }
        payloads.set(ref.payload, payload);
      }
      const record = restorePayloads(sealed, payloads);
      const view = { node: this.node, seq, status: 'verified', leaf: toHex(leaf), record } as const;
      return { view, sealed, restoredBytes: sum(payloads) };
    } catch (error) {
      if (!(error instanceof TallystickError) || error.retry) throw error;
      return this.#problem(seq, 'unreadable', `its sealed content: ${error.message}`, leaf, sealed);
    } finally {
      for (const { release } of payloads.values()) release?.();
    }
  }

  #problem(
    seq: number,
    status: RecordView['status'],
    problem: string,
    leaf: Uint8Array | null,
    record: AuditRecord | null = null,
  ): ReadRecord {
    return {
      view: { node: this.node, seq, status, problem, leaf: leaf && toHex(leaf), record },
      sealed: null,
      restoredBytes: 0,
    };
  }
}

/** What was found at a number: the entry's bytes, or why there are none. */
export type Entry = Uint8Array | Damage;

export interface Damage {
  readonly status: 'missing' | 'unreadable';
  readonly damage: string;
}

export interface ReadRecord {
  readonly view: RecordView;
  /** The record as it stands in its entry, references and all, which is what an index sees; null unless verified. */
  readonly sealed: AuditRecord | null;
  /** Of sealed content that was put back. */
  readonly restoredBytes: number;
}

/** Stands for entries [from, to) that the store does not have. */
export function missing(from: number, to: number): Damage {
  const which = to - from === 1 ? `record ${from} is` : `records ${from} to ${to - 1} are`;
  return { status: 'missing', damage: `${which} sealed but not in the store` };
}

/** The entries of a part of the log with their numbers; for what can't be had, why, under each number. */
export function* numbered(part: SourceBundle): Generator<[number, Entry]> {
  const { from, to } = part;
  let entries: readonly Uint8Array[] = [];
  let damage: Damage | null = null;
  try {
    if (part.entries === null) damage = unreadable(part, part.damage ?? 'the stored bundle does not decode');
    else entries = bundleEntries(part.entries);
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    damage = unreadable(part, error.message);
  }
  for (let seq = from; seq < to; seq++) {
    yield [seq, entries[seq - from] ?? damage ?? missing(seq, to)];
  }
}

function sum(payloads: ReadonlyMap<string, Payload>): number {
  let bytes = 0;
  for (const payload of payloads.values()) bytes += payload.bytes.length;
  return bytes;
}

function unreadable({ from, to }: SourceBundle, why: string): Damage {
  return { status: 'unreadable', damage: `${why} (records ${from} to ${to - 1})` };
}

/** What bytes that are not to be trusted say, for the reader to see; null when they say nothing readable. */
function tryDecode(entry: Entry): AuditRecord | null {
  try {
    return entry instanceof Uint8Array ? decodeEntry(entry) : null;
  } catch {
    // Such bytes need not be a record: the view says what is wrong with them either way.
    return null;
  }
}
