import type { Dialect, ParserOptions } from '../dialect.ts';
import { type Origin, originOf, unparsedRecord } from '../draft.ts';
import { type Entry, type EntryFormat, EntryParser, type Reading } from '../entries.ts';
import { share } from '../score.ts';
import { type ReadTime, readIso } from '../time.ts';
import { findTail, readEntry, tailTime } from './entry.ts';
import { findStart } from './head.ts';
import { TextPrinter } from './print.ts';
import { readSemicolons, startsSemicolons } from './semicolons.ts';

/** SignServer's system log as text: `EVENT: …; OUTCOME: …; … REPLY_TIME:…`, one entry over one or more lines. */
export const SIGNSERVER_TEXT: Dialect = {
  name: 'signserver-text/1',
  system: 'signserver',
  title: 'SignServer system log (log4j text lines)',
  detect: (head) => share(parser({}), head),
  parser,
  printer: ({ zone = 0 } = {}) => new TextPrinter(zone, parser),
};

function parser(options: ParserOptions = {}): EntryParser {
  return new EntryParser(new SystemLog(originOf(SIGNSERVER_TEXT, options)), options.offset);
}

/**
 * A line with a head starts an entry, one that ends in `REPLY_TIME:` and digits completes it. Lines that no head
 * precedes, such as those after a rotation inside an entry, are gathered to the next tail or start.
 */
class SystemLog implements EntryFormat {
  readonly #origin: Origin;
  #usualPrefix: string | null = null;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  begins(line: string): boolean {
    return findStart(line) !== -1 || startsSemicolons(line);
  }

  completes(line: string, place: 'first' | 'later' | 'fragment'): boolean {
    return (place === 'first' && findStart(line) === -1) || findTail(line) !== -1;
  }

  read(entry: Entry): Reading {
    if (!entry.begun) {
      const time = fragmentTime(entry.text);
      return { kind: 'record', record: unparsedRecord(this.#origin, entry, time) };
    }
    const start = findStart(entry.text);
    if (start === -1) return { kind: 'record', record: readSemicolons(this.#origin, entry) };
    const kind = prefixKind(entry.text.slice(0, start));
    this.#usualPrefix ??= kind;
    const odd = kind !== this.#usualPrefix;
    const noted: Entry = odd ? { ...entry, flags: [...entry.flags, 'possible-forgery'] } : entry;
    return { kind: 'record', record: readEntry(this.#origin, noted, start) };
  }
}

/** The form of what the logging framework writes before an entry; all entries of a file have the same. */
function prefixKind(prefix: string): string {
  if (prefix === '') return 'none';
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} /.test(prefix)) return 'dated';
  return /^\d\d:\d\d:\d\d,\d{3} /.test(prefix) ? 'time of day' : 'other';
}

/** The time a fragment tells: of its tail, or of the line that it begins with. */
function fragmentTime(text: string): ReadTime | null {
  const tail = findTail(text);
  return tail === -1 ? readIso(text.slice(0, 23)) : { ms: tailTime(text, tail), certain: true };
}
