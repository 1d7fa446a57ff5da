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
} from './layout.ts';
export { type PublishedFiles, PublishedLog } from './source.ts';
