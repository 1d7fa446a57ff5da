import { fromBase64, toBase64, utf8 } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';

/** Signed notes (C2SP signed-note v1.0.0): a text and lines that sign it. */

export interface NoteSignature {
  readonly name: string;
  /** Key id, 8 lower-case hex digits. With the name it says which key is meant. */
  readonly keyId: string;
  /** What follows the key id: the signature, or what the key's type makes of it. */
  readonly signature: Uint8Array;
}

export interface Note {
  /** The signed text, its last LF included. Its UTF-8 bytes are what signatures of most types are over. */
  readonly text: string;
  /** At least one. */
  readonly signatures: readonly NoteSignature[];
}

/** Larger notes are refused before they are looked into. 64 lines of the largest signatures in use fit. */
export const MAX_NOTE_BYTES: number = 512 * 1024;
/** Signature lines of a note, at most. */
export const MAX_SIGNATURES = 64;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a note must not hold
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SIGNATURE_LINE = /^— ([^\p{White_Space}+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const KEY_NAME = /^[^\p{White_Space}+]+$/u;
const HEX_ID = /^[0-9a-f]{8}$/;

/**
 * Reads a note. The text may hold empty lines: signatures begin after the last one. Throws `ProofError`
 * NOTE_INVALID for anything that is not exactly a note, more than 64 signature lines, or more than `MAX_NOTE_BYTES`.
 */
export function parseNote(note: string): Note {
  checkText(note);
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw invalid('no empty line separates text and signatures');
  const lines = note.slice(split + 2).split('\n');
  if (lines.pop() !== '') throw invalid('its last line does not end');
  if (lines.length === 0) throw invalid('it has no signature line');
  if (lines.length > MAX_SIGNATURES) throw invalid(`it has more than ${MAX_SIGNATURES} signature lines`);
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

/**
 * A note of a text, which ends in LF, and signature lines as `signatureLine` makes them. Throws `ProofError`
 * NOTE_INVALID when that is not a note.
 */
export function formatNote(text: string, signatureLines: string): string {
  const note = `${text}\n${signatureLines}`;
  if (parseNote(note).text !== text)
    throw invalid('the text must end in LF, the signatures hold no empty line');
  return note;
}

/** `— <name> <base64>` and LF. Throws `ProofError` NOTE_INVALID for a bad name, id or empty signature. */
export function signatureLine(name: string, keyId: string, signature: Uint8Array): string {
  if (!isKeyName(name) || !HEX_ID.test(keyId) || signature.length === 0) {
    throw invalid(`no signature line can be made for the key ${JSON.stringify(name)} with id ${keyId}`);
  }
  const blob = new Uint8Array(4 + signature.length);
  for (let i = 0; i < 4; i++) blob[i] = Number.parseInt(keyId.slice(2 * i, 2 * i + 2), 16);
  blob.set(signature, 4);
  return `— ${name} ${toBase64(blob)}\n`;
}

/** Whether a key may be called so: not empty, no Unicode space, no plus sign, no control character. */
export function isKeyName(name: string): boolean {
  return KEY_NAME.test(name) && name.isWellFormed() && !CONTROL.test(name);
}

function parseSignatureLine(line: string, i: number): NoteSignature {
  const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
  const blob = base64 === undefined ? null : fromBase64(base64);
  if (name === undefined || blob === null || blob.length < 5) {
    throw invalid(`signature line ${i + 1} is not "— name base64" over a key id and a signature`);
  }
  let keyId = '';
  for (const byte of blob.subarray(0, 4)) keyId += byte.toString(16).padStart(2, '0');
  return { name, keyId, signature: blob.subarray(4) };
}

function checkText(note: string): void {
  if (note.length > MAX_NOTE_BYTES || utf8(note).length > MAX_NOTE_BYTES) {
    throw invalid(`it is larger than ${MAX_NOTE_BYTES} bytes`);
  }
  if (!note.isWellFormed()) throw invalid('it is not valid Unicode');
  if (CONTROL.test(note)) throw invalid('it holds a control character');
}

function invalid(rule: string): ProofError {
  return new ProofError('NOTE_INVALID', `not a signed note: ${rule}`);
}
