import type { Action } from './actions.ts';
import { DIGICERT } from './digicert.ts';
import { DOGTAG } from './dogtag.ts';
import type { ObjectRule } from './objects.ts';
import { SIGNSERVER } from './signserver.ts';
import type { EventRow, SystemTable } from './table.ts';
import { XROAD } from './xroad.ts';

export interface EventInfo {
  /** The event's name as the table spells it. */
  readonly event: string;
  readonly action: Action;
  readonly actionBy?: EventRow['actionBy'];
  /** Names of the fields at the top level of details. */
  readonly fields: ReadonlySet<string>;
  /** It carries other fields too, which no list can name. */
  readonly open: boolean;
}

/** A system's table, made ready for look-ups. */
export interface Catalog {
  readonly system: string;
  readonly events: readonly EventRow[];
  readonly objects: readonly ObjectRule[];
  /**
   * The event of that name, which may carry the failure suffix and differ in case; `part` is the module or component
   * where one is told. An event that is known only in other parts is still found. Null when the name is unknown.
   */
  find(event: string, part?: string): EventInfo | null;
}

const CATALOGS: ReadonlyMap<string, Catalog> = new Map(
  [SIGNSERVER, DOGTAG, XROAD, DIGICERT].map((table) => [table.system, prepare(table)]),
);

/** The catalog of a system, or null when there is none: users name systems of their own. */
export function findCatalog(system: string): Catalog | null {
  return CATALOGS.get(system) ?? null;
}

function prepare(table: SystemTable): Catalog {
  const byPart = new Map<string, Map<string, EventInfo>>();
  const anywhere = new Map<string, EventInfo>();
  for (const row of table.events) {
    const info = describe(row);
    const name = row.event.toLowerCase();
    const part = row.part ?? '';
    byPart.set(part, (byPart.get(part) ?? new Map<string, EventInfo>()).set(name, info));
    const other = anywhere.get(name);
    anywhere.set(name, other === undefined ? info : merge(other, info));
  }
  const suffix = table.failureSuffix ?? '';
  return {
    system: table.system,
    events: table.events,
    objects: table.objects,
    find(event, part = '') {
      const whole = event.toLowerCase();
      const name = suffix !== '' && whole.endsWith(suffix) ? whole.slice(0, -suffix.length) : whole;
      return byPart.get(part)?.get(name) ?? anywhere.get(name) ?? null;
    },
  };
}

function describe(row: EventRow): EventInfo {
  const names = row.fields.split(' ').filter((name) => name !== '');
  return {
    event: row.event,
    action: row.action,
    ...(row.actionBy === undefined ? {} : { actionBy: row.actionBy }),
    fields: new Set(names.map((name) => name.split(/[.[]/, 1)[0]!)),
    open: names.includes('*'),
  };
}

/** For a name told without its part: what the events of either part may carry. */
function merge(a: EventInfo, b: EventInfo): EventInfo {
  return { ...a, fields: new Set([...a.fields, ...b.fields]), open: a.open || b.open };
}
