import { type Sha256Pieces, startSha256 } from '#sha256';
import { fromUtf8, toHex } from '../crypto/bytes.ts';
import { RecordError } from '../errors.ts';
import { canonicalBytes, MAX_DIGITS, putDigits, withWriter } from './canonical.ts';
import {
  type AuditRecord,
  type Json,
  MAX_ENTRY_BYTES,
  MAX_INLINE_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_RECORD_BYTES,
  type Payload,
  type RecordDraft,
} from './types.ts';
import { checkNode, checkSource } from './validate.ts';

/** The members only the log knows, known before the record is numbered. */
export interface Envelope {
  readonly node: string;
  readonly source: string;
  readonly phase?: AuditRecord['phase'];
}

/**
 * A record in canonical form but for its number and its time of arrival. Those two are put in between its three
 * parts when the record's turn comes, so that all the work on a record is done, and its size known, before it
 * queues. The bytes are a part of a slab that records share, and MUST NOT be changed.
 */
export interface EncodedRecord {
  readonly slab: Uint8Array;
  /** In `slab`: where it starts, where `logged` and `seq` are to be put in, and where it ends. */
  readonly start: number;
  readonly loggedAt: number;
  readonly seqAt: number;
  readonly end: number;
  readonly payloads: readonly Payload[];
}

/** Most bytes the entry can have, whatever its `seq` and `logged`. */
export function maxEntryBytes({ start, end }: EncodedRecord): number {
  return end - start + 2 * MAX_DIGITS;
}

/** Bytes of the entry, but for the numbers that the log puts in, and of its payloads. */
export function bytesOf({ start, end, payloads }: EncodedRecord): number {
  let bytes = end - start;
  for (const payload of payloads) bytes += payload.bytes.length;
  return bytes;
}

/** Writes the entry to `out`, which must have room. `logged` in ms since 1970. Returns where the entry ends. */
export function putEntry(
  { slab, start, loggedAt, seqAt, end }: EncodedRecord,
  logged: number,
  seq: number,
  out: Uint8Array,
  at: number,
): number {
  out.set(slab.subarray(start, loggedAt), at);
  const middle = putDigits(logged, out, at + loggedAt - start);
  out.set(slab.subarray(loggedAt, seqAt), middle);
  const tail = putDigits(seq, out, middle + seqAt - loggedAt);
  out.set(slab.subarray(seqAt, end), tail);
  return tail + end - seqAt;
}

/** The entry's text, as `putEntry` writes it. */
export function completeEntry(record: EncodedRecord, logged: number, seq: number): string {
  const out = new Uint8Array(maxEntryBytes(record));
  return fromUtf8(out.subarray(0, putEntry(record, logged, seq, out, 0)));
}

/**
 * Makes the canonical bytes of a checked draft (`checkDraft`). Members of `details` and the members `details`,
 * `raw`, `reason` and `signature` whose canonical JSON exceeds 8 KiB become payloads: the record holds
 * SHA-256(salt ‖ bytes) and the length, the payload goes beside it.
 *
 * @param salt gives 16 random bytes a call.
 * @throws RecordError RECORD_TOO_LARGE when a payload exceeds 16 MiB, the entry 65,535 bytes, or both together 64 MiB;
 *   RECORD_INVALID when `envelope` names no node or source.
 */
export function encodeRecord(draft: RecordDraft, envelope: Envelope, salt: () => Uint8Array): EncodedRecord {
  checkNames(envelope);
  // What is short as a whole has no long member.
  const short = write(draft, envelope, NO_PAYLOADS, MAX_INLINE_BYTES);
  if (short !== null) return short;
  const payloads: Payload[] = [];
  const encoded = write(seal(draft, salt, payloads), envelope, payloads, MAX_ENTRY_BYTES);
  if (encoded !== null) return checkSize(encoded);
  throw new RecordError(
    'RECORD_TOO_LARGE',
    `the record has more than ${MAX_ENTRY_BYTES} bytes; shorten actor, objects, refs, flags or upstream (long details, reason, raw and signature are sealed beside it by themselves)`,
  );
}

function checkSize(record: EncodedRecord): EncodedRecord {
  const bytes = bytesOf(record);
  if (bytes <= MAX_RECORD_BYTES) return record;
  throw new RecordError(
    'RECORD_TOO_LARGE',
    `the record has ${bytes} bytes with its long members; a record may have ${MAX_RECORD_BYTES} at the most`,
  );
}

