import { FLAGS, type Flag, type ParsedItem } from '../dialects/mod.ts';
import { isReference, type RecordDraft } from '../record/mod.ts';
import { counted, grouped, shortened, utc } from './format.ts';
import type { Output } from './io.ts';
import type { ParseSummary } from './parse-summary.ts';
import { safeJson, safeText } from './safe-text.ts';
import { table } from './table-text.ts';

/** Values are shown up to this many characters; `--json` has all of them. */
const MAX_VALUE = 200;
/** Unknown names shown to people. */
const MAX_NAMES = 10;

/** A record as it was read, for people, with a blank line behind it. */
export function itemText(item: ParsedItem, out: Output): string {
  const record = item.record as RecordDraft;
  const part = record.component ?? record.module;
  const event = `${part === undefined ? '' : `${part} / `}${record.event}`;
  const time = record.flags?.includes('time-uncertain') ? `${utc(record.time)}?` : utc(record.time);
  const lines = [
    `${time}  ${record.outcome}  ${out.style('bold', safeText(event))}  ${out.style('dim', `bytes ${item.start} to ${item.end}`)}`,
    ...members(record).map(([name, value]) => `  ${name}: ${shown(value)}`),
    ...details(record),
    ...(record.flags ?? []).map((flag) => `  ${out.style('yellow', `! ${flag}`)}: ${meaning(flag)}`),
  ];
  return `${lines.join('\n')}\n\n`;
}

function members({ actor, reason, correlation, service, signature }: RecordDraft): [string, string][] {
  const who = actor && Object.entries(actor).map(([name, value]) => `${name} ${value}`);
  const rows: [string, string | undefined][] = [
    ['actor', who?.join(', ')],
    ['reason', typeof reason === 'string' ? reason : undefined],
    ['service', service],
    ['correlation', correlation],
    ['signature', signature && safeJson(signature)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function details({ details }: RecordDraft): string[] {
  if (details === undefined || isReference(details)) return [];
  return Object.entries(details).map(
    ([name, value]) => `    ${safeText(name)}: ${shown(typeof value === 'string' ? value : safeJson(value))}`,
  );
}

function shown(value: string): string {
  return safeText(shortened(value, MAX_VALUE));
}

function meaning(flag: string): string {
  return FLAGS[flag as Flag] ?? '';
}

/** What there was in the file, what was remarkable, and which fields of the catalog its records had. */
export function summaryText(summary: ParseSummary, out: Output): string {
  const { path, dialect, records, blank, flags, unknownEvents, unknownFields, coverage } = summary;
  const blanks = blank === 0 ? '' : `, ${counted(blank, 'blank stretch', 'blank stretches')}`;
  const parts = [
    `${out.style('bold', safeText(path))}: ${dialect.name}, ${counted(records, 'record')}${blanks}\n`,
  ];
  const flagged = [...flags].map(([flag, n]) => [flag, grouped(n), meaning(flag)]);
  if (flagged.length > 0) parts.push(table(['flag', 'records', 'meaning'], flagged, out));
  parts.push(namesText('events the catalog does not know', unknownEvents));
  parts.push(namesText('fields the catalog does not know', unknownFields));
  const rows = coverage.flatMap(({ event, component, records, fields }) =>
    (fields.length === 0 ? [{ name: '(no fields)', seen: 0, missing: 0, optional: true }] : fields).map(
      ({ name, seen, missing, optional }, i) => [
        i > 0 ? '' : safeText(component === null ? event : `${component} / ${event}`),
        i > 0 ? '' : grouped(records),
        safeText(name),
        fields.length === 0 ? '' : grouped(seen),
        missing > 0 ? `missing from ${grouped(missing)}` : optional && fields.length > 0 ? 'optional' : '',
      ],
    ),
  );
  if (rows.length > 0) parts.push(table(['event', 'records', 'field', 'with it', ''], rows, out));
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

function namesText(title: string, names: ReadonlyMap<string, number>): string {
  if (names.size === 0) return '';
  const listed = [...names].slice(0, MAX_NAMES).map(([name, n]) => `${safeText(name)} (${grouped(n)})`);
  return `${title}: ${listed.join(', ')}${names.size > MAX_NAMES ? ', …' : ''}\n`;
}
