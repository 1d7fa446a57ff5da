import { MAX_NATIVE_BYTES } from './dialect.ts';

/**
 * One physical line, its line feed included, or a piece of one that is longer than `MAX_NATIVE_BYTES`.
 * `bytes` may be a view of the caller's buffer: it is valid only while the line is being taken.
 */
export interface Line {
  /** Offset of the first byte in the file. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** It ends in a line feed. */
  readonly terminated: boolean;
  /** It was cut at the size limit; the next line is its rest. */
  readonly cut: boolean;
  /** It is the rest of a line that was cut. */
  readonly rest: boolean;
}

export type TakeLine = (line: Line) => void;

/** Bytes that grow at the end, at most a little above `MAX_NATIVE_BYTES`. */
export class ByteBuffer {
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length, 4096));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  /** A view, valid until the next change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets all but the last `keep` bytes. */
  drop(keep: number): void {
    this.#bytes.copyWithin(0, this.#length - keep, this.#length);
    this.#length = keep;
  }
}

/**
 * Splits pushed bytes at line feeds. The lines are the same however the bytes were divided between pushes;
 * memory is bounded by `MAX_NATIVE_BYTES`, time is linear in the bytes pushed.
 */
export class LineReader {
  readonly #held = new ByteBuffer();
  #start: number;
  #rest = false;

  /** `offset`: where in the file the first pushed byte stands. */
  constructor(offset: number) {
    this.#start = offset;
  }

  push(bytes: Uint8Array, take: TakeLine): void {
    let at = 0;
    let newline = bytes.indexOf(0x0a);
    while (at < bytes.length) {
      const room = MAX_NATIVE_BYTES - this.#held.length;
      const end = newline === -1 ? bytes.length : newline + 1;
      if (newline !== -1 && end - at <= room) {
        this.#give(bytes.subarray(at, end), true, take);
        at = end;
        newline = bytes.indexOf(0x0a, at);
      } else if (end - at >= room) {
        this.#held.append(bytes.subarray(at, at + room));
        this.#cut(take);
        at += room;
      } else {
        this.#held.append(bytes.subarray(at, end));
        at = end;
      }
    }
  }

  /** Gives the last line when it has no line feed. */
  end(take: TakeLine): void {
    if (this.#held.length > 0) this.#give(new Uint8Array(0), false, take);
  }

  #give(bytes: Uint8Array, terminated: boolean, take: TakeLine): void {
    let whole = bytes;
    if (this.#held.length > 0) {
      this.#held.append(bytes);
      whole = this.#held.view();
    }
    take({ start: this.#start, bytes: whole, terminated, cut: false, rest: this.#rest });
    this.#start += whole.length;
    this.#rest = false;
    this.#held.drop(0);
  }

  #cut(take: TakeLine): void {
    const all = this.#held.view();
    const bytes = all.subarray(0, all.length - splitCharacter(all));
    take({ start: this.#start, bytes, terminated: false, cut: true, rest: this.#rest });
    this.#start += bytes.length;
    this.#rest = true;
    this.#held.drop(all.length - bytes.length);
  }
}

/** How many bytes at the end begin a UTF-8 character (RFC 3629) that is not complete. */
export function splitCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back < bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}
