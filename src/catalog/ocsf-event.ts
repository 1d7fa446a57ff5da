import type { Actor, AuditRecord, Json, ObjectRef, Raw, RecordDraft } from '../record/types.ts';
import { isReference } from '../record/validate.ts';
import { Catalogs } from './catalogs.ts';
import { deriveAction, deriveObjects } from './derive.ts';
import { OCSF_CLASSES, OCSF_OTHER, ocsfOf } from './ocsf.ts';
import type { OcsfClass } from './table.ts';

/** The schema that `ocsfEvent` follows (github.com/ocsf/ocsf-schema, v1.9.0). */
export const OCSF_VERSION = '1.9.0';

export type OcsfEvent = { readonly [attribute: string]: Json };

/** Names of the categories, which are the thousands of a class's number. */
const CATEGORIES: Readonly<Record<number, string>> = {
  0: 'Uncategorized',
  1: 'System Activity',
  3: 'Identity & Access Management',
  4: 'Network Activity',
  6: 'Application Activity',
};

/** The class of events that no catalog knows. */
const BASE_EVENT: OcsfClass = { class: 0, activity: OCSF_OTHER };

/** An audit event is no alarm by itself: whether it failed stands in the status. */
const SEVERITY = { severity_id: 1, severity: 'Informational' };

const STATUS = {
  success: { status_id: 1, status: 'Success' },
  failure: { status_id: 2, status: 'Failure' },
  void: { status_id: 99, status: 'void' },
} as const;

/** Stands where a class requires what the record does not tell. */
const UNKNOWN = 'Unknown';

/**
 * A record as an OCSF 1.9 event: the class and activity that the catalog gives its event, else the base
 * event. What OCSF has no place for stands in `unmapped` under the name of the record's member, so that
 * nothing is lost.
 *
 * @param record of a log, or a draft: then `metadata` has no `uid`, `sequence`, `logged_time` and `log_name`.
 */
export function ocsfEvent(
  record: RecordDraft | AuditRecord,
  catalogs: Catalogs = Catalogs.builtIn,
): OcsfEvent {
  const { class: uid, activity } = classOf(record, catalogs);
  const known = OCSF_CLASSES[uid];
  const className = known?.name ?? 'Base Event';
  const activityName = known?.activities[activity] ?? record.event;
  const category = Math.floor(uid / 1000);
  const [placed, left] = place(uid, record, catalogs);
  const { reason } = record;
  return compact({
    ...{ category_uid: category, category_name: CATEGORIES[category] ?? UNKNOWN },
    ...{ class_uid: uid, class_name: className },
    ...{ activity_id: activity, activity_name: activityName },
    ...{ type_uid: uid * 100 + activity, type_name: `${className}: ${activityName}` },
    ...SEVERITY,
    ...STATUS[record.outcome],
    status_detail: reason === undefined || isReference(reason) ? undefined : (reason as string),
    time: record.time,
    message: record.event,
    metadata: metadata(record),
    ...placed,
    raw_data: rawData(record.raw),
    unmapped: unmapped(record, left, catalogs),
  });
}

function classOf(record: RecordDraft, catalogs: Catalogs): OcsfClass {
  const info = catalogs.find(record.system)?.find(record.event, record.component ?? record.module);
  if (info === undefined || info === null) return BASE_EVENT;
  const action = deriveAction(record, catalogs) as typeof info.action;
  // A verb that one of the fields decided goes before the class of the event as a whole.
  return action === info.action ? ocsfOf(info) : ocsfOf({ action });
}

function metadata(record: RecordDraft | AuditRecord): Json {
  const sealed = 'seq' in record ? record : undefined;
  return compact({
    version: OCSF_VERSION,
    product: { name: record.system },
    event_code: record.event,
    uid: sealed && `${sealed.node}/${sealed.seq}`,
    sequence: sealed?.seq,
    logged_time: sealed?.logged,
    log_name: sealed?.node,
    log_source: sealed?.source,
    log_format: record.dialect,
    original_event_uid: record.id,
    correlation_uid: record.correlation,
  });
}

/** Members of a record that found no place of their own in the class. */
interface Left {
  readonly objects?: readonly ObjectRef[] | undefined;
  readonly actor?: Actor | undefined;
}

/**
 * What a class has places for: who acted, from where, upon what. Attributes that its definition requires are
 * always there.
 */
