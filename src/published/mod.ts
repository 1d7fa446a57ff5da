export { type Fetch, HttpFiles } from './http.ts';
export {
  CHECKPOINT,
  formatKeyChanges,
  KEY_CHANGES,
  MAX_BUNDLE_BYTES,
  parsePayloadPath,
  payloadPath,
  type ReadCheckpoint,
  readCheckpoint,
  SALT_BYTES,
  TIMESTAMPS,
} from './layout.ts';
export { type PublishedFiles, PublishedLog } from './source.ts';
export { formatTimestamps, type PublishedTimestamp, type PublishedTimestamps } from './timestamps.ts';
