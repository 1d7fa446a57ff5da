import type { Json, RecordDraft, SignatureMetadata } from '../../record/types.ts';
import type { Dialect, ParsedItem, Parser, ParserOptions } from '../dialect.ts';
import { DraftBuilder, type Origin, originOf, unparsedRecord } from '../draft.ts';
import type { Entry } from '../entries.ts';
import type { Flag } from '../flags.ts';
import { readJson } from '../json.ts';
import { share } from '../score.ts';
import { decode, isBlank } from '../text.ts';
import { columnOf, plainName, REPORTS, readNames } from './columns.ts';
import { jsonPrinter } from './json-printer.ts';
import { JsonSplitter, type Piece } from './json-splitter.ts';
import { metadataKey, primaryOf, readRow } from './row.ts';

/**
 * What the REST listings of DigiCert Software Trust Manager answer: `{"total": 2, "items": [{…}, …]}`, its
 * bare list, or the objects of it, one after another.
 */
export const DIGICERT_JSON: Dialect = {
  name: 'digicert-json/1',
  system: 'digicert',
  title: 'DigiCert Software Trust Manager JSON (REST listings of audit log and signatures)',
  reports: REPORTS,
  detect: (head) => share(new JsonParser({}, true), head),
  parser: (options: ParserOptions = {}) => new JsonParser(options),
  printer: jsonPrinter,
};

/** What may stand before a list, and behind it: numbers and words of paging, which tell of no event. */
const PAGING = '"[a-zA-Z_]{1,32}":(?:-?\\d{1,16}|true|false|null)';
const LIST_BEGIN = new RegExp(`^,?(?:\\{(?:${PAGING},)*"items":)?\\[$`);
const LIST_END = new RegExp(`^,?\\](?:,${PAGING})*\\}?,?$`);

/** Without white space, and with one comma for several. */
function tight(text: string): string {
  return text.replaceAll(/[\s,]+/g, (run) => (run.includes(',') ? ',' : ''));
}

function isFrame(text: string): boolean {
  return LIST_BEGIN.test(text) || LIST_END.test(text);
}

class JsonParser implements Parser {
  readonly #origin: Origin;
  readonly #onlySure: boolean;
  readonly #splitter: JsonSplitter;
  #items: ParsedItem[] = [];

  /**
   * `onlySure`: an object that another system may have written is none of ours, and the frame of a list tells
   * nothing.
   */
  constructor(options: ParserOptions, onlySure = false) {
    this.#origin = originOf(DIGICERT_JSON, options);
    this.#onlySure = onlySure;
    const header = options.header === undefined ? '' : tight(decode(options.header).text);
    const list = LIST_BEGIN.test(header);
    const within = { list, answer: list && header.includes('{') };
    this.#splitter = new JsonSplitter(this.#take, options.offset ?? 0, within);
  }

  push(bytes: Uint8Array): readonly ParsedItem[] {
    this.#splitter.push(bytes);
    return this.#drain();
  }

  end(): readonly ParsedItem[] {
    this.#splitter.end();
    return this.#drain();
  }

  #drain(): readonly ParsedItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  readonly #take = (piece: Piece): void => {
    const { start, bytes } = piece;
    const end = start + bytes.length;
    const { text, raw, flags } = decode(bytes);
    if (piece.kind === 'rest' && isBlank(text)) {
      this.#items.push({ start, end, kind: 'blank' });
      return;
    }
    if (piece.kind === 'frame' && isFrame(tight(text))) {
      this.#items.push({ start, end, kind: this.#onlySure ? 'blank' : 'header' });
      return;
    }
    const remarks: Flag[] = [...flags];
    if (piece.continues) remarks.push('continuation');
    if (piece.truncated) remarks.push('truncated');
    if (piece.unterminated) remarks.push('unterminated');
    const entry: Entry = {
      ...{ text, raw, start, end, flags: remarks },
      ...{ begun: true, interruptedBy: null, interrupts: false },
    };
    const record =
      (piece.kind === 'item' ? this.#item(entry) : null) ?? unparsedRecord(this.#origin, entry, null);
    this.#items.push({ start, end, kind: 'record', record });
  };

  /** Null when the text is no object of a listing. */
  #item(entry: Entry): RecordDraft | null {
    const builder = new DraftBuilder(this.#origin, entry);
    const { value, state } = readJson(entry.text, entry.text.indexOf('{'), builder.flags);
    if (state !== 'whole' || typeof value !== 'object' || value === null) return null;
    const members = Object.entries(value as { readonly [name: string]: Json });
    const table = readNames(members.map(([name]) => name));
    if (table === null || (this.#onlySure && !table.sure)) return null;
    const { report } = table;
    const row = { origin: this.#origin, entry, report, builder };
    const metadata = report === 'signature-log' ? members.find(isMetadata) : undefined;
    const read = metadata === undefined ? null : readMetadata(metadata[1]);
    const fields = members
      .filter((member) => read === null || member !== metadata)
      .map(([name, of], i) => [columnOf(report, name, i), of] as const);
    return readRow(row, fields, read ?? []);
  }
}

function isMetadata([name]: readonly [string, Json]): boolean {
  return plainName(name) === 'metadata';
}

/**
 * A list of entries, each with the names of the four columns, of which `metadata_` may be missing; else null.
 */
function readMetadata(value: Json): SignatureMetadata[] | null {
  if (!Array.isArray(value)) return null;
  const entries = (value as readonly Json[]).map(readEntry);
  return entries.every((entry) => entry !== null) ? entries : null;
}

function readEntry(value: Json): SignatureMetadata | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const told = new Map(
    Object.entries(value).map(([name, of]) => [plainName(name).replace(/^metadata/, ''), of]),
  );
  const { key, value: text, primary, source } = Object.fromEntries(told);
  const bound = typeof primary === 'string' ? primaryOf(primary) : (primary ?? undefined);
  const known = [...told.keys()].every((name) => ['key', 'value', 'primary', 'source'].includes(name));
  if (!known || told.size !== Object.keys(value).length || !isShort(key) || typeof text !== 'string')
    return null;
  if (bound !== undefined && typeof bound !== 'boolean') return null;
  if (source !== undefined && source !== null && !isShort(source)) return null;
  return {
    key: metadataKey(key),
    value: text,
    ...(bound === undefined ? {} : { primary: bound }),
    ...(typeof source === 'string' ? { source } : {}),
  };
}

function isShort(value: Json | undefined): value is string {
  return typeof value === 'string' && value.length <= 1024;
}
