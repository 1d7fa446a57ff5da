import type { Action } from './actions.ts';
import { type FieldWord, readFields } from './fields.ts';
import type { EventRow, Field, SystemTable } from './table.ts';

/** An event as look-ups find it. */
export interface EventInfo extends Omit<EventRow, 'fields'> {
  /** The event's name as the table spells it. */
  readonly event: string;
  /** Its part; null where the system has none, or where it is not told and several have the event. */
  readonly part: string | null;
  readonly action: Action;
  /** Its fields with those inside others, in the table's order. */
  readonly fields: readonly FieldWord[];
  /** Names of its fields at the top level of details, those that only a pattern tells left out. */
  readonly names: ReadonlySet<string>;
  /** Whether it carries a field of that name at the top level of details, by name or by a pattern. */
  has(name: string): boolean;
}

/** A system's table, made ready for look-ups. */
export class Catalog {
  readonly table: SystemTable;
  /** Every event of every part, in the table's order. */
  readonly events: readonly EventInfo[];
  readonly #byPart = new Map<string, Map<string, EventInfo>>();
  readonly #anywhere = new Map<string, EventInfo>();
  readonly #suffix: string;

  constructor(table: SystemTable) {
    this.table = table;
    this.#suffix = table.failureSuffix ?? '';
    const events: EventInfo[] = [];
    for (const [part, rows] of Object.entries(table.parts)) {
      const names = new Map<string, EventInfo>();
      this.#byPart.set(part, names);
      for (const [event, row] of Object.entries(rows)) {
        const info = describe(event, part === '' ? null : part, row);
        events.push(info);
        for (const name of [event, ...(row.aliases ?? [])])
          names.set(name, info).set(name.toLowerCase(), info);
      }
      for (const [name, info] of names) {
        const other = this.#anywhere.get(name);
        this.#anywhere.set(name, other === undefined ? info : merge(other, info));
      }
    }
    this.events = events;
  }

  get system(): string {
    return this.table.system;
  }

  /**
   * The event of that name, which may be an alias, carry the failure suffix and differ in case; `part` is the
   * module or component where one is told. An event that is known only in other parts is still found. Null
   * when the name is unknown.
   */
  find(event: string, part = ''): EventInfo | null {
    // As the table spells it, which it nearly always is.
    const exact = this.#byPart.get(part)?.get(event);
    if (exact !== undefined) return exact;
    const whole = event.toLowerCase();
    const name =
      this.#suffix !== '' && whole.endsWith(this.#suffix) ? whole.slice(0, -this.#suffix.length) : whole;
    return this.#byPart.get(part)?.get(name) ?? this.#anywhere.get(name) ?? null;
  }

  /** What the table says of a field: `services[].timeout`. Null for one that only a pattern names. */
  field(name: string): Field | null {
    return Object.hasOwn(this.table.fields, name) ? this.table.fields[name]! : null;
  }
}

function describe(event: string, part: string | null, row: EventRow): EventInfo {
  return withFields({ ...row, event, part }, readFields(row.fields));
}

function withFields(
  row: Omit<EventInfo, 'fields' | 'names' | 'has'>,
  fields: readonly FieldWord[],
): EventInfo {
  const names = new Set(
    fields.filter(({ pattern }) => !pattern).map(({ name }) => name.split(/[.[]/, 1)[0]!),
  );
  const beginnings = fields.filter(({ pattern }) => pattern).map(({ name }) => name);
  return {
    ...row,
    fields,
    names,
    has: (name) => names.has(name) || beginnings.some((beginning) => name.startsWith(beginning)),
  };
}

/** For a name told without its part: what the events of either part may carry. */
function merge(a: EventInfo, b: EventInfo): EventInfo {
  const { has: _, names: __, ...row } = a;
  const added = b.fields.filter(({ name }) => a.fields.every((other) => other.name !== name));
  return withFields({ ...row, part: null }, [...a.fields, ...added]);
}
