import { checkpointBody, signCheckpoint, vkeyFromSpki } from '../../checkpoint/mod.ts';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import type { Signer } from '../../crypto/signer.ts';
import { leafHash, Tree } from '../../merkle/mod.ts';
import { type AuditRecord, canonicalize, type Json } from '../../record/mod.ts';
import type { StoredLog } from '../../store/stored-log.ts';

/** What somebody can make of a log who can write where it is stored, without its key and with it. */

/** An entry with something else in it, in canonical form again. */
export function edited(entry: Uint8Array, change: Partial<AuditRecord>): Uint8Array {
  const record = JSON.parse(fromUtf8(entry)) as AuditRecord;
  return utf8(canonicalize({ ...record, ...change } as unknown as Json));
}

/** Changes what one record says. */
export function edit(log: StoredLog, at: number, change: Partial<AuditRecord>): void {
  const entry = log.entries[at];
  if (entry === undefined) throw new TypeError(`the log to tamper with has no record ${at}`);
  entry.bytes = edited(entry.bytes, change);
}

/** Makes all hashes anew, over the entries as they are now; gives the tree's root. */
export function hashAgain(log: StoredLog): Uint8Array {
  const tree = new Tree();
  log.leaves = log.entries.map(({ bytes }) => leafHash(bytes));
  for (const leaf of log.leaves) tree.append(leaf);
  log.tiles.clear();
  for (const { level, index, hashes } of tree.changedTiles()) {
    if (level > 0) log.tiles.set(`${level}/${index}`, hashes);
  }
  return tree.root();
}

/** Numbers the records by their places, hashes them, and signs that as the head. */
export async function sealAgain(log: StoredLog, signer: Signer): Promise<void> {
  const moved = new Map<number, number>();
  for (const [number, entry] of log.entries.entries()) {
    if (entry.number !== number) entry.bytes = edited(entry.bytes, { seq: number });
    moved.set(entry.number, number);
    entry.number = number;
  }
  for (const payload of log.payloads) payload.seq = moved.get(payload.seq) ?? payload.seq;
  const { origin } = log.head;
  const size = log.entries.length;
  const root = hashAgain(log);
  const signatures = await signCheckpoint(checkpointBody(origin, size, root), origin, signer);
  log.head = { origin, size, root, signatures };
}

/** As `sealAgain`; checkpoints that would contradict it are swept away. */
export async function forge(log: StoredLog, signer: Signer): Promise<void> {
  log.checkpoints = [];
  await sealAgain(log, signer);
}

/** A key as a verifier knows it. */
export function vkeyOf(origin: string, signer: Signer): string {
  return vkeyFromSpki(origin, signer.algorithm, signer.publicKey);
}
