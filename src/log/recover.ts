import { checkpointBody, openCheckpoint, type Pin, vkeyFromSpki } from '../checkpoint/mod.ts';
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
import type { LogSource } from '../verify/source.ts';
import { damaged, intact, readEntry, readEntryBytes, readGenesis } from './genesis.ts';
import type { SealedHead } from './receipt.ts';

export interface Recovered {
  readonly head: SealedHead;
  readonly tree: Tree;
  /** `logged` of the newest record. */
  readonly logged: number;
}

/**
 * What a start must know before it may go on from a head: that record 0 and the key belong to this log, that the
 * key signed the head, that the tiles at the right edge hash to it, that the first and the newest record are in that
 * tree, and that nothing newer was sealed here before. It is the same after a clean end and after a crash. Changes
 * nothing.
 *
 * Throws `LogError`: LOG_KEY_MISMATCH, LOG_DAMAGED, ROLLED_BACK, SPLIT_VIEW; and what `recall` and a store that can't
 * be read throw.
 */
export async function recover(
  stored: StoredHead,
  source: LogSource,
  signer: Signer,
  recall: (origin: string) => Pin | null,
): Promise<Recovered> {
  const { origin, size, root, signatures, node } = stored;
  const body = await intact(node, 'its head is malformed', () => checkpointBody(origin, size, root));
  const head: SealedHead = { origin, size, root, signatures, note: `${body}\n${signatures}` };
  const vkey = checkKey(await readEntry(source, 0, node), head, node, signer);
  await intact(node, `its head at ${size} records has no good signature`, () =>
    openCheckpoint(head.note, [vkey]),
  );
  const readTile = tileReader(source);
  const tree = await intact(node, 'its tiles cannot be read', () => Tree.read(size, readTile));
  if (!equalBytes(tree.root(), root))
    throw damaged(node, `its tiles do not hash to the signed root of ${size} records`);
  await compareWithMemory(recall(origin), head, node, readTile);
  await readSealed(0, head, node, source);
  const newest = await readSealed(size - 1, head, node, source);
  return { head, tree, logged: newest.logged };
}

/** Returns the key's vkey when it is the one that the first record names. */
function checkKey(first: AuditRecord, { origin }: SealedHead, node: string, signer: Signer): string {
  const genesis = readGenesis(first);
  if (genesis.origin !== origin || first.node !== node)
    throw damaged(
      node,
      `its head names the origin ${origin}, its first record ${genesis.origin} of node ${first.node}`,
    );
  const vkey = vkeyFromSpki(origin, signer.algorithm, signer.publicKey);
  if (vkey === genesis.vkey) return vkey;
  throw new LogError(
    'LOG_KEY_MISMATCH',
    `the key ${signer.alias} is not the key that seals ${origin}; restore that key file, or use another data directory for a new log`,
    { context: { expected: genesis.vkey, found: vkey } },
  );
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
      `the store has ${size} records, but ${pin.size} had been sealed here: it is an older copy. Put the newer store back; a restored backup can only go on as a new log`,
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
