import { checkpointBody, openCheckpoint, type Pin } from '../checkpoint/mod.ts';
import { equalBytes, fromHex } from '../crypto/bytes.ts';
import type { Signer } from '../crypto/signer.ts';
import { LogError } from '../errors.ts';
import {
  leafHash,
  makeConsistency,
  makeInclusion,
  rootFromTiles,
  type TileReader,
  Tree,
  verifyConsistency,
  verifyInclusion,
} from '../merkle/mod.ts';
import { type AuditRecord, decodeEntry } from '../record/mod.ts';
import type { StoredHead } from '../store/store.ts';
import { tileReader } from '../store/tile-reader.ts';
import { type KeyHistory, keysAt, keysInForce, readKeyHistory, retiredAt } from '../verify/key-history.ts';
import type { LogSource } from '../verify/source.ts';
import { damaged, intact, originOf, readEntry, readEntryBytes } from './genesis.ts';
import { isSameSet, keySet, type Sealing } from './key-set.ts';
import type { SealedHead } from './receipt.ts';

export interface Recovered {
  readonly head: SealedHead;
  readonly tree: Tree;
  /** `logged` of the newest record. */
  readonly logged: number;
  readonly sealing: Sealing;
}

/**
 * What a start must know before it may go on from a head: that record 0 belongs to this log, that the keys are those
 * in force after its key changes, that they signed the head, that the tiles at the right edge hash to it, that the first and the newest record are in that
 * tree, and that nothing newer was sealed here before. It is the same after a clean end and after a crash. Changes
 * nothing.
 *
 * Throws `LogError`: LOG_KEY_MISMATCH, LOG_DAMAGED, ROLLED_BACK, SPLIT_VIEW; and what `recall` and a store that can't
 * be read throw.
 */
export async function recover(
  stored: StoredHead,
  source: LogSource,
  signers: readonly Signer[],
  recall: (origin: string) => Pin | null,
): Promise<Recovered> {
  const { origin, size, root, signatures, node } = stored;
  const body = await intact(node, 'its head is malformed', () => checkpointBody(origin, size, root));
  const head: SealedHead = { origin, size, root, signatures, note: `${body}\n${signatures}` };
  const keys = keySet(origin, signers);
  checkOrigin(await readEntry(source, 0, node), head, node);
  const history = await readKeyHistory(source, origin, size);
  if (history === null) throw damaged(node, 'its first record names no keys that could seal a log');
  checkKeys(history, keys.vkeys, signers, origin);
  await checkSigned(head, keysAt(history, size), node);
  const readTile = tileReader(source);
  const tree = await intact(node, 'its tiles cannot be read', () => Tree.read(size, readTile));
  if (!equalBytes(tree.root(), root))
    throw damaged(node, `its tiles do not hash to the signed root of ${size} records`);
  await compareWithMemory(recall(origin), head, node, readTile);
  await readSealed(0, head, node, source);
  const newest = await readSealed(size - 1, head, node, source);
  return { head, tree, logged: newest.logged, sealing: { keys, standBy: history.standBy } };
}

function checkOrigin(first: AuditRecord, { origin }: SealedHead, node: string): void {
  const named = originOf(first);
  if (named === origin && first.node === node) return;
  throw damaged(node, `its head names the origin ${origin}, its first record ${named} of node ${first.node}`);
}

function checkKeys(
  history: KeyHistory,
  found: readonly string[],
  signers: readonly Signer[],
  origin: string,
): void {
  const expected = keysInForce(history);
  if (isSameSet(found, expected)) return;
  const given = signers.map(({ alias }) => alias).join(', ');
  const retired = found.map((vkey) => retiredAt(history, vkey)).find((size) => size !== null);
  const since = retired === undefined ? '' : ` It was replaced at ${retired} records.`;
  throw new LogError(
    'LOG_KEY_MISMATCH',
    `the key ${given} is not the key that seals ${origin}: that is ${expected.map(short).join(' and ')}.${since} Restore that key; one that is lost for good: "tallystick continue" (docs/recovery.md)`,
    { context: { expected, found, ...(retired === undefined ? {} : { retired }) } },
  );
}

function short(vkey: string): string {
  return vkey.split('+', 2).join('+');
}

/** Throws LOG_DAMAGED unless all of the keys have signed the head. */
async function checkSigned(head: SealedHead, keys: readonly string[], node: string): Promise<void> {
  const what = `its head at ${head.size} records has no good signature`;
  const { verifiedBy } = await intact(node, what, () => openCheckpoint(head.note, keys));
  const missing = keys.filter((key) => !verifiedBy.some(({ vkey }) => vkey === key));
  if (missing.length > 0) throw damaged(node, `${what} by ${missing.map(short).join(', ')}`);
}

/** A record, checked up to the signed root. */
async function readSealed(
  seq: number,
  { size, root }: SealedHead,
  node: string,
  source: LogSource,
): Promise<AuditRecord> {
  const entry = await readEntryBytes(source, seq, node);
  await intact(node, `record ${seq} is not the sealed one`, async () => {
    const proof = await makeInclusion(seq, size, tileReader(source));
    verifyInclusion(seq, size, leafHash(entry), proof, root);
  });
  const record = await intact(node, `record ${seq} does not decode`, () => decodeEntry(entry));
  if (record.seq !== seq) throw damaged(node, `record ${seq} is numbered ${record.seq}`);
  return record;
}

async function compareWithMemory(
  pin: Pin | null,
  { size, root }: SealedHead,
  node: string,
  readTile: TileReader,
): Promise<void> {
  if (pin === null || pin.size === 0) return;
  const context = { size, remembered: pin.size, origin: pin.origin };
  if (pin.size > size) {
    throw new LogError(
      'ROLLED_BACK',
      `the store has ${size} records, but ${pin.size} had been sealed here: it is an older copy. Put the newer store back; a restored backup can only go on as a new log: "tallystick continue" (docs/recovery.md)`,
      { context },
    );
  }
  const isSame = await intact(node, 'its tiles cannot be read', async () => {
    const found = await rootFromTiles(pin.size, readTile);
    if (equalBytes(found, fromHex(pin.root) as Uint8Array)) return true;
    // Only what the signed head proves is held against whoever signed it; tiles that prove nothing are damaged.
    const proof = await makeConsistency(pin.size, size, readTile);
    verifyConsistency(pin.size, size, proof, found, root);
    return false;
  });
  if (isSame) return;
  throw new LogError(
    'SPLIT_VIEW',
    `the store holds other records below ${pin.size} than those sealed here before; it was replaced or rewritten. Run verify for the first difference, and put the original store back`,
    { context },
  );
}
