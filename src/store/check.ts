/** What every driver checks before it takes a batch, so that none can be made to store what it cannot read back. */

import { StoreError, UsageError } from '../errors.ts';
import { entryOffsets } from './entries.ts';
import type { Batch } from './store.ts';
import { BUNDLE } from './store.ts';

const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** Of ids: half a digest. */
const HALF = /^[0-9a-f]{32}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Node ids become file names, so this is also what keeps them inside the directory.
 *
 * @throws UsageError USAGE
 */
export function checkNode(node: string): void {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(node) && node !== '.' && node !== '..') return;
  throw new UsageError(
    'USAGE',
    `${JSON.stringify(String(node).slice(0, 80))} is not a node id: 1 to 64 of A-Z a-z 0-9 . _ -, but not . or ..`,
  );
}

/**
 * Refuses a batch that breaks its contract. Hashes, signatures and canonical form are not looked at.
 *
 * @returns offsets of the entries in `batch.entries`, the end included.
 * @throws UsageError USAGE for a bad node id, StoreError INTERNAL for anything else.
 */
export function checkBatch(batch: Batch): number[] {
  checkNode(batch.node);
  const offsets = entryOffsets(batch.entries);
  if (offsets === null) refuse('its entries are not in bundle form');
  const count = offsets.length - 1;
  if (!isCount(batch.epoch) || !isCount(batch.from)) refuse('epoch or size is not a count');
  if (batch.leaves.length !== count * HASH_BYTES) refuse('it has not one leaf hash for each entry');
  if (batch.root.length !== HASH_BYTES) refuse('its root is not 32 bytes');
  for (const tile of batch.tiles) {
    const width = tile.hashes.length / HASH_BYTES;
    if (!Number.isInteger(width) || width < 1 || width > BUNDLE) refuse('a tile is not 1 to 256 hashes wide');
    if (!isCount(tile.level) || tile.level === 0 || !isCount(tile.index)) refuse('a tile has a bad place');
  }
  const within = (seq: number): boolean => isCount(seq) && seq >= batch.from && seq < batch.from + count;
  for (const { salt, digest, seq } of batch.payloads) {
    if (salt.length !== SALT_BYTES || !DIGEST.test(digest) || !within(seq)) refuse('a payload is malformed');
  }
  for (const { key, content, bucket, seq } of batch.ids) {
    if (!HALF.test(key) || !HALF.test(content) || !isCount(bucket) || !within(seq))
      refuse('an id is malformed');
  }
  for (const { key, value } of batch.state) {
    if (!key.isWellFormed() || value?.isWellFormed() === false)
      refuse('a state text is not well-formed Unicode');
  }
  return offsets;
}

/** @throws StoreError INTERNAL unless all are keys of ids: 32 lower-case hex digits. */
export function checkKeys(keys: readonly string[]): void {
  if (!keys.every((key) => HALF.test(key)))
    throw new StoreError('INTERNAL', 'the store was asked for a malformed id');
}

/**
 * Of the checkpoints whose last entries lie in the same bundle, only the newest need stay.
 *
 * @returns a number equal for exactly those sizes (above 0).
 */
export function checkpointWindow(size: number): number {
  return Math.floor((size - 1) / BUNDLE);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function refuse(rule: string): never {
  throw new StoreError('INTERNAL', `the store refused a batch: ${rule}`);
}
