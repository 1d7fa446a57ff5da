import { fromUtf8 } from '../crypto/bytes.ts';
import { RecordError } from '../errors.ts';
import { payloadDigest } from './encode.ts';
import { parseJson } from './json.ts';
import type { AuditRecord, Json, Payload, PayloadRef } from './types.ts';
import { checkStored, isReference } from './validate.ts';

/** A reference in a record, and where: `raw`, `details` or `details.FIELD`. */
export interface Reference {
  readonly path: string;
  readonly ref: PayloadRef;
}

/** The payloads a record refers to. */
export function references(record: AuditRecord): readonly Reference[] {
  const found: Reference[] = [];
  for (const path of ['details', 'raw', 'reason', 'signature'] as const) {
    const member: unknown = record[path];
    if (isReference(member)) found.push({ path, ref: member });
    else if (path === 'details' && member !== undefined) {
      for (const [name, value] of Object.entries(member as Record<string, unknown>)) {
        if (isReference(value)) found.push({ path: `details.${name}`, ref: value });
      }
    }
  }
  return found;
}

/** Whether the payload is what the reference sealed. */
export function payloadMatches(ref: PayloadRef, payload: Pick<Payload, 'salt' | 'bytes'>): boolean {
  return payload.bytes.length === ref.bytes && payloadDigest(payload.salt, payload.bytes) === ref.payload;
}

/**
 * The record with the content of the given payloads put back where its references stand; references without a
 * payload stay. The payloads must have been checked (`payloadMatches`).
 * @throws RecordError RECORD_INVALID when a payload is not JSON, or not what its member may hold: the log never seals
 *   such, but another's log may.
 */
export function restorePayloads(record: AuditRecord, payloads: ReadonlyMap<string, Payload>): AuditRecord {
  let restored: AuditRecord = record;
  for (const { path, ref } of references(record)) {
    const payload = payloads.get(ref.payload);
    if (payload === undefined) continue;
    const value = read(payload, path);
    restored = path.startsWith('details.')
      ? {
          ...restored,
          details: { ...(restored.details as Record<string, Json>), [path.slice('details.'.length)]: value },
        }
      : ({ ...restored, [path]: value } as AuditRecord);
  }
  return restored === record ? record : checkStored(restored);
}

function read(payload: Payload, path: string): Json {
  try {
    return parseJson(fromUtf8(payload.bytes));
  } catch (cause) {
    throw new RecordError('RECORD_INVALID', `the sealed content of ${path} is not JSON`, {
      cause,
      context: { path },
    });
  }
}
