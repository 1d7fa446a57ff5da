import type { Dialect, ParserOptions } from '../dialect.ts';
import { type Origin, originOf, unparsedRecord } from '../draft.ts';
import { type Entry, type EntryFormat, EntryParser, type Reading } from '../entries.ts';
import { share } from '../score.ts';
import { readEntry } from './entry.ts';
import { readFields, staysOpen } from './fields.ts';
import { readPrefix } from './prefix.ts';
import { DogtagPrinter } from './printer.ts';

/**
 * The signed audit log of Dogtag and Red Hat Certificate System: `… [AuditEvent=…][SubjectID=…][Outcome=…]
 * …`.
 */
export const DOGTAG_AUDIT: Dialect = {
  name: 'dogtag/1',
  system: 'dogtag',
  title: 'Dogtag / Red Hat Certificate System signed audit log',
  detect: (head) => share(parser({}), head),
  parser,
  printer: (options) => new DogtagPrinter(options),
};

function parser(options: ParserOptions = {}): EntryParser {
  return new EntryParser(new SignedAudit(originOf(DOGTAG_AUDIT, options)), options.offset);
}

/**
 * A line is an event; one whose last value is still open goes on until a bracket closes it. A line without a
 * start that follows a complete event stays by itself: which event it belongs to is not known.
 */
class SignedAudit implements EntryFormat {
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  begins(line: string): boolean {
    return readPrefix(line) !== null;
  }

  completes(line: string, place: 'first' | 'later' | 'fragment'): boolean {
    if (place === 'fragment') return true;
    if (place === 'later') return !staysOpen(line);
    return !readFields(line, readPrefix(line)!.message).open;
  }

  read(entry: Entry): Reading {
    const prefix = entry.begun ? readPrefix(entry.text) : null;
    const record =
      prefix === null ? unparsedRecord(this.#origin, entry, null) : readEntry(this.#origin, entry, prefix);
    return { kind: 'record', record };
  }
}
