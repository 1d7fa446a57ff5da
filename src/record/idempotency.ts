import { sha256Into } from '#sha256';
import { toHex, utf8 } from '../crypto/bytes.ts';
import { canonicalBytes } from './canonical.ts';
import type { AuditRecord, Json, RecordDraft } from './types.ts';

/**
 * Digest of what a producer delivered, by which a repeated idempotency id is known to bring the same or other
 * content: the first 16 bytes of SHA-256 over the draft's canonical JSON, `phase` included where it has one, as hex.
 */
export function contentDigest(draft: RecordDraft, phase?: AuditRecord['phase']): string {
  return shortDigest(canonicalBytes((phase === undefined ? draft : { ...draft, phase }) as unknown as Json));
}

/** Key under which an idempotency id is remembered: source and id joined so that no other pair gives the same text. */
export function idKey(source: string, id: string): string {
  return shortDigest(utf8(`${source.length}:${source}${id}`));
}

const scratch = new Uint8Array(32);

function shortDigest(bytes: Uint8Array): string {
  sha256Into(bytes, scratch, 0);
  return toHex(scratch.subarray(0, 16));
}
