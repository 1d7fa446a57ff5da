import { Buffer } from 'node:buffer';
import type { LogStore } from '../store/store.ts';
import { missing, numbered, RecordReader } from './records.ts';
import type { TrustedHead } from './trusted-tiles.ts';
import type { RecordView } from './types.ts';

export interface SignedRecordsRequest {
  readonly head: TrustedHead;
  /** Numbers to look at: [from, to), within the head. */
  readonly from: number;
  readonly to: number;
  /** Called with how many of how many records have been looked at. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** In the canonical JSON of a record that has the member; never within a text, where quotes are escaped. */
const MEMBER = '"signature":';

/**
 * Views of the records that hold a signature, in order, verified and with sealed content put back; also of those that
 * do not verify, and one for a range that can't be had: whether there was a signature, nobody can say.
 */
export async function* signedRecords(
  store: LogStore,
  node: string,
  { head, from, to, onProgress, signal }: SignedRecordsRequest,
): AsyncGenerator<RecordView> {
  const reader = new RecordReader(store, node);
  let at = from;
  for await (const part of store.source(node).bundles(from, to)) {
    signal?.throwIfAborted();
    const altered = await reader.altered(part, head);
    for (const [seq, entry] of numbered(part)) {
      const isThere = entry instanceof Uint8Array;
      if (isThere && !altered.has(seq) && !mentions(entry)) continue;
      const { view } = await reader.check(seq, entry, head);
      if (view.status !== 'verified' || view.record?.signature !== undefined) yield view;
      if (!isThere) break;
    }
    at = part.to;
    onProgress?.(at - from, to - from);
  }
  if (at < to) yield (await reader.check(at, missing(at, to), head)).view;
}

function mentions(entry: Uint8Array): boolean {
  return Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).includes(MEMBER);
}
