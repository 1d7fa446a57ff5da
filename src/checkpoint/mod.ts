export { type Checkpoint, checkpointBody, parseCheckpoint } from './body.ts';
export { type OpenedCheckpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts';
export { Keyring, type OpenedNote } from './keyring.ts';
export { parseVkey, VerifierKey, vkeyFromSpki } from './keys.ts';
export {
  formatNote,
  isKeyName,
  MAX_NOTE_BYTES,
  type Note,
  type NoteSignature,
  parseNote,
  signatureLine,
} from './note.ts';
export { formatPin, type Pin, parsePin } from './pin.ts';
