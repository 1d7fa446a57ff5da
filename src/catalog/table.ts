import type { Action } from './actions.ts';
import type { ObjectRule } from './objects.ts';

/** One event of one part of a system. Names are the system's own. */
export interface EventRow {
  readonly event: string;
  readonly action: Action;
  /**
   * Names of its fields, divided by blanks; `a.b` and `a[].b` stand inside `a`; `*` stands for others that no list
   * can name.
   */
  readonly fields: string;
  /** The verb where a field decides it: a value (in lower case) to its verb; `action` holds for all others. */
  readonly actionBy?: { readonly field: string; readonly values: Readonly<Record<string, Action>> };
  /** SignServer: the module that writes it. X-Road: the component. */
  readonly part?: string;
}

/** What is known of one system: data only. */
export interface SystemTable {
  readonly system: string;
  readonly events: readonly EventRow[];
  /** How the fields of its records tell what was acted upon. */
  readonly objects: readonly ObjectRule[];
  /** Added to an event's name when it failed. */
  readonly failureSuffix?: string;
}

/** What most rows hold: the event, its verb, its fields. */
export type Row = readonly [event: string, action: Action, fields: string];

/** Rows of one part, or of a system without parts. */
export function rows(list: readonly Row[], part?: string): EventRow[] {
  return list.map(([event, action, fields]) => ({
    event,
    action,
    fields,
    ...(part === undefined ? {} : { part }),
  }));
}
