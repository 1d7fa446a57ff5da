import type { Catalog, EventInfo } from './catalog.ts';
import type { ObjectRule } from './objects.ts';
import { OCSF_CLASSES, ocsfOf } from './ocsf.ts';
import type { EventRow, FieldType, SystemTable } from './table.ts';

/** A field of an event, as data. */
export interface FieldListing {
  /** `services[].timeout` stands inside `services`; `added:*` is any name that begins so, `*` any at all. */
  readonly name: string;
  /** Null for a pattern, which tells nothing of its values. */
  readonly type: FieldType | null;
  /** May have several values. */
  readonly list: boolean;
  /** May be missing from a successful event. */
  readonly optional: boolean;
  /** Its meaning in this event, else in all. */
  readonly about: string;
  /** The record's member that holds it: `details`, `actor.name`. */
  readonly at: string;
}

/** An event, as data: what command line, HTTP interface and documents show of it. */
export interface EventListing {
  readonly system: string;
  /**
   * The part of the system that has it: SignServer's module, X-Road's component. Null where there are no
   * parts.
   */
  readonly component: string | null;
  readonly event: string;
  readonly aliases: readonly string[];
  readonly about: string;
  readonly action: string;
  /** The verb where a field decides it: `values` in lower case. */
  readonly actionBy: NonNullable<EventRow['actionBy']> | null;
  /** The outcome that a name tells by itself. */
  readonly implies: Readonly<Record<string, 'success' | 'failure'>>;
  /** What it did, where that depends on what it was done to: a kind of thing to a sentence. */
  readonly effects: Readonly<Record<string, string>>;
  /** OCSF 1.9; null names an activity that OCSF has no word for. */
  readonly ocsf: {
    readonly class: number;
    readonly className: string;
    readonly activity: number;
    readonly activityName: string | null;
  };
  readonly fields: readonly FieldListing[];
  /** What its fields tell beyond themselves: names of fields, the first that is there counts. */
  readonly derives: {
    readonly objects: readonly ObjectRule[];
    readonly actor: SystemTable['actor'];
    readonly correlation: readonly string[];
    readonly reason: readonly string[];
  };
  /** Where the system cannot be set not to write it. */
  readonly mandatoryIn: readonly string[];
  /** Where it is written unless the system is set not to. */
  readonly defaultIn: readonly string[];
  /** Which releases wrote it; null when that is not known. */
  readonly versions: string | null;
}

/** A system, as data. */
export interface SystemListing {
  readonly system: string;
  readonly about: string;
  /** The member of a record that names an event's part, or null. */
  readonly partIn: 'module' | 'component' | null;
  /** Names of its parts; none where it has but one. */
  readonly parts: readonly string[];
  /** Added to an event's name when it failed, or null. */
  readonly failureSuffix: string | null;
  /** What the system's users must be allowed to see of it, by the system's own names: what each permits. */
  readonly permissions: Readonly<Record<string, string>>;
  /** How many there are. */
  readonly events: number;
  readonly fields: number;
}

/** What a system's catalog holds, as command line, HTTP and documents show it. */
export function listSystem(catalog: Catalog): SystemListing {
  const { system, about, partIn, parts, fields } = catalog.table;
  return {
    ...{ system, about, partIn },
    parts: partIn === null ? [] : Object.keys(parts),
    failureSuffix: catalog.table.failureSuffix ?? null,
    permissions: catalog.table.permissions ?? {},
    events: catalog.events.length,
    fields: Object.keys(fields).length,
  };
}

/** All that is known of one event (`info`, of this catalog), and what is derived from its records. */
export function listEvent(catalog: Catalog, info: EventInfo): EventListing {
  const { table } = catalog;
  const rules = table.objects.filter(({ from }) => tells(info, from));
  const placed = (at: string): string[] =>
    info.fields.filter(({ name }) => catalog.field(name)?.at === at).map(({ name }) => name);
  const actor = ACTOR.map(
    (member) => [member, [...placed(`actor.${member}`), ...known(info, table.actor[member])]] as const,
  );
  return {
    system: table.system,
    component: info.part,
    event: info.event,
    aliases: info.aliases ?? [],
    about: info.about,
    action: info.action,
    actionBy: info.actionBy ?? null,
    implies: info.implies ?? {},
    effects: info.effects ?? {},
    ocsf: ocsf(info),
    fields: info.fields.map(({ name, optional, pattern }) => {
      const field = catalog.field(name);
      return {
        name: pattern ? `${name}*` : name,
        type: pattern ? null : (field?.type ?? null),
        list: field?.list ?? false,
        optional,
        about: info.means?.[pattern ? `${name}*` : name] ?? field?.about ?? '',
        at: field?.at ?? 'details',
      };
    }),
    derives: {
      objects: rules,
      actor: Object.fromEntries(actor.filter(([, from]) => from.length > 0)),
      correlation: [...placed('correlation'), ...known(info, table.correlation)],
      reason: [...placed('reason'), ...known(info, table.reason)],
    },
    mandatoryIn: info.mandatoryIn ?? [],
    defaultIn: info.defaultIn ?? [],
    versions: info.versions ?? null,
  };
}

function ocsf(info: EventInfo): EventListing['ocsf'] {
  const { class: uid, activity } = ocsfOf(info);
  const known = OCSF_CLASSES[uid];
  return {
    class: uid,
    className: known?.name ?? String(uid),
    activity,
    activityName: known?.activities[activity] ?? null,
  };
}

/**
 * The events of a name, which may be an alias or carry the failure suffix: one, or one of each part that has
 * it.
 */
export function eventsNamed(catalog: Catalog, name: string): EventInfo[] {
  return catalog.events.filter((info) => catalog.find(name, info.part ?? '') === info);
}

const ACTOR = ['name', 'serial', 'issuer', 'ip', 'auth', 'role'] as const;

/** A signature is no field of details: it may come with whatever signs, or tells of a signature. */
const SIGNS: ReadonlySet<string> = new Set(['sign', 'describe']);

/**
 * Whether an event has the field a rule reads. One whose fields nobody can list (`*`) is not said to have it.
 */
function tells(info: EventInfo, from: string): boolean {
  if (/^(signature|metadata)\./.test(from)) return SIGNS.has(info.action);
  if (info.names.has(from)) return true;
  return info.fields.some(({ name, pattern }) => pattern && name !== '' && from.startsWith(name));
}

function known(info: EventInfo, from: readonly string[] | undefined): string[] {
  return (from ?? []).filter((name) => tells(info, name));
}
