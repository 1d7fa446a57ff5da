import type { ObjectRef, RecordSubject } from '../record/types.ts';
import { Catalogs } from './catalogs.ts';
import { deriveAction, deriveObjects } from './derive.ts';

/**
 * Raised whenever `indexRow` would give another row for the same record by the same tables: an index built by
 * another version is rebuilt. What tables change is told by `Catalogs.version`.
 */
export const ROW_VERSION = 1;

/**
 * The indexed columns of a record, in one place: the index driver's table, the filter compilers, the
 * in-memory predicate and the verifier all follow this list. Times are ms since 1970. Absent values are null.
 */
export interface IndexRow {
  readonly node: string;
  readonly seq: number;
  readonly logged: number;
  readonly time: number;
  readonly system: string;
  readonly source: string;
  readonly event: string;
  readonly action: string | null;
  readonly outcome: string;
  readonly module: string | null;
  readonly component: string | null;
  readonly actor: string | null;
  readonly ip: string | null;
  readonly correlation: string | null;
  /** Hash of what was signed, lower-case. */
  readonly hash: string | null;
  readonly flags: readonly string[];
  readonly objects: readonly ObjectRef[];
}

/** What an index keeps of a record: its members, and what the catalogs conclude from them. */
export function indexRow(record: RecordSubject, catalogs: Catalogs = Catalogs.builtIn): IndexRow {
  const { signature } = record;
  const signed = signature === undefined || 'payload' in signature ? undefined : signature;
  return {
    node: record.node,
    seq: record.seq,
    logged: record.logged,
    time: record.time,
    system: record.system,
    source: record.source,
    event: record.event,
    action: deriveAction(record, catalogs),
    outcome: record.outcome,
    module: record.module ?? null,
    component: record.component ?? null,
    actor: record.actor?.name ?? null,
    ip: record.actor?.ip ?? null,
    correlation: record.correlation ?? null,
    hash: signed?.hash?.toLowerCase() ?? null,
    flags: record.flags ?? [],
    objects: deriveObjects(record, catalogs),
  };
}
