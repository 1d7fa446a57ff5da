import { fromUtf8 } from '../crypto/bytes.ts';
import { RecordError } from '../errors.ts';
import { canonicalize } from './canonical.ts';
import { parseJson } from './json.ts';
import { isPlainCanonical } from './plain.ts';
import { type AuditRecord, type Json, MAX_ENTRY_BYTES } from './types.ts';
import { checkStored } from './validate.ts';

/**
 * Reads an entry back, strictly. Members this version does not know are kept and not interpreted. Throws
 * `RecordError` RECORD_NOT_CANONICAL when the bytes are not exactly what `canonicalize` writes, RECORD_TOO_LARGE when
 * they are more than an entry may have, RECORD_INVALID when a known member breaks its rule or the format version is
 * not known.
 */
export function decodeEntry(bytes: Uint8Array): AuditRecord {
  if (bytes.length > MAX_ENTRY_BYTES) {
    throw new RecordError(
      'RECORD_TOO_LARGE',
      `the entry has ${bytes.length} bytes, ${MAX_ENTRY_BYTES} are the most`,
    );
  }
  return checkStored(readCanonical(bytes, decodeText(bytes)));
}

function decodeText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new RecordError('RECORD_NOT_CANONICAL', 'the entry is not UTF-8', { cause });
  }
}

function readCanonical(bytes: Uint8Array, text: string): Json {
  try {
    if (isPlainCanonical(bytes)) return JSON.parse(text);
    const value = parseJson(text);
    if (canonicalize(value) === text) return value;
  } catch {
    // Not JSON, or of no canonical form. The engine's own error is let go: it quotes the entry.
  }
  throw new RecordError('RECORD_NOT_CANONICAL', 'the entry is not JSON in canonical form');
}
