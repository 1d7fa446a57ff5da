import { concatBytes } from '../crypto/bytes.ts';
import { MAX_RECORD_BYTES } from '../record/mod.ts';

/** One line without its LF. */
export interface Line {
  readonly bytes: Uint8Array;
  /** False for one that is longer than any may be, and for what stands at the end without LF. */
  readonly isWhole: boolean;
}

/** The longest record with its sealed content, and what stands around it. */
export const MAX_LINE_BYTES: number = MAX_RECORD_BYTES + 1024 * 1024;

/**
 * Lines, as many at a time as end in a chunk; views into the chunks, which must stay as they are. Of one that is too long
 * no more is kept than is allowed.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  most: number = MAX_LINE_BYTES,
): AsyncGenerator<Line[]> {
  let begun: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let at = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
      const rest = chunk.subarray(at, end);
      const isWhole = length + rest.length <= most;
      const bytes = begun.length === 0 ? rest : concatBytes(...begun, rest);
      lines.push({ bytes: isWhole ? bytes : NOTHING, isWhole });
      begun = [];
      length = 0;
      at = end + 1;
    }
    length += chunk.length - at;
    if (length > most) begun = [];
    else if (at < chunk.length) begun.push(chunk.subarray(at));
    if (lines.length > 0) yield lines;
  }
  if (length > 0) yield [{ bytes: NOTHING, isWhole: false }];
}

const LF = 0x0a;
const NOTHING = new Uint8Array(0);
