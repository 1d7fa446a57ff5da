import type { RecordDraft } from '../../record/types.ts';
import { DraftBuilder, type Origin } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { readIso } from '../time.ts';
import { readDetails } from './details.ts';
import { readValue } from './encoding.ts';
import { findStart, type Head, headRepeats, readHead } from './head.ts';
import { actorOf, catalog, correlationOf, isTold, outcomeOf, reasonOf, signatureOf } from './members.ts';

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
    time: readTime(text, head, tail, builder),
    event: name,
    module,
    outcome,
    reason: outcome === 'failure' ? reasonOf(builder) : undefined,
    actor: actorOf(builder, administrator),
    correlation: correlationOf(builder),
    signature: signatureOf(event, builder, builder.flags),
  });
}

/** Values are written raw, so text from outside can look like fields or entries. */
function noteOddities(entry: Entry, start: number, tail: number, builder: DraftBuilder): void {
  const { text } = entry;
  if (tail !== -1 && countTails(text) > 1) builder.flag('ambiguous');
  if (headRepeats(text, start)) builder.flag('ambiguous');
  if (findStart(text, start + 1) !== -1) builder.flag('possible-forgery');
  const nextTails = entry.interruptedBy === null ? 0 : countTails(entry.interruptedBy);
  if (nextTails > 1 || (entry.interrupts && countTails(text) > 1)) builder.flag('possible-forgery');
}

function readTime(text: string, head: Head, tail: number, builder: DraftBuilder): number | null {
  const written = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) /.exec(head.prefix);
  const prefix = written === null ? null : readIso(written[1]!);
  if (tail === -1) {
    builder.flag('time-uncertain');
    return prefix?.ms ?? null;
  }
  const time = tailTime(text, tail);
  if (prefix !== null && Math.abs(prefix.ms - time) > DAY_MS) builder.flag('clock-mismatch');
  return time;
}
