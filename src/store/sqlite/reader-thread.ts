import type { SourceBundle } from '../../verify/source.ts';
import type { Chunk } from './protocol.ts';
import { Reader } from './reader.ts';
import { serve } from './thread.ts';

serve({ open: (dir: string) => new Reader(dir), transfer: entryBuffers });

/** Entries are most of what is ever read, and `decompress` gives each a buffer of its own. */
function entryBuffers(answer: unknown): ArrayBuffer[] {
  const { items } = (answer ?? {}) as Partial<Chunk<Partial<SourceBundle>>>;
  return (items ?? []).flatMap(({ entries }) => (entries ? [entries.buffer as ArrayBuffer] : []));
}
