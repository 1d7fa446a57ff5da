import type { EventInfo } from '../../catalog/catalog.ts';
import type { DraftBuilder } from '../draft.ts';
import { decodeText, ENCODED, encodeText, readValue } from './encoding.ts';
import { catalog } from './members.ts';
import { ALL_FIELDS, BY_PATTERN } from './worker-start.ts';

/**
 * The pairs `key: value; ` of a text line. Nothing is escaped by those who write them: a value goes on to the
 * next key that the event can have, and what merely looks like a key stays in the value and flags the entry.
 */

/** `NAME`, or `added:NAME` and its like for a worker's properties, or one of any characters, encoded. */
const NAME = '(?:(?:added|changed|removed):)?[A-Za-z][A-Za-z0-9_.-]{0,127}|B64:[A-Za-z0-9+/]*={0,2}';
/** Older documents break the line before a key. */
const KEY = new RegExp(`(?:\\r?\\n)?(${NAME}): `, 'y');
const WHOLE_NAME = new RegExp(`^(?:${NAME})$`);
const CHANGE = /^(?:added|changed|removed):/;
const CAPITALS = /^[A-Z][A-Z0-9_]*$/;

interface Key {
  readonly name: string;
  readonly encoded: boolean;
  readonly valueAt: number;
}

/** Reads the pairs between `from` and `to` into the builder. */
export function readDetails(
  text: string,
  from: number,
  to: number,
  event: EventInfo | null,
  into: DraftBuilder,
): void {
  const end = to - 2 >= from && text.startsWith('; ', to - 2) ? to - 2 : to;
  if (end <= from) return;
  let key = keyAt(text, from, end);
  if (key === null) {
    into.flag('ambiguous');
    key = { name: 'text', encoded: false, valueAt: from };
  }
  for (let at = key.valueAt; ; ) {
    const close = text.indexOf('; ', at);
    if (close === -1 || close >= end) break;
    const next = keyAt(text, close + 2, end);
    const accepted = next !== null && (next.encoded || accepts(next.name, event));
    if (next !== null && !accepted) into.flag('ambiguous');
    if (next !== null && accepted) {
      give(key, text.slice(key.valueAt, close), event, into);
      key = next;
    }
    at = accepted ? key.valueAt : close + 2;
  }
  give(key, text.slice(key.valueAt, end), event, into);
}

function keyAt(text: string, at: number, end: number): Key | null {
  KEY.lastIndex = at;
  const match = KEY.exec(text);
  if (match === null || KEY.lastIndex > end) return null;
  const written = match[1]!;
  const encoded = written.startsWith('B64:');
  const name = encoded ? decodeText(written) : written;
  return name === null || name.includes('\0') ? null : { name, encoded, valueAt: KEY.lastIndex };
}

/** Releases add fields in capitals; other words before a colon are more likely part of a message. */
function accepts(name: string, event: EventInfo | null): boolean {
  return event === null || event.names.has(name) || CHANGE.test(name) || CAPITALS.test(name);
}

function give({ name, encoded }: Key, value: string, event: EventInfo | null, into: DraftBuilder): void {
  if (encoded) into.flag('encoded-value');
  if (event !== null && !event.has(name) && !CHANGE.test(name)) into.flag('unknown-field');
  into.add(name, readValue(value, into.flags), catalog.field(name)?.list);
}

/**
 * What would make a value, written as it stands, end early, begin an entry or pass for its end: a key of any
 * kind behind a semicolon, the word that starts an entry, a tail, a line that begins with a date or a time as
 * lines of a log do.
 */
const UNSAFE = new RegExp(
  [
    `; (?:\\r?\\n)?(?:${NAME}): `,
    `EVENT: |${ALL_FIELDS}|${BY_PATTERN}`,
    'REPLY_TIME:(?! )',
    '[\\r\\n](?:\\d{4}-\\d\\d-\\d\\d[ T]|\\d\\d:\\d\\d:\\d\\d,\\d{3} )',
  ].join('|'),
);

/** Whether a value can be written as it stands, with the semicolon and blank that end it. */
export function isPlain(value: string): boolean {
  return !ENCODED.test(value) && !UNSAFE.test(`${value}; `);
}

/** Names that with a value behind them would look like the start of an entry, or like a field of its head. */
const TAKEN = /EVENT$|^(?:ISSUER|SERIAL_NUMBER)$/;

/** `key: value; `, whatever they hold; `escaped` is called when one of them is written encoded. */
export function printPair(name: string, value: string, event: EventInfo | null, escaped: () => void): string {
  const plainName = WHOLE_NAME.test(name) && !ENCODED.test(name) && !TAKEN.test(name) && accepts(name, event);
  const plainValue = isPlain(value);
  if (!plainName || !plainValue) escaped();
  return `${plainName ? name : encodeText(name)}: ${plainValue ? value : encodeText(value)}; `;
}
