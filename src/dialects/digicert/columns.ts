/** Which of the three tables a CSV holds. */
export type TableKind = 'audit-log' | 'signature-log' | 'signature-metadata';

/**
 * What a column becomes: a member of the record, a part of its signature, an entry of the signature's metadata (by
 * key), or a field of details under a name that does not change with the spelling of the export.
 */
export type Column =
  | { readonly to: 'time' | 'event' | 'status' | 'actor' | 'ip' | 'reason' | 'correlation' }
  | { readonly to: 'hash' | 'use' }
  | { readonly to: 'signature'; readonly member: 'algorithm' | 'value' | 'keyAlias' | 'keyId' | 'keyType' }
  | { readonly to: 'metadata'; readonly key: string }
  | { readonly to: 'entry'; readonly member: 'key' | 'value' | 'primary' | 'source' }
  | { readonly to: 'details'; readonly name: string }
  | { readonly to: 'unknown'; readonly name: string };

export interface Table {
  readonly kind: TableKind;
  readonly columns: readonly Column[];
}

/** The eight keys of signature metadata. */
export const METADATA_KEYS: readonly string[] = [
  'checksum-after-signing',
  'checksum-before-signing',
  'digest-algorithm',
  'file-location',
  'file-name',
  'signing-tool',
  'timestamp',
  'tsa-url',
];

/** Columns by their names, without regard to case, blanks, hyphens and underscores: exports differ in those. */
const COLUMNS: Readonly<Record<TableKind, ReadonlyMap<string, Column>>> = {
  'audit-log': table(
    [['Date', 'Timestamp', 'Created on', 'Created at'], { to: 'time' }],
    [['Action'], { to: 'event' }],
    [['Status', 'Result'], { to: 'status' }],
    [['User', 'User name', 'Performed by'], { to: 'actor' }],
    [['Client IP', 'IP address', 'Client IP address'], { to: 'ip' }],
    [['Error message', 'Error', 'Reason'], { to: 'reason' }],
    [['Resource name', 'Alias'], { to: 'details', name: 'Resource name' }],
    [['Event ID', 'ID'], { to: 'details', name: 'Event ID' }],
    ...['Resource type', 'Resource ID', 'Description', 'Account ID', 'User ID'].map(detail),
  ),
  'signature-log': table(
    [['Date', 'Created on', 'Created at'], { to: 'time' }],
    [['Status', 'Result'], { to: 'status' }],
    [['Signer', 'User', 'User name'], { to: 'actor' }],
    [['Keypair alias'], { to: 'signature', member: 'keyAlias' }],
    [['Keypair ID'], { to: 'signature', member: 'keyId' }],
    [['Keypair type'], { to: 'signature', member: 'keyType' }],
    [['Algorithm'], { to: 'signature', member: 'algorithm' }],
    [['Signature'], { to: 'signature', member: 'value' }],
    [['Signature type'], { to: 'use' }],
    [['Hash'], { to: 'hash' }],
    [['Client IP', 'IP address', 'Client IP address'], { to: 'ip' }],
    [['Error message', 'Error', 'Reason'], { to: 'reason' }],
    [['Signature ID', 'ID'], { to: 'correlation' }],
    ...['Account ID', 'User ID', 'Description'].map(detail),
    ...METADATA_KEYS.map((key): Naming => [[key], { to: 'metadata', key }]),
  ),
  'signature-metadata': table(
    [['Signature ID', 'ID'], { to: 'correlation' }],
    [['Date', 'Created on', 'Created at'], { to: 'time' }],
    [['Metadata key'], { to: 'entry', member: 'key' }],
    [['Metadata value'], { to: 'entry', member: 'value' }],
    [['Metadata primary'], { to: 'entry', member: 'primary' }],
    [['Metadata source'], { to: 'entry', member: 'source' }],
  ),
};

/** Columns without which a table is not of its kind; the first kind that fits is taken. */
const MARKS: readonly (readonly [TableKind, readonly string[]])[] = [
  ['signature-metadata', ['metadatakey', 'metadatavalue']],
  ['signature-log', ['keypairalias', 'hash', 'signature']],
  ['signature-log', ['keypairid', 'hash', 'signature']],
  ['audit-log', ['action', 'resourcetype']],
  ['audit-log', ['action', 'resourceid']],
];

/** What the cells of a header say; null when this is none of the tables. */
export function readHeader(names: readonly string[]): Table | null {
  const plain = names.map(plainName);
  const kind = MARKS.find(([, marks]) => marks.every((mark) => plain.includes(mark)))?.[0];
  if (kind === undefined) return null;
  const known = COLUMNS[kind];
  const columns = names.map(
    (name, i): Column => known.get(plain[i]!) ?? { to: 'unknown', name: name.trim() || `column ${i + 1}` },
  );
  return { kind, columns };
}

type Naming = readonly [names: readonly string[], column: Column];

function table(...namings: readonly Naming[]): ReadonlyMap<string, Column> {
  return new Map(
    namings.flatMap(([names, column]) => names.map((name) => [plainName(name), column] as const)),
  );
}

function detail(name: string): Naming {
  return [[name], { to: 'details', name }];
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}
