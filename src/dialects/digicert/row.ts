import { CATALOG } from '../../catalog/define.ts';
import { DIGICERT_REPORTS, type DigicertReport, digicert } from '../../catalog/digicert.ts';
import { fromBase64, toHex } from '../../crypto/bytes.ts';
import type { Json, Outcome, RecordDraft, SignatureMetadata } from '../../record/types.ts';
import { type DraftBuilder, type Origin, type SignatureText, unparsedRecord } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { cutText } from '../text.ts';
import { readIso } from '../time.ts';
import { type Column, FIELDS } from './columns.ts';

/** Spellings of the status, in lower case. */
const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['success', 'success'],
  ['successful', 'success'],
  ['succeeded', 'success'],
  ['failed', 'failure'],
  ['failure', 'failure'],
  ['error', 'failure'],
]);

/** What printing writes for an outcome that is neither: the system has no word for it. */
export const VOID = 'VOID';

/** What the fields of a row have told so far, by where a record keeps them. */
interface Told {
  readonly texts: Map<string, string>;
  readonly metadata: SignatureMetadata[];
}

/** Whose row it is, and what is known of it before its fields are read. */
export interface Row {
  readonly origin: Origin;
  readonly entry: Entry;
  readonly report: DigicertReport;
  readonly builder: DraftBuilder;
}

/** The record of one row. What is null or an empty text tells nothing. */
export function readRow(
  row: Row,
  fields: readonly (readonly [Column, Json])[],
  metadata: readonly SignatureMetadata[] = [],
): RecordDraft {
  const { report, builder } = row;
  const told: Told = { texts: new Map(), metadata: [...metadata] };
  for (const [column, value] of fields) place(value, column, told, builder);
  const { texts } = told;
  const event = DIGICERT_REPORTS[report].event ?? texts.get('event');
  if (event === undefined) return unparsedRecord(row.origin, row.entry, null);
  if (digicert[CATALOG].find(event) === null) builder.flag('unknown-event');
  return builder.build({
    outcome: readOutcome(report, texts, builder),
    time: readTime(texts, builder),
    event,
    module: report,
    reason: texts.get('reason'),
    actor: { name: texts.get('actor.name'), ip: texts.get('actor.ip') },
    correlation: texts.get('correlation'),
    signature: report === 'audit-log' ? undefined : readSignature(told, builder),
  });
}

function place(value: Json, { name, spelled, at, known }: Column, told: Told, builder: DraftBuilder): void {
  if (value === null) return;
  if (at === 'details') {
    if (!known) builder.flag('unknown-field');
    const again = builder.has(name) && spelled !== name;
    if (again) builder.flag('duplicate-key');
    builder.add(again ? spelled : name, value);
    return;
  }
  const text = textOf(value, at);
  if (text === '') return;
  const taken =
    at === 'signature.metadata' ? told.metadata.some(({ key }) => key === name) : told.texts.has(at);
  if (text === null) {
    builder.flag('malformed-value');
    builder.add(name, value);
  } else if (taken) {
    // Two columns of one meaning: the first tells, the second is kept under its own name.
    builder.flag('duplicate-key');
    builder.add(spelled, text);
  } else if (at === 'signature.metadata') told.metadata.push({ key: name, value: text });
  else told.texts.set(at, text);
}

/** Null for what no member of a record can take. */
function textOf(value: Json, at: string): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' && at.endsWith('.primary')) return value ? 'Yes' : 'No';
  return typeof value === 'number' && at !== 'time' ? String(value) : null;
}

function readTime(texts: Told['texts'], builder: DraftBuilder): number | null {
  const text = texts.get('time');
  const time = text === undefined ? null : readIso(text.trim());
  if (time?.certain !== true) {
    builder.flag('time-uncertain');
    if (text !== undefined) builder.add('Date', text);
  }
  return time?.ms ?? null;
}

/** The outcome a status stands for; null when it is no word for one. */
export function outcomeOf(status: string): Outcome | null {
  return OUTCOMES.get(status.trim().toLowerCase()) ?? null;
}

/** The outcome where no status is told. */
export function deducedOutcome(report: DigicertReport, hasReason: boolean): Outcome {
  return hasReason && report !== 'signature-metadata' ? 'failure' : 'void';
}

