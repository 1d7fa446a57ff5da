import { concatBytes, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { parseCheckpoint } from './body.ts';

/** What cosigners sign of a checkpoint (C2SP tlog-cosignature v1.0.1; its ML-DSA-44 part is v1.1.0-rc.1). */

const LABEL = utf8('subtree/v1\n\0');
/** Bytes of the time that stands before each signature: seconds since 1970, big-endian. */
export const TIME_BYTES = 8;
const MAX_NAME_BYTES = 255;

/** A time as it stands before a signature. `seconds` is a safe integer, 0 or more. */
export function timeBytes(seconds: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(TIME_BYTES));
  out.setBigUint64(0, BigInt(seconds));
  return new Uint8Array(out.buffer);
}

/** The time of a cosignature: seconds since 1970, or null when there is none up to 2^53-1. */
export function timeOf(signature: Uint8Array): number | null {
  if (signature.length <= TIME_BYTES) return null;
  const { buffer, byteOffset } = signature;
  const seconds = Number(new DataView(buffer, byteOffset, TIME_BYTES).getBigUint64(0));
  return Number.isSafeInteger(seconds) ? seconds : null;
}

/**
 * What an Ed25519 cosigner signs (`cosignature/v1`): the time and the whole text, extension lines included, but not
 * the cosigner's name: such a key is one cosigner's alone. Null when the text is no checkpoint.
 *
 * @param time as of `cosignedMessage`.
 */
export function cosignedText(_name: string, time: Uint8Array, text: Uint8Array): Uint8Array | null {
  if (readCheckpoint(text) === null || (time[0] as number) > 0x7f) return null;
  const seconds = new DataView(time.buffer, time.byteOffset, TIME_BYTES).getBigUint64(0);
  return concatBytes(utf8(`cosignature/v1\ntime ${seconds}\n`), text);
}

/**
 * What an ML-DSA-44 cosigner signs (`cosigned_message`), or null when the text is no checkpoint, or name or origin are
 * too long to be cosigned. It says origin, size and root: extension lines are not covered.
 *
 * @param time 8 bytes, at most 2^63-1; zero says nothing about when this was the largest tree.
 */
export function cosignedMessage(name: string, time: Uint8Array, text: Uint8Array): Uint8Array | null {
  const checkpoint = readCheckpoint(text);
  if (checkpoint === null || (time[0] as number) > 0x7f) return null;
  const cosigner = utf8(name);
  const origin = utf8(checkpoint.origin);
  if (cosigner.length > MAX_NAME_BYTES || origin.length > MAX_NAME_BYTES) return null;
  const range = new DataView(new ArrayBuffer(16));
  range.setBigUint64(8, BigInt(checkpoint.size));
  return concatBytes(
    ...[LABEL, Uint8Array.of(cosigner.length), cosigner, time],
    ...[Uint8Array.of(origin.length), origin, new Uint8Array(range.buffer), checkpoint.root],
  );
}

function readCheckpoint(text: Uint8Array): ReturnType<typeof parseCheckpoint> | null {
  try {
    return parseCheckpoint(fromUtf8(text));
  } catch (error) {
    if (error instanceof TallystickError || error instanceof TypeError) return null;
    throw error;
  }
}
