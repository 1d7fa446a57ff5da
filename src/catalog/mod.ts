export { ACTIONS, type Action } from './actions.ts';
export { BUILT_IN, findCatalog } from './builtin.ts';
export { Catalog, type EventInfo } from './catalog.ts';
export { Catalogs } from './catalogs.ts';
export {
  CATALOG,
  defineCatalog,
  draft,
  type EventHandle,
  type Told,
  type ToldFailure,
  type Vocabulary,
} from './define.ts';
export { deriveAction, deriveObjects, deriveSame } from './derive.ts';
export { digicert } from './digicert.ts';
export { dogtag } from './dogtag.ts';
export type { FieldWord, MemberId } from './fields.ts';
export {
  type EventListing,
  eventsNamed,
  type FieldListing,
  listEvent,
  listSystem,
  type SystemListing,
} from './listing.ts';
export { OCSF_CLASSES, OCSF_OTHER, ocsfOf } from './ocsf.ts';
export { OCSF_VERSION, type OcsfEvent, ocsfEvent } from './ocsf-event.ts';
export { type IndexRow, indexRow, ROW_VERSION } from './row.ts';
export { signserver } from './signserver.ts';
export { AUDIT_COLUMNS, type AuditColumn, type AuditColumnName } from './signserver-columns.ts';
export {
  type EventRow,
  event,
  type Field,
  type FieldType,
  field,
  list,
  placed,
  type SystemTable,
} from './table.ts';
export { tallystick } from './tallystick.ts';
export { xroad } from './xroad.ts';
