import type { RecordDraft } from '../record/types.ts';
import type { PrintFlag } from './flags.ts';

/**
 * How a system's records look on the wire. A dialect is total: it accepts any bytes, never throws, never
 * loses one: the items it gives cover its input from first to last byte without gap or overlap.
 */
export interface Dialect {
  /** Name and version as sealed in records: `signserver-text/1`. */
  readonly name: string;
  readonly system: string;
  /** Its lines follow a pattern of the writer's settings (`ParserOptions.pattern`); the others take none. */
  readonly takesPattern?: true;
  /** One line for help texts. */
  readonly title: string;
  /**
   * Which share of the bytes of `head` (the first at most 64 KiB of a file) this dialect understands, 0 to 1.
   * Detection takes the best above 0.5.
   */
  detect(head: Uint8Array): number;
  /** Of a system with several reports: which it has, as `module` of a record names them. */
  readonly reports?: readonly string[];
  parser(options?: ParserOptions): Parser;
  printer(options?: PrinterOptions): Printer;
}

/** What the settings of the writing system decide about its lines. */
export interface PrinterOptions {
  /** The zone of written times, in minutes east of UTC (default 0). */
  readonly zone?: number;
  /** Node or host name, where lines carry one. */
  readonly host?: string;
  /** For formats whose lines follow a pattern of the writer's: the pattern. */
  readonly pattern?: string;
  /** One of the dialect's `reports`: which is written. */
  readonly report?: string;
  /** For formats whose columns are the account's choice: their names, in order. */
  readonly columns?: readonly string[];
}

/**
 * Writes records as the system itself does, from their members alone: `raw` is not looked at. Parsing what
 * was printed gives back event, part, outcome, time as far as the format carries it, actor, reason,
 * correlation, signature and details. Whatever the values, the text is read as this one entry: none can end
 * it, begin another or pass for another field. What the format has no way to carry follows the rule stated in
 * `docs/dialects`, and is flagged.
 */
export interface Printer {
  /** What stands before the first entry: the line of column names, or nothing. */
  readonly head: string;
  print(record: RecordDraft): Printed;
}

export interface Printed {
  /** The entry, with the line ends that belong to it. */
  readonly text: string;
  /** Each once. */
  readonly flags: readonly PrintFlag[];
}

export interface ParserOptions {
  /** Offset of the first byte pushed, when reading continues inside a file. */
  readonly offset?: number;
  /** For formats with a header: the header line's bytes, when reading continues after it. */
  readonly header?: Uint8Array;
  /** ms since 1970 to take for lines that carry no readable time (then flagged `time-uncertain`). */
  readonly fallbackTime?: number;
  /** For formats whose lines follow a pattern of the writer's: the pattern. */
  readonly pattern?: string;
}

/** Push-parser with bounded memory: an entry longer than `MAX_NATIVE_BYTES` is cut, flagged `truncated`. */
export interface Parser {
  /** Takes the next bytes and gives what became complete. */
  push(bytes: Uint8Array): readonly ParsedItem[];
  /** No more bytes: gives the rest, an unterminated last line included (flagged `unterminated`). */
  end(): readonly ParsedItem[];
}

export interface ParsedItem {
  /** Byte range in the file, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** `record`: an event. `blank`: only white space. `header`: column names. */
  readonly kind: 'record' | 'blank' | 'header';
  /**
   * Of kind `record`: never absent, even for a line that could not be understood (event `UNPARSED`, flag
   * `unparsed`). Its `raw` gives back all bytes of the range, line ends included; it obeys the rules of a
   * record (`checkDraft`).
   */
  readonly record?: RecordDraft;
}

export const MAX_NATIVE_BYTES: number = 1024 * 1024;
