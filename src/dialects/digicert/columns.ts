import { CATALOG } from '../../catalog/define.ts';
import { DIGICERT_REPORTS, type DigicertReport, digicert } from '../../catalog/digicert.ts';

/** What a column of an export or a member of a listing becomes. */
export interface Column {
  /** The field of the catalog, or for one it does not know the name that the export has for it. */
  readonly name: string;
  /** As the export spells it. */
  readonly spelled: string;
  /** Where a record keeps it: a member, or `details`. */
  readonly at: string;
  readonly known: boolean;
}

export interface Table {
  readonly report: DigicertReport;
  readonly columns: readonly Column[];
  /** It has columns that together nothing else is likely to have. */
  readonly sure: boolean;
}

export const REPORTS: readonly DigicertReport[] = ['signature-metadata', 'audit-log', 'signature-log'];

/** The fields of a report's rows, in the catalog's order, and where a record keeps each. */
export const FIELDS: Readonly<Record<DigicertReport, ReadonlyMap<string, string>>> = byReport(fieldsOf);

/** Fields by every spelling of their names. */
const SPELLINGS: Readonly<Record<DigicertReport, ReadonlyMap<string, string>>> = byReport(spellingsOf);

/** The field that keeps a member of the record in a report, if one does. */
const PLACES: Readonly<Record<DigicertReport, ReadonlyMap<string, string>>> = byReport(
  (report) => new Map([...FIELDS[report]].map(([name, at]) => [at, name])),
);

export function fieldAt(report: DigicertReport, at: string): string | undefined {
  return PLACES[report].get(at);
}

/** One of these tells the report, where at least two columns are known. */
const DECISIVE: Readonly<Record<DigicertReport, readonly string[]>> = {
  'signature-metadata': ['metadatakey'],
  'audit-log': ['action'],
  'signature-log': ['keypairalias', 'keypairid', 'signer', 'signature'],
};

/** Whether a name has a part in telling which report it is. */
export function isDecisive(name: string): boolean {
  return REPORTS.some((report) => DECISIVE[report].includes(plainName(name)));
}

/** All of one row of these are found together in nothing else. */
const SURE: Readonly<Record<DigicertReport, readonly (readonly string[])[]>> = {
  'signature-metadata': [['metadatakey', 'metadatavalue']],
  'audit-log': [
    ['action', 'resourcetype'],
    ['action', 'resourceid'],
  ],
  'signature-log': [
    ['keypairalias', 'hash', 'signature'],
    ['keypairid', 'hash', 'signature'],
  ],
};

/** What the names of columns say; null when they are of none of the reports. */
export function readNames(names: readonly string[]): Table | null {
  const plain = new Set(names.map(plainName));
  const fits = (report: DigicertReport): boolean =>
    DECISIVE[report].some((name) => plain.has(name)) &&
    [...plain].filter((name) => SPELLINGS[report].has(name)).length > 1;
  const report = REPORTS.find(fits);
  if (report === undefined) return null;
  const sure = SURE[report].some((marks) => marks.every((mark) => plain.has(mark)));
  return { report, sure, columns: names.map((name, i) => columnOf(report, name, i)) };
}

/** The column of that name, which `i` stands in for when it is blank. */
export function columnOf(report: DigicertReport, spelled: string, i: number): Column {
  const name = SPELLINGS[report].get(plainName(spelled));
  if (name !== undefined) return { name, spelled, at: FIELDS[report].get(name)!, known: true };
  const own = spelled.trim() || `column ${i + 1}`;
  return { name: own, spelled: own, at: 'details', known: false };
}

/** Exports differ in case, blanks, hyphens and underscores. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}

function byReport<T>(make: (report: DigicertReport) => T): Readonly<Record<DigicertReport, T>> {
  return {
    'audit-log': make('audit-log'),
    'signature-log': make('signature-log'),
    'signature-metadata': make('signature-metadata'),
  };
}

function fieldsOf(report: DigicertReport): ReadonlyMap<string, string> {
  const catalog = digicert[CATALOG];
  return new Map(
    catalog.events
      .filter(({ part }) => part === report)
      .flatMap(({ fields }) => fields)
      .map(({ name }) => [name, catalog.field(name)?.at ?? 'details']),
  );
}

function spellingsOf(report: DigicertReport): ReadonlyMap<string, string> {
  const { spellings } = DIGICERT_REPORTS[report];
  return new Map(
    [...FIELDS[report].keys()].flatMap((field) =>
      [field, ...(spellings[field] ?? [])].map((name) => [plainName(name), field] as const),
    ),
  );
}
