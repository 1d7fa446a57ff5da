import { concatBytes, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { TallystickError } from '../errors.ts';
import { parseCheckpoint } from './body.ts';

/** ML-DSA-44 cosignatures of checkpoints (C2SP tlog-cosignature v1.1.0-rc.1, `cosigned_message`). */

const LABEL = utf8('subtree/v1\n\0');
/** Bytes of the time that stands before each signature: seconds since 1970, big-endian. */
export const TIME_BYTES = 8;
const MAX_NAME_BYTES = 255;

/**
 * What a cosigner signs of a checkpoint's text, or null when the text is no checkpoint, or name or origin are too
 * long to be cosigned. It says origin, size and root: extension lines are not covered.
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
