import type { Catalogs } from '../catalog/catalogs.ts';
import { deriveObjects } from '../catalog/derive.ts';
import type { RecordView } from '../reader/types.ts';
import type { AuditRecord } from '../record/mod.ts';
import { shortened, utc } from './format.ts';
import type { Output, Style } from './io.ts';
import { safeText } from './safe-text.ts';

const COLUMNS = [
  { title: 'time (UTC)', width: 24 },
  { title: 'outcome', width: 7 },
  { title: 'system', width: 10 },
  { title: 'event', width: 28 },
  { title: 'actor', width: 28 },
  { title: 'object', width: 36 },
  { title: 'record', width: 0 },
] as const;

const OUTCOMES: Readonly<Record<string, Style>> = { failure: 'yellow', void: 'dim' };

/** The titles over `recordLine`. */
export function titleLine(out: Output): string {
  return out.style('dim', COLUMNS.map(({ title, width }) => title.padEnd(width)).join('  '));
}

/** A record in one line of a table; one that does not hold says so first of all. */
export function recordLine(view: RecordView, catalogs: Catalogs, out: Output): string {
  const { record, node, seq } = view;
  const place = safeText(`${node}/${seq}`);
  const alarm = alarmOf(view);
  if (record === null) return out.style('red', `${alarm}  ${place}`);
  const cells = [
    utc(record.time),
    record.outcome,
    record.system,
    record.event,
    record.actor?.name ?? record.actor?.ip ?? '',
    mainObject(record, catalogs),
    place,
  ];
  const shown = cells.map((cell, i) => {
    const { width } = COLUMNS[i] as (typeof COLUMNS)[number];
    const text = safeText(cell);
    return width === 0 ? text : shortened(text, width).padEnd(width);
  });
  const style = OUTCOMES[record.outcome];
  if (style !== undefined) shown[1] = out.style(style, shown[1] as string);
  const line = shown.join('  ');
  return alarm === null ? line : `${out.style('red', alarm)}\n${line}`;
}

/** What is wrong with a record, or null. */
export function alarmOf({ status, problem }: RecordView): string | null {
  if (status === 'verified' && problem === undefined) return null;
  return `!! ${status.toUpperCase()}: ${safeText(problem ?? 'it does not hold')}`;
}

/** Whether a record is what was sealed, and what was asked for. */
export function isSound(view: RecordView): boolean {
  return alarmOf(view) === null;
}

/** The first thing it acted upon, by its name for people where it has one. */
function mainObject(record: AuditRecord, catalogs: Catalogs): string {
  const [first, ...others] = deriveObjects(record, catalogs);
  if (first === undefined) return '';
  return `${first.kind} ${first.name ?? first.id}${others.length > 0 ? ` +${others.length}` : ''}`;
}
