import { Buffer } from 'node:buffer';
import { Catalogs } from '../catalog/catalogs.ts';
import { indexRow } from '../catalog/row.ts';
import { toHex } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { type Filter, indexable, type Matcher, matcher, pieces } from '../query/mod.ts';
import {
  type AuditRecord,
  decodeEntry,
  type Reference,
  references,
  startPayloadDigest,
} from '../record/mod.ts';
import type { StoredPayload } from '../store/store.ts';
import type { Pace } from './pace.ts';
import type { Entry, ReadRecord, RecordReader } from './records.ts';
import type { TrustedHead } from './trusted-tiles.ts';

/** Bytes looked at in one go, some 0.3 ms: a bundle of usual records. */
const PIECE = 128 * 1024;

/** A record that has to be looked at. */
export interface Candidate {
  readonly seq: number;
  readonly entry: Entry;
  /** Its bytes are not the sealed ones: whether those matched, nobody can say. */
  readonly isAltered: boolean;
}

/**
 * Tells which records match a filter, from their bytes as far as they tell: text that a record must say has to stand in its
 * entry or in its sealed content, in the form that JSON gives it. It spares parsing nearly everything.
 */
export class Sieve {
  readonly #catalogs: Catalogs;
  readonly #matches: Matcher;
  /** What of the filter is known without sealed content. */
  readonly #mayMatch: Matcher;
  /** Of bytes taken for characters: passes whatever holds what every match must say; null where there is no such text. */
  readonly #words: RegExp | null;
  /** Two pieces have so many bytes in common, so that no text falls between them. */
  readonly #overlap: number;

  constructor(filter: Filter, catalogs: Catalogs = Catalogs.builtIn) {
    this.#catalogs = catalogs;
    this.#matches = matcher(filter);
    this.#mayMatch = matcher(indexable(filter).candidates);
    const words = requiredTexts(filter)?.map((text) => latin1(utf8Json(text))) ?? [];
    // Of characters beyond ASCII more is folded than ought to be, which only lets more pass.
    this.#words =
      words.length === 0
        ? null
        : new RegExp(words.map((word) => word.replace(/[^0-9a-z]/gi, asHex)).join('|'), 'i');
    this.#overlap = Math.max(ELSEWHERE_BYTES, ...words.map((word) => word.length));
  }

  /** Whether one entry, or some among several, might match. */
  async passes(entries: Uint8Array, pace: Pace): Promise<boolean> {
    for (let at = 0; at < entries.length; at += PIECE) {
      if (pace.isOver()) await pace.giveWay();
      if (this.passesShort(entries.subarray(at, at + PIECE + this.#overlap))) return true;
    }
    return false;
  }

  /** The same of some thousand bytes, in one go. */
  passesShort(entries: Uint8Array): boolean {
    if (this.#words === null) return true;
    const hay = latin1(entries);
    return this.#words.test(hay) || ELSEWHERE.test(hay);
  }

  /** The record when it matches, or can't be trusted; null when it does not match. */
  async look(
    reader: RecordReader,
    { seq, entry, isAltered }: Candidate,
    head: TrustedHead,
    pace: Pace,
  ): Promise<ReadRecord | null> {
    if (entry instanceof Uint8Array && !isAltered) {
      const sealed = decode(entry);
      if (sealed !== null && !(await this.#mayBe(reader, sealed, entry, pace))) return null;
    }
    const read = await reader.check(seq, entry, head);
    if (read.sealed === null) return read;
    return this.#matches(read.view.record as AuditRecord, indexRow(read.sealed, this.#catalogs))
      ? read
      : null;
  }

  /** False when the record, which is as it was sealed, does not match whatever its sealed content says. */
  async #mayBe(reader: RecordReader, sealed: AuditRecord, entry: Uint8Array, pace: Pace): Promise<boolean> {
    const row = indexRow(sealed, this.#catalogs);
    const content = references(sealed);
    if (content.length === 0) return this.#matches(sealed, row);
    if (!this.#mayMatch(sealed, row)) return false;
    if (this.#words === null || this.#words.test(latin1(entry)) || BASE64.test(latin1(entry))) return true;
    for (const each of content) if (await this.#maySay(reader, each, pace)) return true;
    return false;
  }

  /** Whether sealed content might hold what is looked for, or is not what was sealed. */
  async #maySay(reader: RecordReader, { path, ref }: Reference, pace: Pace): Promise<boolean> {
    let payload: StoredPayload | null;
    try {
      payload = await reader.payload(ref.payload);
    } catch (error) {
      if (!(error instanceof TallystickError) || error.retry) throw error;
      // Whoever reads the record will say what is wrong.
      return true;
    }
    if (payload === null) return false;
    try {
      const { salt, bytes } = payload;
      if (bytes.length !== ref.bytes || (path === 'raw' && isNoText(bytes))) return true;
      const digest = startPayloadDigest(salt);
      for (let at = 0; at < bytes.length; at += PIECE) {
        if (pace.isOver()) await pace.giveWay();
        digest.update(bytes.subarray(at, at + PIECE));
        if (this.#words?.test(latin1(bytes.subarray(at, at + PIECE + this.#overlap)))) return true;
      }
      return toHex(digest.digest()) !== ref.payload;
    } finally {
      payload.release?.();
    }
  }
}

/** Members whose words do not stand in the entry as they are. */
const ELSEWHERE = /"(?:payload|base64)":"/;
const BASE64 = /"base64":"/;
const ELSEWHERE_BYTES = '"payload":"'.length;

/** Whether a line that was sealed beside its record is one that is not UTF-8. */
function isNoText(line: Uint8Array): boolean {
  return latin1(line.subarray(0, 10)) === '{"base64":';
}

function decode(entry: Uint8Array): AuditRecord | null {
  try {
    return decodeEntry(entry);
  } catch {
    // Not a record: the view that follows says what is wrong with it.
    return null;
  }
}

/** As it stands within a JSON string. */
function utf8Json(text: string): Uint8Array {
  return Buffer.from(JSON.stringify(text).slice(1, -1), 'utf8');
}

function asHex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A character for each byte. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Texts of which every match must say one at least; null where nothing is known of them. */
function requiredTexts(filter: Filter): readonly string[] | null {
  switch (filter.kind) {
    case 'free':
      return [filter.text];
    case 'detail':
      return [longestPiece(filter.pattern, filter.wildcard)];
    case 'or': {
      const parts = filter.of.map(requiredTexts);
      return parts.every((texts) => texts !== null) ? parts.flat() : null;
    }
    case 'and':
      return filter.of
        .map(requiredTexts)
        .reduce(
          (best, texts) => (texts !== null && shortest(texts) > shortest(best ?? []) ? texts : best),
          null,
        );
    default:
      return null;
  }
}

function longestPiece(pattern: string, wildcard: boolean): string {
  const wanted = pieces(pattern, wildcard);
  if (wanted.exact !== null) return wanted.exact;
  const { prefix, middle, suffix } = wanted;
  return [prefix, ...middle, suffix].reduce((a, b) => (b.length > a.length ? b : a));
}

/** The texts tell no more than the shortest of them. */
function shortest(texts: readonly string[]): number {
  return texts.length === 0 ? 0 : Math.min(...texts.map((text) => text.length));
}
