import { fromBase64 } from '../crypto/bytes.ts';
import { type AuditRecord, isReference, type Json } from '../record/mod.ts';

/** Members that the log sets or that say how the record was read, not what its producer said; and those below. */
const NOT_OWN: ReadonlySet<string> = new Set([
  ...['v', 'node', 'seq', 'logged', 'source', 'phase', 'time', 'dialect', 'flags'],
  ...['details', 'raw', 'reason', 'signature'],
]);

/**
 * Whether any of the record's own words passes the test: every text, number and truth value, at any depth, of the
 * members its producer delivered, and the original line. Names of members are not words. Content that stands in
 * the record as a reference to a payload has no words here.
 */
export function someOwnWord(record: AuditRecord, test: (text: string) => boolean): boolean {
  for (const member in record) {
    if (!NOT_OWN.has(member) && someValue(record[member as keyof AuditRecord] as Json, test)) return true;
  }
  const { reason, signature, details, raw } = record;
  if (typeof reason === 'string' && test(reason)) return true;
  if (signature !== undefined && !isReference(signature) && someValue(signature as Json, test)) return true;
  if (someDetail(details, (_, value) => someValue(value, test))) return true;
  if (raw === undefined || isReference(raw)) return false;
  return test('base64' in raw ? decodeLine(raw.base64) : (raw as { text: string }).text);
}

/** Whether a field of details, by its name and value, passes the test. Sealed fields have no value here. */
export function someDetail(
  details: AuditRecord['details'],
  test: (name: string, value: Json) => boolean,
): boolean {
  if (details === undefined || isReference(details)) return false;
  return Object.entries(details).some(([name, value]) => !isReference(value) && test(name, value as Json));
}

/** Whether any text, number (as JSON writes it) or truth value within a JSON value passes the test. */
export function someValue(value: Json | undefined, test: (text: string) => boolean): boolean {
  if (typeof value === 'string') return test(value);
  if (typeof value === 'number' || typeof value === 'boolean') return test(String(value));
  if (value === null || value === undefined) return false;
  return Object.values(value).some((inner: Json) => someValue(inner, test));
}

/** What is legible of a line that is not UTF-8, with U+FFFD for the rest. */
function decodeLine(base64: string): string {
  return new TextDecoder().decode(fromBase64(base64) ?? new Uint8Array());
}
