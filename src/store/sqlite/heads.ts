import type { StoredHead } from '../store.ts';
import { blob, count, type Row, text } from './rows.ts';

export const SELECT_HEAD = 'SELECT node, origin, epoch, size, root, signatures FROM heads WHERE node = ?';

/** @throws StoreError STORE_DAMAGED when a column holds what no head has. */
export function toHead(row: Row): StoredHead {
  return {
    node: text(row, 'node'),
    origin: text(row, 'origin'),
    epoch: count(row, 'epoch'),
    size: count(row, 'size'),
    root: blob(row, 'root', 32),
    signatures: text(row, 'signatures'),
  };
}
