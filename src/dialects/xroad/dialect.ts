import type { Dialect, ParserOptions } from '../dialect.ts';
import { originOf } from '../draft.ts';
import { EntryParser } from '../entries.ts';
import { share } from '../score.ts';
import { readEntry } from './entry.ts';
import { XroadPrinter } from './printer.ts';

/**
 * X-Road's audit log: one JSON object a line, in the frames of syslog, of the applications' files and of
 * containers.
 */
export const XROAD_AUDIT: Dialect = {
  name: 'xroad/1',
  system: 'xroad',
  title: 'X-Road audit log (central server, security server, signer console)',
  detect: (head) => share(parser({}), head),
  parser,
  printer: (options) => new XroadPrinter(options),
};

/**
 * Every line is an entry: JSON holds no line feed. Pretty-printed records, as documents show them, are not
 * read.
 */
function parser(options: ParserOptions = {}): EntryParser {
  const origin = originOf(XROAD_AUDIT, options);
  return new EntryParser(
    {
      begins: () => true,
      completes: () => true,
      read: (entry) => ({ kind: 'record', record: readEntry(origin, entry) }),
    },
    options.offset,
  );
}
