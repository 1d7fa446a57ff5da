import { findCatalog } from '../../catalog/builtin.ts';
import type { EventInfo } from '../../catalog/catalog.ts';
import type { SystemTable } from '../../catalog/table.ts';
import type { Outcome, RecordDraft } from '../../record/types.ts';
import { type ActorText, DraftBuilder, type Origin } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { type MeantField, meant } from './encoded.ts';
import { looksLikeFields, readFields } from './fields.ts';
import { firstTold, isAbsent, MAIN_THREAD, MEMBERS, NULL, OUTCOMES, type Told } from './members.ts';
import { type Prefix, startsWithin } from './prefix.ts';
import { SIGNATURE, textOf } from './texts.ts';

/** The record of a line, or of several that a line feed inside a value made. */
export function readEntry(origin: Origin, entry: Entry, prefix: Prefix): RecordDraft {
  const builder = new DraftBuilder(origin, entry);
  const { fields: written, end, open } = readFields(entry.text, prefix.message);
  const fields = written.map(meant);
  const told = firsts(fields);
  const event = told.get('AuditEvent')?.value ?? '';
  const catalog = findCatalog(origin.system)!;
  const info = catalog.find(event);
  if (info === null) builder.flag('unknown-event');
  addFields(fields, told, builder);
  if (info !== null) {
    const unknown = fields.some(({ name }) => !MEMBERS.has(name) && !info.has(name));
    if (unknown) builder.flag('unknown-field');
  }
  noteOddities(entry, prefix, end, open, builder);
  if (prefix.thread !== null && prefix.thread !== MAIN_THREAD) builder.add('thread', prefix.thread);
  const outcome = readOutcome(event, info, told, builder);
  addText(entry.text.slice(end), textOf(info, outcome), builder);
  return builder.build({
    time: readTime(prefix, builder),
    event,
    outcome,
    reason: outcome === 'failure' ? firstTold(told, catalog.table.reason) : undefined,
    actor: readActor(told, catalog.table.actor),
  });
}

/** The first value of each name: what comes later may have been slipped in by a value. */
function firsts(fields: readonly MeantField[]): Told {
  const out = new Map<string, MeantField>();
  for (const field of fields) if (!field.carried && !out.has(field.name)) out.set(field.name, field);
  return out;
}

function addFields(fields: readonly MeantField[], told: Told, builder: DraftBuilder): void {
  const seen = new Set<string>();
  for (const { name, value, encoded, carried } of fields) {
    if (encoded) builder.flag('encoded-value');
    const repeats = !carried && seen.has(name);
    if (!carried) seen.add(name);
    if (repeats) builder.flag('ambiguous');
    if (carried || !MEMBERS.has(name)) builder.add(name, value);
    else if (repeats) {
      if (!builder.has(name)) builder.add(name, told.get(name)!.value);
      builder.add(name, value);
    }
  }
  // A word for no value is no name of an actor, and is kept as it was written.
  const subject = told.get('SubjectID');
  if (subject !== undefined && !subject.encoded && isAbsent(subject.value) && !builder.has('SubjectID'))
    builder.add('SubjectID', subject.value);
}

/**
 * The words behind the fields, where they are not those of the event, and the signature that stands in them.
 */
function addText(rest: string, expected: string, builder: DraftBuilder): void {
  let text = rest.startsWith(' ') ? rest.slice(1) : rest;
  const at = expected.endsWith(SIGNATURE) ? text.indexOf(SIGNATURE) : -1;
  if (at !== -1) {
    const signature = text.slice(at + SIGNATURE.length);
    if (signature !== '') builder.add('sig', signature);
    text = text.slice(0, at + SIGNATURE.length);
  }
  if (text !== '' && text !== expected) builder.add('text', text);
}

function noteOddities(entry: Entry, prefix: Prefix, end: number, open: boolean, builder: DraftBuilder): void {
  if (open) builder.flag('truncated');
  if (looksLikeFields(entry.text, end)) builder.flag('ambiguous');
  if (startsWithin(entry.text, prefix.message)) builder.flag('possible-forgery');
  if (entry.text.includes('\n')) {
    builder.flag('continuation');
    builder.flag('ambiguous');
  }
  // A line feed in a value, followed by the likeness of a line: nothing else opens a line while a value is
  // open.
  if (entry.interruptedBy !== null || entry.interrupts) builder.flag('possible-forgery');
}

function readTime(prefix: Prefix, builder: DraftBuilder): number | null {
  if (prefix.time?.certain !== true) {
    builder.flag('time-uncertain');
    if (prefix.date !== null) builder.add('date', prefix.date);
  }
  return prefix.time?.ms ?? null;
}

function readOutcome(event: string, info: EventInfo | null, told: Told, builder: DraftBuilder): Outcome {
  const word = told.get('Outcome');
  if (word === undefined) {
    builder.flag('outcome-deduced');
    const implied = info?.implies ?? {};
    return Object.hasOwn(implied, event) ? implied[event]! : 'void';
  }
  const outcome = OUTCOMES.get(word.value.toLowerCase());
  if (outcome !== undefined) return outcome;
  builder.flag('unknown-outcome');
  if (word.value !== NULL && !builder.has('Outcome')) builder.add('Outcome', word.value);
  return 'void';
}

function readActor(told: Told, from: SystemTable['actor']): ActorText {
  const issuer = firstTold(told, from.issuer);
  return {
    name: firstTold(told, ['SubjectID', ...(from.name ?? [])]),
    issuer,
    // Without its issuer a certificate in the line is not of who acted.
    serial: issuer === undefined ? undefined : firstTold(told, from.serial),
    ip: firstTold(told, from.ip),
    auth: firstTold(told, from.auth),
    role: firstTold(told, from.role),
  };
}
