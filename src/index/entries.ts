import type { Catalogs } from '../catalog/catalogs.ts';
import { type IndexRow, indexRow } from '../catalog/row.ts';
import { fromUtf8 } from '../crypto/bytes.ts';
import { IndexError, TallystickError } from '../errors.ts';
import { bundleEntries } from '../merkle/mod.ts';
import { type AuditRecord, parseJson } from '../record/mod.ts';

/**
 * The rows of entries `from` onwards. Entries are parsed, not checked: the verifier does that, and compares the rows.
 *
 * @param entries in bundle form.
 * @throws IndexError INDEX_UNAVAILABLE when an entry is no record of the node or has another number.
 */
export function entryRows(node: string, from: number, entries: Uint8Array, catalogs: Catalogs): IndexRow[] {
  try {
    return bundleEntries(entries).map((entry, i) => entryRow(node, from + i, entry, catalogs));
  } catch (error) {
    if (!(error instanceof TallystickError) || error instanceof IndexError) throw error;
    throw new IndexError('INDEX_UNAVAILABLE', `entries of node ${node} from ${from}: ${error.message}`, {
      cause: error,
    });
  }
}

function entryRow(node: string, seq: number, entry: Uint8Array, catalogs: Catalogs): IndexRow {
  const row = tryRow(entry, catalogs);
  if (row?.node === node && row.seq === seq && isSound(row)) return row;
  throw new IndexError(
    'INDEX_UNAVAILABLE',
    `entry ${seq} of node ${node} is not that record: verify the log, which says what is wrong with it`,
    { context: { node, seq } },
  );
}

function tryRow(entry: Uint8Array, catalogs: Catalogs): IndexRow | null {
  try {
    const text = fromUtf8(entry);
    // V8 may confuse member names that hold escapes (nodejs/node#63785); the strict reader does not.
    return indexRow((text.includes('\\') ? parseJson(text) : JSON.parse(text)) as AuditRecord, catalogs);
  } catch {
    // Not UTF-8, not JSON or not of a record's shape; the caller says so.
    return null;
  }
}

/** Whether what a driver relies on holds, in a log whose store may have been altered. */
function isSound(row: IndexRow): boolean {
  const texts = [row.system, row.source, row.event, row.outcome];
  const optional = [row.action, row.module, row.component, row.actor, row.ip, row.correlation, row.hash];
  return (
    Number.isSafeInteger(row.logged) &&
    Number.isSafeInteger(row.time) &&
    texts.every((text) => typeof text === 'string') &&
    optional.every((text) => text === null || typeof text === 'string') &&
    row.flags.every((flag) => typeof flag === 'string') &&
    row.objects.every(
      ({ kind, id, name }) =>
        typeof kind === 'string' && typeof id === 'string' && typeof (name ?? '') === 'string',
    )
  );
}
