import type { RecordDraft } from '../../record/types.ts';
import { DraftBuilder, type Origin, unparsedRecord } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { readIso } from '../time.ts';
import { readDetails } from './details.ts';
import { readValue } from './encoding.ts';
import { findStart, headRepeats, readHead } from './head.ts';
import { actorOf, catalog, correlationOf, isTold, outcomeOf, reasonOf, signatureOf } from './members.ts';
import { prefixTime } from './prefix.ts';

const DAY_MS = 86_400_000;
const TAIL = 'REPLY_TIME:';

/** Offset of the `REPLY_TIME:` and its digits that end an entry; -1 when the text does not end so. */
export function findTail(text: string): number {
  const at = text.lastIndexOf(TAIL);
  return at !== -1 && /^\d{1,19}\s*$/.test(text.slice(at + TAIL.length, at + TAIL.length + 64)) ? at : -1;
}

/** The time that the tail found at `tail` tells. */
export function tailTime(text: string, tail: number): number {
  return Number.parseInt(text.slice(tail + TAIL.length), 10);
}

/** How many of those tails a text may hold, up to two; a field of that name has a blank before its value. */
export function countTails(text: string): number {
  let count = 0;
  for (let at = text.indexOf(TAIL); at !== -1 && count < 2; at = text.indexOf(TAIL, at + TAIL.length))
    if (text[at + TAIL.length] !== ' ') count++;
  return count;
}

/**
 * The record of lines that no start precedes; its time is that of the tail, or of the line that it begins
 * with.
 */
export function readFragment(origin: Origin, entry: Entry): RecordDraft {
  const tail = findTail(entry.text);
  const time =
    tail === -1 ? readIso(entry.text.slice(0, 23)) : { ms: tailTime(entry.text, tail), certain: true };
  return unparsedRecord(origin, entry, time);
}

/** The record of an entry that starts with a head (`findStart` found it). */
export function readEntry(origin: Origin, entry: Entry, start: number): RecordDraft {
  const { text } = entry;
  const head = readHead(text, start);
  const builder = new DraftBuilder(origin, entry);
  const value = (written: string | null): string | undefined =>
    isTold(written) ? readValue(written, builder.flags) : undefined;
  const name = readValue(head.event, builder.flags);
  const module = value(head.module);
  const event = catalog.find(name, module);
  if (event === null) builder.flag('unknown-event');
  const tail = findTail(text);
  for (const [field, written] of [
    ['WORKER_ID', head.worker],
    ['CUSTOM_ID', head.customId],
  ] as const) {
    const worker = value(written);
    if (worker !== undefined) builder.add(field, worker);
  }
  if (head.complete) readDetails(text, head.end, tail === -1 ? text.length : tail, event, builder);
  else builder.flag('truncated');
  noteOddities(entry, start, tail, builder);
  const outcome = outcomeOf(head.outcome, builder);
  const administrator = {
    name: value(head.administrator),
    issuer: value(head.issuer),
    serial: value(head.serial),
  };
  return builder.build({
    time: readTime(text, head.prefix, tail, builder),
    event: name,
    module,
    outcome,
    reason: outcome === 'failure' ? reasonOf(builder) : undefined,
    actor: actorOf(builder, administrator),
    correlation: correlationOf(builder),
    signature: signatureOf(event, builder, builder.flags),
  });
}

function noteOddities(entry: Entry, start: number, tail: number, builder: DraftBuilder): void {
  if (headRepeats(entry.text, start)) builder.flag('ambiguous');
  if (findStart(entry.text, start + 1) !== -1) builder.flag('possible-forgery');
  noteTails(entry, tail, builder);
}

/** Values are written raw, so that text from outside can look like the end of an entry, and like one more. */
export function noteTails(entry: Entry, tail: number, builder: DraftBuilder): void {
  const tails = countTails(entry.text);
  if (tail !== -1 && tails > 1) builder.flag('ambiguous');
  const nextTails = entry.interruptedBy === null ? 0 : countTails(entry.interruptedBy);
  if (nextTails > 1 || (entry.interrupts && tails > 1)) builder.flag('possible-forgery');
}

/** The time of the tail; of an entry without one, that of writing. */
export function readTime(text: string, prefix: string, tail: number, builder: DraftBuilder): number | null {
  const written = prefixTime(prefix);
  if (tail === -1) {
    builder.flag('time-uncertain');
    return written?.ms ?? null;
  }
  const time = tailTime(text, tail);
  if (written !== null && Math.abs(written.ms - time) > DAY_MS) builder.flag('clock-mismatch');
  return time;
}
