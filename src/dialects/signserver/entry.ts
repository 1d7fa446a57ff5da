import { findCatalog } from '../../catalog/builtin.ts';
import type { EventInfo } from '../../catalog/catalog.ts';
import type { Outcome, RecordDraft } from '../../record/types.ts';
import { type ActorText, DraftBuilder, type Origin, type SignatureText } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { readIso } from '../time.ts';
import { readDetails } from './details.ts';
import { findStart, type Head, headRepeats, readHead } from './head.ts';

const DAY_MS = 86_400_000;
const TAIL = 'REPLY_TIME:';

/** Why an entry failed, best first. */
const REASONS: readonly string[] = ['EXCEPTION', 'ERROR', 'TSA_EXCEPTION', 'Message'];

/** Offset of the `REPLY_TIME:` and its digits that end an entry; -1 when the text does not end so. */
export function findTail(text: string): number {
  const at = text.lastIndexOf(TAIL);
  return at !== -1 && /^\d{1,19}\s*$/.test(text.slice(at + TAIL.length, at + TAIL.length + 64)) ? at : -1;
}

/** The time that the tail found at `tail` tells. */
export function tailTime(text: string, tail: number): number {
  return Number.parseInt(text.slice(tail + TAIL.length), 10);
}

/** How many of those tails a text holds, up to two. */
export function countTails(text: string): number {
  const first = text.indexOf(TAIL);
  return first === -1 ? 0 : text.indexOf(TAIL, first + TAIL.length) === -1 ? 1 : 2;
}

/** The record of an entry that starts with a head (`findStart` found it). */
export function readEntry(origin: Origin, entry: Entry, start: number): RecordDraft {
  const { text } = entry;
  const head = readHead(text, start);
  const builder = new DraftBuilder(origin, entry);
  const event = findCatalog(origin.system)?.find(head.event, head.module ?? undefined) ?? null;
  if (event === null) builder.flag('unknown-event');
  const tail = findTail(text);
  for (const [name, value] of [
    ['WORKER_ID', head.worker],
    ['CUSTOM_ID', head.customId],
  ] as const) {
    if (isTold(value)) builder.add(name, value);
  }
  if (head.complete) readDetails(text, head.end, tail === -1 ? text.length : tail, event, builder);
  else builder.flag('truncated');
  noteOddities(entry, start, tail, builder);
  const outcome = readOutcome(head, builder);
  return builder.build({
    time: readTime(text, head, tail, builder),
    event: head.event,
    module: head.module ?? undefined,
    outcome,
    reason: outcome === 'failure' ? reason(builder) : undefined,
    actor: readActor(head, builder),
    correlation: told(builder.only('LOG_ID')),
    signature: readSignature(event, builder),
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

function readOutcome(head: Head, builder: DraftBuilder): Outcome {
  const denied = [...builder.texts('SUCCESS'), ...builder.texts('PROCESS_SUCCESS')].includes('false');
  switch (head.outcome) {
    case 'FAILURE':
      return 'failure';
    case 'VOID':
      return 'void';
    case 'SUCCESS':
      // KEYREMOVE reports a key that could not be removed as a success of the event.
      if (denied) builder.flag('outcome-deduced');
      return denied ? 'failure' : 'success';
    case null: {
      builder.flag('outcome-deduced');
      return denied || builder.has('EXCEPTION') || builder.has('ERROR') ? 'failure' : 'success';
    }
    default:
      builder.flag('unknown-outcome');
      builder.add('OUTCOME', head.outcome);
      return 'void';
  }
}

function reason(builder: DraftBuilder): string | undefined {
  for (const name of REASONS) {
    const text = told(builder.texts(name)[0]);
    if (text !== undefined) return text;
  }
  return undefined;
}

/**
 * The administrator of the head. For a worker's client the head says only `Client user`; then the client certificate
 * is the actor, if the worker demanded one: without that anybody could put such a field into a file name.
 */
function readActor(head: Head, builder: DraftBuilder): ActorText {
  const ip = told(builder.only('CLIENT_IP'));
  const name = told(head.administrator ?? undefined);
  const auth = told(builder.only('WORKER_AUTHTYPE'));
  const subject = told(builder.only('CLIENT_CERT_SUBJECTDN'));
  if (
    name?.toLowerCase() === 'client user' &&
    subject !== undefined &&
    auth !== undefined &&
    auth !== 'NOAUTH'
  ) {
    const issuer = told(builder.only('CLIENT_CERT_ISSUERDN'));
    const serial = told(builder.only('CLIENT_CERT_SERIALNUMBER'));
    return { name: subject, issuer, serial, ip, auth, role: name };
  }
  const issuer = told(head.issuer ?? undefined);
  return { name, issuer, serial: told(head.serial ?? undefined), ip, auth };
}

function readSignature(event: EventInfo | null, builder: DraftBuilder): SignatureText | undefined {
  if (event?.action !== 'sign') return undefined;
  const digest = told(builder.only('REQUEST_DIGEST'));
  const isHex = digest !== undefined && /^[0-9a-fA-F]+$/.test(digest);
  if (digest !== undefined && !isHex) builder.flag('malformed-value');
  return {
    hash: isHex ? digest.toLowerCase() : undefined,
    hashAlgorithm: told(builder.only('REQUEST_DIGEST_ALGORITHM')),
    algorithm: told(builder.only('KEY_ALGORITHM')),
    keyAlias: told(builder.only('KEYALIAS')),
  };
}

/** The device prints the word `null` for what is not there. */
function isTold(value: string | null | undefined): value is string {
  return value !== null && value !== undefined && value !== '' && value !== 'null';
}

function told(value: string | undefined): string | undefined {
  return isTold(value) ? value : undefined;
}
