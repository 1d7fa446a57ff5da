/** A line of input, or that there is one longer than is taken. */
export interface InputLine {
  /** From 1. */
  readonly number: number;
  /** Without its line feed; null when it is too long, and then it was not kept. */
  readonly bytes: Uint8Array | null;
}

const LF = 0x0a;

/** Splits input into lines as it comes; memory is bounded by the longest line that is taken. */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #number = 1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in these bytes. */
  *push(chunk: Uint8Array): Generator<InputLine> {
    let at = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
      this.#keep(chunk.subarray(at, end));
      yield this.#line();
      at = end + 1;
    }
    this.#keep(chunk.subarray(at));
  }

  /** The last line, when no line feed ends it. */
  *end(): Generator<InputLine> {
    if (this.#bytes > 0) yield this.#line();
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part.slice());
  }

  #line(): InputLine {
    const line = {
      number: this.#number++,
      bytes: this.#bytes > this.#maxBytes ? null : Buffer.concat(this.#parts),
    };
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}
