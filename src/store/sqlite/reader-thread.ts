import type { Payload } from '../../record/types.ts';
import type { SourceBundle } from '../../verify/source.ts';
import type { Chunk } from './protocol.ts';
import { Reader } from './reader.ts';
import { serve } from './thread.ts';

serve({ open: (dir: string) => new Reader(dir), transfer: ownBuffers });

/** Entries are most of what is ever read, and payloads what is large; each has a buffer of its own. */
function ownBuffers(answer: unknown): ArrayBuffer[] {
  const { items, bytes } = (answer ?? {}) as Partial<Chunk<Partial<SourceBundle>> & Payload>;
  const own = bytes === undefined ? (items ?? []).map(({ entries }) => entries) : [bytes];
  return own.flatMap((buffered) => (buffered ? [buffered.buffer as ArrayBuffer] : []));
}
