import { findCatalog } from '../../catalog/builtin.ts';
import { METADATA_EVENT, SIGNATURE_EVENT } from '../../catalog/digicert.ts';
import { fromBase64, toHex } from '../../crypto/bytes.ts';
import type { Outcome, RecordDraft, SignatureMetadata } from '../../record/types.ts';
import { DraftBuilder, type Origin, type SignatureText, unparsedRecord } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { cutText } from '../text.ts';
import { readIso } from '../time.ts';
import { readCells } from './cells.ts';
import type { Column, Table } from './columns.ts';

/** Spellings of the status, in lower case. */
const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['success', 'success'],
  ['successful', 'success'],
  ['succeeded', 'success'],
  ['failed', 'failure'],
  ['failure', 'failure'],
  ['error', 'failure'],
]);

/** What the rows of a table that names no action are. */
const EVENTS: Readonly<Record<Table['kind'], string | null>> = {
  'audit-log': null,
  'signature-log': SIGNATURE_EVENT,
  'signature-metadata': METADATA_EVENT,
};

/** Where cells beyond the last column of the header are kept. */
const BEYOND = 'cells beyond the header';

/** What a row has told so far. */
interface Told {
  readonly texts: Map<Column['to'], string>;
  readonly signature: Map<string, string>;
  readonly entry: Map<string, string>;
  readonly metadata: SignatureMetadata[];
}

/** The record of one row. Empty cells tell nothing. */
export function readRow(origin: Origin, entry: Entry, table: Table): RecordDraft {
  const row = readCells(entry.text);
  const builder = new DraftBuilder(origin, entry);
  if (row.odd) builder.flag('ambiguous');
  if (row.open) builder.flag('truncated');
  if (row.cells.length !== table.columns.length) builder.flag('field-count');
  const told: Told = { texts: new Map(), signature: new Map(), entry: new Map(), metadata: [] };
  for (const [i, column] of table.columns.entries()) {
    const cell = row.cells[i] ?? '';
    if (cell !== '') place(cell, column, told, builder);
  }
  if (row.cells.length > table.columns.length) builder.add(BEYOND, row.cells.slice(table.columns.length));
  const event = EVENTS[table.kind] ?? told.texts.get('event');
  if (event === undefined) return unparsedRecord(origin, entry, null);
  if (findCatalog(origin.system)?.find(event) === null) builder.flag('unknown-event');
  const outcome = readOutcome(table, told, builder);
  return builder.build({
    time: readTime(told, builder),
    event,
    module: table.kind,
    outcome,
    reason: told.texts.get('reason'),
    actor: { name: told.texts.get('actor'), ip: told.texts.get('ip') },
    correlation: told.texts.get('correlation'),
    signature: table.kind === 'audit-log' ? undefined : readSignature(told, builder),
  });
}

function place(cell: string, column: Column, told: Told, builder: DraftBuilder): void {
  switch (column.to) {
    case 'details':
      builder.add(column.name, cell);
      return;
    case 'unknown':
      builder.flag('unknown-field');
      builder.add(column.name, cell);
      return;
    case 'metadata':
      if (told.metadata.some(({ key }) => key === column.key)) builder.add(column.key, cell);
      else told.metadata.push({ key: column.key, value: cell });
      return;
    case 'signature':
      once(told.signature, column.member, cell, builder);
      return;
    case 'entry':
      once(told.entry, column.member, cell, builder);
      return;
    default:
      once(told.texts, column.to, cell, builder);
  }
}

/** Two columns of one meaning: the first tells, the second is kept in details. */
function once<K extends string>(map: Map<K, string>, name: K, cell: string, builder: DraftBuilder): void {
  if (!map.has(name)) map.set(name, cell);
  else {
    builder.flag('duplicate-key');
    builder.add(name, cell);
  }
}

function readTime({ texts }: Told, builder: DraftBuilder): number | null {
  const text = texts.get('time');
  const time = text === undefined ? null : readIso(text.trim());
  if (time?.certain !== true) {
    builder.flag('time-uncertain');
    if (text !== undefined) builder.add('Date', text);
  }
  return time?.ms ?? null;
}

function readOutcome(table: Table, { texts }: Told, builder: DraftBuilder): Outcome {
  const status = texts.get('status');
  const outcome = OUTCOMES.get(status?.trim().toLowerCase() ?? '');
  if (status !== undefined) builder.add('Status', status);
  if (outcome !== undefined) return outcome;
  if (table.kind === 'signature-metadata' && status === undefined) return 'void';
  builder.flag(status === undefined ? 'outcome-deduced' : 'unknown-outcome');
  return status === undefined && texts.has('reason') ? 'failure' : 'void';
}

function readSignature(told: Told, builder: DraftBuilder): SignatureText {
  const entry = metadataEntry(told.entry, builder);
  const metadata = entry === null ? told.metadata : [...told.metadata, entry];
  return {
    ...Object.fromEntries(told.signature),
    hash: readHash(told.texts.get('hash'), builder),
    hashAlgorithm: metadata.find(({ key }) => key === 'digest-algorithm')?.value,
    use: readUse(told.texts.get('use'), builder),
    metadata,
  };
}

/** Digests stand in hex, with or without colons, or in base64. Another form is kept in details. */
function readHash(text: string | undefined, builder: DraftBuilder): string | undefined {
  if (text === undefined) return undefined;
  const hex = text.trim().replaceAll(':', '').toLowerCase();
  if (/^(?:[0-9a-f]{2})+$/.test(hex)) return hex;
  const bytes = fromBase64(text.trim());
  if (bytes !== null && bytes.length >= 20 && bytes.length <= 64) return toHex(bytes);
  builder.flag('malformed-value');
  builder.add('Hash', text);
  return undefined;
}

function readUse(text: string | undefined, builder: DraftBuilder): 'production' | 'test' | undefined {
  const use = text?.trim().toLowerCase();
  if (use === 'production' || use === 'test') return use;
  if (text !== undefined) {
    builder.flag('malformed-value');
    builder.add('Signature type', text);
  }
  return undefined;
}

/** One row of metadata: keys are compared without case, so they are kept in small letters. */
function metadataEntry(entry: ReadonlyMap<string, string>, builder: DraftBuilder): SignatureMetadata | null {
  const key = entry.get('key');
  if (key === undefined) return null;
  const primary = entry.get('primary')?.trim().toLowerCase();
  const source = entry.get('source');
  if (primary !== undefined && primary !== 'yes' && primary !== 'no') {
    builder.flag('malformed-value');
    builder.add('Metadata primary', entry.get('primary')!);
  }
  return {
    key: short(key.trim().toLowerCase(), 'Metadata key', builder),
    value: entry.get('value') ?? '',
    ...(primary === 'yes' || primary === 'no' ? { primary: primary === 'yes' } : {}),
    ...(source === undefined ? {} : { source: short(source, 'Metadata source', builder) }),
  };
}

function short(text: string, name: string, builder: DraftBuilder): string {
  if (text.length <= 1024) return text;
  builder.flag('cut-member');
  builder.add(name, text);
  return cutText(text, 1024);
}
