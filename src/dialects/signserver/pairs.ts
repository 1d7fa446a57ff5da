import type { EventInfo } from '../../catalog/catalog.ts';
import type { Json, RecordDraft } from '../../record/types.ts';
import { isReference } from '../../record/validate.ts';
import type { PrintFlag } from '../flags.ts';
import { hashOrder } from './java.ts';
import { catalog, type Fields, isTold } from './members.ts';

/** The details of a record as SignServer has them: names with texts. */

export interface Pair {
  readonly name: string;
  readonly value: string;
}

/**
 * Modules whose events hold their fields in a Java `HashMap`; the others keep the order in which they were
 * put in.
 */
const HASHED: ReadonlySet<string> = new Set(['WORKER_CONFIG', 'KEY_MANAGEMENT', 'WORKER']);

/** The event in the catalog, with a remark when the record is not of it. */
export function eventOf(record: RecordDraft, flags: Set<PrintFlag>): EventInfo | null {
  if (record.system !== catalog.system) flags.add('other-system');
  const event = catalog.find(record.event, record.module);
  if (event === null) flags.add('foreign-event');
  return event;
}

/** The fields of a record, in the order that SignServer writes them; a list gives its name several times. */
export function pairsOf(record: RecordDraft, event: EventInfo | null, flags: Set<PrintFlag>): Pair[] {
  return inOrder(unordered(record, event, flags), record.module, event);
}

/** The same, without the worker that stands in the head: its first, unless that reads as none. */
export function pairsBelowHead(
  record: RecordDraft,
  event: EventInfo | null,
  flags: Set<PrintFlag>,
): { readonly worker: string | undefined; readonly pairs: readonly Pair[] } {
  const pairs = unordered(record, event, flags);
  const first = pairs.findIndex(({ name }) => name === 'WORKER_ID');
  const worker = isTold(pairs[first]?.value) ? pairs.splice(first, 1)[0]?.value : undefined;
  return { worker, pairs: inOrder(pairs, record.module, event) };
}

function unordered(record: RecordDraft, event: EventInfo | null, flags: Set<PrintFlag>): Pair[] {
  const details = isReference(record.details) ? undefined : record.details;
  if (details !== record.details) flags.add('no-place');
  const pairs = Object.entries((details ?? {}) as { readonly [name: string]: Json }).flatMap(
    ([name, value]) => textsOf(value, flags).map((text) => ({ name, value: text })),
  );
  return [...pairs, ...reasonPairs(record, event, pairs)];
}

/** The error message, in the field of the event that tells one, when none of the details does. */
function reasonPairs(
  { outcome, reason }: RecordDraft,
  event: EventInfo | null,
  pairs: readonly Pair[],
): Pair[] {
  if (outcome !== 'failure' || typeof reason !== 'string') return [];
  const { reason: names } = catalog.table;
  if (pairs.some(({ name, value }) => names.includes(name) && isTold(value))) return [];
  const name = names.find((one) => event?.has(one) === true && pairs.every((pair) => pair.name !== one));
  return name === undefined ? [] : [{ name, value: reason }];
}

/** Known fields in the order of the catalog, the others behind by name; then as a hash map shuffles them. */
function inOrder(pairs: readonly Pair[], module: string | undefined, event: EventInfo | null): Pair[] {
  const values = byName(pairs);
  const known = (event?.fields ?? []).map(({ name }) => name).filter((name) => values.has(name));
  const listed = new Set(known);
  const names = [...known, ...[...values.keys()].filter((name) => !listed.has(name)).sort()];
  const order = module !== undefined && HASHED.has(module) ? hashOrder(names) : names;
  return order.flatMap((name) => (values.get(name) ?? []).map((value) => ({ name, value })));
}

function textsOf(value: Json, flags: Set<PrintFlag>): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.length > 1)
    return value.map((one) => (typeof one === 'string' ? one : asText(one, flags)));
  return [asText(Array.isArray(value) && value.length === 1 ? value[0] : value, flags)];
}

/** JSON of what is no text. A list of one is read back as the one. */
function asText(value: Json, flags: Set<PrintFlag>): string {
  flags.add('retyped');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The values of each name, in their order. */
export function byName(pairs: readonly Pair[]): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, string[]>();
  for (const { name, value } of pairs) {
    const values = out.get(name);
    if (values === undefined) out.set(name, [value]);
    else values.push(value);
  }
  return out;
}

/** Pairs, to conclude the other members from. */
export class PairFields implements Fields {
  readonly #texts: ReadonlyMap<string, readonly string[]>;

  constructor(pairs: readonly Pair[]) {
    this.#texts = byName(pairs);
  }

  has(name: string): boolean {
    return this.#texts.has(name);
  }

  texts(name: string): readonly string[] {
    return this.#texts.get(name) ?? [];
  }

  only(name: string): string | undefined {
    const texts = this.texts(name);
    return texts.length === 1 ? texts[0] : undefined;
  }
}

const WHOLE = ['event', 'module', 'service', 'component', 'outcome', 'time', 'correlation'] as const;
const BY_MEMBER = ['actor', 'signature'] as const;

/** Whether reading gives back less than the record tells, its details aside; it may well give more. */
export function losesMembers(record: RecordDraft, back: RecordDraft): boolean {
  if (record.upstream !== undefined || record.refs !== undefined) return true;
  if (record.reason !== undefined && record.reason !== back.reason) return true;
  return (
    WHOLE.some((name) => record[name] !== undefined && record[name] !== back[name]) ||
    BY_MEMBER.some((name) => losesParts(record[name], back[name]))
  );
}

function losesParts(told: object | undefined, back: object | undefined): boolean {
  const parts: Record<string, unknown> = { ...back };
  return Object.entries(told ?? {}).some(([name, value]) => value !== undefined && value !== parts[name]);
}
