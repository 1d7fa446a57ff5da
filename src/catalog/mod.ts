export { ACTIONS, type Action } from './actions.ts';
export { type Catalog, type EventInfo, findCatalog } from './catalog.ts';
export { deriveAction, deriveObjects } from './derive.ts';
export { type IndexRow, indexRow, ROW_VERSION } from './row.ts';
export type { EventRow } from './table.ts';