function readOutcome(report: DigicertReport, texts: Told['texts'], builder: DraftBuilder): Outcome {
  const status = texts.get('outcome');
  const { status: own } = DIGICERT_REPORTS[report];
  if (status === undefined) {
    if (own !== null) builder.flag('outcome-deduced');
    return deducedOutcome(report, texts.has('reason'));
  }
  if (status === VOID) {
    builder.flag('encoded-value');
    return 'void';
  }
  if (status !== own?.success && status !== own?.failure) builder.add('Status', status);
  const outcome = outcomeOf(status);
  if (outcome === null) builder.flag('unknown-outcome');
  return outcome ?? 'void';
}

function readSignature(told: Told, builder: DraftBuilder): SignatureText {
  const { texts } = told;
  const entry = metadataEntry(texts, builder);
  const metadata = entry === null ? told.metadata : [...told.metadata, entry];
  return {
    algorithm: texts.get('signature.algorithm'),
    value: texts.get('signature.value'),
    keyAlias: texts.get('signature.keyAlias'),
    keyId: texts.get('signature.keyId'),
    keyType: texts.get('signature.keyType'),
    hash: readMember('Hash', texts.get('signature.hash'), hashOf, builder),
    hashAlgorithm: hashAlgorithmOf(metadata),
    use: readMember('Signature type', texts.get('signature.use'), useOf, builder),
    metadata,
  };
}

/** The metadata tells it; a text longer than the member takes is no name of one. */
export function hashAlgorithmOf(metadata: readonly SignatureMetadata[]): string | undefined {
  const told = metadata.find(({ key }) => key === 'digest-algorithm')?.value;
  return told === undefined || told === '' || told.length > 256 ? undefined : told;
}

/** What a text of a fixed form says; one of another form is kept in details. */
function readMember<T>(
  name: string,
  text: string | undefined,
  read: (text: string) => T | null,
  builder: DraftBuilder,
): T | undefined {
  if (text === undefined) return undefined;
  const value = read(text);
  if (value !== null) return value;
  builder.flag('malformed-value');
  builder.add(name, text);
  return undefined;
}

/** Digests stand in hex, with or without colons, or in base64. */
export function hashOf(text: string): string | null {
  const hex = text.trim().replaceAll(':', '').toLowerCase();
  if (/^(?:[0-9a-f]{2})+$/.test(hex)) return hex;
  const bytes = fromBase64(text.trim());
  return bytes !== null && bytes.length >= 20 && bytes.length <= 64 ? toHex(bytes) : null;
}

export function useOf(text: string): 'production' | 'test' | null {
  const use = text.trim().toLowerCase();
  return use === 'production' || use === 'test' ? use : null;
}

export function primaryOf(text: string): boolean | null {
  const primary = text.trim().toLowerCase();
  return primary === 'yes' ? true : primary === 'no' ? false : null;
}

/** What a row of metadata tells of its entry besides the key. */
const OF_ENTRY = ['value', 'primary', 'source'] as const;

/**
 * The one entry that a row of metadata is; without a key there is none, and what it would say stays in
 * details.
 */
function metadataEntry(texts: Told['texts'], builder: DraftBuilder): SignatureMetadata | null {
  const key = texts.get('signature.metadata[].key');
  if (key === undefined) {
    for (const part of OF_ENTRY)
      readMember(`Metadata ${part}`, texts.get(`signature.metadata[].${part}`), () => null, builder);
    return null;
  }
  const source = texts.get('signature.metadata[].source');
  const primary = readMember(
    'Metadata primary',
    texts.get('signature.metadata[].primary'),
    primaryOf,
    builder,
  );
  return {
    key: short(metadataKey(key), 'Metadata key', builder),
    value: texts.get('signature.metadata[].value') ?? '',
    ...(primary === undefined ? {} : { primary }),
    ...(source === undefined ? {} : { source: short(source, 'Metadata source', builder) }),
  };
}

/** The eight keys are compared without case, so that they have one spelling; others stay as they are. */
export function metadataKey(text: string): string {
  const key = text.trim().toLowerCase();
  return FIELDS['signature-log'].get(key) === 'signature.metadata' ? key : text;
}

function short(text: string, name: string, builder: DraftBuilder): string {
  if (text.length <= 1024) return text;
  builder.flag('cut-member');
  builder.add(name, text);
  return cutText(text, 1024);
}
