import type { Batch } from '../store.ts';
import { packIds } from './ids.ts';
import type { PackedBatch } from './protocol.ts';

/**
 * Makes a checked batch ready for another thread: one copy of its bytes, to be given away, since the caller may need
 * the batch again. (A view would be sent with all of the buffer it looks at.)
 */
export function packBatch(batch: Batch): { readonly packed: PackedBatch; readonly transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const own = (bytes: Uint8Array): Uint8Array => {
    const copied = new Uint8Array(bytes);
    transfer.push(copied.buffer);
    return copied;
  };
  const packed: PackedBatch = {
    ...batch,
    entries: own(batch.entries),
    leaves: own(batch.leaves),
    root: own(batch.root),
    tiles: batch.tiles.map((tile) => ({ ...tile, hashes: own(tile.hashes) })),
    payloads: batch.payloads.map((p) => ({ ...p, salt: own(p.salt), bytes: own(p.bytes) })),
    ids: packIds(batch.ids, batch.from).map((ids) => ({ ...ids, rows: own(ids.rows) })),
  };
  return { packed, transfer };
}
