import { sha256 } from '#sha256';
import { concatBytes, toHex, utf8 } from '../crypto/bytes.ts';
import { RecordError } from '../errors.ts';
import { canonicalize, quote, sortedNames } from './canonical.ts';
import {
  type AuditRecord,
  type Json,
  MAX_ENTRY_BYTES,
  MAX_INLINE_BYTES,
  MAX_PAYLOAD_BYTES,
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
 * A record in canonical form but for its number and its time of arrival. Those two are put in between the three
 * parts when the record's turn comes, so that all the work on a record is done, and its size known, before it queues.
 */
export interface EncodedRecord {
  readonly head: string;
  readonly middle: string;
  readonly tail: string;
  /** Most bytes the entry can have, whatever its `seq` and `logged`. */
  readonly maxBytes: number;
  readonly payloads: readonly Payload[];
}

/** The entry's text. `logged` in ms since 1970. */
export function completeEntry(record: EncodedRecord, logged: number, seq: number): string {
  return `${record.head}"logged":${logged},${record.middle}"seq":${seq},${record.tail}`;
}

/** Where the numbers of `completeEntry` go: both are at most 16 digits. */
const NUMBERS_BYTES = '"logged":,"seq":,'.length + 2 * 16;

/**
 * Makes the canonical text of a checked draft (`checkDraft`). Members of `details` and the members `details`,
 * `raw`, `reason` and `signature` whose canonical JSON exceeds 8 KiB become payloads: the record holds
 * SHA-256(salt ‖ bytes) and the length, the payload goes beside it.
 *
 * @param salt gives 16 random bytes a call.
 * @throws RecordError RECORD_TOO_LARGE when a payload exceeds 16 MiB or the entry 65,535 bytes, RECORD_INVALID when
 *   `envelope` names no node or source.
 */
export function encodeRecord(draft: RecordDraft, envelope: Envelope, salt: () => Uint8Array): EncodedRecord {
  const node = checkNode(envelope.node);
  const source = checkSource(envelope.source);
  const payloads: Payload[] = [];
  const seal = (path: string, text: string): string =>
    isLong(text) ? sealText(path, text, salt(), payloads) : text;

  let head = '{';
  if (draft.actor) head += `"actor":${canonicalize(draft.actor as Json)},`;
  if (draft.component !== undefined) head += `"component":${quote(draft.component)},`;
  if (draft.correlation !== undefined) head += `"correlation":${quote(draft.correlation)},`;
  if (draft.details) head += `"details":${sealDetails(draft.details as Fields, salt, payloads)},`;
  if (draft.dialect !== undefined) head += `"dialect":${quote(draft.dialect)},`;
  head += `"event":${quote(draft.event)},`;
  if (draft.flags) head += `"flags":${canonicalize(draft.flags)},`;
  if (draft.id !== undefined) head += `"id":${quote(draft.id)},`;

  let middle = '';
  if (draft.module !== undefined) middle += `"module":${quote(draft.module)},`;
  middle += `"node":${quote(node)},`;
  if (draft.objects) middle += `"objects":${canonicalize(draft.objects as unknown as Json)},`;
  middle += `"outcome":${quote(draft.outcome)},`;
  if (envelope.phase) middle += `"phase":${quote(envelope.phase)},`;
  if (draft.raw) middle += `"raw":${seal('raw', canonicalize(draft.raw as unknown as Json))},`;
  if (draft.reason !== undefined) middle += `"reason":${seal('reason', canonicalize(draft.reason as Json))},`;
  if (draft.refs) middle += `"refs":${canonicalize(draft.refs as unknown as Json)},`;

  let tail = '';
  if (draft.service !== undefined) tail += `"service":${quote(draft.service)},`;
  if (draft.signature)
    tail += `"signature":${seal('signature', canonicalize(draft.signature as unknown as Json))},`;
  tail += `"source":${quote(source)},"system":${quote(draft.system)},"time":${draft.time},`;
  if (draft.upstream) tail += `"upstream":${canonicalize(draft.upstream)},`;
  tail += '"v":1}';

  const maxBytes = measure(head, middle, tail);
  return { head: compact(head), middle: compact(middle), tail: compact(tail), maxBytes, payloads };
}

/**
 * Strings that were joined are trees of their pieces, many times the size of the text while a record waits. A search
 * makes the engine put the text into one block.
 */
function compact(text: string): string {
  if (text.includes('\0')) throw new RecordError('INTERNAL', 'canonical text holds a raw NUL; report this');
  return text;
}

type Fields = Readonly<Record<string, Json>>;

/** Long fields are sealed one by one; where what remains is still long, `details` is sealed as one instead. */
function sealDetails(fields: Fields, salt: () => Uint8Array, payloads: Payload[]): string {
  const sealed: Payload[] = [];
  const names = sortedNames(fields);
  let out = '{';
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const text = canonicalize(fields[name] as Json);
    out += `${(i === 0 ? '' : ',') + quote(name)}:${isLong(text) ? sealText(`details.${name}`, text, salt(), sealed) : text}`;
  }
  out += '}';
  if (isLong(out)) return sealText('details', canonicalize(fields), salt(), payloads);
  payloads.push(...sealed);
  return out;
}

function isLong(text: string): boolean {
  // A UTF-16 unit is three bytes of UTF-8 at the most: short texts need no exact count.
  return text.length * 3 > MAX_INLINE_BYTES && utf8(text).length > MAX_INLINE_BYTES;
}

function sealText(path: string, text: string, salt: Uint8Array, payloads: Payload[]): string {
  const bytes = utf8(text);
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw new RecordError(
      'RECORD_TOO_LARGE',
      `${path} has ${bytes.length} bytes; a member may have ${MAX_PAYLOAD_BYTES} at the most`,
      { context: { path } },
    );
  }
  const digest = payloadDigest(salt, bytes);
  payloads.push({ digest, salt, bytes });
  return `{"bytes":${bytes.length},"payload":"${digest}"}`;
}

/** Lower-case hex SHA-256(salt ‖ bytes). */
export function payloadDigest(salt: Uint8Array, bytes: Uint8Array): string {
  return toHex(sha256(concatBytes(salt, bytes)));
}

function measure(head: string, middle: string, tail: string): number {
  const length = head.length + middle.length + tail.length + NUMBERS_BYTES;
  if (length * 3 <= MAX_ENTRY_BYTES) return length * 3;
  const bytes = utf8(head).length + utf8(middle).length + utf8(tail).length + NUMBERS_BYTES;
  if (bytes > MAX_ENTRY_BYTES) {
    throw new RecordError(
      'RECORD_TOO_LARGE',
      `the record has ${bytes} bytes, ${MAX_ENTRY_BYTES} are the most; shorten actor, objects, refs, flags or upstream (long details, reason, raw and signature are sealed beside it by themselves)`,
    );
  }
  return bytes;
}