let checked: Pick<Envelope, 'node' | 'source'> | null = null;

/** The same names come again and again. */
function checkNames({ node, source }: Envelope): void {
  if (node === checked?.node && source === checked.source) return;
  checked = { node: checkNode(node), source: checkSource(source) };
}

const NO_PAYLOADS: readonly Payload[] = [];

/** null when the entry may have more than `most` bytes. */
function write(
  draft: RecordDraft,
  { node, source, phase }: Envelope,
  payloads: readonly Payload[],
  most: number,
): EncodedRecord | null {
  return withWriter((writer) => {
    writer.ascii('{');
    writer.member('actor', draft.actor as Json | undefined);
    writer.member('component', draft.component);
    writer.member('correlation', draft.correlation);
    writer.member('details', draft.details as Json | undefined);
    writer.member('dialect', draft.dialect);
    writer.member('event', draft.event);
    writer.member('flags', draft.flags);
    writer.member('id', draft.id);
    writer.ascii(',"logged":');
    const head = writer.at - writer.start;
    writer.member('module', draft.module);
    writer.member('node', node);
    writer.member('objects', draft.objects as Json | undefined);
    writer.member('outcome', draft.outcome);
    writer.member('phase', phase);
    writer.member('raw', draft.raw as Json | undefined);
    writer.member('reason', draft.reason as Json | undefined);
    writer.member('refs', draft.refs as Json | undefined);
    writer.ascii(',"seq":');
    const middle = writer.at - writer.start;
    writer.member('service', draft.service);
    writer.member('signature', draft.signature as Json | undefined);
    writer.member('source', source);
    writer.member('system', draft.system);
    writer.member('time', draft.time);
    writer.member('upstream', draft.upstream);
    writer.ascii(',"v":1}');
    const { bytes: slab, start, at: end } = writer;
    const encoded = { slab, start, loggedAt: start + head, seqAt: start + middle, end, payloads };
    if (maxEntryBytes(encoded) <= most) return encoded;
    writer.drop();
    return null;
  });
}

/** The draft with references in place of its long members. */
function seal(draft: RecordDraft, salt: () => Uint8Array, payloads: Payload[]): RecordDraft {
  const sealed: Record<string, unknown> = { ...draft };
  if (draft.details) sealed.details = sealDetails(draft.details as Fields, salt, payloads);
  for (const member of ['raw', 'reason', 'signature'] as const) {
    if (draft[member] === undefined) continue;
    const bytes = canonicalBytes(draft[member] as unknown as Json);
    if (isLong(bytes)) sealed[member] = sealBytes(member, bytes, salt(), payloads);
  }
  return sealed as unknown as RecordDraft;
}

type Fields = Readonly<Record<string, Json>>;

/** Long fields are sealed one by one; where what remains is still long, `details` is sealed as one instead. */
function sealDetails(fields: Fields, salt: () => Uint8Array, payloads: Payload[]): Json {
  const sealed: Payload[] = [];
  const short = Object.entries(fields).map(([name, value]) => {
    const bytes = canonicalBytes(value);
    return [name, isLong(bytes) ? sealBytes(`details.${name}`, bytes, salt(), sealed) : value];
  });
  // Makes own members of all names, `__proto__` included.
  const rest = Object.fromEntries(short) as Fields;
  if (isLong(canonicalBytes(rest))) return sealBytes('details', canonicalBytes(fields), salt(), payloads);
  payloads.push(...sealed);
  return rest;
}

function isLong(bytes: Uint8Array): boolean {
  return bytes.length > MAX_INLINE_BYTES;
}

function sealBytes(path: string, bytes: Uint8Array, salt: Uint8Array, payloads: Payload[]): Json {
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw new RecordError(
      'RECORD_TOO_LARGE',
      `${path} has ${bytes.length} bytes; a member may have ${MAX_PAYLOAD_BYTES} at the most`,
      { context: { path } },
    );
  }
  const digest = payloadDigest(salt, bytes);
  payloads.push({ digest, salt, bytes });
  return { bytes: bytes.length, payload: digest };
}

/** Lower-case hex SHA-256(salt ‖ bytes). */
export function payloadDigest(salt: Uint8Array, bytes: Uint8Array): string {
  return toHex(startPayloadDigest(salt).update(bytes).digest());
}

/** The same of bytes that come in pieces; not yet in hex. */
export function startPayloadDigest(salt: Uint8Array): Sha256Pieces {
  return startSha256().update(salt);
}
