import { checkpointBody, nodeOf, parseCheckpoint, parseNote } from '../checkpoint/mod.ts';
import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import { StoreError, TallystickError } from '../errors.ts';
import {
  bundleEntries,
  HASH,
  leafHash,
  leafHashes,
  makeConsistency,
  makeInclusion,
  type TileReader,
  verifyConsistency,
  verifyInclusion,
} from '../merkle/mod.ts';
import type { LogSource, SourceHead, SourcePayload } from '../verify/mod.ts';
import { proofTiles } from '../verify/proof-tiles.ts';
import {
  type ExportedPayload,
  type ExportHeader,
  formatEnd,
  formatHeader,
  formatRecord,
  type KeyRecord,
} from './format.ts';

/** What of a log is exported. */
export type Part = Pick<ExportHeader, 'from' | 'to' | 'keys'>;

/**
 * An export of records [from, to), which were verified, line by line. Throws as `makeHeader`, and `StoreError` STORE_DAMAGED
 * where a record or its content can't be read.
 */
export async function* exportOf(source: LogSource, head: SourceHead, part: Part): AsyncGenerator<string> {
  const { from, to } = part;
  yield formatHeader(nodeOf(head.origin), await makeHeader(source, head, part));
  const payloads = source.payloads(from, to)[Symbol.asyncIterator]();
  let payload = await payloads.next();
  let seq = from;
  for await (const bundle of source.bundles(from, to)) {
    const leaves = bundle.entries === null ? new Uint8Array(0) : leafHashes(bundle.entries);
    for (const [i, entry] of (bundle.entries === null ? [] : bundleEntries(bundle.entries)).entries()) {
      const own: ExportedPayload[] = [];
      for (; payload.done !== true && payload.value.seq <= seq; payload = await payloads.next()) {
        if (payload.value.seq === seq) own.push(whole(payload.value));
      }
      yield formatRecord(seq, leaves.subarray(i * HASH, (i + 1) * HASH), entry, own);
      seq++;
    }
  }
  if (seq !== to) throw new StoreError('STORE_DAMAGED', `record ${seq} could not be read; run verify`);
  yield formatEnd(to - from);
}

function whole({ seq, digest, salt, bytes }: SourcePayload): ExportedPayload {
  if (bytes !== null) return { digest, salt, bytes };
  throw new StoreError('STORE_DAMAGED', `a payload of record ${seq} does not decode; run verify`);
}

/**
 * The first line of an export of records [from, to), which were verified. Throws `ProofError` TILE_INVALID when a hash
 * tile that it takes is missing, and what the source throws.
 *
 * @param keys vkeys whose signature of the head was found good.
 */
export async function makeHeader(
  source: LogSource,
  head: SourceHead,
  { from, to, keys }: Part,
): Promise<ExportHeader> {
  const { origin, size, root, signatures } = head;
  const read = proofTiles(source);
  return {
    ...{ version: 2, origin, from, to, size, root, keys },
    checkpoint: `${checkpointBody(origin, size, root)}\n${signatures}`,
    proof: {
      first: await makeInclusion(from, size, read),
      last: await makeInclusion(to - 1, size, read),
    },
    history: await historyOf(source, head, read),
  };
}

/** What is damaged outside the records that are exported is left out: then a verifier needs the newest keys. */
async function historyOf(source: LogSource, head: SourceHead, read: TileReader): Promise<KeyRecord[]> {
  const first = await keyRecord(source, head, read, 0, null);
  if (first === null) return [];
  const history = [first];
  for await (const { size, root, signatures } of source.keyChanges()) {
    if (!(size > 1 && size <= head.size)) continue;
    const checkpoint = `${checkpointBody(head.origin, size, root)}\n${signatures}`;
    const record = await keyRecord(source, head, read, size - 1, checkpoint);
    if (record !== null) history.push(record);
  }
  return history;
}

async function keyRecord(
  source: LogSource,
  head: SourceHead,
  read: TileReader,
  seq: number,
  checkpoint: string | null,
): Promise<KeyRecord | null> {
  try {
    const entry = await entryAt(source, seq);
    if (entry === null) return null;
    const proof = await makeInclusion(seq, head.size, read);
    const consistency = checkpoint === null ? [] : await makeConsistency(seq + 1, head.size, read);
    const record = { seq, entry: fromUtf8(entry), proof, checkpoint, consistency };
    checkKeyRecord(record, head);
    return record;
  } catch (error) {
    if (error instanceof TallystickError && !error.retry) return null;
    throw error;
  }
}

async function entryAt(source: LogSource, seq: number): Promise<Uint8Array | null> {
  for await (const { entries } of source.bundles(seq, seq + 1)) {
    return entries === null ? null : (bundleEntries(entries)[0] ?? null);
  }
  return null;
}

/** Throws `ProofError` when the record is not proven under the head, or its checkpoint does not end behind it. */
export function checkKeyRecord(
  { seq, entry, proof, checkpoint, consistency }: KeyRecord,
  head: Pick<SourceHead, 'origin' | 'size' | 'root'>,
): void {
  verifyInclusion(seq, head.size, leafHash(utf8(entry)), proof, head.root);
  if (checkpoint === null) return;
  const { root } = parseCheckpoint(parseNote(checkpoint).text);
  verifyConsistency(seq + 1, head.size, consistency, root, head.root);
}
