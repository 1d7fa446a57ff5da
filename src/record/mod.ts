export { canonicalize } from './canonical.ts';
export { decodeEntry } from './decode.ts';
export {
  bytesOf,
  completeEntry,
  type EncodedRecord,
  type Envelope,
  encodeRecord,
  maxEntryBytes,
  payloadDigest,
  putEntry,
  startPayloadDigest,
} from './encode.ts';
export { EntryReader } from './entry-reader.ts';
export { contentDigest, idKey } from './idempotency.ts';
export { parseExact, parseJson } from './json.ts';
export { payloadMatches, type Reference, references, restorePayloads } from './payload.ts';
export type * from './types.ts';
export {
  MAX_DEPTH,
  MAX_ENTRY_BYTES,
  MAX_INLINE_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_RECORD_BYTES,
} from './types.ts';
export {
  checkDraft,
  checkNode,
  checkProducer,
  checkSource,
  checkStored,
  isReference,
  OWN_SOURCE,
} from './validate.ts';
