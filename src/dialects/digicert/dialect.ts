import type { Dialect, ParserOptions } from '../dialect.ts';
import { type Origin, originOf, unparsedRecord } from '../draft.ts';
import { type Entry, type EntryFormat, EntryParser, type Reading } from '../entries.ts';
import { share } from '../score.ts';
import { decode } from '../text.ts';
import { type CellState, follow, readCells } from './cells.ts';
import { readHeader, type Table } from './columns.ts';
import { readRow } from './row.ts';

/** CSV exports of DigiCert Software Trust Manager: audit log, signature log, signature metadata; RFC 4180. */
export const DIGICERT_CSV: Dialect = {
  name: 'digicert-csv/1',
  system: 'digicert',
  title: 'DigiCert Software Trust Manager CSV (audit log, signature log, signature metadata)',
  detect: (head) => share(parser({}), head),
  parser,
};

function parser(options: ParserOptions = {}): EntryParser {
  return new EntryParser(new CsvTable(originOf(DIGICERT_CSV, options), options.header), options.offset);
}

/**
 * The first row is the header and decides which table this is; a later row that repeats it, as where archives were
 * put together, is one too. A row goes on over lines while a quote is open.
 */
class CsvTable implements EntryFormat {
  readonly #origin: Origin;
  #table: Table | null = null;
  #headerText: string | null = null;
  #state: CellState = 'start';

  constructor(origin: Origin, header: Uint8Array | undefined) {
    this.#origin = origin;
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
    const record =
      table === null ? unparsedRecord(this.#origin, entry, null) : readRow(this.#origin, entry, table);
    return { kind: 'record', record };
  }

  #takeHeader(text: string): void {
    this.#headerText = text;
    this.#table = readHeader(readCells(text).cells);
  }
}
