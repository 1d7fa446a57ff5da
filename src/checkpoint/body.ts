import { fromBase64, toBase64, utf8 } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { HASH } from '../merkle/mod.ts';
import { isKeyName } from './note.ts';

/** Checkpoints (C2SP tlog-checkpoint v1.0.0): what a log signs about its tree. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Lines behind the root, without LF. Ours have none. */
  readonly extensions: readonly string[];
}

/** Longest origin: cosignatures put its length into one byte. */
const MAX_ORIGIN_BYTES = 255;
const DECIMAL = /^(0|[1-9][0-9]*)$/;

/**
 * The text a log signs: origin, size, root, each with LF. Throws `ProofError` NOTE_INVALID for an origin that could
 * not be a key's name or is above 255 bytes, a size that is no safe integer, a root that is not 32 bytes.
 */
export function checkpointBody(origin: string, size: number, root: Uint8Array): string {
  if (!isKeyName(origin) || utf8(origin).length > MAX_ORIGIN_BYTES) {
    throw invalid(`an origin has 1 to ${MAX_ORIGIN_BYTES} bytes, no space and no plus sign`);
  }
  if (!Number.isSafeInteger(size) || size < 0) throw invalid(`${size} is not a size from 0 to 2^53-1`);
  if (root.length !== HASH) throw invalid('a root has 32 bytes');
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/**
 * Reads a checkpoint's text: any origin that is not empty, so that logs of others are read too; a size up to
 * 2^53-1; a root of 32 bytes; extension lines that are not empty. Throws `ProofError` NOTE_INVALID.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw invalid('its last line does not end');
  const [origin = '', decimal = '', base64 = '', ...extensions] = lines;
  if (origin === '') throw invalid('it has no origin');
  const size = Number(decimal);
  if (!DECIMAL.test(decimal) || !Number.isSafeInteger(size)) {
    throw invalid('its second line is not a size from 0 to 2^53-1');
  }
  const root = fromBase64(base64);
  if (root?.length !== HASH) throw invalid('its third line is not the base64 of 32 bytes');
  if (extensions.includes('')) throw invalid('it has an empty line');
  return { origin, size, root, extensions };
}

function invalid(rule: string): ProofError {
  return new ProofError('NOTE_INVALID', `not a checkpoint: ${rule}`);
}

/** The node whose log an origin names, its last part: `<name>-<8 hex digits>/<node>`. */
export function nodeOf(origin: string): string {
  return origin.slice(origin.lastIndexOf('/') + 1);
}
