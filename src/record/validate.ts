import { utf8 } from '../crypto/bytes.ts';
import { RecordError } from '../errors.ts';
import { isPlainObject } from './json.ts';
import { NOT_PLAIN, valueEnd, wordEnd } from './plain.ts';
import {
  boolean,
  fields,
  fieldsOf,
  inside,
  integer,
  list,
  notPlain,
  type ObjectRule,
  object,
  oneOf,
  type PlainRule,
  type Problem,
  pattern,
  plainMembers,
  type Rule,
  rule,
  string,
  wrong,
} from './rules.ts';
import { type AuditRecord, MAX_PAYLOAD_BYTES, type RecordDraft } from './types.ts';

/**
 * The rules of a record, one table. What a producer sends must obey all of it and may hold nothing else; what is
 * read back must obey it as far as this version knows the members.
 */

interface Member {
  readonly by: 'producer' | 'log';
  readonly rule: Rule;
  readonly required?: true;
  /** Whether the log may put a reference to a payload in its place. */
  readonly sealable?: true;
}

/** 9999-12-31T23:59:59.999Z */
const LAST_TIME = 253_402_300_799_999;
const ANY_LENGTH = Number.POSITIVE_INFINITY;
/** What a reference begins with: its members stand by name. */
const REFERENCE = utf8('{"bytes":');
const VERSION = utf8('1');

