export { type Checkpoint, checkpointBody, nodeOf, parseCheckpoint } from './body.ts';
export {
  type OpenedCheckpoint,
  openCheckpoint,
  signCheckpoint,
  signCheckpointByAll,
} from './checkpoint.ts';
export { type Cosignature, cosignaturesOf, cosignCheckpoint, readCosignatures } from './cosign.ts';
export { Keyring, type OpenedNote } from './keyring.ts';
export { cosignerKeyFromSpki, NOT_CHECKABLE, parseVkey, VerifierKey, vkeyFromSpki } from './keys.ts';
export {
  formatNote,
  isKeyName,
  MAX_NOTE_BYTES,
  MAX_SIGNATURES,
  type Note,
  type NoteSignature,
  parseNote,
  signatureLine,
} from './note.ts';
export { checkPinSigned, formatPin, type Pin, parsePin } from './pin.ts';
export {
  checkPolicy,
  checkQuorum,
  isSameDemand,
  type Policy,
  type PolicyAnswer,
  type PolicyGroup,
  type PolicyLog,
  type PolicyWitness,
  parsePolicy,
  type QuorumAnswer,
  quorumGap,
} from './policy.ts';
export {
  checkTlogProof,
  formatTlogProof,
  type ProofExpectation,
  parseTlogProof,
  type TlogProof,
} from './tlog-proof.ts';
