import type { EventInfo } from '../../catalog/catalog.ts';
import { utf8 } from '../../crypto/bytes.ts';
import type { RecordDraft } from '../../record/types.ts';
import { MAX_NATIVE_BYTES, type Parser, type Printed, type Printer } from '../dialect.ts';
import type { PrintFlag } from '../flags.ts';
import { isPlain, printPair } from './details.ts';
import { encodeText } from './encoding.ts';
import { administratorOf, isTold, OUTCOMES } from './members.ts';
import { eventOf, losesMembers, type Pair, PairFields, pairsBelowHead } from './pairs.ts';

/**
 * The text of an entry, line ends included. `prefix` is what the logging framework writes before it; `event`
 * what the catalog knows of the record's.
 */
export type Write = (
  record: RecordDraft,
  prefix: string,
  event: EventInfo | null,
  flags: Set<PrintFlag>,
) => string;

/** Prints entries below the prefix of GlassFish, and reads each to say so when members did not come back. */
export class EntryPrinter implements Printer {
  readonly head = '';
  readonly #category: string;
  readonly #zone: number;
  readonly #parser: () => Parser;
  readonly #write: Write;

  constructor(category: string, zone: number, parser: () => Parser, write: Write) {
    this.#category = category;
    this.#zone = zone;
    this.#parser = parser;
    this.#write = write;
  }

  print(record: RecordDraft): Printed {
    const flags = new Set<PrintFlag>();
    const event = eventOf(record, flags);
    const text = this.#write(record, logPrefix(record.time, this.#zone, this.#category), event, flags);
    const parser = this.#parser();
    const back = [...parser.push(utf8(text)), ...parser.end()][0]?.record;
    if (back === undefined || losesMembers(record, back)) flags.add('no-place');
    return { text, flags: [...flags] };
  }
}

/** Entries of SignServer's log4j device in the form of current releases. */
export function systemLogPrinter(zone: number, parser: () => Parser): Printer {
  return new EntryPrinter('SignServerLog4jDevice', zone, parser, (record, prefix, event, flags) => {
    const escaped = (): void => void flags.add('escaped');
    const { worker, pairs } = pairsBelowHead(record, event, flags);
    const value = (text: string | undefined, end = LINES): string => headValue(text, end, escaped);
    const { name, issuer, serial } = administratorOf(record.actor, new PairFields(pairs));
    const head =
      `${prefix}EVENT: ${eventName(record.event, escaped)}; OUTCOME: ${OUTCOMES[record.outcome]}; ` +
      `MODULE: ${value(record.module, ENDS)}; ADMINISTRATOR: ${value(name)}; ` +
      `ISSUER: ${value(issuer)}; SERIAL_NUMBER: ${value(serial)}; ` +
      `WORKER_ID: ${value(worker, ENDS)}; `;
    return allFields(head, pairs, record.time, event, flags);
  });
}

/**
 * The entry that `head` begins, with its fields, the time that ends it, and the line end. Of one that a
 * reader would cut, the longest fields are left out.
 */
export function allFields(
  head: string,
  pairs: readonly Pair[],
  time: number,
  event: EventInfo | null,
  flags: Set<PrintFlag>,
): string {
  const tail = `REPLY_TIME:${time}\n`;
  const fields = pairs.map(({ name, value }) => {
    const text = printPair(name, value, event, () => flags.add('escaped'));
    return { text, bytes: utf8(text).length };
  });
  let over = utf8(head + tail).length - MAX_NATIVE_BYTES;
  for (const { bytes } of fields) over += bytes;
  const left = new Set<object>();
  for (const field of over > 0 ? [...fields].sort((a, b) => b.bytes - a.bytes) : []) {
    if (over <= 0) break;
    left.add(field);
    over -= field.bytes;
  }
  if (left.size > 0) flags.add('no-place');
  const kept = fields.filter((field) => !left.has(field)).map(({ text }) => text);
  return head + kept.join('') + tail;
}

/** `2026-03-02 08:15:30,123 INFO  [category] `: the pattern `%d{ISO8601} %-5p [%c{1}] %m%n` of log4j. */
function logPrefix(time: number, zone: number, category: string): string {
  const local = Math.min(Math.max(time + zone * 60_000, 0), LAST_TIME);
  const written = new Date(local).toISOString().replace('T', ' ').replace('.', ',').slice(0, -1);
  return `${written} INFO  [${category}] `;
}

const LAST_TIME = 253_402_300_799_999;
/** What a value of the head may not hold; those that end at any semicolon and blank, that neither. */
const LINES = /[\r\n]/;
const ENDS = /[\r\n]|; /;

/** `null` for nothing; `end` is what it may not hold as it stands, besides what no value may. */
function headValue(text: string | undefined, end: RegExp, escaped: () => void): string {
  if (text === undefined || text === '') return 'null';
  if (isTold(text) && isPlain(text) && !end.test(text)) return text;
  escaped();
  return encodeText(text);
}

/** An entry is known by its event: up to 256 characters without semicolon and line break. */
function eventName(text: string, escaped: () => void): string {
  if (/^[^;\r\n]{0,256}$/.test(text) && isPlain(text)) return text;
  escaped();
  return encodeText(text);
}