const time = integer(0, LAST_TIME);
const seq = integer(0, Number.MAX_SAFE_INTEGER);
const source = string(256, 1);
// "." and ".." would be directories where a driver makes files named after nodes.
const node = pattern(
  /^(?!\.\.?$)[A-Za-z0-9._-]{1,64}$/,
  'letters, digits, dot, underscore and hyphen, 1 to 64, and not "." or ".."',
);
const system = pattern(
  /^[a-z0-9][a-z0-9-]{0,31}$/,
  'lower-case letters, digits and hyphens, 1 to 32, not starting with a hyphen',
);
const flag = pattern(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case words joined by hyphens');
// The last digit before the padding has unused bits; they must be zero, or two texts would stand for the same bytes.
const base64 = /^[A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/;

const reference = object({
  payload: pattern(/^[0-9a-f]{64}$/, '64 lower-case hex digits'),
  bytes: integer(0, MAX_PAYLOAD_BYTES),
});
/** Where an object begins that may be a reference: that takes a look at the value. */
function mayBeReference(bytes: Uint8Array, at: number): boolean {
  return wordEnd(bytes, at, REFERENCE) !== NOT_PLAIN;
}
const inlineFields = fieldsOf((bytes, at, depth) =>
  mayBeReference(bytes, at) ? NOT_PLAIN : valueEnd(bytes, at, depth),
);
const details = rule(fields, (bytes, at) =>
  mayBeReference(bytes, at) ? NOT_PLAIN : inlineFields.plain(bytes, at),
);
const rawText = string(ANY_LENGTH);
const raw = rule(rawProblem, plainMembers([{ name: 'text', plain: rawText.plain, required: true }]));
const version = rule(versionProblem, (bytes, at) => wordEnd(bytes, at, VERSION));

export const actor: ObjectRule = object({
  name: string(4096),
  serial: string(1024),
  issuer: string(4096),
  ip: string(256),
  auth: string(1024),
  role: string(1024),
});
export const objectRef: ObjectRule = object({ kind: string(64), id: string(1024), name: string(1024) }, [
  'kind',
  'id',
]);
const link = object({ node, seq, why: string(256) }, ['node', 'seq', 'why']);
const metadata = object(
  { key: string(1024), value: string(ANY_LENGTH), primary: boolean, source: string(1024) },
  ['key', 'value'],
);
export const signature: ObjectRule = object({
  algorithm: string(256),
  hashAlgorithm: string(256),
  hash: string(1024),
  value: string(ANY_LENGTH),
  keyAlias: string(1024),
  keyId: string(1024),
  keyType: string(256),
  use: oneOf(['production', 'test']),
  metadata: list(4096, metadata),
});

const MEMBERS: Readonly<Record<string, Member>> = {
  actor: { by: 'producer', rule: actor },
  component: { by: 'producer', rule: string(1024) },
  correlation: { by: 'producer', rule: string(1024) },
  details: { by: 'producer', rule: details, sealable: true },
  dialect: { by: 'producer', rule: string(64) },
  event: { by: 'producer', rule: string(1024), required: true },
  flags: { by: 'producer', rule: list(64, flag) },
  id: { by: 'producer', rule: string(256, 1) },
  logged: { by: 'log', rule: time, required: true },
  module: { by: 'producer', rule: string(1024) },
  node: { by: 'log', rule: node, required: true },
  objects: { by: 'producer', rule: list(256, objectRef) },
  outcome: { by: 'producer', rule: oneOf(['success', 'failure', 'void']), required: true },
  phase: { by: 'log', rule: oneOf(['attempt', 'outcome']) },
  raw: { by: 'producer', rule: raw, sealable: true },
  reason: { by: 'producer', rule: string(ANY_LENGTH), sealable: true },
  refs: { by: 'producer', rule: list(256, link) },
  seq: { by: 'log', rule: seq, required: true },
  service: { by: 'producer', rule: string(1024) },
  signature: { by: 'producer', rule: signature, sealable: true },
  source: { by: 'log', rule: source, required: true },
  system: { by: 'producer', rule: system, required: true },
  time: { by: 'producer', rule: time, required: true },
  upstream: { by: 'producer', rule: fields },
  v: { by: 'log', rule: version, required: true },
};

const TABLE: ReadonlyMap<string, Member> = new Map(Object.entries(MEMBERS));
const REQUIRED = [...TABLE].filter(([, member]) => member.required);
const REQUIRED_OF_ALL = REQUIRED.map(([name]) => name);
const REQUIRED_OF_PRODUCER = REQUIRED.filter(([, { by }]) => by === 'producer').map(([name]) => name);

/**
 * Checks what a producer sent: types, lengths, unknown members, members only the log sets, references to payloads
 * (a producer sends content, the log seals it). Returns the same object. Throws `RecordError` RECORD_INVALID with
 * the path and the rule, SYSTEM_RESERVED for `system: tallystick` unless `own` (the log's own records).
 */
export function checkDraft(value: unknown, own = false): RecordDraft {
  if (!isPlainObject(value)) throw invalid('', wrong('a record is a JSON object'));
  for (const name in value) {
    const problem = draftProblem(name, value[name]);
    if (problem !== null) throw invalid(name, problem);
  }
  requireMembers(value, REQUIRED_OF_PRODUCER);
  if (value.system === 'tallystick' && !own) {
    throw new RecordError(
      'SYSTEM_RESERVED',
      'system "tallystick" is kept for the log\'s own records; use a name of your own',
      { context: { path: 'system' } },
    );
  }
  return value as unknown as RecordDraft;
}

/** Checks a record read back; unknown members pass. Throws `RecordError` RECORD_INVALID. */
export function checkStored(value: unknown): AuditRecord {
  if (!isPlainObject(value)) throw invalid('', wrong('a record is a JSON object'));
  // First, since in another version the other rules may be other ones.
  const otherVersion = version(value.v);
  if (otherVersion !== null) throw invalid('v', otherVersion);
  for (const name in value) {
    const member = TABLE.get(name);
    const problem = member === undefined ? null : memberProblem(name, member, value[name], reference);
    if (problem !== null) throw invalid(name, problem);
  }
  requireMembers(value, REQUIRED_OF_ALL);
  return value as unknown as AuditRecord;
}

/** The members of a record in the order of their names. */
export const MEMBER_NAMES: readonly string[] = [...TABLE.keys()].sort();

/** Where members stand, see `plainMembers`: of a record, and in it of its actor and its signature. */
export interface Places {
  readonly record: Uint32Array;
  readonly actor: Uint32Array;
  readonly signature: Uint32Array;
}

/**
 * The rules of a record read back, for bytes: where a record ends that is plain canonical JSON (`plain.ts`), obeys every
 * rule, has no member that is not known here and refers to no payload. NOT_PLAIN otherwise: then `checkStored` is to be
 * asked. Of an actor or signature that is absent the places stay as they were.
 */
export function storedRule(places: Places): PlainRule {
  const placing = new Map([
    ['actor', actor.placing(places.actor)],
    ['signature', signature.placing(places.signature)],
  ]);
  const members = [...TABLE].map(([name, { rule, required = false }]) => {
    return { name, plain: placing.get(name) ?? rule.plain, required };
  });
  return plainMembers(members, places.record);
}

/** Returns the text when it may name a node. Throws `RecordError` RECORD_INVALID otherwise. */
export function checkNode(name: string): string {
  const problem = node(name);
  if (problem !== null) throw invalid('node', problem);
  return name;
}

/** Returns the text when it may name a source: 1 to 256 characters. Throws `RecordError` RECORD_INVALID otherwise. */
export function checkSource(name: string): string {
  const problem = source(name);
  if (problem !== null) throw invalid('source', problem);
  return name;
}

/** Source of the log's own records. */
export const OWN_SOURCE = 'tallystick';

/**
 * Returns the text when a producer may go by it: what may name a source, and is not the log's own. Throws `RecordError`
 * RECORD_INVALID, SYSTEM_RESERVED.
 */
export function checkProducer(name: string): string {
  if (name !== OWN_SOURCE) return checkSource(name);
  throw new RecordError(
    'SYSTEM_RESERVED',
    `source "${OWN_SOURCE}" is kept for the log's own records; use a name of your own`,
    { context: { path: 'source' } },
  );
}

/** Whether a value has the shape of a `PayloadRef`. In a record read back, what has its shape also obeys its rules. */
export function isReference(value: unknown): value is { payload: string; bytes: number } {
  return isPlainObject(value) && 'payload' in value && 'bytes' in value && Object.keys(value).length === 2;
}

function draftProblem(name: string, content: unknown): Problem | null {
  const member = TABLE.get(name);
  if (member === undefined) {
    return wrong('is not a member of a record; put fields of your own under "details"');
  }
  if (member.by === 'log') return wrong('is set by the log; leave it out');
  if (content === undefined) return wrong('has no value; leave the member out');
  return memberProblem(name, member, content, forged);
}

function memberProblem(name: string, member: Member, content: unknown, reference: Rule): Problem | null {
  if (!member.sealable) return member.rule(content);
  if (isReference(content)) return reference(content);
  const problem = member.rule(content);
  if (problem !== null || name !== 'details') return problem;
  for (const field in content as Record<string, unknown>) {
    const value = (content as Record<string, unknown>)[field];
    const bad = isReference(value) ? reference(value) : null;
    if (bad !== null) return inside(`.${field}`, bad);
  }
  return null;
}

const forged: Rule = rule(
  () => wrong('looks like a reference to sealed content, which only the log makes'),
  notPlain,
);

function rawProblem(value: unknown): Problem | null {
  if (!isPlainObject(value) || Object.keys(value).length !== 1) {
    return wrong('must be {"text": …} or {"base64": …}');
  }
  if ('text' in value) return inside('.text', rawText(value.text));
  const digits = value.base64;
  return typeof digits === 'string' && digits.length % 4 === 0 && base64.test(digits)
    ? null
    : wrong('must be standard base64 with padding', '.base64');
}

function versionProblem(value: unknown): Problem | null {
  return value === 1 ? null : wrong('must be 1; another format version needs another version of Tallystick');
}

function requireMembers(record: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) if (record[name] === undefined) throw invalid(name, wrong('is required'));
}

/** Paths hold names a producer chose; what is shown of them has an end. */
const MAX_PATH = 256;

function invalid(member: string, problem: Problem): RecordError {
  const whole = member + problem.path;
  const path = whole.length > MAX_PATH ? `${whole.slice(0, MAX_PATH)}…` : whole;
  return new RecordError('RECORD_INVALID', path === '' ? problem.rule : `${path} ${problem.rule}`, {
    context: { path },
  });
}
