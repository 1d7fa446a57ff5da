import { fromUtf8 } from '../crypto/bytes.ts';
import { RecordError } from '../errors.ts';
import { canonicalize } from './canonical.ts';
import { parseJson } from './json.ts';
import { type AuditRecord, type Json, MAX_DEPTH, MAX_ENTRY_BYTES } from './types.ts';
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
  return checkStored(readCanonical(decodeText(bytes)));
}

function decodeText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new RecordError('RECORD_NOT_CANONICAL', 'the entry is not UTF-8', { cause });
  }
}

function readCanonical(text: string): Json {
  try {
    // The built-in writer keeps the order of the text, so equal text and sorted names prove the form but for one
    // thing: it writes half of a surrogate pair as an escape. `sorted` comes first, for it bounds the depth.
    const quick: Json = JSON.parse(text);
    if (sorted(quick, 0) && !text.includes('\\ud') && JSON.stringify(quick) === text) return quick;
    // Names that look like array indices, which engines move to the front, and what else is rare.
    const value = parseJson(text);
    if (canonicalize(value) === text) return value;
  } catch {
    // Not JSON, or of no canonical form. The engine's own error is let go: it quotes the entry.
  }
  throw new RecordError('RECORD_NOT_CANONICAL', 'the entry is not JSON in canonical form');
}

function sorted(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!sorted(item, depth + 1)) return false;
    return true;
  }
  const object = value as Record<string, Json>;
  let last: string | undefined;
  for (const name in object) {
    if (last !== undefined && name <= last) return false;
    last = name;
    if (!sorted(object[name] as Json, depth + 1)) return false;
  }
  return true;
}
