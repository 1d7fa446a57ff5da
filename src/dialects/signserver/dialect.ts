import type { Dialect, ParserOptions } from '../dialect.ts';
import { type Origin, originOf } from '../draft.ts';
import { type Entry, type EntryFormat, EntryParser, type Reading } from '../entries.ts';
import { share } from '../score.ts';
import { findTail, readEntry, readFragment } from './entry.ts';
import { findStart } from './head.ts';
import { Prefixes } from './prefix.ts';
import { systemLogPrinter } from './print.ts';
import { readSemicolons, startsSemicolons } from './semicolons.ts';
import { startsWorkerLine } from './worker-start.ts';

/**
 * SignServer's system log as text: `EVENT: …; OUTCOME: …; … REPLY_TIME:…`, one entry over one or more lines.
 */
export const SIGNSERVER_TEXT: Dialect = {
  name: 'signserver-text/1',
  system: 'signserver',
  title: 'SignServer system log (log4j text lines)',
  detect: (head) => share(parser({}), head),
  parser,
  printer: ({ zone = 0 } = {}) => systemLogPrinter(zone, parser),
};

function parser(options: ParserOptions = {}): EntryParser {
  return new EntryParser(new SystemLog(originOf(SIGNSERVER_TEXT, options)), options.offset);
}

/**
 * A line with a head starts an entry, one that ends in `REPLY_TIME:` and digits completes it. Lines that no
 * head precedes, such as those after a rotation inside an entry, are gathered to the next tail or start.
 */
class SystemLog implements EntryFormat {
  readonly #origin: Origin;
  readonly #prefixes = new Prefixes();

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  begins(line: string): boolean {
    return startOf(line) !== -1 || startsSemicolons(line);
  }

  completes(line: string, place: 'first' | 'later' | 'fragment'): boolean {
    return (place === 'first' && startOf(line) === -1) || findTail(line) !== -1;
  }

  read(entry: Entry): Reading {
    if (!entry.begun) return { kind: 'record', record: readFragment(this.#origin, entry) };
    const start = startOf(entry.text);
    if (start === -1) return { kind: 'record', record: readSemicolons(this.#origin, entry) };
    const noted = this.#prefixes.note(entry, entry.text.slice(0, start));
    return { kind: 'record', record: readEntry(this.#origin, noted, start) };
  }
}

/** Where an entry starts; -1 when none does, or only within a value of a worker's log in the same file. */
function startOf(text: string): number {
  const start = findStart(text);
  return start !== -1 && startsWorkerLine(text.slice(0, start)) ? -1 : start;
}
