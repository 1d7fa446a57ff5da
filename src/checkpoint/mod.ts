export {
  type Checkpoint,
  checkpointBody,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from './checkpoint.ts';
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
