import type { RecordDraft } from '../record/types.ts';
import { Catalog } from './catalog.ts';
import { checkTable } from './check.ts';
import type { Details } from './fields.ts';
import type { EventRow, Events, Parts, SystemTable } from './table.ts';

/** Names an event for `draft` and `AuditLog.record`. `D` is what its details must hold. */
export interface EventHandle<D = object> {
  readonly system: string;
  readonly event: string;
  readonly part: string | null;
  readonly catalog: Catalog;
  /** Never there: carries the type. */
  readonly details?: D;
}

export const CATALOG: unique symbol = Symbol('catalog');

type HandleOf<T extends SystemTable, R> =
  R extends EventRow<infer F> ? EventHandle<Details<F, T['fields'], T['textual']>> : never;
type PartsWith<P extends Parts, E> = { [K in keyof P]: E extends keyof P[K] ? K : never }[keyof P];
type NamesIn<P extends Parts> = { [K in keyof P]: keyof P[K] }[keyof P];
type IsOne<T, A = T> = [T] extends [never] ? false : T extends T ? ([A] extends [T] ? true : false) : never;

/** The events of a table: `signserver.KEYGEN`, and by part `signserver.KEY_MANAGEMENT.CERTCHAININSTALLED`. */
export type Vocabulary<T extends SystemTable> = {
  readonly [E in NamesIn<T['parts']> as IsOne<PartsWith<T['parts'], E>> extends true ? E : never]: HandleOf<
    T,
    T['parts'][PartsWith<T['parts'], E>][E & keyof T['parts'][PartsWith<T['parts'], E>]]
  >;
} & {
  readonly [P in keyof T['parts'] as P extends '' ? never : P]: {
    readonly [E in keyof T['parts'][P]]: HandleOf<T, T['parts'][P][E]>;
  };
} & { readonly [CATALOG]: Catalog };

/**
 * Makes a table usable: for `record`, and for deriving, searching and listing once a log is opened with it
 * (`openLog({ catalogs })`). An event that stands in several parts is reached through its part only.
 *
 * @throws UsageError USAGE naming the place in the table that breaks a rule.
 */
export function defineCatalog<const T extends SystemTable>(table: T): Vocabulary<T> {
  checkTable(table);
  const catalog = new Catalog(table);
  const out: Record<PropertyKey, unknown> = { [CATALOG]: catalog };
  const parts: readonly [string, Events][] = Object.entries(table.parts);
  for (const [part, events] of parts) {
    const handles = Object.keys(events).map((event) => {
      const handle: EventHandle = { system: table.system, event, part: part === '' ? null : part, catalog };
      return [event, Object.freeze(handle)] as const;
    });
    for (const [event, handle] of handles) {
      const once = parts.filter(([, others]) => Object.hasOwn(others, event)).length === 1;
      if (once) out[event] = handle;
    }
    if (part !== '') out[part] = Object.freeze(Object.fromEntries(handles));
  }
  return Object.freeze(out) as Vocabulary<T>;
}

/** What a record says besides its event and details; of a successful event. */
export interface Told
  extends Omit<
    RecordDraft,
    'system' | 'event' | 'module' | 'component' | 'details' | 'outcome' | 'time' | 'reason'
  > {
  /** ms since 1970; now when it is not told. */
  readonly time?: number;
  readonly outcome?: 'success' | 'void';
}

/** Of a failed one. */
export interface ToldFailure extends Omit<Told, 'outcome'> {
  readonly outcome: 'failure';
  /** The error message. */
  readonly reason: string;
}

/**
 * The draft of one event. A failed one may carry fewer fields; its name gets the suffix that its system's
 * failures have.
 *
 * @param details its fields, as the catalog types them.
 */
export function draft<D extends object>(event: EventHandle<D>, details: D, told?: Told): RecordDraft;
export function draft<D extends object>(
  event: EventHandle<D>,
  details: Partial<D>,
  told: ToldFailure,
): RecordDraft;
export function draft(handle: EventHandle, details: object, told: Told | ToldFailure = {}): RecordDraft {
  const { table } = handle.catalog;
  const suffix = told.outcome === 'failure' ? (table.failureSuffix ?? '') : '';
  return {
    ...told,
    time: told.time ?? Date.now(),
    system: handle.system,
    event: handle.event + suffix,
    ...(handle.part === null || table.partIn === null ? {} : { [table.partIn]: handle.part }),
    outcome: told.outcome ?? 'success',
    ...(Object.keys(details).length === 0 ? {} : { details: details as NonNullable<RecordDraft['details']> }),
  };
}
