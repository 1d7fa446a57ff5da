import { UsageError } from '../../errors.ts';
import { BY_PATTERN } from './worker-start.ts';

/** `LOGORDER` of SignServer's PatternWorkerLogger where none is set. */
export const DEFAULT_PATTERN: string =
  `${BY_PATTERN}LOG_ID: \${LOG_ID}; CLIENT_IP: \${CLIENT_IP}; ` +
  `REQUEST_FULLURL: \${REQUEST_FULLURL}; RequestTime: \${LOG_TIME}; ResponseTime: \${REPLY_TIME}; ` +
  `EXCEPTION: \${EXCEPTION}`;

const MAX_LENGTH = 8192;
const FIELD = /\$\{(.+?)\}/g;
/** The logger puts the ms it took in the place of this word, wherever it stands. */
const ELAPSED = /(?<!\$\{)REPLY_TIME(?!\})/g;

/** What a line says by its pattern. */
export interface Match {
  /** The text of each placeholder, in the order of the pattern. */
  readonly values: readonly string[];
  /** The texts between them stand in the values too, so that other values would make the same line. */
  readonly ambiguous: boolean;
}

/**
 * A pattern of a worker's log: text with `${NAME}` where the values of fields go, written raw. A field that
 * is not there leaves its placeholder as it is.
 */
export class Pattern {
  /** The names of the placeholders. */
  readonly names: readonly string[];
  /** The texts before, between and behind them: one more than names. */
  readonly #texts: readonly string[];

  /** @throws UsageError USAGE when lines of the pattern could not be read. */
  constructor(pattern: string) {
    const parts = pattern.replaceAll(ELAPSED, absent('REPLY_TIME')).split(FIELD);
    this.#texts = parts.filter((_, i) => i % 2 === 0);
    this.names = parts.filter((_, i) => i % 2 === 1);
    if (pattern.length > MAX_LENGTH) throw refused(`it is longer than ${MAX_LENGTH} characters`);
    if (/[\r\n]/.test(pattern)) throw refused('it has a line break, while an entry is one line');
    if (this.names.length === 0) throw refused(`it has no ${absent('NAME')}`);
    if (this.#texts.slice(1, -1).includes(''))
      throw refused(`nothing stands between two of its ${absent('NAME')}`);
  }

  /** It begins with a field, so that lines of many kinds follow it. */
  get startsAnywhere(): boolean {
    return this.#texts[0] === '';
  }

  /** Where an entry starts in a line; -1 when none does. `prefix`: how long the line's own prefix is. */
  startIn(line: string, prefix: number): number {
    const first = this.#texts[0]!;
    return line.indexOf(first, prefix);
  }

  /** What the text says that begins at `start`; null when it does not follow the pattern. */
  match(text: string, start: number): Match | null {
    const first = this.#texts[0]!;
    const last = this.#texts.at(-1)!;
    const from = start + first.length;
    const to = text.length - last.length;
    if (to < from || !text.startsWith(first, start) || !text.endsWith(last)) return null;
    const between = this.#texts.slice(1, -1);
    const leftmost: number[] = [];
    let at = from;
    for (const piece of between) {
      const found = text.indexOf(piece, at);
      if (found === -1 || found + piece.length > to) return null;
      leftmost.push(found);
      at = found + piece.length;
    }
    const values = this.names.map((_, i) =>
      text.slice(i === 0 ? from : leftmost[i - 1]! + between[i - 1]!.length, leftmost[i] ?? to),
    );
    return { values, ambiguous: !isRightmost(text, between, leftmost, to) };
  }

  /** The line of these values, in the order of the names; a field that is not there is null. */
  print(values: readonly (string | null)[]): string {
    const fields = this.names.map((name, i) => `${values[i] ?? absent(name)}${this.#texts[i + 1]}`);
    return `${this.#texts[0]}${fields.join('')}`;
  }
}

/** What stands for a field that is not there. */
export function absent(name: string): string {
  return `\${${name}}`;
}

function isRightmost(
  text: string,
  between: readonly string[],
  leftmost: readonly number[],
  to: number,
): boolean {
  let end = to;
  for (let i = between.length - 1; i >= 0; i--) {
    const found = text.lastIndexOf(between[i]!, end - between[i]!.length);
    if (found !== leftmost[i]) return false;
    end = found;
  }
  return true;
}

function refused(rule: string): UsageError {
  return new UsageError('USAGE', `the pattern of a worker's log cannot be used: ${rule}`);
}
