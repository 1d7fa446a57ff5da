import { findCatalog } from '../../catalog/builtin.ts';
import type { Outcome, RecordDraft } from '../../record/types.ts';
import { type ActorText, DraftBuilder, type Origin } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { type Field, looksLikeFields, readFields } from './fields.ts';
import { type Prefix, startsWithin } from './prefix.ts';

/** Fields that become members of the record, and stay out of details unless they repeat. */
const MEMBERS: ReadonlySet<string> = new Set(['AuditEvent', 'SubjectID', 'Outcome']);

const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['success', 'success'],
  ['failure', 'failure'],
]);

/** Why an event failed, best first. */
const REASONS: readonly string[] = ['FailureReason', 'Error', 'Info', 'info', 'InfoValue'];

/** Addresses of who acted. `ClientHost` is not one: there the server itself is the client. */
const ADDRESSES: readonly string[] = ['ClientIP', 'IP'];

/** Words printed where a value is missing. */
const ABSENT: ReadonlySet<string> = new Set(['', '<null>', 'null', 'N/A', '--', 'None']);

const SIGNATURE = 'sig: ';

/** The record of a line, or of several that a line feed inside a value made. */
export function readEntry(origin: Origin, entry: Entry, prefix: Prefix): RecordDraft {
  const builder = new DraftBuilder(origin, entry);
  const { fields, end, open } = readFields(entry.text, prefix.message);
  const first = firsts(fields);
  const event = first.get('AuditEvent') ?? '';
  const info = findCatalog(origin.system)?.find(event) ?? null;
  if (info === null) builder.flag('unknown-event');
  addFields(fields, first, builder);
  if (info !== null) {
    const unknown = fields.some(({ name }) => !MEMBERS.has(name) && !info.has(name));
    if (unknown) builder.flag('unknown-field');
  }
  addSignature(entry.text.slice(end), builder);
  noteOddities(entry, prefix, end, open, builder);
  const outcome = readOutcome(event, first.get('Outcome'), builder);
  return builder.build({
    time: readTime(prefix, builder),
    event,
    outcome,
    reason: outcome === 'failure' ? firstTold(first, REASONS) : undefined,
    actor: readActor(event, first),
  });
}

/** The first value of each name: what comes later may have been slipped in by a value. */
function firsts(fields: readonly Field[]): Map<string, string> {
  const out = new Map<string, string>();
  for (const { name, value } of fields) if (!out.has(name)) out.set(name, value);
  return out;
}

function addFields(
  fields: readonly Field[],
  first: ReadonlyMap<string, string>,
  builder: DraftBuilder,
): void {
  const seen = new Set<string>();
  for (const { name, value } of fields) {
    const repeats = seen.has(name);
    seen.add(name);
    if (repeats) builder.flag('ambiguous');
    if (!MEMBERS.has(name)) builder.add(name, value);
    else if (repeats) {
      if (!builder.has(name)) builder.add(name, first.get(name)!);
      builder.add(name, value);
    }
  }
}

/** The log's own signature stands in the text of its event. */
function addSignature(text: string, builder: DraftBuilder): void {
  const at = text.indexOf(SIGNATURE);
  if (at !== -1) builder.add('sig', text.slice(at + SIGNATURE.length));
}

function noteOddities(entry: Entry, prefix: Prefix, end: number, open: boolean, builder: DraftBuilder): void {
  if (open) builder.flag('truncated');
  if (looksLikeFields(entry.text, end)) builder.flag('ambiguous');
  if (startsWithin(entry.text, prefix.message)) builder.flag('possible-forgery');
  if (entry.text.includes('\n')) {
    builder.flag('continuation');
    builder.flag('ambiguous');
  }
  // A line feed in a value, followed by the likeness of a line: nothing else opens a line while a value is open.
  if (entry.interruptedBy !== null || entry.interrupts) builder.flag('possible-forgery');
}

function readTime(prefix: Prefix, builder: DraftBuilder): number | null {
  if (prefix.time?.certain !== true) {
    builder.flag('time-uncertain');
    if (prefix.date !== null) builder.add('date', prefix.date);
  }
  return prefix.time?.ms ?? null;
}

function readOutcome(event: string, word: string | undefined, builder: DraftBuilder): Outcome {
  if (word !== undefined) {
    const outcome = OUTCOMES.get(word.toLowerCase());
    if (outcome !== undefined) return outcome;
    builder.flag('unknown-outcome');
    if (!builder.has('Outcome')) builder.add('Outcome', word);
    return 'void';
  }
  builder.flag('outcome-deduced');
  if (/_FAIL(?:URE)?$/.test(event)) return 'failure';
  return event.endsWith('_SUCCESS') ? 'success' : 'void';
}

function readActor(event: string, first: ReadonlyMap<string, string>): ActorText {
  // Only where a session of a client is told does a certificate in the line belong to who acted.
  const session = event.startsWith('ACCESS_SESSION_');
  return {
    name: firstTold(first, ['SubjectID', 'AgentID']),
    issuer: session ? firstTold(first, ['IssuerDN']) : undefined,
    serial: session ? firstTold(first, ['CertSerialNum']) : undefined,
    ip: firstTold(first, ADDRESSES),
    auth: firstTold(first, ['AuthMgr']),
    role: firstTold(first, ['Role']),
  };
}

function firstTold(first: ReadonlyMap<string, string>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = first.get(name);
    if (value !== undefined && !ABSENT.has(value)) return value;
  }
  return undefined;
}
