import { findCatalog } from '../../catalog/builtin.ts';
import type { Json, RecordDraft } from '../../record/types.ts';
import { type ActorText, DraftBuilder, type Origin, unparsedRecord } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { readJson } from '../json.ts';
import { type ReadTime, readIso } from '../time.ts';
import { type Frame, readFrame } from './frame.ts';

/** The object of a line. Its members come in this order, and some may be missing. */
interface Told {
  readonly event?: Json;
  readonly user?: Json;
  readonly ipaddress?: Json;
  readonly reason?: Json;
  readonly warning?: Json;
  readonly auth?: Json;
  readonly url?: Json;
  readonly data?: Json;
}

type JsonObject = { readonly [name: string]: Json };

const FAILED = ' failed';
const DAY_MS = 86_400_000;

/** Members that become members of the record when they are text. */
const TEXTS: ReadonlySet<string> = new Set(['event', 'user', 'ipaddress', 'reason', 'auth']);
/** Members that get a place of their own in details. */
const PLACED: ReadonlySet<string> = new Set(['warning', 'url', 'data']);

/** The record of one line. A line that no audit logger wrote, or whose JSON is broken, is kept unparsed. */
export function readEntry(origin: Origin, entry: Entry): RecordDraft {
  const frame = entry.begun ? readFrame(entry.text) : null;
  if (frame === null) return unparsedRecord(origin, entry, leadingTime(entry.text));
  const builder = new DraftBuilder(origin, entry);
  const json = readJson(entry.text, frame.json, builder.flags);
  const told: Told = isObject(json.value) ? json.value : {};
  const event = firstText(told.event);
  if (json.state === 'broken' || event === undefined) return unparsedRecord(origin, entry, frame.time);
  // The writer cuts a record at 65,000 bytes and says nothing: what precedes the cut is still told.
  if (json.state === 'truncated') builder.flag('truncated');
  else if (entry.text.slice(json.end).trim() !== '') builder.flag('ambiguous');
  addDetails(frame, told, builder);
  noteCatalog(origin, event, frame, told.data, builder);
  if (frame.time?.certain === false) builder.flag('time-uncertain');
  if (frame.encoded) builder.flag('encoded-value');
  if (isMismatch(frame)) builder.flag('clock-mismatch');
  return builder.build({
    time: frame.time?.ms ?? null,
    event,
    service: frame.context ?? undefined,
    component: frame.component ?? undefined,
    outcome: event.toLowerCase().endsWith(FAILED) ? 'failure' : 'success',
    reason: firstText(told.reason),
    actor: readActor(told),
    correlation: frame.correlation ?? undefined,
  });
}

/**
 * Details are the members of `data`. The path of the call, which would clash with a service's `url` there,
 * goes by `requestUrl`; the server, which only syslog tells, by `host`.
 */
function addDetails(frame: Frame, told: Told, builder: DraftBuilder): void {
  if (frame.host !== null) builder.add('host', frame.host);
  if (told.url !== undefined && told.url !== null) builder.add('requestUrl', told.url);
  if (told.warning !== undefined) builder.add('warning', told.warning);
  if (isObject(told.data)) for (const [name, value] of Object.entries(told.data)) builder.add(name, value);
  else if (told.data !== undefined && told.data !== null) addOdd('data', told.data, builder);
  for (const [name, value] of Object.entries(told as JsonObject)) {
    if (PLACED.has(name)) continue;
    if (!TEXTS.has(name)) {
      builder.flag('unknown-field');
      builder.add(name, value);
    } else if (typeof value !== 'string' && value !== null) addOdd(name, value, builder);
  }
}

/** A member that should have another type is kept in details. */
function addOdd(name: string, value: Json, builder: DraftBuilder): void {
  builder.flag('malformed-value');
  builder.add(name, value);
}

function noteCatalog(
  origin: Origin,
  event: string,
  frame: Frame,
  data: Json | undefined,
  builder: DraftBuilder,
): void {
  const info = findCatalog(origin.system)?.find(event, frame.component ?? undefined) ?? null;
  if (info === null) {
    builder.flag('unknown-event');
    return;
  }
  if (!isObject(data)) return;
  for (const name of Object.keys(data)) if (!info.has(name)) builder.flag('unknown-field');
}

function readActor(told: Told): ActorText {
  return { name: firstText(told.user), ip: firstText(told.ipaddress), auth: firstText(told.auth) };
}

function leadingTime(text: string): ReadTime | null {
  const blank = text.slice(0, 40).indexOf(' ');
  return blank === -1 ? null : readIso(text.slice(0, blank));
}

/** Whoever may send to the syslog of the host can give a line any time, but not the one at which it came. */
function isMismatch({ time, written }: Frame): boolean {
  return time !== null && written?.certain === true && Math.abs(time.ms - written.ms) > DAY_MS;
}

/** The text of a member; of one that stands twice, the first. */
function firstText(value: Json | undefined): string | undefined {
  const one = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' ? one : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
