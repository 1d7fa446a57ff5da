import { DIGICERT_REPORTS } from '../../catalog/digicert.ts';
import { UsageError } from '../../errors.ts';
import type { Json, RecordDraft, SignatureMetadata } from '../../record/types.ts';
import type { Printed, Printer, PrinterOptions } from '../dialect.ts';
import type { PrintFlag } from '../flags.ts';
import { writeCells } from './cells.ts';
import { type Column, readNames } from './columns.ts';
import { type Content, contentOf, reportOf } from './content.ts';
import { fitting } from './fit.ts';

/**
 * Writes one of the reports: `options.report`, by default the audit log, with `options.columns`, by default
 * those that the catalog lists. UTF-8 without byte order mark, lines end in CR LF. Throws `UsageError` USAGE
 * for a report or for columns that reading could not tell.
 */
export function csvPrinter(options: PrinterOptions = {}): Printer {
  const report = reportOf(options.report);
  const names = options.columns ?? DIGICERT_REPORTS[report].columns;
  const table = readNames(names);
  const told = new Set(table?.columns.map(({ name }) => name));
  if (
    table?.report !== report ||
    told.size !== names.length ||
    names.some((name) => name === '' || name.trim() !== name)
  ) {
    throw new UsageError('USAGE', `these columns do not tell that this is the report ${report}, each once`, {
      context: { report, columns: names },
    });
  }
  const head = writeCells(names);
  return {
    head,
    print(record: RecordDraft): Printed {
      const content = contentOf(record, report, options.zone);
      const cells = cellsOf(content, table.columns);
      const { text, whole } = fitting(cells, (kept) => {
        const row = writeCells(kept.map((cell) => cell ?? ''));
        // A row that repeats the header would be taken for one.
        return row === head ? writeCells(cells, true) : row;
      });
      if (!whole) content.flags.add('no-place');
      return { text, flags: [...content.flags] };
    },
  };
}

function cellsOf({ fields, metadata, flags }: Content, columns: readonly Column[]): string[] {
  const left = new Map(fields);
  const entries = [...metadata];
  const cells = columns.map(({ name, at }) => {
    const value = at === 'signature.metadata' ? takeEntry(entries, name, flags) : left.get(name);
    left.delete(name);
    return value === undefined ? '' : textOf(value, flags);
  });
  if (left.size > 0 || entries.length > 0) flags.add('no-place');
  return cells;
}

/** The value of a key, for whose source and binding a column of values has no room. */
function takeEntry(entries: SignatureMetadata[], key: string, flags: Set<PrintFlag>): string | undefined {
  const at = entries.findIndex((entry) => entry.key.toLowerCase() === key);
  const [entry] = at === -1 ? [] : entries.splice(at, 1);
  if (entry === undefined) return undefined;
  if (entry.primary !== undefined || entry.source !== undefined || entry.value === '') flags.add('no-place');
  return entry.value;
}

function textOf(value: Json, flags: Set<PrintFlag>): string {
  if (typeof value === 'string') return value;
  flags.add('retyped');
  return JSON.stringify(value);
}
