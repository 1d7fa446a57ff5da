import { checkpointBody } from '../checkpoint/mod.ts';
import { TallystickError } from '../errors.ts';

/** A stored checkpoint as a signed note, null when it can't be one. */
export function composeNote(
  origin: string,
  size: number,
  root: Uint8Array,
  signatures: string,
): string | null {
  try {
    return `${checkpointBody(origin, size, root)}\n${signatures}`;
  } catch (error) {
    if (error instanceof TallystickError) return null;
    throw error;
  }
}
