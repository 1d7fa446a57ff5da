import { sha256 } from '#sha256';
import { fromBase64, fromUtf8, toBase64, toHex, utf8 } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { HASH } from '../merkle/mod.ts';

/** What goes over the wire between a log and a witness (C2SP tlog-witness v1.0.0). */

export interface AddCheckpoint {
  /** Size of the newest tree that the witness is thought to have cosigned; 0 for none. */
  readonly old: number;
  /** Consistency proof from `old` to the checkpoint, 32 bytes each. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint as a signed note. */
  readonly note: string;
}

/** Media type of the size that a conflict is answered with. */
export const SIZE_TYPE = 'text/x.tlog.size';
/** Larger requests are refused unread: 63 hashes, and a note with more than 16 signatures of the largest kinds. */
export const MAX_REQUEST_BYTES: number = 128 * 1024;
const MAX_PROOF = 63;
const DECIMAL = /^(0|[1-9][0-9]*)$/;

export function formatAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  return `old ${old}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${note}`;
}

/** Reads what `formatAddCheckpoint` writes; the note itself is not looked into. Throws `ProofError` NOTE_INVALID. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  const text = decode(body);
  const split = text.indexOf('\n\n');
  if (split < 0) throw invalid('no empty line stands before the checkpoint');
  const [first = '', ...hashes] = text.slice(0, split).split('\n');
  const old = first.startsWith('old ') ? parseSize(first.slice(4)) : null;
  if (old === null) throw invalid('its first line is not "old" and a size from 0 to 2^53-1');
  if (hashes.length > MAX_PROOF) throw invalid(`it has more than ${MAX_PROOF} hashes`);
  const proof = hashes.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== HASH) throw invalid('a line of its proof is not the base64 of 32 bytes');
    return hash;
  });
  return { old, proof, note: text.slice(split + 2) };
}

/** The size in the answer to a conflict, with its line feed; null for anything else. */
export function parseSizeAnswer(text: string): number | null {
  return text.endsWith('\n') ? parseSize(text.slice(0, -1)) : null;
}

/** Where a witness is asked for a log's newest checkpoint, `/<hash>/checkpoint`: lower-case hex SHA-256 of the origin. */
export function hashOf(origin: string): string {
  return toHex(sha256(utf8(origin)));
}

function parseSize(decimal: string): number | null {
  const size = Number(decimal);
  return DECIMAL.test(decimal) && Number.isSafeInteger(size) ? size : null;
}

function decode(body: Uint8Array): string {
  try {
    return fromUtf8(body);
  } catch (cause) {
    throw new ProofError('NOTE_INVALID', 'not an add-checkpoint request: it is not UTF-8', { cause });
  }
}

function invalid(rule: string): ProofError {
  return new ProofError('NOTE_INVALID', `not an add-checkpoint request: ${rule}`);
}
