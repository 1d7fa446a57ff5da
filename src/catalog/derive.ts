import type { Described, Json, ObjectRef } from '../record/types.ts';
import { isReference } from '../record/validate.ts';
import type { EventInfo } from './catalog.ts';
import { Catalogs } from './catalogs.ts';
import { readObjects, readSame } from './objects.ts';

/** The common verb of a record's event, or null when no catalog knows the event. */
export function deriveAction(record: Described, catalogs: Catalogs = Catalogs.builtIn): string | null {
  const info = catalogs.find(record.system)?.find(record.event, record.component ?? record.module);
  if (info === undefined || info === null) return null;
  return verbByField(record, info) ?? info.action;
}

/** What the record acted upon: what its producer named, else what the catalog reads from its fields. */
export function deriveObjects(
  record: Described,
  catalogs: Catalogs = Catalogs.builtIn,
): readonly ObjectRef[] {
  if (record.objects !== undefined) return record.objects;
  const catalog = catalogs.find(record.system);
  return catalog === null ? [] : readObjects(record, catalog.table.objects);
}

/**
 * Which objects of a record it tells to be one and the same, by the catalog: groups of two or more of one
 * kind.
 */
export function deriveSame(
  record: Described,
  catalogs: Catalogs = Catalogs.builtIn,
): readonly (readonly ObjectRef[])[] {
  const catalog = catalogs.find(record.system);
  return catalog === null || record.objects !== undefined ? [] : readSame(record, catalog.table.objects);
}

function verbByField(record: Described, { actionBy }: EventInfo): string | undefined {
  const { details } = record;
  if (actionBy === undefined || details === undefined || isReference(details)) return undefined;
  const value = (details as { readonly [name: string]: Json })[actionBy.field];
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return Object.hasOwn(actionBy.values, text) ? actionBy.values[text] : undefined;
}