function place(uid: number, record: RecordDraft, catalogs: Catalogs): [OcsfEvent, Left] {
  const objects = deriveObjects(record, catalogs);
  const { name, ip, role, ...more } = record.actor ?? {};
  const user = name === undefined ? undefined : { name };
  const actor = compact({ user, iam_role: role === undefined ? undefined : { name: role } });
  const endpoint = ip === undefined ? undefined : { ip };
  const system = { name: record.component ?? record.service ?? record.module ?? record.system };
  const told = compact({
    actor: Object.keys(actor).length === 0 ? undefined : actor,
    src_endpoint: endpoint,
  });
  const left: Left = { objects, actor: Object.keys(more).length === 0 ? undefined : more };
  const somebody = user ?? { name: UNKNOWN };
  const [first, ...others] = objects;
  switch (uid) {
    case 1006:
      return [
        {
          ...told,
          actor: { ...actor, user: somebody },
          device: { ...system, type_id: 0 },
          job: { name: record.event },
        },
        left,
      ];
    case 3002:
      return [{ ...told, user: somebody, service: system }, left];
    case 3003:
      return [{ ...told, user: somebody, iam_roles: [{ name: role ?? UNKNOWN }] }, left];
    case 3004:
      // Where the event does not name what it was about, it is the system's own state that changed.
      return first === undefined
        ? [{ ...told, entity: { ...system, type: 'system' } }, left]
        : [
            { ...told, entity: entity(first) },
            { ...left, objects: others },
          ];
    case 3006:
      return [{ ...told, group: named(objects, 'group') }, left];
    case 3007:
      return [
        compact({
          ...told,
          user: named(objects, 'client', 'user', 'group'),
          privileges: nonEmpty(objects.filter(({ kind }) => kind === 'service').map(({ id }) => id)),
        }),
        left,
      ];
    case 4001:
      return [{ ...told, dst_endpoint: system }, left];
    case 6002:
      // `app` became `application` in 1.9: consumers of both find it.
      return [{ ...told, application: system, app: system }, left];
    case 6003:
      return [
        {
          ...told,
          actor: { ...actor, user: somebody },
          api: { operation: record.event, service: system },
          src_endpoint: endpoint ?? { name: UNKNOWN },
          ...(first === undefined ? {} : { resources: objects.map(entity) }),
        },
        { ...left, objects: undefined },
      ];
    default:
      return [told, left];
  }
}

function entity({ kind, id, name }: ObjectRef): { readonly [attribute: string]: Json } {
  return compact({ type: kind, uid: id, name });
}

/** The group or user an event is about: of the first of these kinds that there is. */
function named(objects: readonly ObjectRef[], ...kinds: readonly string[]): Json {
  const found =
    kinds.map((kind) => objects.find((object) => object.kind === kind)).find((object) => object) ??
    objects[0];
  return found === undefined ? { name: UNKNOWN } : compact({ uid: found.id, name: found.name ?? found.id });
}

/** Bytes that are no text stand in base64; `unmapped.raw_encoding` says so. */
function rawData(raw: RecordDraft['raw']): string | undefined {
  if (raw === undefined || isReference(raw)) return undefined;
  const native = raw as Raw;
  return 'text' in native ? native.text : native.base64;
}

function unmapped(record: RecordDraft | AuditRecord, left: Left, catalogs: Catalogs): Json | undefined {
  const { reason, raw } = record;
  const out = compact({
    action: deriveAction(record, catalogs) ?? undefined,
    ...{ module: record.module, service: record.service, component: record.component },
    details: record.details as Json | undefined,
    signature: record.signature as Json | undefined,
    ...{ actor: left.actor as Json | undefined, objects: nonEmpty(left.objects) as Json | undefined },
    refs: record.refs as Json | undefined,
    upstream: record.upstream,
    flags: record.flags,
    phase: 'phase' in record ? record.phase : undefined,
    // Sealed by their hash alone, their content removed.
    reason: reason !== undefined && isReference(reason) ? (reason as unknown as Json) : undefined,
    raw: raw !== undefined && isReference(raw) ? (raw as unknown as Json) : undefined,
    raw_encoding: raw !== undefined && 'base64' in raw ? 'base64' : undefined,
  });
  return Object.keys(out).length === 0 ? undefined : out;
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** Without the members that are undefined. */
function compact(object: { readonly [name: string]: Json | undefined }): { readonly [name: string]: Json } {
  return Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}
