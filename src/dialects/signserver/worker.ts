import type { Outcome, RecordDraft } from '../../record/types.ts';
import type { Dialect, ParserOptions } from '../dialect.ts';
import { DraftBuilder, type Origin, originOf } from '../draft.ts';
import { type Entry, type EntryFormat, EntryParser, type Reading } from '../entries.ts';
import { share } from '../score.ts';
import { type ReadTime, readIso } from '../time.ts';
import { readDetails } from './details.ts';
import { readValue } from './encoding.ts';
import { findTail, noteTails, readFragment, readTime } from './entry.ts';
import { findStart } from './head.ts';
import { actorOf, catalog, correlationOf, reasonOf, signatureOf, told } from './members.ts';
import { absent, DEFAULT_PATTERN, type Match, Pattern } from './pattern.ts';
import { Prefixes, prefixLength, prefixTime } from './prefix.ts';
import { allFieldsPrinter, patternPrinter } from './print-worker.ts';
import { ALL_FIELDS } from './worker-start.ts';

/**
 * Logs of SignServer's workers, where its signing transactions are: lines of AllFieldsWorkerLogger, which
 * tell all fields and end like those of the system log, and of PatternWorkerLogger, which follow a pattern of
 * the worker's configuration (`ParserOptions.pattern`; that of the server where none is given).
 */
export const SIGNSERVER_WORKER: Dialect = {
  name: 'signserver-worker/1',
  system: catalog.system,
  takesPattern: true,
  title: 'SignServer worker logs (all fields, or by a pattern)',
  detect: (head) => share(parser(), head),
  parser,
  printer: ({ zone = 0, pattern } = {}) =>
    pattern === undefined
      ? allFieldsPrinter(zone, parser)
      : patternPrinter(zone, new Pattern(pattern), () => parser({ pattern })),
};

const EVENT = 'PROCESS';
const MODULE = 'WORKER';
const PROCESS = catalog.find(EVENT, MODULE);

const ALL = new RegExp(`${ALL_FIELDS}(?=[A-Za-z][\\w.:-]{0,127}: |B64:|REPLY_TIME:)`);

interface Start {
  readonly at: number;
  readonly match: Match | null;
}

function parser(options: ParserOptions = {}): EntryParser {
  const pattern = new Pattern(options.pattern ?? DEFAULT_PATTERN);
  return new EntryParser(new WorkerLog(originOf(SIGNSERVER_WORKER, options), pattern), options.offset);
}

/** Lines with all fields may go over several, to the tail; those of a pattern are one each. */
class WorkerLog implements EntryFormat {
  readonly #origin: Origin;
  readonly #pattern: Pattern;
  readonly #prefixes = new Prefixes();

  constructor(origin: Origin, pattern: Pattern) {
    this.#origin = origin;
    this.#pattern = pattern;
  }

  begins(line: string, open: boolean): boolean {
    const start = this.#start(line);
    return start !== null && !(open && start.match !== null && this.#pattern.startsAnywhere);
  }

  completes(line: string, place: 'first' | 'later' | 'fragment'): boolean {
    return (place === 'first' && this.#start(line)?.match !== null) || findTail(line) !== -1;
  }

  read(entry: Entry): Reading {
    const start = entry.begun ? this.#start(entry.text) : null;
    if (start === null) return { kind: 'record', record: readFragment(this.#origin, entry) };
    const noted = this.#prefixes.note(entry, entry.text.slice(0, start.at));
    const { at, match } = start;
    const record = match === null ? this.#readAll(noted, at) : this.#readPattern(noted, at, match);
    return { kind: 'record', record };
  }

  /**
   * Where an entry starts, of all fields or (`match`) by the pattern: whichever is first, for the other is a
   * value. So is either behind the start of an entry of the system log, which may be in the same file.
   */
  #start(text: string): Start | null {
    const start = this.#firstStart(text);
    const other = start === null ? -1 : findStart(text);
    return start !== null && other !== -1 && other < start.at ? null : start;
  }

  #firstStart(text: string): Start | null {
    const all = text.search(ALL);
    const at = this.#pattern.startIn(text, prefixLength(text));
    const match = at === -1 || (all !== -1 && all <= at) ? null : this.#pattern.match(text, at);
    if (match !== null) return { at, match };
    return all === -1 ? null : { at: all, match: null };
  }

  #readAll(entry: Entry, start: number): RecordDraft {
    const { text } = entry;
    const builder = new DraftBuilder(this.#origin, entry);
    const from = start + ALL_FIELDS.length;
    const tail = findTail(text);
    readDetails(text, from, tail === -1 ? text.length : tail, PROCESS, builder);
    if (text.slice(from).search(ALL) !== -1) builder.flag('possible-forgery');
    noteTails(entry, tail, builder);
    return build(builder, readTime(text, text.slice(0, start), tail, builder));
  }

  #readPattern(entry: Entry, start: number, match: Match): RecordDraft {
    const builder = new DraftBuilder(this.#origin, entry);
    if (match.ambiguous) builder.flag('ambiguous');
    const seen = new Set<string>();
    for (const [i, name] of this.#pattern.names.entries()) {
      const value = match.values[i]!;
      if (value === absent(name) || seen.has(`${name}: ${value}`)) continue;
      seen.add(`${name}: ${value}`);
      builder.add(name, readValue(value, builder.flags));
    }
    const time = requestTime(builder.only('LOG_TIME')) ?? prefixTime(entry.text.slice(0, start));
    if (time?.certain === false) builder.flag('time-uncertain');
    return build(builder, time?.ms ?? null);
  }
}

function build(builder: DraftBuilder, time: number | null): RecordDraft {
  const outcome = outcomeOf(builder);
  return builder.build({
    time,
    event: EVENT,
    module: MODULE,
    outcome,
    reason: outcome === 'failure' ? reasonOf(builder) : undefined,
    actor: actorOf(builder, null),
    correlation: correlationOf(builder),
    signature: signatureOf(PROCESS, builder, builder.flags),
  });
}

/** A line tells it by PROCESS_SUCCESS; without, an error is a failure. */
function outcomeOf(builder: DraftBuilder): Outcome {
  const words = builder.texts('PROCESS_SUCCESS');
  if (words.includes('false')) return 'failure';
  if (words.includes('true')) return 'success';
  if (words.length > 0) {
    builder.flag('unknown-outcome');
    return 'void';
  }
  builder.flag('outcome-deduced');
  return reasonOf(builder) === undefined ? 'success' : 'failure';
}

/** When the request came in: ms, or a date as `yyyy-MM-dd:HH:mm:ss:z` of Java. */
function requestTime(text: string | undefined): ReadTime | null {
  const written = told(text);
  if (written === undefined) return null;
  if (/^\d{1,15}$/.test(written)) return { ms: Number(written), certain: true };
  const match = /^(\d{4}-\d\d-\d\d):(\d\d:\d\d:\d\d):(.{1,32})$/.exec(written);
  if (match === null) return readIso(written);
  const [, day, time, zone] = match;
  return readIso(`${day}T${time}${zone === 'GMT' ? 'Z' : zone}`) ?? readIso(`${day}T${time}`);
}
