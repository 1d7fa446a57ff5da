import type { Raw, RecordDraft } from '../record/types.ts';
import { MAX_NATIVE_BYTES, type ParsedItem, type Parser } from './dialect.ts';
import type { Flag } from './flags.ts';
import { ByteBuffer, type Line, LineReader } from './lines.ts';
import { type Decoded, decode, isBlank } from './text.ts';

/** One or more physical lines that belong together. */
export interface Entry {
  /** Fit for fields, without the terminator of the last line and without a byte order mark. */
  readonly text: string;
  /** All bytes of the range. */
  readonly raw: Raw;
  readonly start: number;
  readonly end: number;
  /** False: a fragment, text that no start precedes. */
  readonly begun: boolean;
  /** The start of another entry stands where this one was to go on: the physical line that did so. */
  readonly interruptedBy: string | null;
  /** This entry's start interrupted the one before. */
  readonly interrupts: boolean;
  readonly flags: readonly Flag[];
}

/** How a dialect's lines make entries, and entries records. All three must be total: text is hostile. */
export interface EntryFormat {
  /** Whether this line starts an entry; `open`: one has begun and is not complete. */
  begins(line: string, open: boolean): boolean;
  /** Whether the entry is complete with this line. Called once for each of its lines, in order. */
  completes(line: string, place: 'first' | 'later' | 'fragment'): boolean;
  read(entry: Entry): Reading;
}

export type Reading = { readonly kind: 'header' } | { readonly kind: 'record'; readonly record: RecordDraft };

interface Open {
  readonly start: number;
  readonly begun: boolean;
  readonly interrupts: boolean;
  readonly bytes: ByteBuffer;
}

/** How an entry came to its end. */
interface Ending {
  readonly truncated?: boolean;
  readonly terminated?: boolean;
  readonly interruptedBy?: string;
}

/**
 * Puts physical lines together to entries and gives each to its format. What comes out depends only on the
 * bytes, not on how they were pushed. An entry never holds more than `MAX_NATIVE_BYTES`.
 */
export class EntryParser implements Parser {
  readonly #format: EntryFormat;
  readonly #lines: LineReader;
  #open: Open | null = null;
  #items: ParsedItem[] = [];

  constructor(format: EntryFormat, offset = 0) {
    this.#format = format;
    this.#lines = new LineReader(offset);
  }

  push(bytes: Uint8Array): readonly ParsedItem[] {
    this.#lines.push(bytes, this.#take);
    return this.#drain();
  }

  end(): readonly ParsedItem[] {
    this.#lines.end(this.#take);
    if (this.#open !== null) this.#close(this.#open, { truncated: this.#open.begun });
    return this.#drain();
  }

  #drain(): readonly ParsedItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  readonly #take = (line: Line): void => {
    const decoded = decode(line.bytes);
    const text = plain(decoded.text, line.start);
    const begins = !line.rest && this.#format.begins(text, this.#open?.begun === true);
    let interrupts = false;
    if (this.#open !== null && (begins || !this.#fits(this.#open, line))) {
      interrupts = begins && this.#open.begun;
      const ending: Ending = interrupts ? { interruptedBy: text } : {};
      this.#close(this.#open, { ...ending, truncated: this.#open.begun });
    }
    if (this.#open === null) this.#start(line, decoded, text, begins, interrupts);
    else this.#continue(this.#open, line, text);
  };

  #fits(open: Open, line: Line): boolean {
    return open.bytes.length + line.bytes.length <= MAX_NATIVE_BYTES;
  }

  #start(line: Line, decoded: Decoded, text: string, begins: boolean, interrupts: boolean): void {
    const end = line.start + line.bytes.length;
    if (isBlank(text)) {
      this.#items.push({ start: line.start, end, kind: 'blank' });
      return;
    }
    const whole = line.cut || line.rest || this.#format.completes(text, begins ? 'first' : 'fragment');
    if (whole) {
      const range = { start: line.start, end, begun: begins, interrupts };
      this.#give(range, decoded, { truncated: line.cut, terminated: line.terminated || line.cut });
      return;
    }
    const bytes = new ByteBuffer();
    bytes.append(line.bytes);
    this.#open = { start: line.start, begun: begins, interrupts, bytes };
    if (!line.terminated) this.#close(this.#open, { truncated: begins, terminated: false });
  }

  #continue(open: Open, line: Line, text: string): void {
    open.bytes.append(line.bytes);
    const complete = this.#format.completes(text, open.begun ? 'later' : 'fragment');
    if (complete || line.cut || !line.terminated) {
      const truncated = line.cut || (!complete && open.begun);
      this.#close(open, { truncated, terminated: line.terminated || line.cut });
    }
  }

  #close(open: Open, ending: Ending): void {
    this.#open = null;
    const { start, begun, interrupts } = open;
    const end = start + open.bytes.length;
    this.#give({ start, end, begun, interrupts }, decode(open.bytes.view()), ending);
  }

  #give(
    range: Pick<Entry, 'start' | 'end' | 'begun' | 'interrupts'>,
    decoded: Decoded,
    { truncated = false, terminated = true, interruptedBy }: Ending,
  ): void {
    const flags: Flag[] = [...decoded.flags];
    if (!range.begun) flags.push('continuation');
    if (truncated) flags.push('truncated');
    if (!terminated) flags.push('unterminated');
    const reading = this.#format.read({
      ...range,
      text: plain(decoded.text, range.start),
      raw: decoded.raw,
      interruptedBy: interruptedBy ?? null,
      flags,
    });
    this.#items.push({ start: range.start, end: range.end, ...reading });
  }
}

/** Without the line's terminator, and without the byte order mark that may open a file. */
function plain(text: string, start: number): string {
  const from = start === 0 && text.startsWith('\uFEFF') ? 1 : 0;
  let to = text.length;
  if (to > from && text.charCodeAt(to - 1) === 0x0a) {
    to--;
    if (to > from && text.charCodeAt(to - 1) === 0x0d) to--;
  }
  return from === 0 && to === text.length ? text : text.slice(from, to);
}
