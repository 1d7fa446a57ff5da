import { findCatalog } from '../catalog/builtin.ts';
import type { Catalog, EventInfo } from '../catalog/catalog.ts';
import type { Dialect, ParsedItem } from '../dialects/mod.ts';
import { isReference, type Json, type RecordDraft, type SignatureInfo } from '../record/mod.ts';

/** Names that no catalog knows are listed up to this many; more are only counted by their flags. */
const MAX_NAMES = 100;

/** How often an event was met, and each of its fields with it. */
export interface EventCoverage {
  readonly event: string;
  readonly component: string | null;
  readonly records: number;
  readonly fields: readonly {
    readonly name: string;
    readonly optional: boolean;
    /** Records that have it. */
    readonly seen: number;
    /** Records of a success that should have it and don't. */
    readonly missing: number;
  }[];
}

interface Counting {
  readonly info: EventInfo;
  records: number;
  /** By the place of the field in `info.fields`. */
  readonly seen: number[];
  readonly missing: number[];
}

/** Counts what a dialect made of a file. Its size is bounded by the catalog, whatever the file holds. */
export class ParseSummary {
  readonly path: string;
  readonly dialect: Dialect;
  records = 0;
  /** Items that hold nothing but white space. */
  blank = 0;
  /** How many records carry each flag. */
  readonly flags: Map<string, number> = new Map();
  /** The first names met that the catalog does not know, with how many records. */
  readonly unknownEvents: Map<string, number> = new Map();
  /** As `EVENT: FIELD`. */
  readonly unknownFields: Map<string, number> = new Map();
  readonly #events = new Map<EventInfo, Counting>();

  constructor(path: string, dialect: Dialect) {
    this.path = path;
    this.dialect = dialect;
  }

  count({ kind, record }: Pick<ParsedItem, 'kind' | 'record'>): void {
    if (kind === 'blank') this.blank++;
    if (record === undefined) return;
    this.records++;
    for (const flag of record.flags ?? []) this.flags.set(flag, (this.flags.get(flag) ?? 0) + 1);
    if (record.flags?.includes('unparsed')) return;
    const catalog = findCatalog(record.system);
    const info = catalog?.find(record.event, record.component ?? record.module) ?? null;
    if (catalog === null || info === null) increase(this.unknownEvents, record.event);
    else this.#cover(catalog, info, record);
  }

  /** Events in the order of the catalog's parts, each with the fields it has there. */
  get coverage(): readonly EventCoverage[] {
    return [...this.#events.values()].map(({ info, records, seen, missing }) => ({
      event: info.event,
      component: info.part,
      records,
      fields: info.fields.map(({ name, optional, pattern }, i) => ({
        name: pattern ? `${name}*` : name,
        optional,
        seen: seen[i] as number,
        missing: missing[i] as number,
      })),
    }));
  }

  toJSON(): Record<string, unknown> {
    const { path, dialect, records, blank, flags, unknownEvents, unknownFields, coverage } = this;
    return {
      ...{ path, dialect: dialect.name, records, blank, flags: Object.fromEntries(flags) },
      unknownEvents: Object.fromEntries(unknownEvents),
      unknownFields: Object.fromEntries(unknownFields),
      coverage,
    };
  }

  #cover(catalog: Catalog, info: EventInfo, record: RecordDraft): void {
    const none = (): number[] => info.fields.map(() => 0);
    const counting = this.#events.get(info) ?? { info, records: 0, seen: none(), missing: none() };
    this.#events.set(info, counting);
    counting.records++;
    const details = record.details === undefined || isReference(record.details) ? {} : record.details;
    const names = Object.keys(details);
    const whole = record.outcome === 'success' && record.flags?.includes('truncated') !== true;
    for (const [i, { name, pattern, optional }] of info.fields.entries()) {
      const at = catalog.field(name)?.at;
      const there = pattern
        ? names.some((own) => own.startsWith(name) && !info.names.has(own))
        : at === undefined
          ? has(details as Json, name)
          : holds(record, name, at);
      if (there) (counting.seen[i] as number)++;
      else if (whole && !optional && (!name.includes('.') || has(details as Json, outerOf(name))))
        (counting.missing[i] as number)++;
    }
    if (record.flags?.includes('unknown-field') !== true) return;
    for (const name of names) if (!info.has(name)) increase(this.unknownFields, `${info.event}: ${name}`);
  }
}

/** `a` of `a.b` and of `a[].b`: what is inside is only missing where that is there. */
function outerOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.')).replace(/\[\]$/, '');
}

/** Whether a member of the record holds a field: `actor.ip`; of the metadata of a signature, the entry of its name. */
function holds(record: RecordDraft, name: string, at: string): boolean {
  if (at !== 'signature.metadata') return has(record as unknown as Json, at);
  const { signature } = record;
  if (signature === undefined || isReference(signature)) return false;
  return (signature as SignatureInfo).metadata?.some(({ key }) => key === name) ?? false;
}

/** Whether a value has a field: `a`, `a.b` inside `a`, `a[].b` inside any item of `a`. */
function has(value: Json, name: string): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const own = value as { readonly [name: string]: Json };
  // Names may hold dots themselves.
  if (Object.hasOwn(own, name)) return true;
  const [, outer, items, inner] = /^(.+?)(\[\])?\.(.+)$/.exec(name) ?? [];
  if (outer === undefined || inner === undefined || !Object.hasOwn(own, outer)) return false;
  const inside = own[outer] as Json;
  if (items === undefined) return has(inside, inner);
  return Array.isArray(inside) && inside.some((item) => has(item as Json, inner));
}

function increase(counts: Map<string, number>, name: string): void {
  if (counts.has(name) || counts.size < MAX_NAMES) counts.set(name, (counts.get(name) ?? 0) + 1);
}
