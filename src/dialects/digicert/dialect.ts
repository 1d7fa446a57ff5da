import type { RecordDraft } from '../../record/types.ts';
import type { Dialect, ParserOptions } from '../dialect.ts';
import { DraftBuilder, type Origin, originOf, unparsedRecord } from '../draft.ts';
import { type Entry, type EntryFormat, EntryParser, type Reading } from '../entries.ts';
import { share } from '../score.ts';
import { decode } from '../text.ts';
import { type CellState, follow, readCells } from './cells.ts';
import { REPORTS, readNames, type Table } from './columns.ts';
import { csvPrinter } from './csv-printer.ts';
import { readRow } from './row.ts';

/** CSV exports of DigiCert Software Trust Manager: audit log, signature log, signature metadata; RFC 4180. */
export const DIGICERT_CSV: Dialect = {
  name: 'digicert-csv/1',
  system: 'digicert',
  title: 'DigiCert Software Trust Manager CSV (audit log, signature log, signature metadata)',
  reports: REPORTS,
  detect: (head) => share(new EntryParser(new CsvTable(originOf(DIGICERT_CSV, {}), undefined, true)), head),
  parser: (options: ParserOptions = {}) =>
    new EntryParser(new CsvTable(originOf(DIGICERT_CSV, options), options.header), options.offset),
  printer: csvPrinter,
};

/** Where cells beyond the last column of the header are kept. */
const BEYOND = 'cells beyond the header';

/**
 * The first row is the header and decides which table this is; a later row that repeats it, as where archives
 * were put together, is one too. A row goes on over lines while a quote is open.
 */
class CsvTable implements EntryFormat {
  readonly #origin: Origin;
  #table: Table | null = null;
  #headerText: string | null = null;
  #state: CellState = 'start';

  readonly #onlySure: boolean;

  /** `onlySure`: what may be the table of another system is none. */
  constructor(origin: Origin, header: Uint8Array | undefined, onlySure = false) {
    this.#origin = origin;
    this.#onlySure = onlySure;
    if (header !== undefined)
      this.#takeHeader(
        decode(header)
          .text.replace(/^\uFEFF/, '')
          .replace(/\r?\n$/, ''),
      );
  }

  begins(_line: string, open: boolean): boolean {
    return !open;
  }

  completes(line: string, place: 'first' | 'later' | 'fragment'): boolean {
    this.#state = follow(line, place === 'later' ? this.#state : 'start');
    return this.#state !== 'quoted' || place === 'fragment';
  }

  read(entry: Entry): Reading {
    if (this.#headerText === null && entry.begun) {
      this.#takeHeader(entry.text);
      if (this.#table !== null) return { kind: 'header' };
    } else if (this.#table !== null && entry.text === this.#headerText) return { kind: 'header' };
    const table = entry.begun ? this.#table : null;
    const record = table === null ? unparsedRecord(this.#origin, entry, null) : this.#row(entry, table);
    return { kind: 'record', record };
  }

  #row(entry: Entry, { report, columns }: Table): RecordDraft {
    const { cells, odd, open } = readCells(entry.text);
    const builder = new DraftBuilder(this.#origin, entry);
    if (odd) builder.flag('ambiguous');
    if (open) builder.flag('truncated');
    if (cells.length !== columns.length) builder.flag('field-count');
    if (cells.length > columns.length) builder.add(BEYOND, cells.slice(columns.length));
    // An empty cell tells nothing.
    const told = columns.flatMap((column, i) => (cells[i] ? [[column, cells[i]] as const] : []));
    return readRow({ origin: this.#origin, entry, report, builder }, told);
  }

  #takeHeader(text: string): void {
    this.#headerText = text;
    const table = readNames(readCells(text).cells);
    this.#table = this.#onlySure && table?.sure === false ? null : table;
  }
}
